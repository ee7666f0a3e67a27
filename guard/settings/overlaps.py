"""Limits that say the same with different numbers: one of them never speaks first."""

from __future__ import annotations

from guard.limits.base import Limit
from guard.settings.build import limit_document
from guard.settings.limits import Entry


def overlaps(entries: list[Entry]) -> list[str]:
    """Sentences about limits that get in each other's way; none of them is a fault."""
    return [*never_first(entries), *_one_trade_a_day(entries), *_day_beyond_account(entries)]


def _one_trade_a_day(entries: list[Entry]) -> list[str]:
    """Risk per trade that is larger than what a day may cost."""
    return [
        f"{trade.limit.name} lets one trade risk {risk:g} %, more than {day.limit.name} lets a day lose: {loss:g} %."
        for trade in entries
        for day in entries
        if trade.limit.kind == "risk_per_trade" and _is_day(day.limit)
        if (risk := number_of(trade.limit)) is not None and (loss := _pct(day.limit)) is not None and risk > loss
    ]


def _day_beyond_account(entries: list[Entry]) -> list[str]:
    """A day's loss larger than the whole account's, both in percent of the initial balance."""
    return [
        f"{day.limit.name} lets a day lose {loss:g} %, {whole.limit.name} the account {most:g} %: the day's limit "
        "speaks first only while the account is ahead."
        for day in entries
        for whole in entries
        if _is_day(day.limit) and whole.limit.kind == "max_drawdown" and getattr(whole.limit, "anchor", "") == "initial"
        if _basis(day.limit) == _basis(whole.limit) == "initial"
        if (loss := _pct(day.limit)) is not None and (most := _pct(whole.limit)) is not None and loss >= most
    ]


def _is_day(limit: Limit) -> bool:
    return limit.kind == "period_loss" and getattr(limit, "period", "") == "day"


def _basis(limit: Limit) -> str | None:
    return getattr(getattr(limit, "limit", None), "basis", None)


def _pct(limit: Limit) -> float | None:
    return number_of(limit) if getattr(getattr(limit, "limit", None), "unit", None) == "pct" else None


def never_first(entries: list[Entry]) -> list[str]:
    """Sentences about limits that another one of the same kind, with a tighter number, always speaks before."""
    found = []
    for entry in entries:
        for other in entries:
            if other is not entry and type(other.limit) is type(entry.limit) and _covers(other.limit, entry.limit):
                found.append(
                    f"{entry.limit.name} never speaks before {other.limit.name}: the same limit with a tighter number."
                )
                break
    return found


def _covers(tight: Limit, loose: Limit) -> bool:
    """Whether ``tight`` differs from ``loose`` only by a tighter number and asks for at least the same actions."""
    found = [number_of(limit) for limit in (tight, loose)]
    if found[0] is None or found[1] is None or found[0] == found[1]:
        return False
    lower = tight.max_field != "min"
    if (found[0] < found[1]) != lower or _butnumber_of(tight) != _butnumber_of(loose):
        return False
    first = {name: min(s.at_pct for s in tight.stages if name in s.names) for s in tight.stages for name in s.names}
    return all(name in first and first[name] <= stage.at_pct for stage in loose.stages for name in stage.names)


def number_of(limit: Limit) -> float | None:
    """A limit's number in its own unit, or ``None`` when it has none."""
    value: object = limit
    for part in limit.max_field.split("."):
        value = getattr(value, part, None)
    return float(value) if isinstance(value, (int, float)) else None


def _butnumber_of(limit: Limit) -> dict[str, object]:
    fields = {key: value for key, value in limit_document(limit).items() if key not in ("id", "stages")}
    head, _, rest = limit.max_field.partition(".")
    if rest and isinstance(inner := fields.get(head), dict):
        fields[head] = {key: value for key, value in inner.items() if key != rest}
    else:
        fields.pop(head, None)
    return fields
