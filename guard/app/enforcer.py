"""The acting loop: each deed is measured anew, written down, sent once, and what became of it written down.

No thread, no sleep, no clock of its own: the daemon and the simulation call ``run_once`` as often as they like. In mode
``rehearse`` and ``warn`` there is no terminal here that could send: deeds are written down, or there are none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from loguru import logger

from guard.app.cycle import Cycle, Outcome, utc_now
from guard.app.patient import PatientJournal
from guard.engine.deeds import begun, finished, rehearsed, request_of
from guard.model.errors import TerminalError
from guard.model.intent import Deed, Sent
from guard.model.notice import Notice
from guard.model.state import State
from guard.model.verdict import Severity
from guard.terminal.port import Known, Lease, Refused

if TYPE_CHECKING:
    from guard.model.snapshot import Snapshot
    from guard.terminal.port import Outcome as Reply
    from guard.terminal.port import TradingTerminal

DEED, OUTCOME, REHEARSED = "deed", "outcome", "rehearsed"
LEASE_S: Final = 10.0
_ROUND_S: Final = 2.0
_MOST: Final = 200
_IDLE_LOOKS: Final = 3
_SAME_TICK_LOOKS: Final = 50


class Enforcer:
    """Looks, and carries out what the looks ask for."""

    def __init__(
        self,
        cycle: Cycle,
        journal: PatientJournal,
        terminal: TradingTerminal | None,
        clock: Callable[[], float] = time.monotonic,
        shout: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        """A guard's hands.

        Args:
            cycle: The looks.
            journal: Where deeds are written before they are sent.
            terminal: The one that may send; ``None`` in every mode but ``enforce``.
            clock: Monotonic seconds.
            shout: Tells the user at once that a send takes long; everything else comes with the outcomes.
        """
        self.cycle = cycle
        self._journal = journal
        self._terminal = terminal
        self._clock = clock
        self._shout = shout
        self._extra: list[Notice] = []

    def run_once(self) -> list[Outcome]:
        """One look, and the deeds that are due with a look before and after each; all looks in order.

        After some seconds it returns although deeds are left: the next call goes on.

        Raises:
            WrongAccountError: Another account or terminal answered; it has been journaled.
        """
        began, idle, sends = self._clock(), 0, 0
        outcomes = [self._look()]
        while wanted := due(outcomes[-1]):
            if self._terminal is None:
                if self.cycle.policy.mode == "rehearse":
                    self._rehearse(wanted, outcomes[-1])
                break
            if sends >= _MOST or idle >= _IDLE_LOOKS or self._clock() - began >= _ROUND_S:
                break
            # Measured again just before: the same target must still be asked for.
            self._look_again(outcomes)
            deed = next((one for one in due(outcomes[-1]) if one.target == wanted[0].target), None)
            if deed is None:
                idle += 1
                continue
            if not self._send(deed, outcomes[-1], self._terminal):
                break
            idle, sends = 0, sends + 1
            self._look_again(outcomes)
        return outcomes

    def _look_again(self, outcomes: list[Outcome]) -> None:
        """A reading that is newer than the last one, as far as the clock tells: Windows' one moves every 15.6 ms."""
        before = _read_at(outcomes[-1])
        for _ in range(_SAME_TICK_LOOKS):
            outcomes.append(self._look())
            if _read_at(outcomes[-1]) is None or _read_at(outcomes[-1]) != before:
                return

    def _look(self) -> Outcome:
        outcome = self.cycle.run_once()
        if self._extra:
            outcome = replace(outcome, notices=(*self._extra, *outcome.notices))
            self._extra = []
        return outcome

    def _send(self, deed: Deed, outcome: Outcome, terminal: TradingTerminal) -> bool:
        """Write ahead, send, write what came of it; false when the request could not even be made."""
        snapshot = outcome.snapshot
        if snapshot is None:
            return False
        try:
            request = request_of(deed, snapshot, self.cycle.policy)
        except ValueError as error:
            self._fault(deed, str(error))
            return False
        self._remember(begun(self.cycle.state, deed, snapshot), DEED, deed_body(deed, request))
        logger.info("deed {}: {}", deed.id, deed.why)
        sent, told = self._carry_out(deed, request, snapshot, terminal)
        self._remember(finished(self.cycle.state, deed, sent), OUTCOME, {**outcome_body(sent), **told})
        logger.info("outcome of {}: {}", deed.id, told["said"])
        return True

    def _carry_out(
        self, deed: Deed, request: Mapping[str, Any], snapshot: Snapshot, terminal: TradingTerminal
    ) -> tuple[Sent, dict[str, Any]]:
        login, server = snapshot.account.login, snapshot.account.server
        if login is None or server is None:
            return _refused(deed, "the snapshot does not say whose account it is", self._clock())
        began = self._clock()
        try:
            terminal.grant(Lease(login, server, LEASE_S))
        except TerminalError as error:
            return _refused(deed, str(error), self._clock())
        reply = terminal.send(request, lambda: self._slow(deed))
        now = self._clock()
        sent, said = sent_of(deed, reply, now)
        return sent, {"said": said, "took_s": round(now - began, 3)}

    def _rehearse(self, deeds: tuple[Deed, ...], outcome: Outcome) -> None:
        """Write down what would be sent now."""
        snapshot = outcome.snapshot
        for deed in deeds if snapshot is not None else ():
            try:
                request = request_of(deed, snapshot, self.cycle.policy) if snapshot is not None else {}
            except ValueError as error:
                self._fault(deed, str(error))
                continue
            after = rehearsed(self.cycle.state, deed)
            if after is not self.cycle.state:
                self._remember(after, REHEARSED, deed_body(deed, request))
                logger.info("rehearsed {}: {}", deed.id, deed.why)

    def _remember(self, state: State, kind: str, body: Mapping[str, Any]) -> None:
        """One row with the memory that belongs to it, in one transaction: on disk when this returns, if it can be."""
        self.cycle.state = state
        at = utc_now()
        self._journal.write(at, lambda journal: journal.commit_state(kind, body, state, at=at))

    def _slow(self, deed: Deed) -> None:
        sentence = (
            f"The trade server has not answered for two seconds: {words(deed)} is under way, the guard waits for its "
            "answer and sends nothing else."
        )
        at = utc_now()
        notice = Notice(f"slow:{deed.id}:{at}", at, Severity.WARN, None, "deed", sentence)
        self.cycle.say(notice)
        self._extra.append(notice)
        self._shout(sentence)

    def _fault(self, deed: Deed, why: str) -> None:
        logger.error("deed {} cannot be carried out: {}", deed.id, why)
        at = utc_now()
        body = {"what": f"a deed could not be carried out: {why}", "deed": deed.id}
        self._journal.write(at, lambda journal: journal.commit("fault", body, at=at, key=f"fault:{deed.id}"))


