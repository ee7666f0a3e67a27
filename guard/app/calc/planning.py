"""Calculators for planning a trade: four steps, most lots, leverage side by side, what wipes it, a margin level."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from guard.app.calc.account import DEFAULT_VOLUME
from guard.app.calc.inputs import Check, Given, Results, mode, not_negative, number, positive, side
from guard.metrics import levels, margin, sizing, stopout_calc
from guard.metrics.leverage import effective_leverage
from guard.model.errors import InputError
from guard.model.trading import FUTURES_MODES

_VOLUMES: Final[Mapping[str, Check]] = {
    "volume_step": positive, "volume_min": not_negative, "volume_max": positive,
}  # fmt: skip
_TRADE: Final[Mapping[str, Check]] = {
    "contract_size": positive, "price": positive, "profit_ccy_to_account": positive, "margin_ccy_to_account": positive,
    "calc": mode, "leverage": positive, "margin_initial": not_negative,
}  # fmt: skip

PLAN: Final[Mapping[str, Check]] = {
    **_TRADE, **_VOLUMES, "side": side, "balance": not_negative, "equity": positive, "margin": not_negative,
    "risk_pct": positive, "risk_money": positive, "sl": positive, "pip": positive, "so_pct": not_negative,
    "max_leverage": positive, "notional": not_negative, "commission": not_negative, "spread": not_negative,
}  # fmt: skip
MAX_LOTS: Final[Mapping[str, Check]] = {
    **_TRADE, **_VOLUMES, "equity": positive, "margin": not_negative, "level_pct": positive,
    "max_leverage": positive, "notional": not_negative,
}  # fmt: skip
RETURN_ON_MARGIN: Final[Mapping[str, Check]] = {"profit": number, "margin": positive, "equity": positive}
COMPARE: Final[Mapping[str, Check]] = {
    "equity": positive, "lots": positive, "contract_size": positive, "price": positive, "side": side,
    "profit_ccy_to_account": positive, "pip": positive, "so_pct": not_negative, "move_pct": number,
}  # fmt: skip
PIPS: Final[Mapping[str, Check]] = {
    "equity": number, "margin": positive, "pip_value": positive, "mc_pct": not_negative, "so_pct": not_negative,
}  # fmt: skip
TO_LEVEL: Final[Mapping[str, Check]] = {
    "equity": number, "margin": positive, "level_pct": positive, "lots": positive, "volume_step": positive,
}  # fmt: skip
COMPARED: Final = (100.0, 500.0, 1.0)
"""The leverages that are shown side by side; 1 is none."""

def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _volumes(g: Given) -> tuple[float, float, float]:
    step = _or(g.number("volume_step"), DEFAULT_VOLUME)
    return step, _or(g.number("volume_min"), DEFAULT_VOLUME), _or(g.number("volume_max"), math.inf)


def _per_lot(g: Given, key: str) -> tuple[float, float] | None:
    """Notional and margin of one lot in account currency, or ``None``, recorded."""
    calc = g.mode("calc")
    if calc is None:
        g.lacks(key, "calc")
        return None
    if calc in FUTURES_MODES:
        raise InputError("calc must be a mode whose value is price x contract; a future's is not")
    fixed = _or(g.number("margin_initial"), 0.0)
    needed = [name for name in margin.margin_inputs(calc, fixed) if name in _TRADE]
    names = dict.fromkeys(["contract_size", "price", "profit_ccy_to_account", *needed, "margin_ccy_to_account"])
    if g.need(key, *names) is None:
        return None
    size, price, rate, conversion = (
        _or(g.number(name), math.nan)
        for name in ("contract_size", "price", "profit_ccy_to_account", "margin_ccy_to_account")
    )
    leverage = _or(g.number("leverage"), math.nan)
    each = margin.position_margin(calc, 1.0, size, price, leverage, conversion, fixed)
    return size * price * rate, each


def plan_result(g: Given) -> Results:
    """Four steps: money at risk, distance of the stop, lots, and what that takes of margin and leverage."""
    values = g.need("lots", "price", "sl", "contract_size", "profit_ccy_to_account", "equity", "pip")
    risk = _risk(g)
    if values is None or risk is None:
        return {}
    price, stop, size, rate, equity, pip = values
    way = g.number("side")
    if price == stop or (way is not None and (price - stop) * way < 0.0):
        raise InputError("sl must be below the price for a buy and above it for a sell")
    distance = abs(price - stop)
    cost = _or(g.number("spread"), 0.0) * size * rate + 2.0 * _or(g.number("commission"), 0.0)
    loss = distance * size * rate + cost
    lots = sizing.position_size(risk, loss, *_volumes(g))
    results: Results = {
        "risk_money": risk, "stop_pips": distance / pip, "loss_per_lot": loss, "lots": lots if lots > 0.0 else "none",
        "loss": lots * loss, "loss_pct": lots * loss / equity * 100.0,
    }  # fmt: skip
    each = _per_lot(g, "margin")
    if each is None:
        for key in ("leverage", "margin_level_pct", "free_margin", "pips_to_so", "fits"):
            g.lacks(key, *g.missing["margin"])
        return results
    notional = _or(g.number("notional"), 0.0) + lots * each[0]
    used = _or(g.number("margin"), 0.0) + lots * each[1]
    results |= {
        "margin": lots * each[1], "leverage": effective_leverage(notional, equity),
        "margin_level_pct": levels.margin_level_pct(equity, used), "free_margin": equity - used,
    }  # fmt: skip
    level = g.need("pips_to_so", "so_pct")
    if level is not None and lots > 0.0:
        room = equity - levels.equity_at_level(level[0], used, levels.PERCENT)
        results["pips_to_so"] = stopout_calc.pips_to_loss(room, lots * size * rate * pip)
    cap = g.number("max_leverage")
    results["fits"] = used <= equity and (cap is None or notional <= equity * cap * (1.0 + 1e-12))
    return results


def _risk(g: Given) -> float | None:
    money = g.number("risk_money")
    if money is not None:
        return money
    bases = [value for value in (g.number("balance"), g.number("equity")) if value is not None]
    percent = g.number("risk_pct")
    if percent is None or not bases:
        g.lacks("lots", *([] if percent is not None else ["risk_pct"]), *([] if bases else ["balance"]))
        return None
    return sizing.risk_money(min(bases), percent)


def max_lots_result(g: Given) -> Results:
    """The largest volume that margin, a margin level and a cap on leverage allow, and which of them binds."""
    equity = g.need("lots", "equity")
    each = _per_lot(g, "lots")
    if equity is None or each is None:
        return {}
    worth, charged = each
    used = _or(g.number("margin"), 0.0)
    results: Results = {"margin_per_lot": charged}
    bounds: dict[str, float] = {}
    if charged > 0.0:
        bounds["free margin"] = max(0.0, equity[0] - used) / charged
        level = g.number("level_pct")
        if level is not None:
            bounds[f"margin level {level:g} %"] = max(0.0, equity[0] * 100.0 / level - used) / charged
    cap = g.number("max_leverage")
    if cap is not None:
        bounds[f"leverage {cap:g}"] = max(0.0, equity[0] * cap - _or(g.number("notional"), 0.0)) / worth
    step, smallest, largest = _volumes(g)
    if math.isfinite(largest):
        bounds["the largest volume"] = largest
    if not bounds:
        raise InputError("calc takes no margin: nothing but --max-leverage or --volume-max bounds the volume")
    binds = min(bounds, key=lambda name: bounds[name])
    lots = sizing.floor_to_step(bounds[binds], step)
    return {**results, "lots": lots if lots > 0.0 and lots >= smallest * (1.0 - 1e-12) else "none", "binds": binds}


def return_on_margin_result(g: Given) -> Results:
    """Profit in percent of the margin it took, and of the equity that stood behind it."""
    values = g.need("on_margin_pct", "profit", "margin")
    results: Results = {} if values is None else {"on_margin_pct": values[0] / values[1] * 100.0}
    base = g.need("on_equity_pct", "profit", "equity")
    return results if base is None else {**results, "on_equity_pct": base[0] / base[1] * 100.0}


def compare_result(g: Given) -> Results:
    """The same trade at 1:100, at 1:500 and without leverage: margin, level, pips to stop-out, result of a move.

    Margin is notional over leverage; what the trade wins or loses is the same on every one of them.
    """
    values = g.need("exposure", "equity", "lots", "contract_size", "price", "profit_ccy_to_account")
    if values is None:
        return {}
    equity, lots, size, price, rate = values
    notional = lots * size * price * rate
    results: Results = {"exposure": notional, "effective_leverage": notional / equity}
    move = g.number("move_pct")
    if move is not None:
        results["result"] = notional * move / 100.0 * _or(g.number("side"), 1.0)
    pip = g.number("pip")
    for ratio in COMPARED:
        name, used = f"{ratio:.0f}", notional / ratio
        results[f"margin_{name}"] = used
        results[f"free_{name}"] = equity - used
        results[f"level_{name}"] = equity / used * 100.0
        room = equity - levels.equity_at_level(_or(g.number("so_pct"), 50.0), used, levels.PERCENT)
        if used > equity:
            results[f"pips_to_so_{name}"] = "cannot be opened"
        elif pip is not None:
            results[f"pips_to_so_{name}"] = stopout_calc.pips_to_loss(room, lots * size * rate * pip)
        else:
            g.lacks(f"pips_to_so_{name}", "pip")
    return results


def pips_result(g: Given) -> Results:
    """Pips that lose the margin, and pips until margin call, stop-out and equity 0: four different things."""
    results: Results = {}
    wiped = g.need("pips_to_wipe_margin", "margin", "pip_value")
    if wiped is not None:
        results["pips_to_wipe_margin"] = stopout_calc.pips_to_loss(*wiped)
    for name, words in (("mc", "mc_pct"), ("so", "so_pct")):
        values = g.need(f"pips_to_{name}", "equity", "margin", "pip_value", words)
        if values is not None:
            equity, used, pip, level = values
            room = equity - levels.equity_at_level(level, used, levels.PERCENT)
            results[f"pips_to_{name}"] = stopout_calc.pips_to_loss(room, pip)
    rest = g.need("pips_to_zero", "equity", "pip_value")
    if rest is not None:
        results["pips_to_zero"] = stopout_calc.pips_to_loss(*rest)
    return results


def to_level_result(g: Given) -> Results:
    """What to pay in, or how many of the open lots to close, to reach a margin level."""
    values = g.need("deposit", "equity", "margin", "level_pct")
    if values is None:
        return {}
    results: Results = {"deposit": levels.deposit_to_level(*values)}
    lots = g.need("lots_to_close", "lots")
    if lots is None:
        return results
    share = levels.share_to_close_to_level(*values)
    if share is None:
        results["lots_to_close"] = "none"
        return results
    step = _or(g.number("volume_step"), DEFAULT_VOLUME)
    closing = -sizing.floor_to_step(-share * lots[0], step)  # rounded up: rounded down would miss the level
    results["lots_to_close"] = min(closing, lots[0])
    return results
