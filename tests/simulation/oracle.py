"""The invariants, from the broker's own books and the journal's rows. Nothing of the guard's planning is used here."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from guard.app.cycle import Outcome
from guard.journal.bodies import notice_key
from guard.model.verdict import Severity
from guard.terminal.port import Known, Refused, Unknown
from guard.terminal.port import Outcome as Reply
from tests.simulation.aside import SECRET
from tests.simulation.script import MAGIC, Rule
from tests.simulation.world import ROBOT, World

if TYPE_CHECKING:
    from tests.simulation.guardian import Guardian

CONTRACT = {"EURUSD": 100_000.0, "XAUUSD": 100.0, "BTCUSD": 1.0}
SLACK = 0.03  # relative: hysteresis, rounding, which side of the quote
PROMPT_S = 8.0
BACK_S = 6.0
MOST_SENDS = 60
CLOSING = frozenset({"close", "close_by"})
ACTION_OF = {1: "close", 6: "set_stop", 8: "cancel", 10: "close_by"}
# How long a refusal may keep the guard from trying again.
REST_S = {10011: 65.0, 10018: 65.0, 10024: 65.0, 10031: 65.0}
NEVER_CODES = frozenset({
    10006, 10007, 10017, 10019, 10026, 10027, 10032, 10033, 10034, 10040, 10041, 10042, 10043, 10044, 10046,
})  # fmt: skip


class Violation(NamedTuple):
    """An invariant that does not hold: which, when, and in what way."""

    invariant: str
    cycle: int
    says: str


class Truth(NamedTuple):
    """How far each rule is used up, from the broker's books, in percent; symbols that make it so."""

    at_s: float
    used: Mapping[str, float]


class Held(NamedTuple):
    """A position as the books have it."""

    ticket: int
    identifier: int
    symbol: str
    lots: float
    magic: int


