"""Calculators for holding a trade: what it costs, margin under a broker's tiers, margin at a regulator's rate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from guard.app.calc.inputs import Check, Given, Leg, Results, not_negative, number, positive, text
from guard.metrics import levels
from guard.model.errors import InputError


def steps(name: str, value: object) -> tuple[Leg, ...]:
    """A broker's tiers: a list of [from, leverage] pairs whose amounts rise."""
    shape = f"{name} must be a list of [from, leverage] pairs whose amounts rise"
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InputError(shape)
    out: list[Leg] = []
    for pair in value:
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise InputError(shape)
        out.append(Leg(not_negative(f"{name} from", pair[0]), positive(f"{name} leverage", pair[1])))
    if any(one.lots >= other.lots for one, other in pairwise(out)):
        raise InputError(shape)
    return tuple(out)


COST: Final[Mapping[str, Check]] = {
    "lots": positive, "contract_size": positive, "spread": not_negative, "profit_ccy_to_account": positive,
    "commission": not_negative, "swap_per_night": number, "nights": not_negative, "open_day": text, "triple_day": text,
    "pip": positive,
}  # fmt: skip
TIERED: Final[Mapping[str, Check]] = {
    "tiers": steps, "by": text, "equity": number, "lots": positive, "contract_size": positive, "price": positive,
    "profit_ccy_to_account": positive, "leverage": positive, "held": not_negative,
}  # fmt: skip
REGULATED: Final[Mapping[str, Check]] = {
    "rate_pct": positive, "notional": not_negative, "equity": number, "close_out_pct": not_negative,
}  # fmt: skip


_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FRIDAY: Final = 4
_NO_TRIPLE: Final = "none"


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def nights_charged(nights: int, open_day: str | None, triple_day: str | None) -> float:
    """Nights of swap when a position opened on ``open_day`` is held ``nights`` calendar nights.

    The night from Saturday and the one from Sunday are free, the triple day's counts three: they are charged there.
    With triple day ``none`` every night counts one, as for crypto.

    Raises:
        InputError: A day is not one.
    """
    if triple_day == _NO_TRIPLE or open_day is None:
        return float(nights)
    triple = "wednesday" if triple_day is None else triple_day
    for name, day in (("open_day", open_day), ("triple_day", triple)):
        if day not in _DAYS:
            raise InputError(f"{name} must be a day of the week, or none for triple_day")
    first, third = _DAYS.index(open_day), _DAYS.index(triple)
    whole, rest = divmod(nights, len(_DAYS))
    total = float(whole * len(_DAYS))
    for past in range(rest):
        weekday = (first + past) % len(_DAYS)
        total += 0.0 if weekday > _FRIDAY else 3.0 if weekday == third else 1.0
    return total


def cost_result(g: Given) -> Results:
    """What holding a trade costs: spread, commission of both sides, and swap with its triple day."""
    results: Results = {}
    spread = g.need("spread_cost", "lots", "contract_size", "spread", "profit_ccy_to_account")
    if spread is not None:
        results["spread_cost"] = math.prod(spread)
    charge = g.need("commission_cost", "lots", "commission")
    if charge is not None:
        results["commission_cost"] = 2.0 * math.prod(charge)
    swap = g.need("swap_cost", "lots", "swap_per_night", "nights")
    if swap is not None:
        lots, each, nights = swap
        if nights != int(nights):
            raise InputError("nights must be a whole number")
        counted = nights_charged(int(nights), g.word("open_day"), g.word("triple_day"))
        results |= {"nights_charged": counted, "swap_cost": -lots * each * counted}
    parts = [results[name] for name in ("spread_cost", "commission_cost", "swap_cost") if name in results]
    if not parts:
        g.lacks("cost", *g.missing["spread_cost"])
        return results
    total = math.fsum(part for part in parts if isinstance(part, float))
    results["cost"] = total
    pip = g.need("cost_pips", "lots", "contract_size", "pip", "profit_ccy_to_account")
    if pip is not None:
        results["cost_pips"] = total / math.prod(pip)
    return results


def tiered_result(g: Given) -> Results:
    """Margin under a broker's tiers: by equity one leverage for all, by lots or notional each part by its own."""
    rows = g.legs("tiers")
    if not rows:
        g.lacks("margin", "tiers")
        return {}
    froms, ratios = [row.lots for row in rows], [_or(row.price, math.nan) for row in rows]
    by = g.word("by")
    if by not in ("equity", "lots", "notional"):
        raise InputError("by must be equity, lots or notional")
    values = g.need("margin", "lots", "contract_size", "price", "profit_ccy_to_account")
    if values is None:
        return {}
    cap = _or(g.number("leverage"), math.inf)
    lots, notional = values[0], math.prod(values)
    if by == "equity":
        equity = g.need("margin", "equity")
        if equity is None:
            return {}
        ratio = min(cap, [r for frm, r in zip(froms, ratios, strict=True) if equity[0] >= frm or frm == froms[0]][-1])
        return {"margin": notional / ratio, "leverage": ratio, "notional": notional}
    amount = lots if by == "lots" else notional
    start = _or(g.number("held"), 0.0)
    end, total = start + amount, 0.0
    for number_, (frm, ratio) in enumerate(zip(froms, ratios, strict=True)):
        low = 0.0 if number_ == 0 else frm
        top = froms[number_ + 1] if number_ + 1 < len(froms) else math.inf
        part = min(end, top) - max(start, low)
        if part > 0.0:
            total += part / amount * notional / min(cap, ratio)
    return {"margin": total, "leverage": notional / total, "notional": notional}


def regulated_result(g: Given) -> Results:
    """Margin at a regulator's rate, the leverage it caps at, and the level that closes positions."""
    rate = g.need("required", "rate_pct", "notional")
    if rate is None:
        return {}
    required = rate[0] / 100.0 * rate[1]
    results: Results = {"required": required, "leverage_cap": 100.0 / rate[0]}
    equity = g.need("level_pct", "equity")
    if equity is not None:
        results["level_pct"] = levels.margin_level_pct(equity[0], required)
    level = g.need("close_out_equity", "close_out_pct")
    if level is not None:
        results["close_out_equity"] = levels.equity_at_level(level[0], required, levels.PERCENT)
    return results
