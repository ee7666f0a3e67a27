import importlib.util
import re
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from guard.app.report_data import Report, bounds, gather
from guard.app.report_html import largest_fall, page
from guard.app.report_png import write_png
from guard.journal.sqlite import open_journal
from guard.model.errors import UsageError
from guard.model.verdict import Severity

PRAGUE = {"trading_day": {"tz": "Europe/Prague", "time": "00:00"}}
NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def heartbeat(equity: float | None, leverage: float | None = 1.0) -> dict[str, Any]:
    return {"equity": equity, "balance": 10_000.0, "effective_leverage": leverage, "cycles": 240, "blind_cycles": 2}


def notice(sentence: str, severity: str = "BREACH") -> dict[str, Any]:
    return {"key": "k", "at": "x", "severity": severity, "limit": "daily", "kind": "period_loss", "sentence": sentence}


ROWS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("2026-11-24T22:59:00Z", "heartbeat", heartbeat(99_999.0)),
    ("2026-11-24T23:00:00Z", "heartbeat", heartbeat(10_000.0)),
    ("2026-11-25T09:00:00Z", "heartbeat", heartbeat(10_200.0, 3.5)),
    ("2026-11-25T10:00:00Z", "notice", notice("Loss is <b>large</b> & more")),
    ("2026-11-25T11:00:00Z", "heartbeat", heartbeat(9_700.0)),
    ("2026-11-25T12:00:00Z", "heartbeat", heartbeat(None, None)),
    ("2026-11-25T12:30:00Z", "sight", {"blind_s": 42.0}),
    ("2026-11-25T13:00:00Z", "cycle", {"verdicts": [
        {"limit": "daily", "severity": "WARN", "utilization_pct": 91.0},
        {"limit": "daily", "severity": "OK", "utilization_pct": None}]}),
    ("2026-11-25T22:59:59Z", "heartbeat", heartbeat(9_900.0)),
    ("2026-11-25T23:00:00Z", "heartbeat", heartbeat(1.0)),
)  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Report:
    with closing(open_journal(tmp_path / "journal.db")) as journal:
        for at, kind, body in ROWS:
            journal.commit(kind, body, at=at)
        begin, end, zone = bounds("day", NOON, PRAGUE)
        return gather(journal, "day", begin, end, zone)


def test_a_day_is_the_trading_day_of_the_configurations_zone_and_holds_nothing_else(made: Report) -> None:
    assert made.equities == [10_000.0, 10_200.0, 9_700.0, 9_900.0]
    assert (made.looks, made.blind_looks, made.blind_s) == (1200, 10, 42.0)
    assert "from 2026-11-25 00:00 to 2026-11-26 00:00, Europe/Prague" in made.title


def test_a_week_begins_on_monday_in_that_zone() -> None:
    begin, end, _ = bounds("week", NOON, PRAGUE)
    assert (begin, end) == (datetime(2026, 11, 22, 23, tzinfo=UTC), datetime(2026, 11, 29, 23, tzinfo=UTC))


def test_the_worst_of_each_limit_is_told_with_its_highest_known_use(made: Report) -> None:
    assert made.worst == {"daily": (Severity.WARN, 91.0)}


def test_the_largest_fall_is_from_a_high_to_a_later_low() -> None:
    assert largest_fall([100.0, 90.0, 120.0, 95.0, 130.0]) == 25.0
    assert largest_fall([1.0, 2.0, 3.0]) == 0.0


def test_the_page_is_one_file_that_shows_texts_as_they_are_and_loads_nothing(made: Report) -> None:
    text = page(made, "5012345@Broker", "USD")

    class Reader(HTMLParser):
        tags: list[str] = []  # noqa: RUF012 - of this one reader
        links: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.append(tag)
            self.links += [name for name, _ in attrs if name in {"src", "href"}]

    reader = Reader()
    reader.feed(text)
    assert reader.tags.count("svg") == 2
    assert reader.links == []
    assert "script" not in reader.tags
    assert "b" not in reader.tags
    assert "Loss is &lt;b&gt;large&lt;/b&gt; &amp; more" in text
    assert "10,200.00 USD" in text
    assert "500.00 USD" in text
    assert re.search(r"2026-11-25 11:00:00</td><td class=\"BREACH\">", text)


def test_a_day_without_anything_says_so(tmp_path: Path) -> None:
    with closing(open_journal(tmp_path / "journal.db")) as journal:
        begin, end, zone = bounds("day", NOON, {})
        text = page(gather(journal, "day", begin, end, zone), "x", "USD")
    assert "not seen in this time" in text
    assert "there is nothing to draw" in text


def test_the_picture_is_a_png_or_the_missing_library_is_named(made: Report, tmp_path: Path) -> None:
    to = tmp_path / "report.png"
    if importlib.util.find_spec("matplotlib") is None:
        with pytest.raises(UsageError, match=r"mt5-guard\[report\]"):
            write_png(made, "x", "USD", to)
    else:
        write_png(made, "x", "USD", to)
        assert to.read_bytes().startswith(b"\x89PNG")
