"""Records of the terminal, reduced to the fields the guard uses.

A field that was absent or bad in the terminal's answer is ``None``: unknown, never zero. Times are broker wall-clock
seconds since 1970 as the terminal gives them (server time), not UTC; see ``model.snapshot`` for the offset.
Source: data structures of the MetaTrader5 package, MQL5 reference.
"""

from __future__ import annotations

from typing import NamedTuple

BUY = 1
SELL = -1

# SYMBOL_TRADE_CALC_MODE values that steer a formula.
FOREX, FUTURES, CFD, CFDINDEX, CFDLEVERAGE, FOREX_NO_LEVERAGE = 0, 1, 2, 3, 4, 5
EXCH_STOCKS, EXCH_FUTURES, EXCH_FORTS, EXCH_OPTIONS, EXCH_OPTIONS_MARGIN = 32, 33, 34, 35, 36
EXCH_BONDS, EXCH_STOCKS_MOEX, EXCH_BONDS_MOEX, COLLATERAL = 37, 38, 39, 64
FUTURES_MODES = frozenset({FUTURES, EXCH_FUTURES, EXCH_FORTS})
OPTION_MODES = frozenset({EXCH_OPTIONS, EXCH_OPTIONS_MARGIN})
BOND_MODES = frozenset({EXCH_BONDS, EXCH_BONDS_MOEX})
FX_MODES = frozenset({FOREX, FOREX_NO_LEVERAGE})

# DEAL_TYPE values.
DEAL_BUY, DEAL_SELL, DEAL_BALANCE, DEAL_CREDIT, DEAL_CHARGE, DEAL_CORRECTION, DEAL_BONUS = range(7)
FLOW_DEALS = frozenset({DEAL_BALANCE, DEAL_BONUS})


class Account(NamedTuple):
    """``account_info()``. Money in account currency; levels in percent (``so_mode`` 0) or money (1).

    With ``fifo_close`` the oldest position of a symbol must be closed first.
    """

    login: int | None
    server: str | None
    currency: str | None
    currency_digits: int | None
    leverage: int | None
    margin_mode: int | None
    so_mode: int | None
    balance: float | None
    credit: float | None
    profit: float | None
    equity: float | None
    margin: float | None
    margin_free: float | None
    margin_level: float | None
    so_call: float | None
    so_so: float | None
    commission_blocked: float | None
    trade_allowed: bool | None
    trade_expert: bool | None
    trade_mode: int | None
    fifo_close: bool | None = None


class Terminal(NamedTuple):
    """``terminal_info()``: the link to the trade server and what the terminal permits."""

    connected: bool | None
    trade_allowed: bool | None
    tradeapi_disabled: bool | None
    path: str | None
    name: str | None
    company: str | None
    build: int | None


class Position(NamedTuple):
    """One ``TradePosition``. ``side`` is +1 (buy) or -1 (sell); ``sl``/``tp`` 0.0 means none, ``None`` unknown."""

    ticket: int
    identifier: int | None
    symbol: str | None
    side: int | None
    volume: float | None
    price_open: float | None
    price_current: float | None
    sl: float | None
    tp: float | None
    profit: float | None
    swap: float | None
    magic: int | None
    comment: str | None
    time: float | None
    time_update: float | None


class Order(NamedTuple):
    """One active ``TradeOrder``; ``type`` is ORDER_TYPE_*, ``side`` +1 for buy orders and -1 for sell orders."""

    ticket: int
    symbol: str | None
    type: int | None
    side: int | None
    volume: float | None
    price_open: float | None
    price_stoplimit: float | None
    price_current: float | None
    sl: float | None
    tp: float | None
    magic: int | None
    position_id: int | None
    comment: str | None


class Deal(NamedTuple):
    """One ``TradeDeal``; ``net`` is profit + swap + commission + fee in account currency; ``time`` server seconds.

    ``order`` is the ticket of the order it carried out.
    """

    ticket: int
    time: float | None
    type: int | None
    entry: int | None
    position_id: int | None
    symbol: str | None
    volume: float | None
    price: float | None
    profit: float | None
    commission: float | None
    swap: float | None
    fee: float | None
    reason: int | None
    magic: int | None
    comment: str | None
    order: int | None = None

    @property
    def net(self) -> float | None:
        """Profit + swap + commission + fee, or ``None`` when one of them is unknown."""
        profit, swap, commission, fee = self.profit, self.swap, self.commission, self.fee
        if profit is None or swap is None or commission is None or fee is None:
            return None
        return profit + swap + commission + fee


class Symbol(NamedTuple):
    """``symbol_info()``: contract facts; prices of the cold read (use ``Tick`` for current ones).

    ``filling_mode`` and ``order_mode`` are flag sets, ``execution`` SYMBOL_TRADE_EXECUTION, the levels are points.
    """

    name: str
    path: str | None
    currency_base: str | None
    currency_profit: str | None
    currency_margin: str | None
    calc_mode: int | None
    digits: int | None
    point: float | None
    contract_size: float | None
    tick_size: float | None
    tick_value: float | None
    tick_value_profit: float | None
    tick_value_loss: float | None
    face_value: float | None
    volume_min: float | None
    volume_max: float | None
    volume_step: float | None
    margin_initial: float | None
    margin_maintenance: float | None
    margin_hedged: float | None
    hedged_use_leg: bool | None
    bid: float | None
    ask: float | None
    last: float | None
    trade_mode: int | None
    filling_mode: int | None = None
    execution: int | None = None
    stops_level: int | None = None
    freeze_level: int | None = None
    order_mode: int | None = None


class Tick(NamedTuple):
    """``symbol_info_tick()``; ``time`` in server seconds with milliseconds."""

    bid: float | None
    ask: float | None
    last: float | None
    time: float | None


class Asked(NamedTuple):
    """A calculation the worker asked the terminal: ``order_calc_profit`` or ``order_calc_margin``."""

    call: str
    args: tuple[object, ...]
    result: float | None


class Bar(NamedTuple):
    """One M1 bar of bid prices; ``time`` is its start in server seconds, ``spread`` in points."""

    time: float
    open: float
    high: float
    low: float
    close: float
    spread: float | None


class NewsEvent(NamedTuple):
    """A scheduled publication: UTC seconds, currency (empty: none), impact; ``symbols`` it names itself."""

    at_s: float
    currency: str
    impact: str
    title: str
    symbols: tuple[str, ...] = ()


class Calendar(NamedTuple):
    """A calendar of news, oldest event first. ``why`` is not empty when it cannot be believed.

    ``read_s`` is when it was read or made, ``until_s`` how far it reaches (UTC seconds); ``None``: not said.
    """

    source: str
    read_s: float | None
    until_s: float | None
    events: tuple[NewsEvent, ...]
    why: str
