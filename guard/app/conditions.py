"""What the terminal, the broker and the clocks allow right now, judged on every look and said once per change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from guard.engine.elapsed import AGREE_S, pc_clock_set_by_s, server_utc_s
from guard.model.notice import Notice
from guard.model.snapshot import Snapshot
from guard.model.state import Last
from guard.model.verdict import Severity

KIND: Final = "terminal"
CLOCK: Final = "clock"
WATCHING: Final = "warn"
# How long a state must last before it is said: right after a start a terminal shows switches it is still setting.
SETTLE_S: Final = 1.0
REMIND_S: Final = 900.0
AGREED: Final = "The PC's clock and the server's clock agree again"
_HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that keeps the guard from acting, or its clock from being believed: what it is, and the way out."""

    name: str
    kind: str
    sentence: str
    over: str


API_OFF: Final = Condition(
    "api_disabled", KIND,
    "The terminal does not take orders from Python: untick 'Disable algorithmic trading via external Python API' under "
    "Tools, Options, Expert Advisors",
    "The terminal takes orders from Python again",
)  # fmt: skip
ALGO_OFF: Final = Condition(
    "algo_off", KIND,
    "AlgoTrading is off in the terminal: press the Algo Trading button (Ctrl+E) until it is green",
    "AlgoTrading is on again in the terminal",
)  # fmt: skip
BROKER_FORBIDS: Final = Condition(
    "broker_forbids", KIND,
    "The broker does not allow algorithmic trading on this account: ask the broker",
    "The broker allows algorithmic trading on this account again",
)  # fmt: skip
READ_ONLY: Final = Condition(
    "read_only", KIND,
    "This login can only look: it is the investor password, or the broker has closed the account for trading; log in "
    "with the master password if the guard is to act",
    "This login can trade again",
)  # fmt: skip


def conditions(
    snapshot: Snapshot, errors: Mapping[str, object], last: Last | None = None
) -> dict[str, Condition | None]:
    """Everything that can be judged now, by name: the condition that stands in the way, or ``None`` when it does not.

    A switch that the terminal does not show is not judged, and its name is absent.

    Args:
        snapshot: The present reading, of the right account.
        errors: What the reader said beside it.
        last: The engine's previous reading, against which a PC clock that was set is noticed.
    """
    found: dict[str, Condition | None] = {}
    terminal, account = snapshot.terminal, snapshot.account
    if terminal is not None and terminal.tradeapi_disabled is not None:
        found[API_OFF.name] = API_OFF if terminal.tradeapi_disabled else None
    if terminal is not None and terminal.trade_allowed is not None:
        found[ALGO_OFF.name] = None if terminal.trade_allowed else ALGO_OFF
    # Without a link to its server a terminal shows an account as if nothing were allowed.
    if terminal is not None and terminal.connected is True:
        if account.trade_expert is not None:
            found[BROKER_FORBIDS.name] = None if account.trade_expert else BROKER_FORBIDS
        if account.trade_allowed is not None:
            found[READ_ONLY.name] = None if account.trade_allowed else READ_ONLY
    told, server = errors.get(CLOCK), server_utc_s(snapshot)
    if isinstance(told, str):
        found[CLOCK] = Condition(CLOCK, CLOCK, told[:1].upper() + told[1:], AGREED)
    elif server is not None:
        off = server - snapshot.taken_s
        set_by = pc_clock_set_by_s(last, snapshot) if last is not None else None
        if set_by is not None:
            found[CLOCK] = _set(set_by)
        else:
            found[CLOCK] = None if abs(off) <= AGREE_S else _disagreement(off)
    return found


def hindrance(snapshot: Snapshot) -> str:
    """Why no order would be taken now, as a sentence, or an empty text. A switch that is not shown hinders nothing."""
    found = conditions(snapshot, {})
    return next((one.sentence for one in found.values() if one is not None and one.kind == KIND), "")


