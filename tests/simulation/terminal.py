"""The guard's terminal over the simulated broker in one process: a quick reader of the books, and the worker's lock.

Documents are made straight from the broker's books in the words of the real reader (a test compares the two); orders
go through ``guard.terminal.deeds`` and the simulated vendor module, as in the worker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import fakes.metatrader5 as module
from fakes import views
from fakes.broker import Broker
from fakes.ledger import Position
from fakes.session import SESSION
from guard.model.errors import TerminalError
from guard.model.snapshot_json import FORMAT
from guard.terminal.deeds import Deeds
from guard.terminal.plain import ReadError, record
from guard.terminal.port import Known, Lease, Outcome, Refused, Unknown
from guard.terminal.reader import COLD_EVERY_S
from guard.terminal.server_clock import ServerClock

Dict = dict[str, Any]
BOOT = "simulated-boot"


class QuickTerminal:
    """A ``TradingTerminal`` without a worker process."""

    def __init__(
        self, broker: Broker, clock: Callable[[], tuple[datetime, float]], number: int, *, may_send: bool
    ) -> None:
        """``clock`` gives the PC's UTC and its monotonic seconds; ``number`` names this worker."""
        self._broker, self._clock, self._may_send = broker, clock, may_send
        self._instance = f"worker-{number}"
        self._deeds = Deeds(module, self._instance, lambda: self._clock()[1], may_send=may_send)
        self._server = ServerClock()
        self._cold: Dict = {}
        self._cold_at: float | None = None
        self._mark: object = None
        self._deals: list[Dict] = []
        self._told = 0
        self._still: Dict | None = None
        self._unproven: str | None = None
        self.deals_from: datetime | None = None

    def connect(self) -> Dict:
        return {"instance": self._instance}

    def close(self) -> None:
        """Nothing to let go of."""

    def read_snapshot(self) -> Dict:
        broker = self._broker
        linked = SESSION.connected
        positions = [_position(row) for row in broker.shown.positions(broker)] if linked else []
        shown = broker.shown.orders(broker) if linked else []
        orders = [record(views.order(broker, row)) for row in shown]
        account = self._account(linked)
        now, monotonic_s = self._clock()
        names = dict.fromkeys([*(row["symbol"] for row in positions), *(row["symbol"] for row in orders)])
        names |= dict.fromkeys(self._cold.get("symbols", ()))
        ticks = {name: self._tick(name) for name in (names or broker.specs)}
        told = {f"tick {name}": tick["time_msc"] / 1000.0 for name, tick in ticks.items()}
        told |= {f"positions {row['ticket']}": row["time_update_msc"] / 1000.0 for row in positions}
        self._server.note(told, now.timestamp(), monotonic_s)
        stamp = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        document = {
            "format": FORMAT, "taken_at": stamp, "monotonic_s": monotonic_s, "boot_id": BOOT,
            "server_time_msc": self._server.now_msc(monotonic_s), "server_utc_offset_s": self._server.offset_s,
            "offset_confirmed": self._server.confirmed, "terminal": self._terminal(linked),
            "positions": positions, "orders": orders, "ticks": ticks, "account": account,
        }  # fmt: skip
        mark = (account["balance"], account["credit"], len(orders), [(p["ticket"], p["volume"]) for p in positions])
        if self._cold_at is None or mark != self._mark or monotonic_s - self._cold_at >= COLD_EVERY_S:
            self._mark, self._cold_at = mark, monotonic_s
            self._read_cold(positions, stamp)
        self._unproven = None
        errors = {} if self._server.misfit_s is None else {"clock": "the server's clock is off the PC's"}
        return {**document, **self._cold, "read_at": {"hot": stamp}, "errors": errors}

    def _read_cold(self, positions: list[Dict], stamp: str) -> None:
        broker = self._broker
        used = dict.fromkeys([*(row["symbol"] for row in positions), *(order.symbol for order in broker.orders)])
        symbols = {name: record(views.symbol(broker, name)) for name in used}
        if symbols != self._cold.get("symbols"):
            self._cold["symbols"] = symbols
        deals = broker.shown.history(broker, broker.deals) if SESSION.connected else []
        if len(deals) != self._told:
            self._deals = [*self._deals[: min(self._told, len(deals))]]
            self._deals += [record(views.deal(row)) for row in deals[len(self._deals):]]
            self._told = len(deals)
        if SESSION.connected:
            self._cold["deals"] = self._deals
        self._cold["asked"] = [self._asked(name, symbols[name], stamp) for name in used]

    def _asked(self, name: str, info: Dict, stamp: str) -> Dict:
        price = info["bid"]
        end = round(price * 1.01, info["digits"])
        result = self._broker.profit_of(name, 1, 1.0, price, end)
        return {"call": "order_calc_profit", "args": [0, name, 1.0, price, end], "result": result, "read_at": stamp}

    def _account(self, linked: bool) -> Dict:
        """The account's record; what never changes is taken from the vendor's view of it once."""
        broker, rules = self._broker, self._broker.rules
        if self._still is None:
            self._still = record(views.account(broker))
        equity, margin, login = broker.equity, broker.margin, SESSION.login
        allowed = linked and not SESSION.options.get("investor", False) and rules.trade_allowed
        return {
            **self._still, "login": broker.login if login is None else login, "trade_allowed": allowed,
            "trade_expert": rules.trade_expert, "balance": broker.balance, "credit": broker.credit,
            "profit": round(broker.floating, broker.digits), "equity": equity, "margin": margin,
            "margin_free": round(equity - margin, broker.digits),
            "margin_level": equity / margin * 100 if margin > 0 else 0.0,
        }  # fmt: skip

    @staticmethod
    def _terminal(linked: bool) -> Dict:
        return {
            "connected": linked, "trade_allowed": bool(SESSION.options.get("algo_trading", True)),
            "tradeapi_disabled": bool(SESSION.options.get("tradeapi_disabled", False)), "path": SESSION.path,
            "name": "SIMULATED Terminal",
        }  # fmt: skip

    def _tick(self, name: str) -> Dict:
        quote = self._broker.quotes[name]
        return {"time": quote.time_msc // 1000, "time_msc": quote.time_msc, "bid": quote.bid, "ask": quote.ask,
                "last": quote.last}  # fmt: skip

    def grant(self, lease: Lease) -> None:
        if not self._may_send:
            raise TerminalError("this guard only watches: its worker is not given the right to send orders")
        told = {"login": lease.login, "server": lease.server, "seconds": lease.seconds, "instance": self._instance}
        self._deeds.lease(told)

    def check(self, request: Mapping[str, Any]) -> Known | Refused:
        return Refused(f"not asked in the simulation: {request.get('action')}")

    def send(self, request: Mapping[str, Any], on_slow: Callable[[], None] | None = None) -> Outcome:
        if not self._may_send:
            return Refused("this guard only watches: it sends no orders")
        if self._unproven is not None:
            return Refused(f"the account must be read first: of the last request it is not known ({self._unproven})")
        if on_slow is not None and SESSION.options.get("slow_send", False):
            on_slow()
        try:
            body = self._deeds.send(dict(request))
        except ReadError as error:
            module.initialize()  # the worker is replaced after an error of the link
            body = {"outcome": "unknown", "why": str(error)}
        why = str(body.get("why", ""))
        if body["outcome"] == "known":
            return Known(body["retcode"], body["result"])
        if body["outcome"] == "refused":
            return Refused(why)
        self._unproven = why
        return Unknown(why)


def _position(row: Position) -> Dict:
    return {
        "ticket": row.ticket, "time": row.time_msc // 1000, "time_msc": row.time_msc,
        "time_update": row.update_msc // 1000, "time_update_msc": row.update_msc, "type": 0 if row.side > 0 else 1,
        "magic": row.magic, "identifier": row.identifier, "reason": row.reason, "volume": float(row.volume),
        "price_open": row.price_open, "sl": row.sl, "tp": row.tp, "price_current": row.price_current,
        "swap": row.swap, "profit": row.profit, "symbol": row.symbol, "comment": row.comment, "external_id": "",
    }  # fmt: skip
