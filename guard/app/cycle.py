"""One polling cycle: read, check the identity, think, write down. It never closes anything because it cannot see."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from loguru import logger

from guard.app.blindness import Blindness
from guard.app.conditions import Conditions, hindrance
from guard.app.flat import FlatCheck
from guard.app.identity import Expected, check_identity
from guard.app.ledger import DealLedger
from guard.app.missed import MissedBars
from guard.app.news import NewsFile
from guard.app.patient import PatientJournal
from guard.engine.policy import Policy
from guard.engine.report import json_number
from guard.engine.step import CycleResult, step
from guard.journal.bodies import notice_body, notice_key
from guard.model.errors import InputError, TerminalError, WrongAccountError
from guard.model.notice import Notice
from guard.model.snapshot import Snapshot
from guard.model.snapshot_json import SnapshotReader
from guard.model.state import State
from guard.model.state_json import state_to_json
from guard.model.verdict import Severity, Verdict

if TYPE_CHECKING:
    from guard.terminal.port import Terminal

_FAULT_LOG_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one cycle came to.

    ``verdicts`` are those whose severity changed; ``seq`` is the journal's number for what is new, ``None`` when
    nothing was or, with ``waiting``, while it is in memory only; ``blind`` is the reason why nothing could be seen.
    """

    at: str
    blind: str | None
    result: CycleResult | None = None
    snapshot: Snapshot | None = None
    verdicts: tuple[Verdict, ...] = ()
    notices: tuple[Notice, ...] = ()
    seq: int | None = None
    read_s: float = 0.0
    waiting: bool = False


def any_unknown(outcome: Outcome) -> bool:
    """Whether something could not be told in this look."""
    result = outcome.result
    return outcome.blind is not None or result is None or any(v.severity is Severity.UNKNOWN for v in result.verdicts)


