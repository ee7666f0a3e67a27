"""A full hedge without margin: the margin level is blind, a widening spread eats equity and then opens the hedge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from fakes.broker import Broker
from fakes.scenario_kit import Cue, Path, Run, away
from fakes.symbols import STANDARD

START = datetime(2026, 2, 12, 20, 30, tzinfo=UTC)
DURATION_S = 2 * 3600.0

_EURUSD = ((0, 1.0850), (2400, 1.0841), (5200, 1.0843), (DURATION_S, 1.0836))
# Pips; liquidity is thin around the daily roll-over at 22:00 UTC.
_SPREAD = ((0, 0.00008), (4500, 0.00012), (5100, 0.00150), (5400, 0.00400), (5700, 0.00300), (6000, 0.00030),
           (DURATION_S, 0.00010))  # fmt: skip


class _WideRun(Run):
    """A run whose EURUSD spread is scripted too."""

    def __init__(
        self, broker: Broker, paths: Mapping[str, Path], cues: Sequence[Cue], rng: Random, spread: Path
    ) -> None:
        super().__init__(broker, paths, cues, rng)
        self._spread = spread

    def tick(self, t_s: float) -> list[str]:
        spec = self.broker.specs["EURUSD"]
        self.broker.specs["EURUSD"] = replace(spec, spread=max(0.00002, self._spread.at(t_s)))
        return super().tick(t_s)


def build(seed: int) -> Run:
    """The story with this seed."""
    broker = Broker(balance=10_000.0, leverage=30, start_utc=START, utc_offset_s=7200, seed=seed)
    broker.add_symbol(replace(STANDARD["EURUSD"], price=_EURUSD[0][1], margin_hedged=0.0))

    def buys() -> str:
        broker.open("buy", "EURUSD", 0.48, sl=away(broker, "EURUSD", 80))
        return "buys 0.48 EURUSD, stop 80 pips away"

    def hedges() -> str:
        broker.open("sell", "EURUSD", 0.48, sl=away(broker, "EURUSD", -30))
        return "sells 0.48 EURUSD against it instead of taking the loss: 'now nothing can happen'"

    def rolls() -> str:
        return "the roll-over is near, the spread begins to widen"

    cues = (Cue(600, 90, buys), Cue(2400, 150, hedges), Cue(4800, 0, rolls, "market"))
    path = Path(Random(f"{seed} EURUSD"), _EURUSD, fast=0.00008, slow=0.00010)
    spread = Path(Random(f"{seed} spread"), _SPREAD, fast=0.00001, slow=0.00001)
    return _WideRun(broker, {"EURUSD": path}, cues, Random(f"{seed} trader"), spread)
