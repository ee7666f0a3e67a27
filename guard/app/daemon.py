"""The loop of a running guard: look, think, write down, tell; until someone stops it."""

from __future__ import annotations

import gc
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, Protocol

from loguru import logger

from guard.app.bootstrap import Guarded
from guard.app.commands import Answer, Command
from guard.app.cycle import Outcome, any_unknown, utc_now
from guard.app.outbox.child import Notifier, wanted
from guard.app.rate import NEAR_S, Rate
from guard.app.schedule import HEARTBEAT, HOUSEKEEPING, Schedule
from guard.app.status import status_document
from guard.app.stop import Stop
from guard.app.tighten import VERB, tighten_handler
from guard.app.upkeep import Upkeep
from guard.app.watchdog import Watchdog
from guard.engine.report import worst
from guard.model.errors import WrongAccountError

_OVERDUE_S: Final = 180.0
# The banner waits this long for an account that cannot be seen, and this many looks for a figure that is not known yet.
_PATIENCE_S: Final = 3.0
_SETTLING_LOOKS: Final = 4


class Reporter(Protocol):
    """Who tells the user."""

    def started(self, guarded: Guarded, outcome: Outcome) -> None:
        """The first look: what is armed, inert and inherited."""

    def changed(self, outcome: Outcome) -> None:
        """A look with something new: notices or verdicts that changed."""

    def stopped(self, reason: str, seq: int | None) -> None:
        """The guard ends; ``seq`` is the journal's last row."""


