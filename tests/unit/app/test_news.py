"""The calendar of news from a file: read when it changes; what is wrong with it is said, never taken for "no news"."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from guard.app import news
from guard.app.news import NewsFile
from guard.model.verdict import Severity
from tests.books import NOON, Dict, limit, position, run, snapshot

EVENT = {"at": (NOON + timedelta(seconds=90)).isoformat(), "currency": "USD", "impact": "high", "title": "Payrolls"}
LATER = {"at": (NOON + timedelta(days=3)).isoformat(), "currency": "EUR", "impact": "low", "title": "Speech"}
RULE = limit("news_window")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "_LOOK_S", 0.0)


def read(path: Path, made: datetime = NOON) -> Dict:
    if path.exists():
        os.utime(path, (made.timestamp(), made.timestamp()))
    return dict(NewsFile(path).section())


def severity(section: Dict) -> tuple[Severity, str]:
    verdict = run(snapshot([position()], news=section), RULE).verdicts[0]
    return verdict.severity, verdict.sentence


@pytest.mark.parametrize(
    "name,text",
    [("n.json", json.dumps([EVENT, LATER])),
     ("n.json", json.dumps({"events": [EVENT], "covers_until": (NOON + timedelta(days=5)).isoformat()})),
     ("week.json", json.dumps([{"title": e["title"], "country": e["currency"], "date": e["at"],
                                "impact": e["impact"].title()} for e in (EVENT, LATER)])),
     ("n.csv", "at,currency,impact,title\n" + "".join(f"{e['at']},{e['currency']},{e['impact']},{e['title']}\n"
                                                       for e in (EVENT, LATER)))],
    ids=["list", "object", "other names", "csv"],
)  # fmt: skip
def test_the_usual_formats_are_read_and_the_window_begins_before_the_news(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found, sentence = severity(read(tmp_path / name))
    assert (found, "Payrolls" in sentence) == (Severity.WARN, True)


@pytest.mark.parametrize(
    "name,content,words",
    [("n.json", None, "is not there"), ("n.json", b"[", "cannot be read"), ("n.json", b"{}", "no list of events"),
     ("n.json", b'[{"at": "tomorrow", "currency": "USD", "impact": "high"}]', "cannot be read"),
     ("n.json", b'[{"at": "2026-11-20T12:00:00", "currency": "USD", "impact": "high"}]', "cannot be read"),
     ("n.json", b"[]", "does not reach far enough"), ("n.csv", b"\xff\xfe\x00", "cannot be read"),
     ("n.csv", b"a;b\n1;2\n", "cannot be read")],
)  # fmt: skip
def test_a_calendar_that_cannot_be_used_is_unknown_with_its_reason(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    found, sentence = severity(read(tmp_path / name))
    assert found is Severity.UNKNOWN
    assert words in sentence


def test_a_stale_calendar_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "n.json"
    path.write_text(json.dumps([EVENT, LATER]), encoding="utf-8")
    assert severity(read(path, NOON - timedelta(days=9)))[0] is Severity.UNKNOWN


def test_it_is_read_again_when_it_changes_and_kept_while_it_does_not(tmp_path: Path) -> None:
    path = tmp_path / "n.json"
    path.write_text(json.dumps([EVENT]), encoding="utf-8")
    calendar = NewsFile(path)
    first: Any = calendar.section()
    assert calendar.section() is first
    path.write_text(json.dumps([EVENT, LATER]), encoding="utf-8")
    os.utime(path, (datetime(2026, 1, 1, tzinfo=UTC).timestamp(),) * 2)
    assert len(calendar.section()["events"]) == 2
    path.unlink()
    assert "is not there" in calendar.section()["why"]


def test_events_without_impact_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "n.json"
    path.write_text(json.dumps([{**EVENT, "impact": "Non-Economic"}, LATER]), encoding="utf-8")
    assert [event["title"] for event in read(path)["events"]] == ["Speech"]
