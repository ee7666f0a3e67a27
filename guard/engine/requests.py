"""Deeds as requests of the terminal's package. Every field has the type the package insists on."""

from __future__ import annotations

from typing import Any, Final

from guard.engine.policy import Policy
from guard.model.intent import Deed
from guard.model.snapshot import Snapshot
from guard.model.trading import SELL, Position, Symbol

DEAL, STOPS, REMOVE, CLOSE_BY = 1, 6, 8, 10
FOK, IOC, RETURN = 0, 1, 2
LONGEST_COMMENT: Final = 29
_FOK_FLAG, _IOC_FLAG = 1, 2
_MARKET = 2


def fill_modes(symbol: Symbol | None) -> tuple[int, ...]:
    """The ORDER_FILLING values to try in turn for a close: a part closed beats none, so IOC comes first.

    A symbol's ``filling_mode`` is a set of flags whose numbers are not those of the modes.
    """
    flags = symbol.filling_mode if symbol is not None and symbol.filling_mode is not None else 0
    execution = symbol.execution if symbol is not None else None
    offered = [mode for mode, flag in ((IOC, _IOC_FLAG), (FOK, _FOK_FLAG)) if flags & flag]
    if execution is not None and execution != _MARKET:
        offered.append(RETURN)
    return (*offered, *(mode for mode in (IOC, FOK, RETURN) if mode not in offered))


def request_of(deed: Deed, snapshot: Snapshot, policy: Policy) -> dict[str, Any]:
    """The request of a deed with the prices of ``snapshot``.

    Raises:
        ValueError: The snapshot does not hold what the deed is about; step this snapshot first.
    """
    if deed.kind == "cancel":
        return {"action": REMOVE, "order": deed.ticket, "magic": policy.magic, "comment": comment(deed)}
    held = next((row for row in snapshot.positions or () if row.ticket == deed.ticket), None)
    if held is None or held.side is None:
        message = f"position {deed.ticket} is not in this snapshot"
        raise ValueError(message)
    marks = {"magic": policy.magic, "comment": comment(deed)}
    if deed.kind == "close_by":
        if deed.by is None:
            raise ValueError("a close-by names two positions")
        return {"action": CLOSE_BY, "symbol": deed.symbol, "position": deed.ticket, "position_by": deed.by, **marks}
    if deed.kind == "set_stop":
        sl, tp = deed.sl, deed.tp
        if sl is None or tp is None:
            raise ValueError("a stop is set with both prices: an absent one would be deleted")
        return {"action": STOPS, "symbol": deed.symbol, "position": deed.ticket, "sl": sl, "tp": tp, **marks}
    return _close(deed, held, snapshot, policy) | marks


def _close(deed: Deed, held: Position, snapshot: Snapshot, policy: Policy) -> dict[str, Any]:
    price = close_price(held, snapshot)
    if deed.lots is None or held.volume is None or deed.lots > held.volume + 1e-9:
        message = f"position {deed.ticket} holds {held.volume}, not {deed.lots} lots"
        raise ValueError(message)
    if price is None:
        message = f"{deed.symbol} has no quote"
        raise ValueError(message)
    filling = deed.filling if deed.filling is not None else fill_modes(snapshot.symbols.get(deed.symbol))[0]
    side = held.side if held.side is not None else 0
    return {
        "action": DEAL, "symbol": deed.symbol, "volume": float(deed.lots), "type": 1 if side > 0 else 0,
        "position": deed.ticket, "price": float(price), "deviation": policy.deviation_points,
        "type_filling": filling, "type_time": 0,
    }  # fmt: skip


def close_price(held: Position, snapshot: Snapshot) -> float | None:
    """Bid for a bought position, ask for a sold one; the position's own price where there is no tick."""
    tick = snapshot.ticks.get(held.symbol) if held.symbol is not None else None
    quote = None if tick is None else (tick.ask if held.side == SELL else tick.bid)
    return quote if quote else held.price_current


def comment(deed: Deed) -> str:
    """What the server keeps with the request: the guard and its limit, as long as the package allows."""
    limit = deed.intent.split("|", 1)[0]
    return f"guard {limit}".encode("ascii", "replace").decode("ascii")[:LONGEST_COMMENT]
