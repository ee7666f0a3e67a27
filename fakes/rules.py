"""House rules of the simulated broker for one account: what it forbids, limits, and how late it tells."""

from __future__ import annotations

from dataclasses import dataclass

DEMO, CONTEST, REAL = 0, 1, 2


@dataclass(slots=True)
class Rules:
    """Rules of the account's group; they may be changed while the simulation runs.

    Attributes:
        trade_mode: ACCOUNT_TRADE_MODE: demo, contest or real.
        trade_allowed: false for the investor password, an archived account, or one the broker has disabled (10017).
        trade_expert: false where the broker forbids algorithmic trading (10026).
        only_real: the server takes requests of real accounts only (10032).
        fifo_close: a position may be closed only if it is the oldest of its symbol (10045).
        hedge_prohibited: no opposite position on a hedging account (10046).
        limit_orders: most pending orders; 0 is no limit (10033).
        limit_positions: most open positions; 0 is no limit (10040).
        requests_per_s: most trade requests in any one second; 0 is no limit (10024).
        comment_units: how many characters of a comment the server keeps.
        commission_on_entry: charge both sides of the commission when a position is opened, none when it is closed.
        stop_latency_msc: how long before its execution a stop's or target's order is dated.
        history_lag_s: deals and finished orders show in the history this much later.
        history_grows_s: seconds after a login in which the history arrives, oldest first; 0 is at once.
        positions_lag_s: the terminal's list of positions and orders is this old.
        zero_negative: a balance below zero after a stop-out is made good by a correction.
    """

    trade_mode: int = DEMO
    trade_allowed: bool = True
    trade_expert: bool = True
    only_real: bool = False
    fifo_close: bool = False
    hedge_prohibited: bool = False
    limit_orders: int = 200
    limit_positions: int = 0
    requests_per_s: int = 0
    comment_units: int = 29
    commission_on_entry: bool = False
    stop_latency_msc: int = 0
    history_lag_s: float = 0.0
    history_grows_s: float = 0.0
    positions_lag_s: float = 0.0
    zero_negative: bool = False