class Oracle:
    """Looks after every step, and at every request."""

    def __init__(self, world: World, guardian: Guardian) -> None:
        self.world, self.guardian = world, guardian
        self.rules: tuple[Rule, ...] = world.script.rules()
        self.found: list[Violation] = []
        self.deeds = 0
        self.coverage: dict[tuple[str, str], int] = {}
        self.kinds: dict[str, int] = {}
        self._truths: deque[Truth] = deque(maxlen=40)
        self._first_balance = world.broker.balance
        self._day = self._day_of()
        self._day_balance = world.broker.balance
        self._flows_day = self._flows_life = 0.0
        self._flow_count = 0
        self._flows_at = -1e9
        self._unknown: dict[int, float] = {}
        self._sends: dict[tuple[str, int], int] = {}
        self._last_send_s = -1e9
        self._rest_until = 0.0
        self._reached: dict[str, float] = {}
        self._locks: dict[str, tuple[str, str | None, dict[int, float], set[int]]] = {}
        self._seen_identifiers: set[int] = set()
        self._before: list[Held] = []
        self._deals = 0
        self._stops: dict[int, float] = {}
        self._book: set[tuple[int, float]] = set()
        self._grown_s = self._balance_s = -1e9
        self._balance = 0.0
        self._ordered: set[int] = set()
        self._ordered_orders: set[int] = set()
        self._intents: set[str] = set()
        self._severity: dict[str, Severity] = {}
        self._sealed = 0
        world.before_send, world.after_send = self.before_send, self.after_send
        self._note_truth()

    # The truth.
    def _day_of(self) -> str:
        return self.world.broker.now_utc.astimezone(UTC).date().isoformat()

    def held(self) -> list[Held]:
        """The open positions."""
        return [
            Held(row.ticket, row.identifier, row.symbol, row.side * row.volume, row.magic)
            for row in self.world.broker.held()
        ]

    def _note_truth(self) -> None:
        world, broker = self.world, self.world.broker
        new = world.flows[self._flow_count:]
        self._flow_count = len(world.flows)
        for at, amount in new:
            self._flows_at = at
            self._flows_life += amount
            self._flows_day += amount
        if self._day_of() != self._day:
            self._day, self._day_balance, self._flows_day = self._day_of(), broker.balance, 0.0
        held, own = self.held(), broker.equity
        self._truths.append(Truth(world.mono_s, {rule.name: self._used(rule, held, own) for rule in self.rules}))

    def _used(self, rule: Rule, held: list[Held], own: float) -> float:
        broker = self.world.broker
        if rule.kind == "position_count":
            return len(held) / rule.allowed * 100.0
        if rule.kind == "position_volume":
            return max((abs(row.lots) for row in held), default=0.0) / rule.allowed * 100.0
        if rule.kind in {"effective_leverage", "symbol_exposure"}:
            worth: dict[str, list[float]] = {}
            for row in held:
                worth.setdefault(row.symbol, []).append(
                    row.lots * CONTRACT[row.symbol] * broker.quotes[row.symbol].bid
                )  # fmt: skip
            if own <= 0.0:
                return 1e9 if held else 0.0
            if rule.kind == "effective_leverage":
                return sum(abs(one) for many in worth.values() for one in many) / own / rule.allowed * 100.0
            fields = next(one for one in self.world.script.limits if one.get("id", one["kind"]) == rule.name)
            net = fields["measure"] == "net"
            sizes = [abs(sum(many)) if net else sum(abs(one) for one in many) for many in worth.values()]
            return max(sizes, default=0.0) / own * 100.0 / rule.allowed * 100.0
        since = self._day_balance + self._flows_day
        if rule.kind == "max_drawdown":
            since = self._first_balance + self._flows_life
        return (since - (own - broker.credit)) / rule.allowed * 100.0

    def _most_used(self, rule: Rule, back_s: float = BACK_S) -> float:
        """The most it was used in the last seconds: what the guard may have seen."""
        now = self.world.mono_s
        return max(one.used[rule.name] for one in self._truths if now - one.at_s <= back_s)

    def _may_act(self, rule: Rule, back_s: float = BACK_S) -> bool:
        """Whether its acting stage is reached, as far as may be: hysteresis and, at the end of accounts, costs."""
        early = 0.75 if rule.ends_account else 1.0 - SLACK
        return self._most_used(rule, back_s) >= rule.act_pct * early

    # At every request.
    def before_send(self, request: Mapping[str, Any]) -> None:
        world = self.world
        kind = ACTION_OF.get(request["action"], "?")
        mode = world.script.mode
        if mode != "enforce":
            self.fail("I1", f"a request was sent in mode {mode}: {dict(request)}")
        self._before = self.held()
        self._deals = len(world.broker.deals)
        self._stops = {row.ticket: row.sl for row in world.broker.held()}
        self._note_truth()
        if kind == "?":
            self.fail("I2", f"a request that neither closes, cancels nor protects: {dict(request)}")
            return
        self._written_ahead(kind, request)
        self._on_a_good_look(kind, request)
        ticket = request["order"] if kind == "cancel" else request.get("position", 0)
        count = self._sends[kind, ticket] = self._sends.get((kind, ticket), 0) + 1
        if count > MOST_SENDS:
            self.fail("I7", f"{kind} of {ticket} was sent {count} times")
        for one in {ticket, request.get("position_by", ticket)}:
            if one in self._unknown and world.look.at_s <= self._unknown[one]:
                self.fail("I7", f"{one} was sent again after a lost reply without a look in between")
        if kind in CLOSING:
            self._one_in_flight(ticket)
            self._justified(kind, request)
        elif kind == "cancel":
            self._justified_cancel(request)
        elif kind == "set_stop" and not any(rule.action == "set_stop" for rule in self.rules):
            self.fail("I2", f"a stop was set that no limit asks for: {dict(request)}")

    def _one_in_flight(self, ticket: int) -> None:
        orders = self.world.broker.orders
        due = [one for one in orders if one.due_msc > 0 and ticket in {one.closes, one.position_id}]
        if due:
            self.fail("I7", f"{ticket} is closed again while an order that closes it is under way")

    def _written_ahead(self, kind: str, request: Mapping[str, Any]) -> None:
        disk = self.world.disk
        if disk.full or not self.guardian.patient.writable:
            if not self.guardian.patient._waiting:
                self.fail("I3", "the disk is full, and nothing waits to be written")
            return
        ticket = request["order"] if kind == "cancel" else request.get("position")
        last = next((row for row in reversed(disk.rows) if row.kind in {"deed", "outcome"}), None)
        if last is None or last.kind != "deed" or last.body.get("ticket") != ticket or last.body.get("kind") != kind:
            self.fail("I3", f"{kind} of {ticket} was sent before it was written down")
            return
        intent = last.body["intent"]
        if not any(row.kind == "intent" and row.body["id"] == intent for row in reversed(disk.rows)):
            self.fail("I3", f"the breach behind {last.body['id']} is not in the journal before its deed")
        cycle = next((row for row in reversed(disk.rows) if row.kind == "cycle"), None)
        if cycle is None or any(sha not in disk.documents for sha in cycle.body["snapshot"].values()):
            self.fail("I3", "the snapshot that proves the breach is not in the journal")

    def _on_a_good_look(self, kind: str, request: Mapping[str, Any]) -> None:
        look = self.world.look
        if self.world.mono_s - look.at_s > 3.0:
            self.fail("I5", f"a deed on a look {self.world.mono_s - look.at_s:.1f} s old")
        never = {"F2", "F3", "F1", "F1 positions", "F4 empty", "F9 disconnect", "F9 switch", "F9 server", "F9 empty"}
        bad = look.wrong & never
        if kind == "cancel" and "F1 orders" in look.wrong:
            bad |= {"F1 orders"}
        symbol = str(request.get("symbol", ""))
        if kind == "close" and symbol in look.symbols:
            bad |= look.wrong & {"F5 zero", "F5 negative"}
        if kind == "close" and "F1 ticks" in look.wrong:
            bad |= {"F1 ticks"}
        if bad & {"F4 empty", "F1 positions"}:
            self.fail("I6", f"{kind} of {request.get('position')} on missing data: {sorted(bad)}")
        elif bad:
            self.fail("I5", f"{kind} of {request.get('position')} on a look that is not to be believed: {sorted(bad)}")

    def _justified(self, kind: str, request: Mapping[str, Any]) -> None:
        held = {row.ticket: row for row in self._before}
        if not request.get("position"):
            self.fail("I2", f"a close that does not say of which position: {dict(request)}")
            return
        one = held.get(request["position"])
        if one is None:
            return  # someone else was quicker; the worker refuses
        if kind == "close":
            if request["type"] != (1 if one.lots > 0 else 0):
                self.fail("I2", f"the close of {one.ticket} would add to it")
            if request["volume"] > abs(one.lots) + 1e-9 and "F8" not in self.world.recent():
                self.fail("I2", f"{request['volume']} lots of {one.ticket} are closed, {abs(one.lots)} are open")
        reasons = [rule for rule in self.rules if rule.action in {"flatten", "reduce", "close_offending"}]
        reasons = [rule for rule in reasons if self._may_act(rule) and self._names(rule, one)]
        undo = self._opened_under_a_lock(one) or one.identifier in self._ordered
        if not reasons and not undo:
            used = {rule.name: round(self._most_used(rule), 1) for rule in self.rules}
            self.fail("I2", f"{one.ticket} in {one.symbol} is closed without a reached acting stage: {used}")
        elif kind == "close" and not undo and all(rule.action == "reduce" for rule in reasons):
            net = sum(row.lots for row in self._before if row.symbol == one.symbol)
            after = net - (request["volume"] if one.lots > 0 else -request["volume"])
            free = self.world.script.hedging and not self.world.script.fifo
            if abs(after) > abs(net) + 1e-9 and free and one.magic == 0:
                self.fail("I2", f"one leg alone of {one.symbol} is closed to reduce: net {net:g} becomes {after:g}")

    @staticmethod
    def _names(rule: Rule, one: Held) -> bool:
        """Whether the rule may name the position: of volumes only those that are too large."""
        if rule.kind == "position_volume" and rule.action in {"reduce", "close_offending"}:
            return abs(one.lots) > rule.allowed * (1.0 - SLACK) or one.magic != 0
        return True

    def _opened_under_a_lock(self, one: Held) -> bool:
        for _, _, base, magics in self._locks.values():
            magics.update(row.magic for row in self._before if row.identifier not in base and row.magic)
            kept = base.get(one.identifier, 0.0)
            if abs(one.lots) > abs(kept) + 1e-9 or kept * one.lots < 0.0:
                return True
            if one.magic != 0 and any(
                row.magic == one.magic and row.identifier not in base for row in [*self._before, *self.held()]
            ):
                return True  # the robot's basket is closed as a whole
        return one.magic == ROBOT and any(ROBOT in magics for _, _, _, magics in self._locks.values())

    def _justified_cancel(self, request: Mapping[str, Any]) -> None:
        # A block stands while the figure is not known: its lock, or its intent, says so.
        rules = [rule for rule in self.rules if self._may_act(rule, 600.0) or self._locks_at(rule)]
        if not rules and not self._locks and request["order"] not in self._ordered_orders:
            self.fail("I2", f"order {request['order']} is deleted without a lock or a reached stage")

    def _locks_at(self, rule: Rule) -> bool:
        early = 0.7 if rule.ends_account else 1.0 - SLACK
        return rule.lock_pct is not None and self._most_used(rule) >= rule.lock_pct * early

    def after_send(self, request: Mapping[str, Any], outcome: Reply) -> None:
        world = self.world
        kind = ACTION_OF.get(request["action"], "?")
        ticket = request["order"] if kind == "cancel" else request.get("position", 0)
        if isinstance(outcome, Refused):
            return
        self._last_send_s = world.mono_s
        self.deeds += 1
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        self._met(outcome)
        for fault in world.recent():
            self.coverage[fault, kind] = self.coverage.get((fault, kind), 0) + 1
        now = world.mono_s
        if isinstance(outcome, Unknown):
            self._unknown[ticket] = now
            if "position_by" in request:
                self._unknown[request["position_by"]] = now
            self._rest_until = max(self._rest_until, now + 12.0)
        else:
            self._unknown.pop(ticket, None)
            if outcome.retcode != 10009:
                rest = 310.0 if outcome.retcode in NEVER_CODES else REST_S.get(outcome.retcode, 40.0)
                self._rest_until = max(self._rest_until, now + rest)
        self._never_opens(request)

    def _met(self, outcome: Reply) -> None:
        world = self.world
        if isinstance(outcome, Known) and outcome.retcode not in {10008, 10009, 10010, 10036, 10025, 10013}:
            world.meets("F6")
        if isinstance(outcome, Known) and outcome.retcode in {10008, 10010}:
            world.meets("F7")
        if isinstance(outcome, Unknown):
            world.meets("F6" if "10999" in outcome.why or "10012" in outcome.why else "F7")
        if any(deal.magic != MAGIC for deal in world.broker.deals[self._deals:]) or any(
            row.sl != self._stops.get(row.ticket, 0.0) for row in world.broker.held()
        ):
            world.meets("F8")
        if isinstance(outcome, Known) and outcome.retcode in {10036, 10025}:
            world.meets("F8")

    def _never_opens(self, request: Mapping[str, Any]) -> None:
        before = {row.identifier: row.lots for row in self._before}
        raced = "F8" in self.world.recent()
        for row in self.held():
            was = before.get(row.identifier)
            if was is None:
                if row.magic == MAGIC and not raced:
                    self.fail("I2", f"the guard opened {row.ticket} in {row.symbol}")
            elif was * row.lots < 0.0 and not raced:
                self.fail("I2", f"the guard reversed {row.ticket} in {row.symbol} from {was:g} to {row.lots:g}")
            elif abs(row.lots) > abs(was) + 1e-9 and not raced:
                self.fail("I2", f"the guard enlarged {row.ticket}: {dict(request)}")

    # After every step.
    def after_step(self, outcomes: list[Outcome]) -> None:
        self._note_truth()
        for outcome in outcomes:
            if outcome.blind is not None and outcome.blind.startswith("an internal fault"):
                self.fail("I0", outcome.blind)
            if outcome.notices:
                self._notices(outcome)
        if outcomes:
            self._keeps_its_locks(outcomes[-1])
            self._forgets_nothing(outcomes[-1])
        self._in_time(outcomes)

    def _notices(self, outcome: Outcome) -> None:
        if not self.guardian.patient.writable:
            return
        for notice in outcome.notices:
            if notice_key(notice) not in self.world.disk.keys:
                self.fail("I9", f"a notice is not in the journal: {notice.sentence}")

    def _keeps_its_locks(self, outcome: Outcome) -> None:
        world, state = self.world, self.guardian.cycle.state
        on_disk = world.disk.state
        now = world.broker.now_utc.timestamp()
        here = {lock.id: lock for lock in state.locks}
        for lock in on_disk.locks if on_disk is not None else ():
            if lock.id not in self._locks or self._locks[lock.id][0] != lock.at:
                base = {row.identifier: row.lots for row in self.held()}
                base = {key: base.get(key, lots) for key, lots in lock.baseline.items()}
                self._locks[lock.id] = (lock.at, lock.until if lock.latched else "stage", base, set())
        for name, (_, until, base, magics) in list(self._locks.items()):
            magics.update(row.magic for row in self.held() if row.identifier not in base and row.magic)
            if name in here:
                continue
            over = until is not None and until != "stage" and datetime.fromisoformat(until).timestamp() <= now + 2.0
            if until != "stage" and not over:
                self.fail("I4", f"lock {name} is gone before its end ({until})")
            if until == "stage" and outcome.blind is None and outcome.result is not None:
                rule = next((one for one in self.rules if name.startswith(f"{one.name}|")), None)
                if rule is not None and rule.lock_pct is not None and world.look.wrong & {"F4 empty", "F9 empty"}:
                    self.fail("I6", f"lock {name} was lifted on missing data")
            del self._locks[name]

    def _forgets_nothing(self, outcome: Outcome) -> None:
        """What is missing clears no breach and ends no intent."""
        state = self.guardian.cycle.state
        now = {intent.id for intent in state.enforcing.intents}
        if not self.world.look.wrong and outcome.blind is None and self.world.pc_s == 0.0:
            utc = self.world.broker.now_utc.timestamp()
            for intent in state.enforcing.intents:
                end = intent.expires_at
                calm = self.world.mono_s - self.world.last_met.get("F10", -1e9) > 200.0
                if end is not None and calm and datetime.fromisoformat(end).timestamp() < utc - 2.0:
                    self.fail("I2", f"intent {intent.id} is alive after its period's end ({end})")
        wrong = self.world.look.wrong & {"F1", "F2", "F3", "F1 positions", "F4 empty", "F9 disconnect", "F9 empty"}
        if wrong:
            lost = {key for key in self._intents - now if "|undo" not in key and not key.startswith("flatten|")}
            for key in lost:
                rule = next((one for one in self.rules if one.name == key.split("|", 1)[0]), None)
                if rule is not None and self._may_act(rule, 0.5):
                    self.fail("I6", f"intent {key} ended on missing data: {sorted(wrong)}")
            for verdict in outcome.result.verdicts if outcome.result is not None else ():
                if self._severity.get(verdict.limit) is Severity.BREACH and verdict.severity is Severity.OK:
                    self.fail("I6", f"the breach of {verdict.limit} was cleared on missing data: {sorted(wrong)}")
        self._intents = now
        if outcome.result is not None:
            self._severity = {one.limit: one.severity for one in outcome.result.verdicts}

    def _in_time(self, outcomes: list[Outcome]) -> None:
        """A reached stage is acted on in time, and its lock is there, when nothing stood in the way."""
        world, now = self.world, self.world.mono_s
        if world.script.mode != "enforce" or not outcomes:
            self._reached.clear()
            return
        held = {(row.identifier, row.lots) for row in self.held()}
        if held - self._book:
            self._grown_s = now
        self._book = held
        told = world.look.document.get("server_utc_offset_s") if world.look.document is not None else None
        if told is not None and told != world.broker.utc_offset_s:
            world.troubled_s = max(world.troubled_s, now)  # a worker that began while the PC's clock was wrong
        if world.broker.balance != self._balance:
            self._balance, self._balance_s = world.broker.balance, now
        # Deals that come late leave the balance unexplained until they are read.
        late_s = self._balance_s + 8.0 if world.broker.rules.history_lag_s > 0.0 else -1e9
        calm_since = max(world.troubled_s, self._flows_at + 5.0, self._grown_s, late_s)
        for rule in self.rules:
            margin = 1.0 + SLACK
            reached = self._truths[-1].used[rule.name] >= max(rule.act_pct, 1.0) * margin
            if not reached:
                self._reached.pop(rule.name, None)
                continue
            since = self._reached.setdefault(rule.name, now)
            waited = now - max(since, calm_since)
            if waited <= PROMPT_S:
                continue
            if rule.locks and not any(lock.limit == rule.name for lock in self.guardian.cycle.state.locks):
                self.fail("I8", f"{rule.name} is at its lock's stage for {waited:.0f} s and there is no lock")
            idle = now > max(self._rest_until, self._last_send_s) + PROMPT_S
            if idle and self._can_close(rule, waited):
                used = self._truths[-1].used[rule.name]
                self.fail("I8", f"{rule.name} is used {used:.0f} % for {waited:.0f} s and nothing is sent")
                self._reached[rule.name] = now

    def _can_close(self, rule: Rule, waited: float) -> bool:
        """Whether there is something to close in a market that is open, at a good moment."""
        broker = self.world.broker
        held = [row for row in self.held() if broker.is_open(row.symbol)]
        if rule.action not in {"flatten", "reduce", "close_offending"} or not held or len(held) != len(self.held()):
            return False
        if self.world.script.fifo and rule.action != "flatten":
            return False  # the oldest must go first, and may not be what the rule names
        if rule.action == "reduce" and any(row.magic for row in held):
            return False  # a robot's positions are closed together or not at all
        bought = {row.symbol for row in held if row.lots > 0.0}
        if rule.action != "flatten" and bought & {row.symbol for row in held if row.lots < 0.0}:
            return False  # one leg of a hedge alone may leave the account worse off
        if rule.ends_account or waited > 200.0:
            return True
        second = broker.server_msc / 1000.0 % 86_400.0
        wide = any(self.world.cycle <= until + 40 for _, until in self.world.wide.values())
        return not wide and min(second, 86_400.0 - second) > 310.0

    def fail(self, invariant: str, says: str) -> None:
        """Note a violation."""
        self.found.append(Violation(invariant, self.world.cycle, says))

    def order(self, identifiers: set[int]) -> None:
        """The trader has ordered these to be closed."""
        self._ordered |= identifiers
        self._ordered_orders |= {order.ticket for order in self.world.broker.orders}

    # At the end.
    def at_the_end(self) -> None:
        """The journal fits together, and nothing is written twice."""
        disk = self.world.disk
        texts = (str(row.body) for row in disk.rows)
        if any(SECRET in text for text in texts) or any(SECRET in text for text in disk.documents.values()):
            self.fail("I13", "a planted secret is in the journal")
        if not disk.sealed():
            self.fail("I3", "the journal's rows do not follow from each other")
        seen: set[str] = set()
        outcomes: set[str] = set()
        for row in disk.rows:
            if row.kind == "deed":
                if row.body["id"] in seen:
                    self.fail("I3", f"deed {row.body['id']} is in the journal twice")
                seen.add(row.body["id"])
            elif row.kind == "outcome":
                if row.body["deed_id"] not in seen:
                    self.fail("I3", f"an outcome without its deed: {row.body['deed_id']}")
                outcomes.add(row.body["deed_id"])
        if self.world.script.mode != "enforce" and (seen or any(d.magic == MAGIC for d in self.world.broker.deals)):
            self.fail("I1", f"mode {self.world.script.mode} has left deeds")
        if self.guardian.patient.writable and len(seen - outcomes) > 1:
            self.fail("I3", f"deeds without an outcome: {sorted(seen - outcomes)[:3]}")
