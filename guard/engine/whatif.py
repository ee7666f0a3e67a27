"""What one more trade would do: the snapshot with it, and the largest volume that leaves every limit unbroken."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from guard.engine.bookmargin import charge, terms_of
from guard.engine.debounce import is_breach
from guard.engine.policy import Policy
from guard.engine.step import CycleResult
from guard.metrics.book import SymbolFigures
from guard.metrics.compute import Metrics
from guard.model.snapshot import Snapshot
from guard.model.trading import Position

LARGEST_STEPS = 1_000_000


def with_position(snapshot: Snapshot, m: Metrics, entry: SymbolFigures, side: int, lots: float) -> Snapshot | None:
    """The snapshot after ``lots`` more at the current price, with a stop at that price so that only exposure counts.

    Margin follows the symbol's formula, scaled to what the account is charged. Where the formula lacks an input it
    grows by the symbol's share of the book's notional. ``None`` when price or margin is unknown.
    """
    a = snapshot.account
    price, k = entry.price, entry.k
    if price is None or k is None or a.margin is None or a.equity is None or snapshot.positions is None:
        return None
    ghost = Position(
        ticket=-1, identifier=-1, symbol=entry.name, side=side, volume=lots, price_open=price, price_current=price,
        sl=price,
        tp=0.0, profit=0.0, swap=0.0, magic=0, comment="", time=snapshot.server_time_s,
        time_update=snapshot.server_time_s,
    )  # fmt: skip
    positions = (*snapshot.positions, ghost)
    terms = terms_of(m)
    netted = positions if terms.hedging else _netted(snapshot.positions, ghost)
    margin = charge(snapshot.positions, netted, a.margin, snapshot.symbols, terms, terms).margin
    if margin is None:
        margin = _by_notional(m, entry, side, lots, price * k)
    if margin is None:
        return None
    level = a.equity / margin * 100.0 if margin > 0.0 else 0.0
    return replace(snapshot, account=a._replace(margin=margin, margin_level=level), positions=positions)


def _netted(positions: tuple[Position, ...], ghost: Position) -> tuple[Position, ...]:
    """What a netting account would hold instead: opposite volume closes."""
    left, out = ghost.volume if ghost.volume is not None else 0.0, list[Position]()
    for p in positions:
        if p.symbol != ghost.symbol or p.side == ghost.side or p.volume is None or left <= 0.0:
            out.append(p)
            continue
        closing = min(left, p.volume)
        left -= closing
        if p.volume > closing:
            out.append(p._replace(volume=p.volume - closing))
    return (*out, ghost._replace(volume=left)) if left > 0.0 else tuple(out)


def _by_notional(m: Metrics, entry: SymbolFigures, side: int, lots: float, per_lot: float) -> float | None:
    """Margin by the present margin per money of the book; ``None`` where an unlimited leverage tells nothing."""
    a, total = m.account, m.notional_gross
    if total is None or a.margin is None:
        return None
    if total > 0.0 and a.margin > 0.0:
        per_money = a.margin / total
    elif a.leverage:
        per_money = 1.0 / a.leverage
    else:
        return None
    opposite = side * entry.net_lots < 0.0
    return a.margin + (max(0.0, lots - abs(entry.net_lots)) if opposite else lots) * per_lot * per_money


def binding_limit(snapshot: Snapshot, m: Metrics, policy: Policy) -> str | None:
    """The first limit that is broken or not known on this snapshot, by name; ``None`` when all hold."""
    metrics = Metrics(snapshot, m.context)
    metrics.unprotected_s = m.unprotected_s
    for limit in policy.limits:
        reading = limit.evaluate(metrics)
        if reading.utilization_pct is None:
            if reading.breach is None:
                return limit.name
            continue
        if is_breach(limit, reading.utilization_pct) and not reading.at_most_warn:
            return limit.name
    return None


def max_additional_lots(
    snapshot: Snapshot, result: CycleResult, policy: Policy, entry: SymbolFigures
) -> dict[str, Any]:
    """Per side: the largest volume on the step that leaves every limit unbroken, and the limit that binds next.

    ``lots`` is ``None`` when it cannot be told; 0.0 when nothing more fits.
    """
    out: dict[str, Any] = {}
    symbol = entry.symbol
    step = symbol.volume_step if symbol is not None and symbol.volume_step is not None else None
    for word, side in (("buy", 1), ("sell", -1)):
        if step is None:
            out[word] = {"lots": None, "binds": "the symbol's volume step is unknown"}
            continue
        out[word] = _search(snapshot, result.metrics, policy, entry, side, step)
    return out


def _search(
    snapshot: Snapshot, m: Metrics, policy: Policy, entry: SymbolFigures, side: int, step: float
) -> dict[str, float | str | None]:
    def binds(steps: int) -> str | None:
        trial = with_position(snapshot, m, entry, side, steps * step)
        return "margin, price or value is unknown" if trial is None else binding_limit(trial, m, policy)

    first = binds(1)
    if first is not None:
        return {"lots": 0.0 if with_position(snapshot, m, entry, side, step) is not None else None, "binds": first}
    return _largest(binds, step)


def lots_the_margin_carries(
    snapshot: Snapshot, m: Metrics, entry: SymbolFigures, side: int
) -> dict[str, float | str | None]:
    """The largest volume whose margin the equity still covers, up to the symbol's own largest.

    Limits are left out. ``lots`` is ``None`` when it cannot be told.
    """
    symbol = entry.symbol
    step = symbol.volume_step if symbol is not None else None
    if step is None or step <= 0.0:
        return {"lots": None, "binds": "the symbol's volume step is unknown"}
    largest = symbol.volume_max if symbol is not None else None

    def binds(steps: int) -> str | None:
        if largest is not None and steps * step > largest * (1.0 + 1e-9):
            return "the symbol's largest volume"
        trial = with_position(snapshot, m, entry, side, steps * step)
        if trial is None or trial.account.margin is None or trial.account.equity is None:
            return "margin, price or value is unknown"
        return "free margin" if trial.account.margin > trial.account.equity else None

    first = binds(1)
    if first is not None:
        return {"lots": 0.0 if with_position(snapshot, m, entry, side, step) is not None else None, "binds": first}
    return _largest(binds, step)


def _largest(binds: Callable[[int], str | None], step: float) -> dict[str, float | str | None]:
    """The largest number of steps, of which one fits, before something binds."""
    low, high = 1, 2
    last = binds(high)
    while last is None and high < LARGEST_STEPS:
        low, high = high, high * 2
        last = binds(high)
    if last is None:
        return {"lots": None, "binds": "no limit binds"}
    while high - low > 1:
        middle = (low + high) // 2
        found = binds(middle)
        if found is None:
            low = middle
        else:
            high, last = middle, found
    digits = max(0, math.ceil(-math.log10(step) - 1e-9))
    return {"lots": round(low * step, digits), "binds": last}
