"""Words for deeds. This version carries out ``warn``; others may be configured and are said to be idle."""

from __future__ import annotations

from guard.model.intent import TradingState

KNOWN_ACTIONS: dict[str, TradingState] = {
    "warn": TradingState.ACTIVE,
    "block_new": TradingState.REDUCING,
    "cancel_pending": TradingState.REDUCING,
    "reduce": TradingState.REDUCING,
    "close_offending": TradingState.REDUCING,
    "set_stop": TradingState.ACTIVE,
    "trail_stop": TradingState.ACTIVE,
    "breakeven": TradingState.ACTIVE,
    "equity_trail": TradingState.ACTIVE,
    "flatten": TradingState.HALTED,
    "lock_until": TradingState.HALTED,
}
CARRIED_OUT = frozenset({"warn"})
CLOSING = frozenset({"reduce", "close_offending", "flatten"})
