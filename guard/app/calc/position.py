"""Calculators about one position or one symbol's book: margin, hedged margin, profit, pip value, loss at stop, swap."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from guard.app.calc.inputs import (
    Check,
    Given,
    Leg,
    Results,
    flag,
    legs,
    mode,
    not_negative,
    number,
    positive,
    side,
    text,
)
from guard.metrics import hedging, margin, profit, swap
from guard.metrics.leverage import effective_leverage
from guard.model.errors import InputError
from guard.model.trading import FUTURES_MODES

_CONTRACT: Final[Mapping[str, Check]] = {
    "calc": mode, "contract_size": positive, "leverage": positive, "margin_ccy_to_account": positive,
    "tick_value": positive, "tick_size": positive, "face_value": positive, "margin_initial": not_negative,
}  # fmt: skip

MARGIN: Final[Mapping[str, Check]] = {**_CONTRACT, "lots": positive, "price": positive, "rate": not_negative}
HEDGED_MARGIN: Final[Mapping[str, Check]] = {
    **_CONTRACT, "buy": legs, "sell": legs, "margin_hedged": not_negative, "margin_maintenance": not_negative,
    "use_leg": flag, "buy_rate": not_negative, "sell_rate": not_negative,
}  # fmt: skip
PROFIT: Final[Mapping[str, Check]] = {
    "calc": mode, "side": side, "lots": positive, "contract_size": positive, "open": positive, "close": positive,
    "profit_ccy_to_account": positive, "tick_value": positive, "tick_size": positive,
}  # fmt: skip
PIP_VALUE: Final[Mapping[str, Check]] = {
    "units": positive, "lots": positive, "contract_size": positive, "pip": positive, "quote_to_account": positive,
}  # fmt: skip
LOSS_AT_STOP: Final[Mapping[str, Check]] = {
    "calc": mode, "side": side, "lots": positive, "contract_size": positive, "open": positive, "sl": positive,
    "profit_ccy_to_account": positive, "tick_value": positive, "tick_size": positive, "equity": number,
    "commission": number, "swap": number,
}  # fmt: skip
WEIGHTED_PRICE: Final[Mapping[str, Check]] = {"fills": legs}
SWAP: Final[Mapping[str, Check]] = {
    "mode": text, "lots": positive, "contract_size": positive, "point": positive, "price": positive, "swap": number,
    "nights": not_negative, "days_in_year": positive, "profit_ccy_to_account": positive,
    "margin_ccy_to_account": positive, "base_to_account": positive,
}  # fmt: skip

_MONEY_SWAPS: Final = {
    "currency_symbol": "base_to_account",
    "currency_margin": "margin_ccy_to_account",
    "currency_profit": "profit_ccy_to_account",
}
_POINT_SWAPS: Final = ("points", "reopen_current", "reopen_bid")
_PERCENT_SWAPS: Final = ("percent_current", "percent_open", "interest_current", "interest_open")


def margin_result(g: Given) -> Results:
    """Margin of opening one position."""
    calc = g.mode("calc")
    if calc is None:
        g.lacks("margin", "calc")
        return {}
    amount = _margin(g, calc, "margin", g.number("lots"), g.number("price"), _or(g.number("rate"), 1.0))
    return {} if amount is None else {"margin": amount}


def _margin(g: Given, calc: int, key: str, lots: float | None, price: float | None, rate: float) -> float | None:
    """Margin of ``lots`` in account currency, or ``None``, recorded, when an input its mode uses is absent."""
    fixed = _fixed(g)
    special = {"price": price, "margin_initial": fixed if fixed > 0.0 else None}
    used = ("lots", *margin.margin_inputs(calc, fixed), "margin_ccy_to_account")
    values = {name: special[name] if name in special else g.number(name) for name in used} | {"lots": lots}
    absent = [name for name, value in values.items() if value is None]
    conversion = g.number("margin_ccy_to_account")
    if absent or lots is None or conversion is None:
        g.lacks(key, *absent)
        return None
    return margin.position_margin(
        calc, lots, _nan(g, "contract_size"), _or(price, math.nan), _nan(g, "leverage"), rate * conversion, fixed,
        _nan(g, "tick_value"), _nan(g, "tick_size"), _nan(g, "face_value"),
    )  # fmt: skip


def _fixed(g: Given) -> float:
    """The fixed margin of one lot: maintenance for a held position where it is set, else initial; 0: none."""
    initial = g.number("margin_initial")
    if initial is None or initial == 0.0:
        return 0.0
    return margin.maintenance_per_lot(initial, _or(g.number("margin_maintenance"), 0.0))


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _nan(g: Given, name: str) -> float:
    """An input the formula may not use: NaN when absent, so that using it could not pass for a number."""
    return _or(g.number(name), math.nan)


def hedged_margin_result(g: Given) -> Results:
    """Margin of all buys and sells of one symbol, and the volume no opposite position covers."""
    buys, sells = g.legs("buy"), g.legs("sell")
    if buys is None or sells is None:
        absent = [name for name, found in (("buy", buys), ("sell", sells)) if found is None]
        for key in ("margin", "uncovered_lots", "side"):
            g.lacks(key, *absent)
        return {}
    buy_lots, sell_lots = _lots(buys), _lots(sells)
    net = hedging.uncovered_lots(buy_lots, sell_lots)
    results: Results = {
        "uncovered_lots": abs(net),
        "side": "none" if net == 0.0 else "buy" if net > 0.0 else "sell",
    }
    amount = _book_margin(g, buys, sells)
    return results if amount is None else {"margin": amount, **results}


def _book_margin(g: Given, buys: tuple[Leg, ...], sells: tuple[Leg, ...]) -> float | None:
    calc = g.mode("calc")
    if calc is None:
        g.lacks("margin", "calc")
        return None
    buy_rate, sell_rate = _or(g.number("buy_rate"), 1.0), _or(g.number("sell_rate"), 1.0)
    buy_lots, sell_lots = _lots(buys), _lots(sells)
    buy_price, sell_price = _price(buys), _price(sells)
    # Asked for each leg alone, so that an input absent for either is recorded once, in one place.
    buy_margin = 0.0 if not buys else _margin(g, calc, "margin", buy_lots, buy_price, buy_rate)
    sell_margin = 0.0 if not sells else _margin(g, calc, "margin", sell_lots, sell_price, sell_rate)
    if buy_margin is None or sell_margin is None:
        return None
    if g.is_set("use_leg"):
        return hedging.larger_leg_margin(buy_margin, sell_margin)
    if not buys or not sells:
        return buy_margin + sell_margin
    values = g.need("margin", "margin_hedged", "margin_ccy_to_account")
    if values is None:
        return None
    hedged, rate = values
    return hedging.hedged_margin(
        calc, buy_lots, _or(buy_price, math.nan), sell_lots, _or(sell_price, math.nan), _nan(g, "contract_size"),
        _nan(g, "leverage"), hedged, buy_rate * rate, sell_rate * rate, _fixed(g), _nan(g, "tick_value"),
        _nan(g, "tick_size"), _nan(g, "face_value"),
    )  # fmt: skip


def _lots(found: tuple[Leg, ...]) -> float:
    return math.fsum(leg.lots for leg in found)


def _price(found: tuple[Leg, ...]) -> float | None:
    """Volume-weighted price, or ``None`` when a price is not given."""
    priced = [leg.price * leg.lots for leg in found if leg.price is not None]
    if not found or len(priced) != len(found):
        return None
    return hedging.weighted_price(math.fsum(priced), _lots(found))


def weighted_price_result(g: Given) -> Results:
    """Volume-weighted average price of fills."""
    fills = g.legs("fills")
    if fills is None:
        g.lacks("vwap", "fills")
        return {}
    if not fills:
        raise InputError("fills must hold at least one [lots, price] pair")
    price = _price(fills)
    if price is None:
        g.lacks("vwap", "fills price")
        return {}
    return {"vwap": price}


def profit_result(g: Given) -> Results:
    """Profit of one position between two prices."""
    by_ticks = g.mode("calc") in FUTURES_MODES
    names = ("tick_value", "tick_size") if by_ticks else ("contract_size", "profit_ccy_to_account")
    values = g.need("profit", "side", "lots", "open", "close", *names)
    if values is None:
        return {}
    formula = profit.profit_by_ticks if by_ticks else profit.profit_by_contract
    return {"profit": formula(*values)}


def pip_value_result(g: Given) -> Results:
    """Value of one pip for a number of units, or of lots and a contract size."""
    names = ("units",) if g.number("units") is not None else ("lots", "contract_size")
    values = g.need("pip_value", *names, "pip", "quote_to_account")
    if values is None:
        return {}
    *size, pip, rate = values
    return {"pip_value": profit.pip_value(math.prod(size), pip, rate)}


def loss_at_stop_result(g: Given) -> Results:
    """What is lost from the opening price if the stop fills at its price, and its share of equity.

    The contract size decides and a tick value that disagrees is passed over, because brokers publish wrong ones;
    without a contract size, and in futures modes, the tick value is used. An absent rate means that the profit
    currency is the account's.
    """
    sized = g.number("contract_size") is not None or g.number("tick_value") is None
    by_ticks = g.mode("calc") in FUTURES_MODES or not sized
    contract = ("tick_value", "tick_size") if by_ticks else ("contract_size",)
    common = g.need("loss", "side", "lots", "open", "sl", *contract)
    if common is None:
        g.lacks("pct", *g.missing["loss"])
        return {}
    if by_ticks:
        moved = profit.profit_by_ticks(*common)
    else:
        moved = profit.profit_by_contract(*[*common, _or(g.number("profit_ccy_to_account"), 1.0)])
    costs = abs(_or(g.number("commission"), 0.0)) - _or(g.number("swap"), 0.0)
    loss = profit.loss_at_stop(moved, costs)
    equity = g.number("equity")
    if equity is None:
        g.lacks("pct", "equity")
        return {"loss": loss}
    return {"loss": loss, "pct": effective_leverage(loss, equity) * 100.0}


def swap_result(g: Given) -> Results:
    """Swap over a number of nights, by the symbol's swap mode."""
    kind = g.word("mode")
    if kind is None:
        g.lacks("swap", "mode")
        return {}
    if kind == "disabled":
        return {"swap": 0.0}
    if kind in _POINT_SWAPS:
        values = g.need("swap", "lots", "contract_size", "point", "swap", "nights", "profit_ccy_to_account")
        return {} if values is None else {"swap": swap.swap_in_points(*values)}
    if kind in _PERCENT_SWAPS:
        values = g.need(
            "swap", "lots", "contract_size", "price", "swap", "days_in_year", "nights", "profit_ccy_to_account"
        )
        return {} if values is None else {"swap": swap.swap_in_percent(*values)}
    if kind == "currency_deposit":
        values = g.need("swap", "lots", "swap", "nights")
        if values is None:
            return {}
        lots, per_lot, nights = values
        return {"swap": swap.swap_in_money(lots, per_lot, nights, 1.0)}
    if kind in _MONEY_SWAPS:
        values = g.need("swap", "lots", "swap", "nights", _MONEY_SWAPS[kind])
        return {} if values is None else {"swap": swap.swap_in_money(*values)}
    known = ", ".join((*_POINT_SWAPS, *_PERCENT_SWAPS, "currency_deposit", *_MONEY_SWAPS, "disabled"))
    raise InputError(f"mode must be a swap mode: {known}")
