"""The world of one seed: the broker and its market, the trader, the PC's clocks, and the faults between them.

Everything moves only when told to. The guard sees the world through ``Seen`` (a terminal that may lie) and writes to a
disk that may be full; every effect it has is counted, so that it can be killed between any two of them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import fakes.metatrader5 as module
from fakes.broker import Broker
from fakes.faults import Faults, read_faults
from fakes.hours import FX_HOURS
from fakes.ledger import Rejected
from fakes.server_zone import ServerZone
from fakes.session import SESSION
from fakes.symbols import STANDARD
from guard.model.errors import TerminalError
from guard.terminal.port import Lease, Outcome, TradingTerminal
from tests.simulation.journal import Disk
from tests.simulation.script import BALANCE, LOTS, SYMBOLS, Event, Script

STEP_S = 0.25
READ_S = 0.004  # what a reading takes
RECENT_S = 5.0
ROBOT = 4242
Dict = dict[str, Any]


class Killed(BaseException):
    """The guard's process ends at this instant, whatever it was doing."""


class Look(NamedTuple):
    """What the guard was last shown: when, and what was wrong with it (empty: the truth)."""

    at_s: float
    wrong: frozenset[str] = frozenset()
    symbols: frozenset[str] = frozenset()
    document: Mapping[str, Any] | None = None


