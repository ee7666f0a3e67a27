"""Two hours of a disciplined trader: one trade at a time, small, each with a stop and a target."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from fakes.broker import Broker
from fakes.scenario_kit import Cue, Path, Run, away
from fakes.symbols import STANDARD

START = datetime(2026, 2, 11, 8, 0, tzinfo=UTC)
DURATION_S = 2 * 3600.0

_EURUSD = ((0, 1.0845), (1800, 1.0852), (3600, 1.0868), (5400, 1.0860), (7200, 1.0866))


def build(seed: int) -> Run:
    """The story with this seed."""
    broker = Broker(balance=10_000.0, leverage=30, start_utc=START, utc_offset_s=7200, seed=seed)
    broker.add_symbol(replace(STANDARD["EURUSD"], price=_EURUSD[0][1]))

    def buys(lots: float, target_pips: float) -> str:
        stop, target = away(broker, "EURUSD", 20), away(broker, "EURUSD", -target_pips)
        broker.open("buy", "EURUSD", lots, sl=stop, tp=target)
        return f"buys {lots:.2f} EURUSD, stop 20 pips away, target {target_pips:g} pips: 0.4 % of equity at risk"

    cues = (Cue(600, 90, lambda: buys(0.20, 14)), Cue(5600, 200, lambda: buys(0.20, 30)))
    path = Path(Random(f"{seed} EURUSD"), _EURUSD, fast=0.00012, slow=0.00015)
    return Run(broker, {"EURUSD": path}, cues, Random(f"{seed} trader"))
