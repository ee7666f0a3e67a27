"""The three toy helpers the vendor's package ships. A guard does not use them; scripts of its users may."""

from __future__ import annotations

from typing import Any

from fakes.calls_market import symbol_info_tick
from fakes.calls_trade import order_send, positions_get

_RETRIED = {10004, 10021}
_TRIES = 10


def _market(side: int, symbol: str) -> float:
    """The price to trade at; without a tick this fails as the vendor's helper does."""
    tick: Any = symbol_info_tick(symbol)
    return float(tick.ask if side == 0 else tick.bid)


def _trade(side: int, symbol: str, volume: float, price: float | None, comment: str | None, ticket: int | None) -> Any:
    request: dict[str, Any] = {"action": 1, "symbol": symbol, "volume": volume, "type": side, "deviation": 10}
    if comment is not None:
        request["comment"] = comment
    if ticket is not None:
        request["position"] = ticket
    result = None
    for _ in range(_TRIES):
        request["price"] = price if price is not None else _market(side, symbol)
        result = order_send(request)
        if result is None or result.retcode not in _RETRIED:
            break
    return result


def Buy(
    symbol: str, volume: float, price: float | None = None, *, comment: str | None = None, ticket: int | None = None
) -> Any:
    """Buy at the market."""
    return _trade(0, symbol, volume, price, comment, ticket)


def Sell(
    symbol: str, volume: float, price: float | None = None, *, comment: str | None = None, ticket: int | None = None
) -> Any:
    """Sell at the market."""
    return _trade(1, symbol, volume, price, comment, ticket)


def Close(symbol: str, *, comment: str | None = None, ticket: int | None = None) -> Any:
    """Close the positions of a symbol, or one of them; how many were closed."""
    held = positions_get(symbol=symbol) if ticket is None else positions_get(ticket=ticket)
    closed = 0
    for position in held:
        result = _trade(1 if position.type == 0 else 0, symbol, position.volume, None, comment, position.ticket)
        if result is None:
            return None
        closed += 1
    return closed
