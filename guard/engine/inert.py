"""Whether a limit can speak with this account's data, what comes before it, and how much room it leaves. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from guard.limits.base import Limit, Reading
from guard.metrics import levels
from guard.metrics.compute import Metrics
from guard.model.trading import Symbol

_LOSS_KINDS = ("period_loss", "max_drawdown")
_HEDGING = 2


def cannot_fire(limit: Limit, m: Metrics) -> str | None:
    """Why the limit can never fire on this account as it is, or ``None``."""
    level, source = m.stop_out_level
    if m.account.so_mode == levels.PERCENT and level is not None and source != "assumed":
        closes = f"the broker closes at a margin level of {level:g} % ({source})"
        lowest, highest = getattr(limit, "min", None), getattr(limit, "max", None)
        if limit.kind == "margin_level" and lowest is not None and lowest <= level:
            return f"{closes}, before {lowest:g} %"
        if limit.kind == "margin_usage" and highest is not None and level > 0.0 and highest >= 10_000.0 / level:
            return f"{closes}, which is {10_000.0 / level:g} % of equity in use, before {highest:g} %"
    if limit.kind == "position_volume" and m.account.margin_mode == _HEDGING:
        largest = [symbol.volume_max for symbol in _symbols(limit, m) if symbol.volume_max is not None]
        most = getattr(limit, "max", None)
        if largest and most is not None and max(largest) <= most:
            return f"the broker allows no position above {max(largest):g} lots"
    return _other_name(limit, m)


def _symbols(limit: Limit, m: Metrics) -> Iterator[Symbol]:
    """The symbols of the snapshot that the limit's names let in."""
    for name, symbol in (m.snapshot.symbols or {}).items():
        if not limit.scope.symbols or name in limit.scope.symbols:
            yield symbol


def _other_name(limit: Limit, m: Metrics) -> str | None:
    """A filter on names none of which the terminal uses, while it uses a longer form of one: XAUUSD and XAUUSDm."""
    used = set(m.snapshot.symbols or {})
    wanted = limit.scope.symbols
    if not used or not wanted or used & set(wanted):
        return None
    for name in wanted:
        for other in sorted(used):
            if other.upper().startswith(name.upper()):
                return f"it looks at {name}, this broker calls it {other}: write that name in its scope"
    return None


def behind_stop_out(limit: Limit, m: Metrics) -> str | None:
    """That the broker's stop-out comes before a loss rule's floor with the positions held now, or ``None``."""
    floor = floor_of(limit, m)
    room, equity = m.loss_to_stop_out, m.equity
    if floor is None or room is None or equity is None or not m.snapshot.positions:
        return None
    closes = equity - room
    if closes <= floor:
        return None
    return (
        f"with the positions held now the broker closes them at an equity of {closes:,.2f}, before this limit's floor "
        f"of {floor:,.2f}"
    )


def floor_of(limit: Limit, m: Metrics) -> float | None:
    """The equity (or balance) at which a loss rule breaks, or ``None``."""
    if limit.kind not in _LOSS_KINDS:
        return None
    detail = limit.evaluate(m).detail
    floor = detail[0] if detail else None
    return floor if isinstance(floor, float) else None


def headroom(limit: Limit, m: Metrics) -> float | None:
    """What is left until the limit, in its unit: below 0 beyond it, ``None`` when it cannot be told.

    For loss rules it is the money that may still be lost, today's profit included.
    """
    floor = floor_of(limit, m)
    if floor is not None:
        value = m.account.balance if getattr(limit, "includes_open_pl", True) is False else m.loss_equity
        return None if value is None else value - floor
    reading: Reading = limit.evaluate(m)
    return None if reading.utilization_pct is None else left(limit.max_field == "min", reading.value, reading.threshold)


def left(from_above: bool, value: float | None, threshold: float | None) -> float | None:
    """The distance of a value to its threshold, in its unit; ``from_above`` for limits the value must stay above."""
    if value is None or threshold is None:
        return None
    return value - threshold if from_above else threshold - value
