"""A breach is believed on two different ticks, a quarter of a second apart; after a jump a second longer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from guard.engine.market import jumped, stale
from guard.engine.policy import Policy
from guard.engine.projection import stop_out_near
from guard.metrics.compute import Metrics
from guard.model.enforcement import Confirm, Enforcement

APART_S: Final = 0.25
NO_TICK_S: Final = 1.0
AFTER_JUMP_S: Final = 1.0
EPS: Final = 1e-6


def quotes_of(m: Metrics, names: Iterable[str]) -> dict[str, tuple[float, ...]]:
    """Time, bid and ask of the symbols' ticks now."""
    out: dict[str, tuple[float, ...]] = {}
    for name in names:
        tick = m.snapshot.ticks.get(name)
        if tick is not None and tick.time is not None and tick.bid is not None and tick.ask is not None:
            out[name] = (tick.time, tick.bid, tick.ask)
    return out


def confirmed(
    known: Confirm | None, m: Metrics, names: Iterable[str], e: Enforcement, policy: Policy, now_s: float
) -> tuple[Confirm, str]:
    """How far a breach is confirmed after this snapshot, and what is waited for (empty: it is confirmed).

    ``names`` are the symbols whose prices make the breach.
    """
    fresh = [name for name in names if not stale(m.snapshot, name, policy)]
    quotes = quotes_of(m, fresh)
    if known is None or now_s < known.since_s:
        leapt = any(jumped(e.quotes.get(name), m.snapshot.ticks.get(name)) for name in fresh)
        first = Confirm(now_s, quotes, leapt and not stop_out_near(m))
        return first, _word(first)
    if known.done:
        return known, ""
    held = now_s - known.since_s - (AFTER_JUMP_S if known.jumped else 0.0) + EPS
    # One symbol's bad tick is not confirmed by another symbol's next one.
    second = bool(quotes) and all(known.quotes.get(name) != quote for name, quote in quotes.items())
    if (second and held >= APART_S) or (held >= NO_TICK_S and quotes):
        return known._replace(done=True), ""
    return known, _word(known)


def _word(known: Confirm) -> str:
    return "prices to settle after a jump" if known.jumped else "the breach to show on a second tick"