class World:
    """One seed's world."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.random = Random(f"world {script.seed}")
        self.broker = _broker(script)
        self.pc_s, self.mono_s = 0.0, 1000.0
        self.disk = Disk()
        self.effects = 0
        self.kill_at: int | None = None
        self.met = Counter[str]()
        self.last_met: dict[str, float] = {}
        self.until: dict[str, tuple[int, str]] = {}
        self.cycle = 0
        self.look = Look(self.mono_s)
        self.shown: Dict | None = None
        self.sends: list[Any] = []
        self.before_send: Callable[[Mapping[str, Any]], None] = lambda _request: None
        self.after_send: Callable[[Mapping[str, Any], Outcome], None] = lambda _request, _outcome: None
        self.wishes: list[Event] = []
        self.troubled_s = self.mono_s
        self.hangs = 0
        self.send_lost: str | None = None
        self.armed: list[dict[str, Any]] = []
        self.true_reads = 0
        self.empty_from = -1
        self.wide: dict[str, tuple[float, int]] = {}
        self.back: dict[str, float] = {}
        self.robots: list[tuple[str, float, int]] = []
        self.bids = {name: quote.bid for name, quote in self.broker.quotes.items()}
        self.flows: list[tuple[float, float]] = []
        module.attach(self.broker, {}, self.clock)

    # Clocks.
    def clock(self) -> float:
        return self.mono_s

    def pc(self) -> tuple[datetime, float]:
        """The PC's UTC, which may be set wrong, and its monotonic seconds."""
        return self.broker.now_utc + timedelta(seconds=self.pc_s), self.mono_s

    def now_s(self) -> float:
        """UTC seconds as the PC has them."""
        return self.pc()[0].timestamp()

    def stamp(self) -> str:
        """The PC's UTC as the guard writes it."""
        return self.pc()[0].astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def pass_time(self, seconds: float, *, ticks: bool = True) -> None:
        """Time goes by, and the market moves once at the end of it."""
        self.mono_s += seconds
        self.broker.advance(seconds)
        if ticks:
            self._market(seconds)

    def _market(self, seconds: float) -> None:
        quotes: dict[str, tuple[float, float | None]] = {}
        for name in SYMBOLS:
            if not self.broker.is_open(name) or self.random.random() < 0.3:
                continue
            spec = self.broker.specs[name]
            move = self.random.gauss(0.0, 1.0) * spec.volatility_pct / 100 * math.sqrt(min(seconds, 3600.0) / 3600.0)
            bid = self.back.pop(name, self.bids[name]) * (1.0 + move)
            self.bids[name] = bid
            wide, until = self.wide.get(name, (1.0, 0))
            quotes[name] = (bid, bid + spec.spread * (wide if self.cycle < until else 1.0))
        self.broker.set_quotes(quotes)

    # Faults.
    def meets(self, fault: str) -> None:
        """A fault had an effect just now."""
        self.met[fault] += 1
        self.last_met[fault] = self.mono_s
        self.troubled_s = max(self.troubled_s, self.mono_s)

    def recent(self) -> list[str]:
        """The faults of the last seconds."""
        return [name for name, at in self.last_met.items() if self.mono_s - at <= RECENT_S]

    def on(self, fault: str) -> str | None:
        """How a lasting fault shows in this cycle, or ``None``."""
        found = self.until.get(fault)
        return found[1] if found is not None and self.cycle < found[0] else None

    def effect(self, name: str) -> None:
        """The guard is about to have an effect, or has just had one: here it can be killed."""
        self.effects += 1
        if name.startswith("after") and self.on("F11") == "slow":
            self.meets("F11")
            self.mono_s += 0.3
            self.broker.advance(0.3)
        if self.kill_at is not None and self.effects >= self.kill_at:
            self.kill_at = None
            self.meets("F12")
            raise Killed(name)

    def inject(self, **faults: Any) -> None:
        """From now on these faults of the vendor module, and no others; options of the session stay."""
        SESSION._faults = Faults(read_faults(faults), self.clock)

    # The trader and everything else.
    def happen(self, event: Event) -> None:
        """Let one event happen."""
        name = "fault" if event.what[0] == "F" and event.what[1:].isdigit() else event.what.replace(" ", "_")
        try:
            getattr(self, f"_{name}")(event)
        except Rejected:
            return

    def tick(self) -> None:
        """What goes on by itself: robots reopen, lasting conditions of the session begin and end."""
        for symbol, lots, until in self.robots:
            if self.cycle < until and self.cycle % 4 == 0 and len(self.broker.held()) < 5:
                try:
                    self.broker.open("buy", symbol, lots, magic=ROBOT, by=3)
                except Rejected:
                    continue
        self.robots = [one for one in self.robots if self.cycle < one[2]]
        if self.cycle == self.empty_from:
            self.until["F9"] = (self.cycle + 3, "reconnect-empty")
        how, options = self.on("F9"), SESSION.options
        options["disconnected"] = how in {"disconnect", "reconnect-empty"}
        options["switch_login_after_s"] = how == "switch"
        options["investor"] = how == "investor"
        options["algo_trading"] = how != "algo"
        if how is not None:
            self.meets("F9")
        was = self.disk.full
        self.disk.full = self.on("F11") in {"full", "read-only"}
        if self.disk.full or was:
            self.meets("F11")

    def _open(self, event: Event) -> None:
        if len(self.broker.held()) >= 5:
            return
        lots = max(0.01, round(LOTS[event.how] * event.size, 2))
        side, sl = ("buy", 0.0) if event.pick < 0.5 else ("sell", 0.0)
        magic = ROBOT if event.pick * 10 % 1 < 0.2 else 0
        self.broker.open(side, event.how, lots, sl=sl, magic=magic)

    def _pick(self, event: Event) -> Any:
        held = self.broker.held()
        return held[int(event.pick * len(held))] if held else None

    def _hedge(self, event: Event) -> None:
        held = self._pick(event)
        if held is not None and len(self.broker.held()) < 5:
            self.broker.open("sell" if held.side > 0 else "buy", held.symbol, held.volume)

    def _close(self, event: Event) -> None:
        held = self._pick(event)
        if held is not None:
            self.broker.close(held.ticket)

    def _pending(self, event: Event) -> None:
        quote = self.broker.quotes[event.how]
        if len(self.broker.orders) < 3:
            low = event.pick < 0.5
            price = self.broker.specs[event.how].round(quote.bid * (0.995 if low else 1.005))
            self.broker.pending(2 if low else 3, event.how, LOTS[event.how], price)

    def _money(self, event: Event) -> None:
        amount = round(300.0 * event.pick, 2)
        if amount < 0.0 and -amount > self.broker.free_margin:
            return
        self.broker.rules.history_lag_s = 2.0 if event.pick * 10 % 1 < 0.5 else 0.0
        self.broker.deposit(amount, "Deposit" if amount > 0.0 else "Withdrawal")
        self.flows.append((self.mono_s, amount))

    def _jump(self, event: Event) -> None:
        """Towards a loss of what is held in the symbol, more often than not."""
        held = [row for row in self.broker.held() if row.symbol == event.how]
        against = -sum(row.side * row.volume for row in held)
        size = abs(event.pick) * {"EURUSD": 0.004, "XAUUSD": 0.006, "BTCUSD": 0.012}[event.how]
        sign = math.copysign(1.0, against) if held and event.pick > -0.6 else math.copysign(1.0, event.pick)
        self.bids[event.how] *= 1.0 + sign * size

    def _bad_tick(self, event: Event) -> None:
        """One tick far away; the next one is back."""
        if not self.broker.is_open(event.how):
            return
        self.back[event.how] = self.bids[event.how]
        bid = self.bids[event.how] * (1.0 + math.copysign(0.03, event.pick))
        self.broker.set_quotes({event.how: (bid, None)})

    def _spread(self, event: Event) -> None:
        self.wide[event.how] = (event.size, event.at + event.lasts)

    def _robot(self, event: Event) -> None:
        self.robots.append((event.how, LOTS[event.how], event.at + event.lasts))

    def _flatten(self, event: Event) -> None:
        self.wishes.append(event)

    def _fault(self, event: Event) -> None:
        what, how = event.what, event.how
        if what == "F2":
            self.until[what] = (event.at + min(event.lasts, 4), how)
            if how == "send":
                self.send_lost = "executed" if event.pick < 0.5 else "not"
        elif how == "reconnect-empty":
            # The link goes, and for less than a second after its return nothing is listed.
            self.until[what] = (event.at + 2, "disconnect")
            self.empty_from = event.at + 2
        elif what == "F3":
            # It may begin between the look that asks for a deed and the one just before it is sent.
            self.true_reads = 1 + int(event.size * 4)
            self.until[what] = (event.at + event.lasts + 2, how)
        elif what in {"F1", "F4", "F5", "F9", "F11", "F14"}:
            self.until[what] = (event.at + (min(event.lasts, 12) if what in {"F4", "F5"} else event.lasts), how)
        elif what == "F6":
            code, done = int(how), how in {"10012", "10999"} and event.pick < 0.5
            self.armed += [{"retcode": code, "executed": done}] * (1 + int(event.size * 4))
        elif what == "F7":
            self._replies(how, event)
        elif what == "F8":
            self.inject(foreign={"call": "order_send", "deed": how, "index": int(event.pick * 3), "lots": 0.05})
        elif what == "F10":
            self._clocks(how, event)
        elif what == "F12":
            self.kill_at = self.effects + 1 + int(event.size * 14)
        else:
            self.wishes.append(event)

    def _replies(self, how: str, event: Event) -> None:
        if how == "partial":
            self.armed.append({"lots": round(0.03 + 0.05 * event.size, 2)})
        elif how == "late":
            self.armed.append({"delay_s": 0.5 + 3.0 * event.size})
        elif how == "lost-late":
            self.armed.insert(0, {"delay_s": 0.6 + 2.0 * event.size})
            self.inject(none={"call": "order_send", "after": True, "code": -1})
        elif how == "lost":
            self.inject(none={"call": "order_send", "after": True, "code": -1})
        else:
            self.inject(none={"call": "order_send", "code": -1})

    def _clocks(self, how: str, event: Event) -> None:
        self.meets("F10")
        if how in {"pc+", "pc-"}:
            self.pc_s += 3600.0 if how == "pc+" else -3600.0
            self.until["pc"] = (event.at + event.lasts + 40, how)
        elif how in {"server+", "server-"}:
            self.broker.zone = ServerZone(int(self.broker.utc_offset_s + (3600 if how == "server+" else -3600)))
            self.troubled_s = self.mono_s + 130.0  # to a reader of ticks this looks like an hour without any
        elif how == "leap":
            self.pc_s += 1.0
        else:
            self.pass_time(8 * 3600.0)
            self.troubled_s = self.mono_s + 130.0  # what follows is an opening for every symbol

    def clocks_again(self) -> None:
        """Somebody sets the PC's clock right after a while."""
        found = self.until.get("pc")
        if found is not None and self.cycle >= found[0]:
            del self.until["pc"]
            self.pc_s = 0.0
            self.troubled_s = max(self.troubled_s, self.mono_s)


