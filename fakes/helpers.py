"""The toy helpers the vendor's package ships. A guard does not use them; scripts of its users may."""

from __future__ import annotations

from typing import Any

from fakes.calls_market import symbol_info_tick
from fakes.calls_trade import order_send, positions_get

_RETRIED = {10004, 10021}  # requote, price off
_DONE = 10009
_TRIES = 10


def _RawOrder(
    order_type: int, symbol: str, volume: float, price: float, comment: str | None = None, ticket: int | None = None
) -> Any:
    """Send one market order with a deviation of 10 points, for FOK filling."""
    optional = {"comment": comment, "position": ticket}
    request = {"action": 1, "symbol": symbol, "volume": volume, "type": order_type, "price": price, "deviation": 10}
    return order_send(request | {name: value for name, value in optional.items() if value is not None})


def _at_market(side: int, symbol: str, volume: float, comment: str | None, ticket: int | None) -> Any:
    """Send at the newest price, up to ten times while the answer is a requote or "price off"."""
    sent = None
    for _ in range(_TRIES):
        tick: Any = symbol_info_tick(symbol)
        sent = _RawOrder(side, symbol, volume, tick.ask if side == 0 else tick.bid, comment, ticket)
        if sent is None or sent.retcode not in _RETRIED:
            break
    return sent


def Buy(
    symbol: str, volume: float, price: float | None = None, *, comment: str | None = None, ticket: int | None = None
) -> Any:
    """Buy: once at the given price, or at the market. Without a tick this fails as the vendor's helper does."""
    if price is not None:
        return _RawOrder(0, symbol, volume, price, comment, ticket)
    return _at_market(0, symbol, volume, comment, ticket)


def Sell(
    symbol: str, volume: float, price: float | None = None, *, comment: str | None = None, ticket: int | None = None
) -> Any:
    """Sell: once at the given price, or at the market. Without a tick this fails as the vendor's helper does."""
    if price is not None:
        return _RawOrder(1, symbol, volume, price, comment, ticket)
    return _at_market(1, symbol, volume, comment, ticket)


def Close(symbol: str, *, comment: str | None = None, ticket: int | None = None) -> Any:
    """Close the positions of a symbol, or one of them.

    Returns:
        ``True`` when all were closed, ``"Partially"`` when some, ``False`` when none; ``None`` when a call failed.
    """
    held = positions_get(symbol=symbol) if ticket is None else positions_get(ticket=ticket)
    closed, tried = 0, 0
    for position in held:
        tried += 1
        if symbol_info_tick(symbol) is None:
            return None
        sent = _at_market(1 - position.type, symbol, position.volume, comment, position.ticket)
        if sent is None:
            return None
        closed += sent.retcode == _DONE
    if closed and closed < tried:
        return "Partially"
    return closed > 0
