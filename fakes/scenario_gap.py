"""All in before the news: prices jump over the stop, it is filled where they open again, the rest is stopped out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from fakes.broker import Broker
from fakes.scenario_kit import Cue, Path, Run, away
from fakes.symbols import STANDARD

START = datetime(2026, 2, 6, 12, 30, tzinfo=UTC)
DURATION_S = 5400.0
NEWS_S = 3600.0

_EURUSD = ((0, 1.0850), (2400, 1.0853), (NEWS_S - 1, 1.0851), (NEWS_S, 1.0709), (4200, 1.0697), (DURATION_S, 1.0715))


def build(seed: int) -> Run:
    """The story with this seed."""
    broker = Broker(balance=10_000.0, leverage=100, start_utc=START, utc_offset_s=7200, seed=seed)
    broker.add_symbol(replace(STANDARD["EURUSD"], price=_EURUSD[0][1]))

    def with_stop() -> str:
        broker.open("buy", "EURUSD", 2.0, sl=away(broker, "EURUSD", 20))
        return "buys 2.00 EURUSD, stop 20 pips away: 'I cannot lose more than 400 USD'"

    def without_stop() -> str:
        broker.open("buy", "EURUSD", 3.5)
        return "buys 3.50 EURUSD more, no stop: 'the number will be good'"

    def news() -> str:
        return "the number comes out; for a moment nobody quotes a price"

    cues = (Cue(1500, 120, with_stop), Cue(2700, 150, without_stop), Cue(NEWS_S - 5, 0, news, "market"))
    path = Path(Random(f"{seed} EURUSD"), _EURUSD, fast=0.00006, slow=0.00005)
    return Run(broker, {"EURUSD": path}, cues, Random(f"{seed} trader"))
