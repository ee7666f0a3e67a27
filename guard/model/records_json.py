"""The terminal's own structures (``_asdict()`` as JSON) to records. Pure; a bad field becomes ``None`` and a gap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from guard.model import fields as f
from guard.model.snapshot import Gap
from guard.model.trading import BUY, SELL, Account, Asked, Deal, Order, Position, Symbol, Terminal, Tick

Row = Mapping[str, object]

_N, _P, _NN = "a finite number", "a finite number above 0", "a finite number, 0 or more"
_I, _T, _B = "an integer", "a text", "true or false"

_ACCOUNT = f.spec(
    ("login", f.whole, _I),
    ("server", f.text, _T),
    ("currency", f.text, _T),
    ("currency_digits", f.not_negative_whole, _I),
    ("leverage", f.not_negative_whole, "an integer, 0 or more"),
    ("margin_mode", f.one_of(0, 1, 2), "0, 1 or 2"),
    ("margin_so_mode", f.one_of(0, 1), "0 (percent) or 1 (money)"),
    ("balance", f.number, _N),
    ("credit", f.number, _N),
    ("profit", f.number, _N),
    ("equity", f.number, _N),
    ("margin", f.not_negative, _NN),
    ("margin_free", f.number, _N),
    ("margin_level", f.number, _N),
    ("margin_so_call", f.not_negative, _NN),
    ("margin_so_so", f.not_negative, _NN),
    ("commission_blocked", f.number, _N),
    ("trade_allowed", f.flag, _B),
    ("trade_expert", f.flag, _B),
    ("trade_mode", f.one_of(0, 1, 2), "0, 1 or 2"),
    ("fifo_close", f.flag, _B),
)
_TERMINAL = f.spec(
    ("connected", f.flag, _B),
    ("trade_allowed", f.flag, _B),
    ("tradeapi_disabled", f.flag, _B),
    ("path", f.text, _T),
    ("name", f.text, _T),
    ("company", f.text, _T),
    ("build", f.whole, _I),
)
_POSITION = f.spec(
    ("ticket", f.whole, _I),
    ("identifier", f.whole, _I),
    ("symbol", f.text, _T),
    ("type", f.one_of(0, 1), "0 (buy) or 1 (sell)"),
    ("volume", f.positive, _P),
    ("price_open", f.positive, _P),
    ("price_current", f.positive, _P),
    ("sl", f.not_negative, _NN),
    ("tp", f.not_negative, _NN),
    ("profit", f.number, _N),
    ("swap", f.number, _N),
    ("magic", f.whole, _I),
    ("comment", f.text, _T),
    ("time_msc", f.positive, _P),
    ("time_update_msc", f.positive, _P),
    ("time", f.positive, _P),
    ("time_update", f.positive, _P),
)
_ORDER = f.spec(
    ("ticket", f.whole, _I),
    ("symbol", f.text, _T),
    ("type", f.one_of(0, 1, 2, 3, 4, 5, 6, 7, 8), "an order type, 0 to 8"),
    ("volume_current", f.not_negative, _NN),
    ("price_open", f.not_negative, _NN),
    ("price_stoplimit", f.not_negative, _NN),
    ("price_current", f.not_negative, _NN),
    ("sl", f.not_negative, _NN),
    ("tp", f.not_negative, _NN),
    ("magic", f.whole, _I),
    ("position_id", f.whole, _I),
    ("comment", f.text, _T),
)
_DEAL = f.spec(
    ("ticket", f.whole, _I),
    ("time_msc", f.positive, _P),
    ("time", f.positive, _P),
    ("type", f.not_negative_whole, _I),
    ("entry", f.not_negative_whole, _I),
    ("position_id", f.whole, _I),
    ("symbol", f.text, _T),
    ("volume", f.not_negative, _NN),
    ("price", f.not_negative, _NN),
    ("profit", f.number, _N),
    ("commission", f.number, _N),
    ("swap", f.number, _N),
    ("fee", f.number, _N),
    ("reason", f.whole, _I),
    ("magic", f.whole, _I),
    ("comment", f.text, _T),
    ("order", f.whole, _I),
)
_SYMBOL = f.spec(
    ("path", f.text, _T),
    ("currency_base", f.text, _T),
    ("currency_profit", f.text, _T),
    ("currency_margin", f.text, _T),
    ("trade_calc_mode", f.not_negative_whole, _I),
    ("digits", f.not_negative_whole, _I),
    ("point", f.not_negative, _NN),
    ("trade_contract_size", f.not_negative, _NN),
    ("trade_tick_size", f.not_negative, _NN),
    ("trade_tick_value", f.not_negative, _NN),
    ("trade_tick_value_profit", f.not_negative, _NN),
    ("trade_tick_value_loss", f.not_negative, _NN),
    ("trade_face_value", f.not_negative, _NN),
    ("volume_min", f.positive, _P),
    ("volume_max", f.positive, _P),
    ("volume_step", f.positive, _P),
    ("margin_initial", f.not_negative, _NN),
    ("margin_maintenance", f.not_negative, _NN),
    ("margin_hedged", f.not_negative, _NN),
    ("margin_hedged_use_leg", f.flag, _B),
    ("bid", f.not_negative, _NN),
    ("ask", f.not_negative, _NN),
    ("last", f.not_negative, _NN),
    ("trade_mode", f.not_negative_whole, _I),
    ("filling_mode", f.not_negative_whole, _I),
    ("trade_exemode", f.not_negative_whole, _I),
    ("trade_stops_level", f.not_negative_whole, _I),
    ("trade_freeze_level", f.not_negative_whole, _I),
    ("order_mode", f.not_negative_whole, _I),
)
_TICK = f.spec(
    ("bid", f.not_negative, _NN),
    ("ask", f.not_negative, _NN),
    ("last", f.not_negative, _NN),
    ("time_msc", f.positive, _P),
    ("time", f.positive, _P),
)
_BUY_ORDERS = frozenset({0, 2, 4, 6})


def _seconds(msc: object, whole_s: object) -> object:
    return msc / 1000.0 if isinstance(msc, float) else whole_s


def read_account(row: Row, gaps: list[Gap]) -> Account:
    """``account_info``."""
    return Account._make(f.take(row, _ACCOUNT, "account", gaps))


def read_terminal(raw: object, gaps: list[Gap]) -> Terminal | None:
    """``terminal_info``; ``None`` when absent or not an object."""
    if raw is None:
        return None
    if not isinstance(raw, f.OBJECT):
        gaps.append(Gap("terminal", f"terminal is {f.shown(raw)}, not an object; it is left out"))
        return None
    return Terminal._make(f.take(raw, _TERMINAL, "terminal", gaps))


def _rows(raw: object, name: str, gaps: list[Gap]) -> list[Row] | None:
    """The rows of a list section; ``None`` (unknown) when absent, not a list, or when any row is not an object."""
    if raw is None:
        gaps.append(Gap(name, f"{name} is missing: what depends on it is unknown, not none"))
        return None
    if not isinstance(raw, (list, tuple)):
        gaps.append(Gap(name, f"{name} is {f.shown(raw)}, not a list: what depends on it is unknown"))
        return None
    for index, row in enumerate(raw):
        if not isinstance(row, f.OBJECT):
            gaps.append(Gap(f"{name}[{index}]", f"{name}[{index}] is {f.shown(row)}, not an object: {name} is unknown"))
            return None
    return cast("list[Row]", list(raw))


def _unique(rows: list[Row], name: str, gaps: list[Gap]) -> list[Row] | None:
    """Rows without exact repeats; ``None`` when one ticket stands for two different things."""
    seen: dict[object, Row] = {}
    out: list[Row] = []
    for index, row in enumerate(rows):
        ticket = row.get("ticket")
        if f.whole(ticket) is f.BAD:
            gaps.append(Gap(f"{name}[{index}].ticket", f"{name}[{index}] has no ticket: {name} is unknown"))
            return None
        earlier = seen.get(ticket)
        if earlier is None:
            seen[ticket] = row
            out.append(row)
        elif earlier == row:
            gaps.append(Gap(f"{name}[{index}]", f"{name}[{index}] repeats ticket {ticket}; it is counted once"))
        else:
            gaps.append(
                Gap(f"{name}[{index}]", f"{name}[{index}] contradicts ticket {ticket} above: {name} is unknown")
            )
            return None
    return out


def read_positions(raw: object, gaps: list[Gap]) -> tuple[Position, ...] | None:
    """``positions_get``; ``None`` when unknown, ``()`` when there are none."""
    rows = _rows(raw, "positions", gaps)
    rows = _unique(rows, "positions", gaps) if rows is not None else None
    if rows is None:
        return None
    out = []
    for index, row in enumerate(rows):
        v = f.take(row, _POSITION, f"positions[{index}]", gaps)
        if v[3] is not None:
            v[3] = BUY if v[3] == 0 else SELL
        v[13:] = (_seconds(v[13], v[15]), _seconds(v[14], v[16]))
        out.append(Position._make(v))
    return tuple(out)


def read_orders(raw: object, gaps: list[Gap]) -> tuple[Order, ...] | None:
    """``orders_get`` (active orders); ``None`` when unknown."""
    rows = _rows(raw, "orders", gaps)
    rows = _unique(rows, "orders", gaps) if rows is not None else None
    if rows is None:
        return None
    out = []
    for index, row in enumerate(rows):
        v = f.take(row, _ORDER, f"orders[{index}]", gaps)
        side = None if v[2] in {None, 8} else (BUY if v[2] in _BUY_ORDERS else SELL)
        out.append(Order(*v[0:3], side, *v[3:]))  # type: ignore[call-arg,arg-type]  # checked by the spec
    return tuple(out)


def read_deals(raw: object, gaps: list[Gap]) -> tuple[Deal, ...] | None:
    """``history_deals_get``; ``None`` when unknown."""
    rows = _rows(raw, "deals", gaps)
    if rows is None:
        return None
    out = []
    for index, row in enumerate(rows):
        v = f.take(row, _DEAL, f"deals[{index}]", gaps)
        out.append(Deal(v[0], _seconds(v[1], v[2]), *v[3:]))  # type: ignore[arg-type]  # checked by the spec
    return tuple(out)


def _named(raw: object, name: str, gaps: list[Gap]) -> dict[str, Row]:
    if raw is None:
        gaps.append(Gap(name, f"{name} is missing: values in account currency may be unknown"))
        return {}
    if not isinstance(raw, f.OBJECT):
        gaps.append(Gap(name, f"{name} is {f.shown(raw)}, not an object; it is left out"))
        return {}
    out: dict[str, Row] = {}
    for key, row in raw.items():
        if isinstance(row, f.OBJECT):
            out[str(key)] = row
        else:
            gaps.append(Gap(f"{name}.{key}", f"{name}.{key} is {f.shown(row)}, not an object; it is left out"))
    return out


def read_symbols(raw: object, gaps: list[Gap]) -> dict[str, Symbol]:
    """``symbol_info`` by name."""
    rows = _named(raw, "symbols", gaps)
    return {
        key: Symbol(key, *f.take(row, _SYMBOL, f"symbols.{key}", gaps))  # type: ignore[arg-type]  # checked by the spec
        for key, row in rows.items()
    }


def read_ticks(raw: object, gaps: list[Gap]) -> dict[str, Tick]:
    """``symbol_info_tick`` by name."""
    out = {}
    for key, row in _named(raw, "ticks", gaps).items():
        v = f.take(row, _TICK, f"ticks.{key}", gaps)
        out[key] = Tick(v[0], v[1], v[2], _seconds(v[3], v[4]))  # type: ignore[arg-type]  # checked by the spec
    return out


def read_asked(raw: object, gaps: list[Gap]) -> tuple[Asked, ...]:
    """Calculations the worker asked the terminal."""
    if raw is None:
        return ()
    rows = _rows(raw, "asked", gaps)
    out = []
    for index, row in enumerate(rows if rows is not None else ()):
        args, call = row.get("args"), row.get("call")
        if not isinstance(call, str) or not isinstance(args, (list, tuple)):
            gaps.append(Gap(f"asked[{index}]", f"asked[{index}] has no call or args; it is left out"))
            continue
        if any(type(arg) in {int, float} and f.number(arg) is f.BAD for arg in args):
            gaps.append(Gap(f"asked[{index}].args", f"asked[{index}].args holds no finite number; it is left out"))
            continue
        result = f.number(row.get("result")) if row.get("result") is not None else None
        if result is f.BAD:
            gaps.append(Gap(f"asked[{index}].result", f"asked[{index}].result is not a finite number; it is left out"))
            continue
        out.append(Asked(call, tuple(args), cast("float | None", result)))
    return tuple(out)
