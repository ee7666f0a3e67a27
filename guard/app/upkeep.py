"""What a running guard looks after between looks: the file that was edited, what has waited long enough, overrides."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from loguru import logger

from guard.app.arming import not_allowed
from guard.app.binding import Held, said
from guard.app.bootstrap import policy_of
from guard.app.cycle import utc_now
from guard.app.reload import Change, ConfigWatch
from guard.model.errors import InputError
from guard.model.notice import Notice
from guard.model.verdict import Severity
from guard.settings.binding import MODES, needs_restart
from guard.settings.build import MESSAGES
from guard.settings.load import Loaded, load_document
from guard.settings.money import check_currency

if TYPE_CHECKING:
    from guard.app.bootstrap import Guarded


class Upkeep:
    """Looks after the configuration of one guard."""

    def __init__(self, guarded: Guarded, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` is monotonic."""
        self._guarded = guarded
        self._clock = clock
        self._watch = ConfigWatch(guarded.binding.wanted, clock())
        self.messages_changed = False

    def attend(self) -> list[Notice]:
        """What is due now, in a moment; the notices, which are written down."""
        guarded, notices = self._guarded, list[Notice]()
        change = self._watch.look(self._clock())
        if change is not None:
            notices += self._changed(change)
        now_s = trusted_now(guarded)
        if guarded.binding.ripens(now_s, guarded.cycle.state.locks):
            notices += self._in_force(guarded.binding.wanted, "waited long enough")
        if guarded.overrides.waiting:
            notices += guarded.overrides.attend(now_s)
        return notices

    def _changed(self, change: Change) -> list[Notice]:
        loaded = change.loaded
        if loaded is not None:
            try:
                outcome = self._guarded.cycle.outcome
                snapshot = outcome.snapshot if outcome is not None else None
                check_currency(loaded.policy, snapshot.account.currency if snapshot is not None else None)
            except InputError as error:
                change = Change(None, f"the configuration was changed and cannot be used: {error}")
        if change.loaded is None:
            text = f"{change.trouble}. The last good one stays in force."
            return [self._say("config", Severity.WARN, text[:1].upper() + text[1:])]
        return self._in_force(change.loaded, "the file was changed")

    def _in_force(self, new: Loaded, why: str) -> list[Notice]:
        """Take a configuration: tighter at once, looser later, mode and terminal and identity with the next start."""
        guarded = self._guarded
        binding, cycle = guarded.binding, guarded.cycle
        before, waited = binding.loaded, _waits(binding.held)
        wanted, restart = needs_restart(before, new)
        if "mode" in restart and _lower(new, before) and binding.held is not None and binding.held.binds:
            wanted = load_document({**wanted.document, "mode": new.document["mode"]}, wanted)
        if not binding.propose(wanted, trusted_now(guarded), cycle.state.locks) and not restart:
            self._messages(before, binding.loaded)
            return []
        cycle.adopt(policy_of(binding))
        guarded.keep_policy(why)
        self._messages(before, binding.loaded)
        logger.info("configuration: {}; in force now: {}", why, binding.loaded.sha256[:12])
        notices = []
        if binding.loaded.sha256 != before.sha256:
            notices.append(self._say("config", Severity.OK, f"Other limits are in force ({why})."))
        waits = [one for one in binding.held.waits if one not in waited] if binding.held is not None else []
        if waits:
            text = "; ".join(said(one) for one in waits)
            notices.append(self._say("config", Severity.WARN, f"Looser, so it waits: {text}."))
        if restart:
            text = f"Changed in the file, and in force only after a restart of the guard: {', '.join(restart)}."
            notices.append(self._say("config", Severity.WARN, text))
        missing = self._not_allowed()
        if missing:
            text = f"Not carried out until you allow it with `guard arm`: {', '.join(missing)}."
            notices.append(self._say("config", Severity.WARN, text))
        notices += [self._say("config", Severity.WARN, note) for note in binding.notes]
        binding.notes = ()
        return notices

    def _messages(self, before: Loaded, after: Loaded) -> None:
        if any(before.document.get(name) != after.document.get(name) for name in MESSAGES):
            self.messages_changed = True

    def _not_allowed(self) -> list[str]:
        return not_allowed(self._guarded.loaded.policy, self._guarded.binding.allowed)

    def _say(self, kind: str, severity: Severity, sentence: str) -> Notice:
        at = utc_now()
        notice = Notice(f"{kind}:{at}:{sentence[:40]}", at, severity, None, kind, sentence)
        self._guarded.cycle.say(notice)
        return notice


def trusted_now(guarded: Guarded) -> float:
    """UTC seconds as the engine believes them since the last look; the computer's own before the first."""
    last = guarded.cycle.state.last
    return last.trusted_s if last is not None and last.trusted_s is not None else time.time()


def _lower(new: Loaded, before: Loaded) -> bool:
    return MODES.index(str(new.document["mode"])) < MODES.index(str(before.document["mode"]))


def _waits(held: Held | None) -> tuple[object, ...]:
    return held.waits if held is not None else ()
