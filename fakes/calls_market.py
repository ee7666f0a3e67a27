"""Symbols and market data of the simulated module."""

from __future__ import annotations

from typing import Any

from fakes import arguments, arrays, slots, views
from fakes.broker import Broker
from fakes.faults import INCOMPATIBLE, CallError
from fakes.records import Record
from fakes.session import SESSION, vendor_call

_FOUND = "Terminal: Not found"
_TRADES_ONLY = 2  # COPY_TICKS_TRADE


def known(broker: Broker, name: str) -> str:
    """The name, if the broker offers it."""
    if name not in broker.specs:
        raise CallError(-4, _FOUND)
    return name


def _symbols(call: str) -> Broker:
    if not SESSION.greeted:
        raise CallError(-5, INCOMPATIBLE)
    return SESSION.broker(call)


@vendor_call("none")
def symbols_total() -> int:
    """How many symbols the broker offers."""
    return len(_symbols("symbols_total").specs)


@vendor_call("keywords", failure=False)
def symbols_get(*args: Any, **kwargs: Any) -> tuple[Record, ...] | None:
    """All symbols, or those of a group."""
    if len(args) > 1:
        raise CallError(-2, arguments.NUMBER)
    group = slots.text(args[0], "group", "Invalid 1st unnamed argument") if args else ""
    if "group" in kwargs:
        group = slots.text(kwargs["group"], "group")
    try:
        broker = _symbols("symbols_get")
    except CallError as fault:
        SESSION.error = (fault.code, fault.text)
        return None
    return tuple(views.symbol(broker, name) for name in broker.specs if not group or arguments.in_group(name, group))


@vendor_call("positional")
def symbol_info(*args: Any) -> Record:
    """Contract facts and quotes of a symbol."""
    slots.count(args, 1)
    name = slots.symbol(args[0])
    broker = SESSION.broker("symbol_info")
    return views.symbol(broker, known(broker, name))


@vendor_call("positional")
def symbol_info_tick(*args: Any) -> Record:
    """The last tick of a symbol in Market Watch."""
    slots.count(args, 1)
    name = slots.symbol(args[0])
    broker = SESSION.broker("symbol_info_tick")
    if known(broker, name) not in broker.selected:
        raise CallError(-1)
    return views.tick(broker, name)


@vendor_call("positional", failure=False)
def symbol_select(*args: Any) -> bool:
    """Add a symbol to Market Watch or remove it."""
    slots.count(args, 1, 2)
    shown = slots.truth(args[1]) if len(args) > 1 else True
    name = slots.symbol(args[0])
    broker = SESSION.broker("symbol_select")
    if shown:
        broker.selected.add(known(broker, name))
    elif broker.held(known(broker, name)):
        raise CallError(-1)
    else:
        broker.selected.discard(name)
    return True


def _depth(call: str, args: tuple[Any, ...]) -> str | None:
    """The symbol of a market_book call, or ``None`` when there is no link or no such symbol."""
    slots.count(args, 1)
    name = slots.symbol(args[0])
    try:
        return known(SESSION.broker(call), name)
    except CallError:
        return None


@vendor_call("positional")
def market_book_add(*args: Any) -> bool:
    """Subscribe to the depth of a symbol. A failure is ``False`` and leaves no error, as the vendor's does."""
    name = _depth("market_book_add", args)
    if name is not None:
        SESSION.depth.add(name)
    return name is not None


@vendor_call("positional")
def market_book_release(*args: Any) -> bool:
    """End a subscription to the depth of a symbol. A failure is ``False`` and leaves no error."""
    name = _depth("market_book_release", args)
    if name is not None:
        SESSION.depth.discard(name)
    return name is not None


@vendor_call("positional")
def market_book_get(*args: Any) -> tuple[Record, ...]:
    """The depth of a symbol that was subscribed to: the best price of each side."""
    slots.count(args, 1)
    name = slots.symbol(args[0])
    broker = SESSION.broker("market_book_get")
    if known(broker, name) not in SESSION.depth:
        raise CallError(-1)
    return views.depth(broker, name)


def _bars(call: str, name: str, timeframe: int) -> tuple[list[Any], float]:
    broker = SESSION.broker(call)
    bars = broker.bars.read(known(broker, name), timeframe)
    if bars is None:
        raise CallError(-2)
    return bars, broker.specs[name].point


def _positive(*numbers: int) -> None:
    """The terminal refuses to count bars or ticks that cannot be."""
    if min(numbers) <= 0:
        raise CallError(-2)


@vendor_call("positional")
def copy_rates_from(*args: Any) -> Any:
    """Bars up to a date."""
    slots.count(args, 4)
    name, frame, count = args[0], slots.integer(args[1]), slots.integer(args[3])
    slots.symbol(name)
    until = slots.date(args[2])
    bars, point = _bars("copy_rates_from", name, frame)
    _positive(count)
    return arrays.rates([bar for bar in bars if bar[0] <= until][-count:], point)


@vendor_call("positional")
def copy_rates_from_pos(*args: Any) -> Any:
    """Bars counted back from the newest."""
    slots.count(args, 4)
    name, numbers = args[0], [slots.integer(value) for value in args[1:]]
    frame, start, count = numbers
    bars, point = _bars("copy_rates_from_pos", slots.symbol(name), frame)
    _positive(count, start + 1)
    end = len(bars) - start
    return arrays.rates(bars[max(0, end - count) : max(0, end)], point)


@vendor_call("positional")
def copy_rates_range(*args: Any) -> Any:
    """Bars between two dates."""
    slots.count(args, 4)
    name, frame = args[0], slots.integer(args[1])
    slots.symbol(name)
    first, last = slots.date(args[2]), slots.date(args[3])
    bars, point = _bars("copy_rates_range", name, frame)
    return arrays.rates([bar for bar in bars if first <= bar[0] <= last], point)


def _ticks(call: str, name: str, first: int, last: int, flags: int, most: int | None = None) -> Any:
    """The newest 10,000 ticks of a symbol are kept; there are no trade ticks."""
    broker = SESSION.broker(call)
    kept = list(broker.ticks[known(broker, name)])
    chosen = [] if flags == _TRADES_ONLY else [i for i, q in enumerate(kept) if first <= q.time_msc // 1000 <= last]
    chosen = chosen[:most]
    before = kept[chosen[0] - 1] if chosen and chosen[0] > 0 else None
    return arrays.ticks([kept[i] for i in chosen], before)


@vendor_call("positional")
def copy_ticks_from(*args: Any) -> Any:
    """Ticks from a date."""
    slots.count(args, 4)
    count, flags = slots.integer(args[2]), slots.integer(args[3])
    name, first = slots.symbol(args[0]), slots.date(args[1])
    found = _ticks("copy_ticks_from", name, first, 2**31, flags, max(0, count))
    _positive(count)
    return found


@vendor_call("positional")
def copy_ticks_range(*args: Any) -> Any:
    """Ticks between two dates."""
    slots.count(args, 4)
    flags = slots.integer(args[3])
    name, first, last = slots.symbol(args[0]), slots.date(args[1]), slots.date(args[2])
    return _ticks("copy_ticks_range", name, first, last, flags)
