"""The broker's books as the vendor's records."""

from __future__ import annotations

from fakes.broker import Broker
from fakes.ledger import Deal, Order, Position
from fakes.money import tick_values
from fakes.records import Record, record

BUILD = 5660
COMPANY = "SIMULATED Broker Ltd."
_SELECT_FLAGS = 6  # TICK_FLAG_BID | TICK_FLAG_ASK


def account(broker: Broker, *, trade_allowed: bool = True, login: int | None = None) -> Record:
    """``account_info()``."""
    rules = broker.rules
    return record("AccountInfo", {
        "login": broker.login if login is None else login, "leverage": broker.leverage_now,
        "limit_orders": rules.limit_orders, "margin_so_mode": int(broker.so_money),
        "trade_allowed": trade_allowed and rules.trade_allowed,
        "trade_expert": rules.trade_expert, "trade_mode": rules.trade_mode, "fifo_close": rules.fifo_close,
        "margin_mode": 2 if broker.hedging else int(broker.exchange_account), "currency_digits": broker.digits,
        "balance": broker.balance, "credit": broker.credit, "profit": round(broker.floating, broker.digits),
        "equity": broker.equity, "margin": broker.margin, "margin_free": broker.free_margin,
        "margin_level": broker.margin_level, "margin_so_call": broker.so_call,
        "margin_so_so": broker.so_so if broker.terms.so_shown is None else broker.terms.so_shown,
        "commission_blocked": broker.blocked_commission, "assets": broker.assets, "liabilities": broker.liabilities,
        "name": "SIMULATED Trader", "server": broker.server, "currency": broker.currency, "company": COMPANY,
    })  # fmt: skip


def terminal(
    *, connected: bool, path: str, trade_allowed: bool = True, tradeapi_disabled: bool = False, build: int = BUILD
) -> Record:
    """``terminal_info()``."""
    return record("TerminalInfo", {
        "connected": connected, "dlls_allowed": True, "trade_allowed": trade_allowed,
        "tradeapi_disabled": tradeapi_disabled, "build": build, "maxbars": 100_000, "codepage": 1252,
        "ping_last": 21_500, "company": COMPANY, "name": "SIMULATED Terminal", "language": "English",
        "path": path, "data_path": path, "commondata_path": path,
    })  # fmt: skip


def position(item: Position) -> Record:
    """One entry of ``positions_get()``."""
    return record("TradePosition", {
        "ticket": item.ticket, "time": item.time_msc // 1000, "time_msc": item.time_msc,
        "time_update": item.update_msc // 1000, "time_update_msc": item.update_msc, "type": 0 if item.side > 0 else 1,
        "magic": item.magic, "identifier": item.identifier, "reason": item.reason, "volume": float(item.volume),
        "price_open": item.price_open, "sl": item.sl, "tp": item.tp, "price_current": item.price_current,
        "swap": item.swap, "profit": item.profit, "symbol": item.symbol, "comment": item.comment,
    })  # fmt: skip


def order(broker: Broker, item: Order) -> Record:
    """One entry of ``orders_get()`` or ``history_orders_get()``."""
    now = item.price_current if item.done_msc else broker.quotes[item.symbol].opening(item.side)
    return record("TradeOrder", {
        "ticket": item.ticket, "time_setup": item.setup_msc // 1000, "time_setup_msc": item.setup_msc,
        "time_done": item.done_msc // 1000, "time_done_msc": item.done_msc, "time_expiration": item.expiration,
        "type": item.type, "type_time": item.type_time, "type_filling": item.filling, "state": item.state,
        "magic": item.magic, "position_id": item.position_id, "position_by_id": item.position_by_id,
        "reason": item.reason, "volume_initial": float(item.volume), "volume_current": float(item.volume_current),
        "price_open": item.price, "sl": item.sl, "tp": item.tp, "price_current": now,
        "price_stoplimit": item.stoplimit, "symbol": item.symbol, "comment": item.comment,
    })  # fmt: skip


