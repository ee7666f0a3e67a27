"""The examples of the guide to the simulated broker run as they stand there."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fakes.broker import Broker
from fakes.live import Live
from tests.desk import desk

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "guide" / "simulated-broker.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_first_example_runs_and_says_what_its_comments_say(capsys: pytest.CaptureFixture[str]) -> None:
    exec(blocks("python")[0], {})  # noqa: S102 (our own page)
    assert capsys.readouterr().out.splitlines() == ["[sl 1.08000] 9888.4", "10014 Invalid volume"]


def test_the_terms_example_builds_what_it_says() -> None:
    told: dict[str, Any] = {"Broker": Broker, "datetime": datetime, "UTC": UTC}
    exec(blocks("python")[1], told)  # noqa: S102 (our own page)
    made: Broker = told["broker"]
    assert (made.terms.margin_conversion, made.leverage_now, made.zone.rule) == ("floating", 1000, "us")
    assert [change.symbols for change in made.terms.margin_changes] == [frozenset(), frozenset({"XAUUSD"})]
    assert made.terms.margin_changes[0].is_on(made.server_msc + 4 * 86_400_000)


def test_the_dealers_examples_run() -> None:
    made = desk()
    exec(blocks("python")[2], {"broker": made})  # noqa: S102 (our own page)
    assert (len(made.dealer.scripts), made.dealer.liquidity) == (4, {"EURUSD": 0.3})


def test_the_options_build_what_they_say(tmp_path: Path) -> None:
    (tmp_path / "EURUSD_M1.csv").write_text("time,open,high,low,close\n2026-03-03 11:00,1,1,1,1\n", encoding="utf-8")
    options = json.loads(blocks("json")[0])
    options["prices"]["EURUSD"] = str(tmp_path / options["prices"]["EURUSD"])
    made = Live(options | {"start": datetime(2026, 3, 3, 9, tzinfo=UTC).isoformat()}).broker
    assert (made.balance, made.rules.fifo_close, made.dealer.slippage) == (5000, True, 5)
    assert (made.specs["EURUSD"].stops_level, made.quotes["EURUSD"].bid) == (20, 1.0)