class Daemon:
    """Runs one account's guard in the calling thread."""

    def __init__(self, guarded: Guarded, reporter: Reporter, stop: Stop, rate: Rate | None = None) -> None:
        """``rate`` only for measurements."""
        self._guarded = guarded
        self._reporter = reporter
        self._stop = stop
        self._rate = rate if rate is not None else Rate()
        self._schedule = Schedule()
        self._watchdog = Watchdog()
        document = guarded.loaded.document
        self._notifier = Notifier(guarded.account, guarded.home, document) if wanted(document) else None
        self._upkeep = Upkeep(guarded)
        guarded.desk.handlers["stop"] = self._asked_to_stop
        guarded.desk.handlers[VERB] = tighten_handler(guarded)
        self._counts: Counter[str] = Counter()
        self._read_s = 0.0
        self._slowest_s = 0.0
        self._heartbeat_at = time.monotonic()
        self._shown = False
        self._untold: list[Outcome] = []
        self._period_s = 0.0

    def run(self) -> None:
        """Watch until asked to stop; every way out leaves a row that says why.

        Raises:
            WrongAccountError: The terminal shows another account now.
        """
        began = time.monotonic()
        reason = "internal fault"
        try:
            while self._stop.reason is None:
                at = time.monotonic()
                outcomes = self._guarded.enforcer.run_once()
                for outcome in outcomes:
                    self._note(outcome, at - began)
                outcome = outcomes[-1]
                self._between(outcome)
                self._period_s = self._rate.after(outcome, at) if self._shown else NEAR_S
                self._guarded.live.beat(self._period_s, blind=outcome.blind is not None)
                self._watchdog.looked()
                self._stop.sleep_until(max(at + self._period_s, time.monotonic()))
            reason = self._stop.reason
        except WrongAccountError as error:
            reason = str(error)
            last = self._guarded.cycle.outcome
            if last is not None:
                self._reporter.changed(last)
            raise
        finally:
            self._end(reason)

    def _asked_to_stop(self, command: Command) -> Answer:
        """Stop after this answer; locks and intents stay in the journal and are taken up by the next start."""
        self._stop.ask(f"guard stop ({command.source})")
        locks = self._guarded.cycle.state.locks
        stays = f"; {len(locks)} lock(s) stay, and hold again with the next start" if locks else ""
        sentence = f"the guard stops now, nothing is watched until it is started{stays}."
        return Answer(done=True, sentence=sentence, facts={})

    def _note(self, outcome: Outcome, running_s: float) -> None:
        self._counts["cycles"] += 1
        self._counts["blind"] += outcome.blind is not None
        self._read_s += outcome.read_s
        self._slowest_s = max(self._slowest_s, outcome.read_s)
        if outcome.notices or outcome.verdicts:
            for notice in outcome.notices:
                logger.info("{} {} [{}]", notice.severity.name, notice.sentence, outcome.seq)
            self._untold.append(outcome)
        if not self._shown:
            settled = outcome.blind is None and (not any_unknown(outcome) or self._counts["cycles"] >= _SETTLING_LOOKS)
            if not settled and running_s <= _PATIENCE_S:
                return
            self._shown = True
            self._reporter.started(self._guarded, outcome)
            self._schedule.start()
            # What has been loaded by now stays: the collector need not look at it in every cycle.
            gc.collect()
            gc.freeze()
            if self._notifier is not None:
                self._notifier.start()
        for untold in self._untold:
            self._reporter.changed(untold)
        self._untold.clear()

    def _between(self, outcome: Outcome) -> None:
        """Everything that is not looking and acting, once the deeds that were due are done."""
        if not self._shown:
            return
        notices = self._upkeep.attend()
        if notices:
            seq = self._guarded.patient.last_seq
            self._reporter.changed(Outcome(outcome.at, None, notices=tuple(notices), seq=seq))
        if self._upkeep.messages_changed:
            self._upkeep.messages_changed = False
            self._renew_notifier()
        if self._guarded.live.due():
            self._guarded.live.write({**status_document(self._guarded, outcome, self._period_s), **self._helpers()})
            if self._guarded.live.look_asked() and (shown := self._guarded.cycle.look()) is not None:
                self._guarded.live.write_look(shown)
        for sentence in self._guarded.desk.attend():
            logger.info("asked: {}", sentence)
        self._periodic()

    def _renew_notifier(self) -> None:
        """Messages go elsewhere now: the sender is started anew with what the file says."""
        old, document = self._notifier, self._guarded.loaded.document
        self._notifier = new = (
            Notifier(self._guarded.account, self._guarded.home, document) if wanted(document) else None
        )

        def swap() -> None:
            if old is not None:
                old.close()
            if new is not None:
                new.start()

        # The old one may take seconds to send what is left: no look waits for it.
        threading.Thread(target=swap, daemon=True).start()

    def _helpers(self) -> dict[str, Any]:
        """What may be asked of this guard, and how its notifier is (null: nothing is to be sent)."""
        notifier = self._notifier
        told = None if notifier is None else {"pid": notifier.pid, "starts": notifier.starts, "why": notifier.why}
        return {"commands": sorted(self._guarded.desk.handlers), "notifier": told}

    def _periodic(self) -> None:
        due = self._schedule.due()
        if HEARTBEAT in due or time.monotonic() - self._heartbeat_at > _OVERDUE_S:
            if HEARTBEAT not in due and self._shown:
                logger.warning("the scheduler has not asked for a heartbeat in time")
            self._beat("heartbeat", {})
        if HOUSEKEEPING in due:
            self._guarded.housekeeping()

    def _beat(self, kind: str, more: Mapping[str, Any]) -> int | None:
        """One row with a digest, and the engine's memory with its running timers."""
        self._heartbeat_at = time.monotonic()
        cycles = self._counts["cycles"]
        outcome = self._guarded.cycle.outcome
        result = outcome.result if outcome is not None else None
        body = {
            **more,
            "cycles": cycles,
            "blind_cycles": self._counts["blind"],
            "read_ms": round(self._read_s / cycles * 1000, 2) if cycles else None,
            "slowest_read_ms": round(self._slowest_s * 1000, 2),
            "worst": worst(result.verdicts).name if result is not None else None,
            **self._guarded.cycle.figures(),
        }
        self._counts.clear()
        self._read_s = self._slowest_s = 0.0
        at, state = utc_now(), self._guarded.cycle.state
        return self._guarded.patient.write(at, lambda journal: journal.commit_state(kind, body, state, at=at))

    def _end(self, reason: str) -> None:
        self._schedule.close()
        self._watchdog.stopping()
        last = self._guarded.cycle.outcome
        if not self._shown and last is not None:
            self._reporter.started(self._guarded, last)
        for untold in self._untold:
            self._reporter.changed(untold)
        self._guarded.patient.flush(utc_now(), now=True)
        seq = self._beat("stop", {"why": reason})
        logger.info("stopped: {}", reason)
        if self._notifier is not None:
            self._notifier.close(asked=reason == self._stop.reason)
        self._guarded.live.remove()
        self._reporter.stopped(reason, seq)