def _set(by_s: float) -> Condition:
    sentence = (
        f"The PC's clock was set {'forward' if by_s > 0 else 'back'} by {abs(by_s):,.0f} s, and the server's was not: "
        "no new period begins before its time by the PC's running time; set the PC's clock right (Windows: w32tm "
        "/resync), or restart the PC if it is right now"
    )
    return Condition(CLOCK, CLOCK, sentence, AGREED)


def _disagreement(off_s: float) -> Condition:
    sentence = (
        f"The PC's clock and the server's clock differ by {abs(off_s):,.0f} s: no new period begins until they agree, "
        "or until it would have begun by the PC's running time; set the PC's clock (Windows: w32tm /resync)"
    )
    return Condition(CLOCK, CLOCK, sentence, AGREED)


class Conditions:
    """Remembers what was said."""

    def __init__(self, mode: str) -> None:
        """``mode`` of the policy: a guard that only watches is not hindered by a switch, and says it once."""
        self._mode = mode
        self._since: dict[str, float] = {}
        self._told: dict[str, tuple[Condition, float]] = {}
        self._offset_s: float | None = None
        self._first = True

    def look(
        self, snapshot: Snapshot, errors: Mapping[str, object], at: str, now: float, last: Last | None = None
    ) -> list[Notice]:
        """The notices of this look.

        Args:
            snapshot: The present reading, of the right account.
            errors: What the reader said beside it.
            at: Its time as ISO text.
            now: The guard's own monotonic clock.
            last: The engine's previous reading.
        """
        judged = conditions(snapshot, errors, last)
        here = {name: condition for name, condition in judged.items() if condition is not None}
        notices = [*self._moved(snapshot, at)]
        for name in [name for name in self._told if name in judged and name not in here]:
            condition, _ = self._told.pop(name)
            notices.append(_notice(condition, f"{condition.over}.", Severity.OK, at))
        self._since = {name: self._since.get(name, now) for name in here}
        for name, condition in here.items():
            known = self._told.get(name)
            if known is None:
                if now - self._since[name] < SETTLE_S and not self._first:
                    continue
                notices.append(_notice(condition, self._words(condition), self._severity(condition), at))
                self._told[name] = condition, now
            elif condition.kind == CLOCK or self._mode == WATCHING or now - known[1] < REMIND_S:
                self._told[name] = condition, known[1]
            else:
                notices.append(_notice(condition, f"Still: {self._words(condition)}", Severity.WARN, at))
                self._told[name] = condition, now
        self._first = False
        return notices

    @property
    def standing(self) -> tuple[str, ...]:
        """What stands in the way now and has been said."""
        return tuple(self._words(condition) for condition, _ in self._told.values())

    def _severity(self, condition: Condition) -> Severity:
        """How it was when the guard began is no news to somebody who only wants to watch."""
        quiet = self._first and self._mode == WATCHING and condition.kind == KIND
        return Severity.OK if quiet else Severity.WARN

    def _words(self, condition: Condition) -> str:
        if condition.kind == CLOCK:
            return f"{condition.sentence}."
        held = "the guard could not act; it only watches" if self._mode == WATCHING else "THE GUARD CANNOT ACT"
        return f"{condition.sentence} ({held})."

    def _moved(self, snapshot: Snapshot, at: str) -> list[Notice]:
        """The server's own clock was put forward or back."""
        now, before = snapshot.server_utc_offset_s, self._offset_s
        if not snapshot.offset_confirmed or now is None:
            return []
        self._offset_s = now
        if before is None or before == now:
            return []
        sentence = (
            f"The server's clock was put {'forward' if now > before else 'back'} by {abs(now - before) / _HOUR_S:g} h "
            f"and is now {now / _HOUR_S:+g} h from UTC (summer time). Your limits' days begin in their own zones, as "
            "before."
        )
        return [Notice(f"{CLOCK}:moved:{at}", at, Severity.OK, None, CLOCK, sentence)]


def _notice(condition: Condition, sentence: str, severity: Severity, at: str) -> Notice:
    return Notice(f"{condition.kind}:{condition.name}:{at}", at, severity, None, condition.kind, sentence)