class Seen:
    """The guard's terminal: the real one, with faults on its way. Keeps what the guard was shown."""

    def __init__(self, world: World, inner: TradingTerminal) -> None:
        self._world, self._inner = world, inner

    @property
    def deals_from(self) -> datetime | None:
        return self._inner.deals_from

    @deals_from.setter
    def deals_from(self, instant: datetime | None) -> None:
        self._inner.deals_from = instant

    def connect(self) -> Dict:
        return self._inner.connect()

    def close(self) -> None:
        self._inner.close()

    def read_snapshot(self) -> Dict:
        world = self._world
        world.pass_time(READ_S, ticks=False)
        how = world.on("F2")
        if how is not None and how != "send":
            world.meets("F2")
            world.look = Look(world.mono_s, frozenset({"F2"}))
            if how == "hang":
                world.pass_time(1.0)
            raise TerminalError(f"the simulated worker: {how}")
        if world.on("F1") == "account":
            world.meets("F1")
            world.look = Look(world.mono_s, frozenset({"F1"}))
            raise TerminalError("the simulated terminal did not answer account_info (-1)")
        if world.on("F3") is not None and world.true_reads > 0:
            world.true_reads -= 1
        elif world.on("F3") is not None and world.shown is not None:
            world.meets("F3")
            world.look = Look(world.mono_s, frozenset({"F3"}), document=world.shown)
            return dict(world.shown)
        try:
            document = self._inner.read_snapshot()
        except TerminalError:
            world.look = Look(world.mono_s, frozenset({"F2"}))
            raise
        wrong: set[str] = set()
        symbols: set[str] = set()
        document = self._missing(document, wrong)
        document = self._rows(document, wrong)
        document = self._values(document, wrong, symbols)
        document = self._account(document, wrong)
        world.shown = document
        world.look = Look(world.mono_s, frozenset(wrong), frozenset(symbols), document)
        return document

    def _missing(self, document: Dict, wrong: set[str]) -> Dict:
        how = self._world.on("F1")
        if how is None:
            return document
        self._world.meets("F1")
        wrong.add(f"F1 {how}")
        errors = {**document["errors"], how: "the simulated terminal did not answer (-1)"}
        return {**{name: value for name, value in document.items() if name != how}, "errors": errors}

    def _rows(self, document: Dict, wrong: set[str]) -> Dict:
        how, rows = self._world.on("F4"), document.get("positions")
        if how is None or not rows:
            return document
        self._world.meets("F4")
        wrong.add(f"F4 {how}")
        changed = {"duplicate": [rows[0], *rows], "drop": rows[1:], "reverse": rows[::-1], "empty": []}[how]
        return {**document, "positions": changed}

    def _values(self, document: Dict, wrong: set[str], symbols: set[str]) -> Dict:
        how = self._world.on("F5")
        names = list(document["ticks"]) if "ticks" in document else []
        if how is None or not names:
            return document
        self._world.meets("F5")
        wrong.add(f"F5 {how}")
        name = names[0]
        symbols.add(name)
        if how in {"nan", "inf"}:
            account = {**document["account"], "equity": math.nan if how == "nan" else math.inf}
            return {**document, "account": account}
        if how in {"zero", "negative"}:
            tick = {**document["ticks"][name], "bid": 0.0 if how == "zero" else -1.0, "ask": 0.0}
            return {**document, "ticks": {**document["ticks"], name: tick}}
        known = document.get("symbols", {})
        if name not in known:
            return document
        if how == "tick_value":
            zero = dict.fromkeys(("trade_tick_value", "trade_tick_value_profit", "trade_tick_value_loss"), 0.0)
            return {**document, "symbols": {**known, name: {**known[name], **zero}}}
        return {**document, "symbols": {key: row for key, row in known.items() if key != name}}

    def _account(self, document: Dict, wrong: set[str]) -> Dict:
        how = self._world.on("F9")
        if how in {"disconnect", "switch", "server"}:
            wrong.add(f"F9 {how}")
        if how == "server":
            return {**document, "account": {**document["account"], "server": "SIMULATED-Other"}}
        if how == "reconnect-empty":
            # The link is back, and the lists have not arrived yet.
            wrong.add("F9 empty")
            terminal = {**document["terminal"], "connected": True}
            account = document["account"]
            flat = {"profit": 0.0, "margin": 0.0, "equity": account["balance"] + account["credit"], "margin_level": 0.0,
                    "margin_free": account["balance"] + account["credit"], "trade_allowed": True}  # fmt: skip
            return {**document, "terminal": terminal, "positions": [], "orders": [], "account": {**account, **flat}}
        return document

    def grant(self, lease: Lease) -> None:
        self._inner.grant(lease)

    def check(self, request: Mapping[str, Any]) -> Any:
        return self._inner.check(request)

    def send(self, request: Mapping[str, Any], on_slow: Callable[[], None] | None = None) -> Outcome:
        world = self._world
        world.effect("before send")
        world.before_send(request)
        lost, world.send_lost = world.send_lost, None
        if lost is not None:
            world.meets("F2")
            fault = {"call": "order_send", "code": -10005, "after": lost == "executed"}
            world.inject(ipc=fault)
        if world.armed:
            world.broker.dealer.script(**world.armed.pop(0))
        outcome = self._inner.send(request, on_slow)
        # What did not come to the dealer does not wait there for somebody else.
        world.broker.dealer.scripts.clear()
        world.after_send(request, outcome)
        world.effect("after send")
        return outcome


def _broker(script: Script) -> Broker:
    broker = Broker(
        balance=BALANCE, start_utc=script.start, hedging=script.hedging, seed=script.seed, leverage=500,
        commission_per_lot=3.0,
    )  # fmt: skip
    for name in SYMBOLS:
        spec = STANDARD[name]
        # Some brokers renumber positions at their midnight.
        if script.reopens:
            spec = replace(spec, swap_mode=7, swap_long=-1.0, swap_short=-1.0)
        hours = None if name == "BTCUSD" else FX_HOURS
        broker.add_symbol(replace(spec, hours=None))
        broker.specs[name] = replace(broker.specs[name], hours=hours)
    broker.rules.fifo_close = script.fifo
    return broker
