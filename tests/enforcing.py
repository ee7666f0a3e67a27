"""An account whose story is told look by look, with a guard that may act: builders for tests of enforcement."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from guard.engine.deeds import begun, finished
from guard.engine.policy import Policy
from guard.engine.step import CycleResult, step
from guard.limits.base import Limit
from guard.model.intent import Deed, Sent
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.model.state_json import state_from_json, state_to_json
from tests.books import account, deal, msc, policy, snapshot, symbol

Dict = dict[str, Any]


def act(*actions: str | Dict, at: float = 100.0) -> list[Dict]:
    """Stages with one acting stage."""
    return [{"at_pct": at, "actions": list(actions)}]


class Story:
    """EURUSD at 1.1 with 1,100 of margin a lot on what no opposite position covers, unless told otherwise."""

    def __init__(
        self, *limits: Limit, positions: list[Dict] | None = None, balance: float = 10_000.0, mode: str = "enforce",
        symbols: Dict | None = None, state: State | None = None, calm: bool = True, margin_mode: int = 2,
        fifo: bool = False, **over: Any,
    ) -> None:  # fmt: skip
        """With ``calm`` the account is seen flat once, so that nothing is inherited."""
        self.policy: Policy = policy(*limits, mode=mode, **over)
        self.balance, self.margin_mode, self.fifo = balance, margin_mode, fifo
        self.positions: list[Dict] = []
        self.orders: list[Dict] = []
        self.deals: list[Dict] = []
        self.symbols = symbols if symbols is not None else {"EURUSD": symbol()}
        self.document = snapshot([], symbols=self.symbols, account=self.account())
        self.state = state if state is not None else State()
        self.next_deal = 9000
        self.ticks: Dict = self.document["ticks"]
        self.result: CycleResult = step(read_snapshot(self.document), self.state, self.policy)
        if calm:
            self.state = self.result.state
        self.positions = positions if positions is not None else []

    def account(self) -> Dict:
        profit = sum(row["profit"] + row["swap"] for row in self.positions)
        net: dict[str, float] = {}
        for row in self.positions:
            net[row["symbol"]] = net.get(row["symbol"], 0.0) + row["volume"] * (1 if row["type"] == 0 else -1)
        margin = sum(abs(lots) for lots in net.values()) * 1100.0
        return account(
            self.balance, equity=self.balance + profit, margin=round(margin, 2), margin_mode=self.margin_mode,
            fifo_close=self.fifo,
        )  # fmt: skip

    def look(self, seconds: float = 0.5, *, fresh: bool = True, at: datetime | None = None, **over: Any) -> CycleResult:
        """The next reading; with ``fresh`` every symbol has a new tick."""
        from datetime import timedelta  # noqa: PLC0415

        now = at if at is not None else datetime.fromisoformat(self.document["taken_at"]) + timedelta(seconds=seconds)
        passed = (now - datetime.fromisoformat(self.document["taken_at"])).total_seconds()
        if fresh:
            self.ticks = {
                name: {**row, "time": msc(now) // 1000, "time_msc": msc(now)} for name, row in self.ticks.items()
            }
        self.document = {
            **self.document, "taken_at": now.isoformat(), "monotonic_s": self.document["monotonic_s"] + passed,
            "server_time_msc": msc(now), "positions": [dict(row) for row in self.positions],
            "orders": [dict(row) for row in self.orders], "deals": list(self.deals), "ticks": self.ticks,
            "account": self.account(), "symbols": self.symbols, **over,
        }  # fmt: skip
        self.result = step(read_snapshot(self.document), self.state, self.policy)
        self.state = self.result.state
        return self.result

    def quote(self, name: str, bid: float, spread: float = 0.0002) -> None:
        """A new price; profit follows at 100,000 a lot."""
        self.ticks = {**self.ticks, name: {**self.ticks[name], "bid": bid, "ask": bid + spread}}
        for row in self.positions:
            if row["symbol"] == name:
                now = bid if row["type"] == 0 else bid + spread
                sign = 1 if row["type"] == 0 else -1
                row["price_current"] = now
                row["profit"] = round((now - row["price_open"]) * sign * row["volume"] * 100_000.0, 2)

    def restart(self) -> None:
        """The state goes through the journal's JSON."""
        self.state = state_from_json(state_to_json(self.state))

    def begin(self, deed: Deed) -> None:
        self.state = begun(self.state, deed, read_snapshot(self.document))

    def answer(self, deed: Deed, retcode: int | None, **over: Any) -> None:
        self.state = finished(self.state, deed, Sent(deed.id, retcode, **over))

    def send(self, deed: Deed, retcode: int | None = 10009, *, done: bool = True) -> None:
        """Begin, execute at the broker if ``done``, and answer."""
        self.begin(deed)
        found = self.execute(deed) if done else None
        self.answer(deed, retcode, deal=found)

    def execute(self, deed: Deed) -> int | None:
        """What the broker does with a deed; the ticket of the deal, if there is one."""
        now = datetime.fromisoformat(self.document["taken_at"])
        if deed.kind == "cancel":
            self.orders = [row for row in self.orders if row["ticket"] != deed.ticket]
            return None
        found = None
        for row in list(self.positions):
            if row["ticket"] not in (deed.ticket, deed.by):
                continue
            if deed.kind == "set_stop":
                row["sl"], row["tp"] = deed.sl, deed.tp
                continue
            assert deed.lots is not None
            assert deed.lots <= row["volume"] + 1e-9, (deed, row)
            share = deed.lots / row["volume"]
            gained = row["profit"] * share
            self.balance = round(self.balance + gained, 2)
            self.next_deal += 1
            found = self.next_deal
            self.deals.append(deal(
                found, now, kind=1 - row["type"], entry=1, position_id=row["identifier"], symbol=row["symbol"],
                volume=deed.lots, price=row["price_current"], profit=gained, magic=self.policy.magic,
            ))  # fmt: skip
            row["volume"] = round(row["volume"] - deed.lots, 8)
            row["profit"] -= gained
            if row["volume"] <= 1e-9:
                self.positions.remove(row)
        return found

    def run(self, looks: int = 40, seconds: float = 0.5) -> list[Deed]:
        """Look and send the first deed, as the shell does, until nothing is left to do; the deeds in order."""
        sent: list[Deed] = []
        quiet = 0
        for _ in range(looks):
            result = self.look(seconds)
            if result.deeds:
                self.send(result.deeds[0])
                sent.append(result.deeds[0])
                quiet = 0
            else:
                quiet += 1
            if quiet > 6:
                break
        return sent