def utc_now() -> str:
    """This instant as ISO text with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Cycle:
    """Turns readings into outcomes and keeps the engine's memory between them."""

    def __init__(
        self,
        terminal: Terminal,
        journal: PatientJournal,
        policy: Policy,
        expected: Expected,
        state: State | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``state`` is the journal's, ``None`` at the first start."""
        self.policy = policy
        self.expected = expected
        self.state = state if state is not None else State()
        self.outcome: Outcome | None = None
        self._terminal = terminal
        self._journal = journal
        self._clock = clock
        self._reader = SnapshotReader()
        self._ledger = DealLedger()
        self._blindness = Blindness(policy.stale_after_s, clock())
        self._flat = FlatCheck()
        self._conditions = Conditions(policy.mode)
        self._severities: dict[str, Severity] = {}
        self._newest: tuple[float, float] | None = None
        self._document: Mapping[str, object] | None = None
        self.news: NewsFile | None = None
        self._missed = MissedBars(terminal, clock)
        self._fault_log_at = 0.0
        self._seq_before: int | None = None

    def run_once(self) -> Outcome:
        """One cycle. A reading that fails or cannot be used makes it blind.

        Raises:
            WrongAccountError: Another account or terminal answered; it has been journaled.
        """
        began = self._clock()
        self._seq_before = self._journal.last_seq
        if not self._journal.writable:
            self._journal.flush(utc_now())
        try:
            document = self._ledger.merge(self._terminal.read_snapshot())
            document = self._missed.added(document)
            if self.news is not None:
                document = {**document, "news": self.news.section()}
            read_s = self._clock() - began
            snapshot = self._reader.read(document)
            self._permit(snapshot)
            unseen = check_identity(snapshot, self.expected) or self._stale(snapshot)
            doubt = self._flat.doubt(snapshot, self._clock()) if unseen is None else None
            told = self._terminal_says(document, snapshot) if unseen is None else []
            if unseen is not None:
                outcome = self._blind(unseen)
            elif doubt is not None and self._flat.gone:
                outcome = self._blind(doubt, snapshot=snapshot, anew=False)
            elif doubt is not None:
                outcome = Outcome(utc_now(), doubt, snapshot=snapshot, seq=self._seq(), waiting=self._waiting())
            else:
                outcome = self._think(document, snapshot, read_s)
            if told:
                outcome = replace(outcome, notices=(*told, *outcome.notices))
        except WrongAccountError as error:
            self.outcome = self._blind(str(error), at_once=True)
            raise
        except (TerminalError, InputError) as error:
            outcome = self._blind(str(error))
        except Exception as error:  # noqa: BLE001 - a named place: our own fault blinds, loudly
            outcome = self._fault(error)
        self.outcome = outcome
        return outcome

    def look(self) -> dict[str, object] | None:
        """The last reading that was believed, with the memory after it; ``None`` before the first."""
        return None if self._document is None else {**self._document, "state": state_to_json(self.state)}

    def _think(self, document: Mapping[str, object], snapshot: Snapshot, read_s: float) -> Outcome:
        before, self._document = self.state, document
        result = step(snapshot, before, self.policy)
        self.state = result.state
        self._missed.note(result, snapshot, self.policy)
        at = snapshot.taken_iso_ms
        seen_again = self._sees_again(at) if result.blind is None else []
        if result.changed:
            proof = {**document, "state": state_to_json(before)}
            self._journal.write(at, lambda journal: journal.commit_cycle(result, proof, at=at))
        if result.blind is not None:
            return self._blind(result.blind, result, snapshot)
        changed = tuple(v for v in result.verdicts if self._severities.get(v.limit, Severity.OK) is not v.severity)
        self._severities.update((v.limit, v.severity) for v in changed)
        notices = (*seen_again, *result.notices)
        return Outcome(at, None, result, snapshot, changed, notices, self._seq(), read_s, self._waiting())

    def _terminal_says(self, document: Mapping[str, object], snapshot: Snapshot) -> list[Notice]:
        """What has changed in what the terminal, the broker and the clocks allow; it is journaled here."""
        errors = document.get("errors")
        at = snapshot.taken_iso_ms
        known = errors if isinstance(errors, Mapping) else {}
        told = self._conditions.look(snapshot, known, at, self._clock(), self.state.last)
        for notice in told:
            self.say(notice)
        return told

    def _permit(self, snapshot: Snapshot) -> None:
        """A guard that acts sends nothing that the terminal or the broker would refuse as a matter of course."""
        if self.policy.mode == "enforce":
            why = hindrance(snapshot)
            if why != self.policy.can_act:
                self.policy = replace(self.policy, can_act=why)

    def adopt(self, policy: Policy) -> None:
        """Go on with other limits, from the next look on."""
        self.policy = policy
        self._blindness.stale_after_s = policy.stale_after_s

    def _stale(self, snapshot: Snapshot) -> str | None:
        """Why the reading is too old: its own clock has not moved on while ours has."""
        own, now = snapshot.monotonic_s, self._clock()
        if own is None:
            return None
        if self._newest is None or own != self._newest[0]:
            self._newest = (own, now)
            return None
        if now - self._newest[1] < self.policy.stale_after_s:
            return None
        return "the terminal's worker repeats an old reading: waiting for a new one"

    def _blind(
        self, why: str, result: CycleResult | None = None, snapshot: Snapshot | None = None, *, at_once: bool = False,
        anew: bool = True,
    ) -> Outcome:  # fmt: skip
        """``at_once`` tells the user now; ``anew`` doubts an empty list of positions from the beginning again."""
        at = utc_now()
        if anew:
            self._flat.reset()
        if self._blindness.begins(why, self._clock()):
            logger.warning("blind: {}", why)
            self._journal.write(at, lambda journal: journal.commit("blind", {"why": why}, at=at))
        notices = list(result.notices) if result is not None else []
        if self._blindness.tells(self._clock(), at_once=at_once):
            sentence = f"The guard cannot see the account: {why}"
            notice = Notice(f"blind:{at}", at, Severity.UNKNOWN, None, "blind", sentence)
            self.say(notice)
            notices.append(notice)
        return Outcome(at, why, result, snapshot, (), tuple(notices), self._seq(), waiting=self._waiting())

    def _seq(self) -> int | None:
        """The last row this cycle has written."""
        last = self._journal.last_seq
        return last if last != self._seq_before and self._journal.writable else None

    def _waiting(self) -> bool:
        return not self._journal.writable

    def _sees_again(self, at: str) -> list[Notice]:
        ended = self._blindness.ends(self._clock())
        if ended is None:
            return []
        seconds, told = ended
        logger.info("sees again after {:.1f} s", seconds)
        body = {"blind_s": round(seconds, 1)}
        self._journal.write(at, lambda journal: journal.commit("sight", body, at=at))
        if not told:
            return []
        sentence = f"The guard sees the account again, after {seconds:.0f} s."
        notice = Notice(f"sight:{at}", at, Severity.OK, None, "blind", sentence)
        self.say(notice)
        return [notice]

    def say(self, notice: Notice) -> None:
        """Write a notice of the guard's own down."""
        self._journal.write(
            notice.at,
            lambda journal: journal.commit("notice", notice_body(notice), at=notice.at, key=notice_key(notice)),
        )

    def _fault(self, error: Exception) -> Outcome:
        if self._clock() >= self._fault_log_at:
            self._fault_log_at = self._clock() + _FAULT_LOG_S
            logger.opt(exception=error).critical("internal fault in a cycle")
        why = f"an internal fault, please report it with the log: {type(error).__name__}: {error}"
        return self._blind(why, at_once=True)

    @property
    def standing(self) -> tuple[str, ...]:
        """What the terminal, the broker and the clocks do not allow now, as sentences."""
        return self._conditions.standing

    def figures(self) -> dict[str, Any]:
        """The last reading's headline figures, for the heartbeat; ``None`` where unknown."""
        outcome = self.outcome
        account = outcome.snapshot.account if outcome is not None and outcome.snapshot is not None else None
        result = outcome.result if outcome is not None else None
        return {
            "balance": account.balance if account is not None else None,
            "equity": account.equity if account is not None else None,
            "margin": account.margin if account is not None else None,
            "effective_leverage": json_number(result.metrics.effective_leverage) if result is not None else None,
            "blind": outcome.blind if outcome is not None else None,
        }