def _read_at(outcome: Outcome) -> float | None:
    return None if outcome.snapshot is None else outcome.snapshot.monotonic_s


def due(outcome: Outcome) -> tuple[Deed, ...]:
    """The deeds that a look asks for; nothing is done on what cannot be believed."""
    result = outcome.result
    return result.deeds if result is not None and outcome.blind is None else ()


def words(deed: Deed) -> str:
    """A deed as a person says it."""
    what = {"close": "closing position", "close_by": "closing position", "cancel": "deleting order"}
    head = f"{what.get(deed.kind, 'setting the stop of position')} {deed.ticket} in {deed.symbol}"
    return f"{head} by {deed.by}" if deed.by is not None else head


def deed_body(deed: Deed, request: Mapping[str, Any]) -> dict[str, Any]:
    """What the journal keeps of a deed before it is sent: its id, under which the outcome will stand, its request."""
    limit = deed.intent.split("|", 1)[0]
    return {**deed._asdict(), "limit": limit, "words": words(deed), "request": dict(request)}


def outcome_body(sent: Sent) -> dict[str, Any]:
    """What the journal keeps of an outcome."""
    body = sent._asdict()
    body.pop("at_s")
    return body


def sent_of(deed: Deed, reply: Reply, at_s: float) -> tuple[Sent, str]:
    """A terminal's answer in the engine's words, and in a sentence."""
    if isinstance(reply, Refused):
        return Sent(deed.id, None, refused=reply.why, at_s=at_s), f"not sent: {reply.why}"
    if not isinstance(reply, Known):
        return Sent(deed.id, None, at_s=at_s), f"not known, the account is read before anything else: {reply.why}"
    result = reply.result
    sent = Sent(deed.id, reply.retcode, _real(result, "volume"), _whole(result, "deal"), _whole(result, "order"),
                at_s=at_s)  # fmt: skip
    return sent, f"the trade server answered {reply.retcode} {result.get('comment') or ''}".rstrip()


def _refused(deed: Deed, why: str, at_s: float) -> tuple[Sent, dict[str, Any]]:
    return Sent(deed.id, None, refused=why, at_s=at_s), {"said": f"not sent: {why}", "took_s": 0.0}


def _real(result: Mapping[str, Any], name: str) -> float | None:
    value = result.get(name)
    return float(value) if isinstance(value, (int, float)) else None


def _whole(result: Mapping[str, Any], name: str) -> int | None:
    value = result.get(name)
    return value if isinstance(value, int) else None
