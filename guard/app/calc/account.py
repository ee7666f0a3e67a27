"""Calculators about the account: margin level, leverage, position size, stop-out, daily loss, trailing drawdown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from guard.app.calc.inputs import Check, Given, Results, flag, not_negative, number, positive, text
from guard.metrics import levels, leverage, loss_rules, sizing, stopout_calc
from guard.model.errors import InputError

DEFAULT_VOLUME: Final = 0.01
"""Volume step and smallest volume where they are not given."""

MARGIN_LEVEL: Final[Mapping[str, Check]] = {"equity": number, "margin": not_negative}
EFFECTIVE_LEVERAGE: Final[Mapping[str, Check]] = {"notional": not_negative, "equity": number, "margin": positive}
POSITION_SIZE: Final[Mapping[str, Check]] = {
    "balance": not_negative, "equity": not_negative, "risk_pct": not_negative, "risk_money": not_negative,
    "stop_pips": positive, "pip_value_per_lot": positive, "open": positive, "sl": positive, "contract_size": positive,
    "profit_ccy_to_account": positive, "volume_step": positive, "volume_min": not_negative, "volume_max": positive,
}  # fmt: skip
STOP_OUT: Final[Mapping[str, Check]] = {
    "balance": number, "equity": number, "margin": not_negative, "mc_pct": not_negative, "so_pct": not_negative,
    "mc_money": number, "so_money": number, "pip_value": positive,
}  # fmt: skip
STOP_OUT_REAL: Final[Mapping[str, Check]] = {"equity": number, "margin": not_negative, "so_pct": not_negative}
DAILY_LOSS: Final[Mapping[str, Check]] = {
    "initial": positive, "anchor_balance": number, "anchor_equity": number, "peak_equity": number,
    "peak_balance": number, "limit_pct": not_negative, "limit_money": not_negative, "basis": text, "anchor": text,
    "closed": number, "floating": number, "equity": number,
}  # fmt: skip
TRAILING_DRAWDOWN: Final[Mapping[str, Check]] = {
    "initial": positive, "limit_pct": not_negative, "limit_money": not_negative, "basis": text, "peak_equity": number,
    "peak_balance": number, "lock_at_initial": flag, "equity": number,
}  # fmt: skip

_ANCHORS: Final = {
    "balance@reset": ("anchor_balance",),
    "equity@reset": ("anchor_equity",),
    "max(balance,equity)@reset": ("anchor_balance", "anchor_equity"),
    "intraday_peak_equity": ("peak_equity",),
    "peak_equity": ("peak_equity",),
    "peak_closed_balance": ("peak_balance",),
    "peak_eod_balance": ("peak_balance",),
    "initial": ("initial",),
}
_DAILY_BASES: Final = ("initial", "anchor", "current_balance")
_TRAILING_BASES: Final = ("peak", "initial")


def margin_level_result(g: Given) -> Results:
    """Margin level in percent and free margin; without margin in use there is no level."""
    values = g.need("free_margin", "equity", "margin")
    if values is None:
        g.lacks("margin_level_pct", *g.missing["free_margin"])
        return {}
    return {"margin_level_pct": levels.margin_level_pct(*values), "free_margin": levels.free_margin(*values)}


def effective_leverage_result(g: Given) -> Results:
    """Notional over equity; where only margin is given, the leverage that this margin implies."""
    base = "margin" if g.number("equity") is None and g.number("margin") is not None else "equity"
    values = g.need("leverage", "notional", base)
    return {} if values is None else {"leverage": leverage.effective_leverage(*values)}


def position_size_result(g: Given) -> Results:
    """Lots that lose the risk money at the stop, rounded down; ``"none"`` below the smallest volume."""
    money = _risk_money(g)
    if money is None:
        g.lacks("lots", *g.missing["risk_money"])
        return {}
    results: Results = {"risk_money": money}
    per_lot = _loss_per_lot(g)
    if per_lot is not None:
        step, smallest, largest = (
            default if value is None else value
            for value, default in (
                (g.number("volume_step"), DEFAULT_VOLUME),
                (g.number("volume_min"), DEFAULT_VOLUME),
                (g.number("volume_max"), math.inf),
            )
        )
        lots = sizing.position_size(money, per_lot, step, smallest, largest)
        results["lots"] = lots if lots > 0.0 else "none"
    return results


def _risk_money(g: Given) -> float | None:
    money = g.number("risk_money")
    if money is not None:
        return money
    bases = [value for value in (g.number("balance"), g.number("equity")) if value is not None]
    percent = g.number("risk_pct")
    if percent is None or not bases:
        absent = [*([] if percent is not None else ["risk_pct"]), *([] if bases else ["balance"])]
        g.lacks("risk_money", *absent)
        return None
    return sizing.risk_money(min(bases), percent)  # both given: the smaller one, the larger never risks more


def _loss_per_lot(g: Given) -> float | None:
    if g.number("stop_pips") is None and g.number("open") is not None:
        values = g.need("lots", "open", "sl", "contract_size", "profit_ccy_to_account")
        if values is None:
            return None
        price, stop, size, rate = values
        if price == stop:
            raise InputError("sl must differ from open")
        return abs(price - stop) * size * rate
    values = g.need("lots", "stop_pips", "pip_value_per_lot")
    return None if values is None else math.prod(values)


def stop_out_result(g: Given) -> Results:
    """Equity at margin call and stop-out, the loss until then and the whole pips until then."""
    results: Results = {}
    equity = g.number("equity")
    if equity is None:
        equity = g.number("balance")
    margin = g.number("margin")
    for name in ("mc", "so"):
        money, percent = g.number(f"{name}_money"), g.number(f"{name}_pct")
        if money is not None:
            level, so_mode = money, levels.MONEY
        elif percent is not None and margin is not None:
            level, so_mode = percent, levels.PERCENT
        else:
            absent = "margin" if percent is not None else f"{name}_pct"
            for key in (f"{name}_equity", f"loss_at_{name}", f"pips_to_{name}"):
                g.lacks(key, absent)
            continue
        at_level = levels.equity_at_level(level, math.nan if margin is None else margin, so_mode)
        results[f"{name}_equity"] = at_level
        if equity is None:
            g.lacks(f"loss_at_{name}", "balance")
            g.lacks(f"pips_to_{name}", "balance")
            continue
        results[f"loss_at_{name}"] = equity - at_level
        pip = g.need(f"pips_to_{name}", "pip_value")
        if pip is not None:
            results[f"pips_to_{name}"] = stopout_calc.pips_to_loss(equity - at_level, *pip)
    return results


def stop_out_real_result(g: Given) -> Results:
    """Whether printed equity and margin show a stop-out, their rounding to 0.1 allowed for."""
    values = g.need("stopped_out", "equity", "margin", "so_pct")
    return {} if values is None else {"stopped_out": stopout_calc.stopped_out_as_printed(*values)}


def daily_loss_result(g: Given) -> Results:
    """Floor of a daily-loss rule, equity now, the room between them and whether the rule is broken."""
    results: Results = {}
    floor = _daily_floor(g)
    equity = g.number("equity")
    if equity is None:
        parts = g.need("equity", "anchor_balance", "closed", "floating")
        equity = None if parts is None else loss_rules.equity_now(*parts)
    if floor is not None:
        results["floor"] = floor
    if equity is not None:
        results["equity"] = equity
    _compare(g, results, floor, equity)
    return results


def _compare(g: Given, results: Results, floor: float | None, equity: float | None) -> None:
    if floor is not None and equity is not None:
        results["room"] = loss_rules.room(equity, floor)
        results["breach"] = loss_rules.is_breached(equity, floor)
        return
    absent = [*g.missing.get("floor", ()), *(g.missing.get("equity", ("equity",)) if equity is None else ())]
    g.lacks("room", *absent)
    g.lacks("breach", *absent)


def _daily_floor(g: Given) -> float | None:
    kind = g.word("anchor")
    if kind is None:
        g.lacks("floor", "anchor")
        return None
    kind = kind.replace(" ", "")
    if kind not in _ANCHORS:
        raise InputError("anchor must be one of " + ", ".join(_ANCHORS))
    anchors = g.need("floor", *_ANCHORS[kind])
    if anchors is None:
        return None
    anchor = max(anchors)
    money = g.number("limit_money")
    if money is not None:
        return loss_rules.loss_floor(anchor, money)
    basis = _basis(g, _DAILY_BASES)
    if basis == "initial":
        values = g.need("floor", "limit_pct", "initial")
        return None if values is None else loss_rules.loss_floor(anchor, loss_rules.limit_money(*values))
    if basis == "current_balance":
        values = g.need("floor", "limit_pct", "anchor_balance", "closed")
        if values is None:
            return None
        percent, start, closed = values
        return loss_rules.loss_floor(anchor, loss_rules.limit_money(percent, start + closed))
    values = None if basis is None else g.need("floor", "limit_pct")
    return None if values is None else loss_rules.loss_floor(anchor, loss_rules.limit_money(values[0], anchor))


def _basis(g: Given, known: tuple[str, ...]) -> str | None:
    basis = g.word("basis")
    if basis is None:
        g.lacks("floor", "basis" if g.number("limit_pct") is not None else "limit_pct")
    elif basis not in known:
        raise InputError("basis must be one of " + ", ".join(known))
    return basis


def trailing_drawdown_result(g: Given) -> Results:
    """Floor that trails a peak, and its distance from the peak as the rule states it."""
    results: Results = {}
    peaks = [value for value in (g.number("peak_equity"), g.number("peak_balance")) if value is not None]
    if not peaks:
        g.lacks("floor", "peak_equity")
        g.lacks("distance", "peak_equity")
    else:
        peak = max(peaks)  # both given: the higher one, its floor is the stricter
        limit = _trailing_limit(g, peak)
        if limit is not None:
            results["distance"] = limit
            floor = loss_rules.loss_floor(peak, limit)
            lock = g.need("floor", "initial") if g.is_set("lock_at_initial") else (math.inf,)
            if lock is not None:
                results["floor"] = loss_rules.locked_floor(floor, *lock)
    equity, found = g.number("equity"), results.get("floor")
    if equity is not None:
        _compare(g, results, found if isinstance(found, float) else None, equity)
    return results


def _trailing_limit(g: Given, peak: float) -> float | None:
    money = g.number("limit_money")
    if money is not None:
        return money
    basis = _basis(g, _TRAILING_BASES)
    if basis is None:
        return None
    values = g.need("floor", "limit_pct", *(("initial",) if basis == "initial" else ()))
    if values is None:
        return None
    return loss_rules.limit_money(values[0], values[1] if basis == "initial" else peak)
