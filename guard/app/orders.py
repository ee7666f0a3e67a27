"""What a person may order of a running guard: locks, their override, closings, and to confirm what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from guard.app.binding import Binding, iso
from guard.app.commands import Answer, Command, Handler
from guard.app.cycle import Cycle, utc_now
from guard.app.overrides import Overrides
from guard.engine.arming import with_confirmed
from guard.engine.elapsed import trusted_s
from guard.engine.locks import active, voluntary, with_lock
from guard.engine.orders import FlattenScope, with_flatten
from guard.model.notice import Notice
from guard.model.snapshot import Snapshot
from guard.model.tradingday import period_bounds
from guard.model.verdict import Severity

SPANS: Final = ("day", "session", "week")
LONGEST_LOCK_S: Final = 31 * 86400.0
_DAY_S: Final = 86400.0
_MIDNIGHT: Final = time(0, 0)


class _NotSaidError(ValueError):
    """The order cannot be understood; ``str()`` is the answer."""


@dataclass(frozen=True, slots=True)
class Orders:
    """The handlers of one guard. ``sends`` is true only where its worker may send."""

    cycle: Cycle
    binding: Binding
    overrides: Overrides
    sends: bool

    def handlers(self) -> dict[str, Handler]:
        """What this guard takes, by verb. One that only watches takes none of it: a lock would hold nothing."""
        if not self.cycle.policy.acts:
            return {}
        found: dict[str, Handler] = {"lock": self._lock, "unlock": self._unlock, "confirm": self._confirm}
        return {**found, "flatten": self._flatten} if self.sends else found

    def _lock(self, command: Command) -> Answer:
        return self._carried_out(command, self._locked)

    def _unlock(self, command: Command) -> Answer:
        return self._carried_out(command, self._overridden)

    def _flatten(self, command: Command) -> Answer:
        return self._carried_out(command, self._flattened)

    def _confirm(self, command: Command) -> Answer:
        return self._carried_out(command, self._confirmed)

    def _carried_out(self, command: Command, do: Callable[[Command, Snapshot], Answer]) -> Answer:
        """The answer; what cannot be understood, or not now, changes nothing."""
        outcome = self.cycle.outcome
        if outcome is None or outcome.snapshot is None or outcome.blind is not None:
            why = outcome.blind if outcome is not None and outcome.blind is not None else "it has not been read yet"
            return Answer(done=False, sentence=f"nothing was done: the account cannot be seen ({why}).", facts={})
        try:
            answer = do(command, outcome.snapshot)
        except ValueError as error:
            return Answer(done=False, sentence=f"{str(error).rstrip('.')}.", facts={})
        if answer.state is not None:
            self.cycle.state = answer.state
        if answer.done:
            self._tell(command, answer)
        return answer

    def _tell(self, command: Command, answer: Answer) -> None:
        at = utc_now()
        sentence = f"Asked by {command.source}: {answer.sentence}"
        self.cycle.say(Notice(f"asked:{command.uid}", at, Severity.WARN, None, "command", sentence))

    def _locked(self, command: Command, snapshot: Snapshot) -> Answer:
        until, said = lock_end(command.body, snapshot, self.cycle)
        no_override = command.body.get("no_override") is True
        reason = _text(command.body, "reason") or "set by the trader"
        if no_override and until is None:
            raise _NotSaidError("a lock without override needs an end: say for how long")
        lock = voluntary(snapshot, command.uid, until, reason, no_override=no_override)
        state = with_lock(self.cycle.state, lock)
        hard = ", and nobody can lift it before" if no_override else ""
        what = "what raises exposure is closed again" if self.sends else "only rehearsed, nothing is closed"
        sentence = f"locked {said}{hard}: {what}, closing stays free; {reason}."
        facts = {"lock": lock.id, "until": lock.until, "no_override": no_override}
        return Answer(done=True, sentence=sentence, facts=facts, state=state)

    def _overridden(self, command: Command, snapshot: Snapshot) -> Answer:
        reason = _text(command.body, "reason")
        if not reason:
            raise _NotSaidError("an override needs a reason: it is kept in the journal")
        now_s = trusted_s(self.cycle.state.last, snapshot)
        due_s = now_s + self._delay_s()
        loosen, wanted = _text(command.body, "loosen"), _text(command.body, "lock")
        if loosen:
            return self._loosened(loosen, due_s, reason)
        held = active(self.cycle.state, snapshot)
        chosen = [lock for lock in held if wanted in ("", lock.id)]
        if not chosen:
            there = ", ".join(lock.id for lock in held) or "none"
            raise _NotSaidError(f"there is no lock {wanted!r}; locks now: {there}" if wanted else "there is no lock")
        free = [lock for lock in chosen if lock.latched and not lock.no_override]
        if not free:
            lock = chosen[0]
            if lock.no_override:
                raise _NotSaidError(f"lock {lock.id} was set without override: it ends at {lock.until}")
            raise _NotSaidError(f"lock {lock.id} ends by itself when its limit is clear again: {lock.reason}")
        for lock in free:
            self.overrides.add(command.uid, lock.id, due_s, reason)
        names = ", ".join(lock.id for lock in free)
        sentence = f"the override of {names} takes effect at {iso(due_s)}, not before; {reason}."
        return Answer(done=True, sentence=sentence, facts={"override": names, "due_at": iso(due_s), "reason": reason})

    def _loosened(self, limit: str, due_s: float, reason: str) -> Answer:
        if any(lock.no_override for lock in self.cycle.state.locks):
            raise _NotSaidError("a lock without override is set: until it ends no limit becomes looser")
        chosen = self.binding.override(None if limit == "all" else limit, due_s)
        if not chosen:
            waits = ", ".join(dict.fromkeys(wait.limit or wait.key for wait in self._waits())) or "nothing"
            raise _NotSaidError(f"nothing of {limit!r} waits to become looser; waiting: {waits}")
        self.overrides.keep_policy(f"override: {reason}")
        what = "; ".join(wait.phrase for wait in chosen)
        sentence = f"{what}: in force at {iso(due_s)}, not before; {reason}."
        return Answer(done=True, sentence=sentence, facts={"override": limit, "due_at": iso(due_s), "reason": reason})

    def _waits(self) -> tuple[Any, ...]:
        return self.binding.held.waits if self.binding.held is not None else ()

    def _delay_s(self) -> float:
        section = self.binding.loaded.document.get("enforcement", {})
        return float(section.get("override_after_s", 900.0))

    def _flattened(self, command: Command, snapshot: Snapshot) -> Answer:
        scope = flatten_scope(command.body)
        if snapshot.positions is None:
            raise _NotSaidError("nothing was ordered: the positions are not known now")
        state = with_flatten(self.cycle.state, scope, snapshot, command.uid)
        order = next(one for one in state.enforcing.ordered if one.uid == command.uid)
        if not order.lots and not order.orders:
            raise _NotSaidError(f"nothing is open in this scope ({scope.words})")
        sentence = f"closing {scope.words}: {len(order.lots)} positions, {len(order.orders)} pending orders."
        facts = {"scope": scope._asdict(), "positions": sorted(order.lots), "orders": list(order.orders)}
        return Answer(done=True, sentence=sentence, facts=facts, state=state)

    def _confirmed(self, command: Command, _snapshot: Snapshot) -> Answer:
        limit = _text(command.body, "limit")
        state = with_confirmed(self.cycle.state, limit)
        sentence = f"{limit}: what was found when the guard was armed is acted on from now on."
        return Answer(done=True, sentence=sentence, facts={"limit": limit}, state=state)


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return " ".join(value.split())[:300] if isinstance(value, str) else ""


def flatten_scope(body: Mapping[str, Any]) -> FlattenScope:
    """The scope of a flatten command.

    Raises:
        ValueError: With the answer, when it cannot be understood: then nothing is closed.
    """
    symbol, magic, side, pct = (body.get(name) for name in ("symbol", "magic", "side", "pct"))
    losers, winners = body.get("losers") is True, body.get("winners") is True
    if symbol is not None and not isinstance(symbol, str):
        raise _NotSaidError("symbol must be a name")
    if magic is not None and (not isinstance(magic, int) or isinstance(magic, bool)):
        raise _NotSaidError("magic must be a whole number")
    if side not in (None, "buy", "sell"):
        raise _NotSaidError("side is buy or sell")
    share = 100.0 if pct is None else pct
    if not isinstance(share, (int, float)) or isinstance(share, bool) or not 0.0 < share <= 100.0:
        raise _NotSaidError("pct is above 0 and at most 100")
    if losers and winners:
        raise _NotSaidError("losers and winners together are everything: leave both out")
    unknown = set(body) - {"symbol", "magic", "side", "losers", "winners", "pct", "oldest_first", "chat"}
    if unknown:
        raise _NotSaidError(f"{', '.join(sorted(unknown))} is no filter of flatten: nothing is closed")
    return FlattenScope(symbol, magic, side, losers, winners, float(share), body.get("oldest_first") is True)


def lock_end(body: Mapping[str, Any], snapshot: Snapshot, cycle: Cycle) -> tuple[datetime | None, str]:
    """When a lock that is asked for ends, and how that is said.

    Raises:
        ValueError: With the answer.
    """
    seconds, until = body.get("for_s"), body.get("until")
    now = datetime.fromtimestamp(trusted_s(cycle.state.last, snapshot), UTC)
    if (seconds is None) == (until is None):
        raise _NotSaidError("a lock needs one end: for how long, or until when")
    if until in SPANS:
        end = _span_end(str(until), now, snapshot, cycle)
    elif isinstance(until, str):
        try:
            end = datetime.fromisoformat(until)
        except ValueError:
            raise _NotSaidError(f"{until!r} is no time: write {', '.join(SPANS)} or an ISO time") from None
        if end.tzinfo is None:
            raise _NotSaidError(f"{until!r} names no zone")
    elif isinstance(seconds, (int, float)) and not isinstance(seconds, bool):
        end = now + timedelta(seconds=min(float(seconds), LONGEST_LOCK_S + 1.0)) if seconds > 0 else now
    else:
        raise _NotSaidError("for_s must be seconds")
    if end <= now:
        raise _NotSaidError("a lock must end in the future")
    if (end - now).total_seconds() > LONGEST_LOCK_S:
        raise _NotSaidError("a lock lasts 31 days at most")
    return end, f"until {iso(end.timestamp())}"


def _span_end(span: str, now: datetime, snapshot: Snapshot, cycle: Cycle) -> datetime:
    """The end of the trading day or week of the first limit that has one, or of the server's day (``session``)."""
    if span == "session":
        offset = snapshot.server_utc_offset_s
        if offset is None or not snapshot.offset_confirmed:
            raise _NotSaidError("the server's clock is not known now: say for how long instead")
        server_s = now.timestamp() + offset
        return datetime.fromtimestamp(server_s - server_s % _DAY_S + _DAY_S - offset, UTC)
    resets = [reset for limit in cycle.policy.limits if (reset := getattr(limit, "reset", None)) is not None]
    zone = resets[0].tz if resets else "UTC"
    hour, minute = resets[0].time.split(":") if resets else ("00", "00")
    return period_bounds(now.timestamp(), span, zone, time(int(hour), int(minute)))[1]