def deal(item: Deal) -> Record:
    """One entry of ``history_deals_get()``."""
    return record("TradeDeal", {
        "ticket": item.ticket, "order": item.order, "time": item.time_msc // 1000, "time_msc": item.time_msc,
        "type": item.type, "entry": item.entry, "magic": item.magic, "position_id": item.position_id,
        "reason": item.reason, "volume": float(item.volume), "price": item.price, "commission": item.commission,
        "swap": item.swap, "profit": float(item.profit), "symbol": item.symbol, "comment": item.comment,
    })  # fmt: skip


def tick(broker: Broker, symbol: str) -> Record:
    """``symbol_info_tick()``."""
    quote = broker.quotes[symbol]
    return record("Tick", {
        "time": quote.time_msc // 1000, "bid": quote.bid, "ask": quote.ask, "last": quote.last,
        "time_msc": quote.time_msc, "flags": _SELECT_FLAGS,
    })  # fmt: skip


def depth(broker: Broker, symbol: str) -> tuple[Record, ...]:
    """``market_book_get()``: what may be sold to and bought from the broker at once, best price only."""
    quote, most = broker.quotes[symbol], float(broker.specs[symbol].volume_max)
    sides = ((1, quote.ask), (2, quote.bid))  # BOOK_TYPE_SELL, BOOK_TYPE_BUY
    return tuple(
        record("BookInfo", {"type": kind, "price": price, "volume": int(most), "volume_dbl": most})
        for kind, price in sides
    )


def symbol(broker: Broker, name: str) -> Record:
    """``symbol_info()``: a symbol that is not in Market Watch shows no quotes and no tick values."""
    spec, quote, shown = broker.specs[name], broker.quotes[name], name in broker.selected
    gain, loss = tick_values(broker.exchange, broker.currency, spec) if shown else (0.0, 0.0)
    return record("SymbolInfo", {
        "select": shown, "visible": shown, "time": quote.time_msc // 1000, "digits": spec.digits,
        "spread": round((quote.ask - quote.bid) / spec.point) if shown else 0, "spread_float": True,
        "trade_calc_mode": spec.calc_mode, "trade_mode": spec.trade_mode, "trade_stops_level": spec.stops_level,
        "trade_freeze_level": spec.freeze_level, "trade_exemode": spec.execution, "swap_mode": spec.swap_mode,
        "swap_rollover3days": spec.swap_rollover3days, "margin_hedged_use_leg": spec.hedged_use_leg,
        "expiration_mode": spec.expiration_mode, "order_gtc_mode": spec.order_gtc_mode,
        "filling_mode": spec.filling_mode, "order_mode": spec.order_mode,
        "bid": quote.bid if shown else 0.0, "ask": quote.ask if shown else 0.0, "last": quote.last if shown else 0.0,
        "point": spec.point,
        "trade_tick_value": gain, "trade_tick_value_profit": gain, "trade_tick_value_loss": loss,
        "trade_tick_size": spec.step, "trade_contract_size": spec.contract_size, "trade_face_value": spec.face_value,
        "trade_accrued_interest": spec.accrued_interest, "trade_liquidity_rate": spec.liquidity_rate,
        "session_price_settlement": spec.settlement,
        "volume_min": spec.volume_min, "volume_max": spec.volume_max, "volume_step": spec.volume_step,
        "volume_limit": spec.volume_limit, "swap_long": spec.swap_long, "swap_short": spec.swap_short,
        "margin_initial": spec.margin_initial, "margin_maintenance": spec.margin_maintenance,
        "margin_hedged": spec.hedged_size, "currency_base": spec.currency_base,
        "currency_profit": spec.currency_profit, "currency_margin": spec.margin_currency,
        "description": spec.description, "name": name, "path": spec.path or f"Simulated\\{name}",
    })  # fmt: skip
