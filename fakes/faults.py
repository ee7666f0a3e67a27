"""Faults of the simulated terminal, scripted or seeded: on exactly the n-th call, or with a probability for each call.

Options, each one mapping or a list of them; everywhere ``call`` (a function's name, or ``*`` for all of them, which
then count together), ``nth`` (the first call that is hit, from 1) and ``times`` (how many from there), or
``probability`` and ``seed`` instead of ``nth``; or ``for_s`` (seconds from the first hit) instead of ``times``:

``none``     the call answers its failure value: ``code`` (-1). With ``after``: it was carried out all the same
``ipc``      the pipe breaks: ``code`` (-10001); every later call fails until initialize(). With ``after``: likewise
``hang``     the call blocks for ``seconds``; with ``gil`` the whole interpreter stands still. With ``after``: likewise
``crash``    the process ends, as when the extension crashes. With ``after``: likewise
``stale``    the call answers what it answered last time
``rows``     a list comes back ``how``: ``empty``, ``duplicate`` (first row twice), ``drop`` (without it), ``reverse``
``value``    ``field`` of every row, or of the record, is ``value``: a number, a text, or ``nan``, ``inf``, ``-inf``
``retcode``  the trade server answers ``code``; with ``executed`` it does it all the same
``partial``  at most ``lots`` are filled
``foreign``  someone else acts before the call: ``deed`` ``close``, ``reduce`` (by half), ``stops`` (removed) or
             ``open`` (``symbol``), on the position number ``index`` (0)
``state``    the terminal or account is otherwise: ``set``, a mapping of the session's options (``disconnected``,
             ``algo_trading``, ``switch_login_after_s``, …) and of ``fakes.rules.Rules`` (``trade_allowed``, …)
``clock``    the server's clock jumps by ``seconds``, as at a change to or from daylight saving; with ``suspend`` time
             itself does: nothing happened in between

``once`` names a file: the fault fires only if the file is not there, and makes it. So a replaced worker is spared.
"""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from fakes import fault_kinds
from fakes.fault_kinds import INCOMPATIBLE, TEXTS, CallError

if TYPE_CHECKING:
    from fakes.broker import Broker

__all__ = ["BEFORE", "INCOMPATIBLE", "KINDS", "TEXTS", "CallError", "Fault", "Faults", "read_faults"]

# What happens instead of the call or before it, and what happens to its answer.
BEFORE = ("none", "ipc", "hang", "crash", "retcode", "partial", "foreign", "state", "clock")
ANSWERS = ("stale", "rows", "value")
KINDS = (*BEFORE, *ANSWERS)
ANY = "*"
_CODES = {"ipc": -10001, "retcode": 10006}


@dataclasses.dataclass(slots=True)
class Fault:
    """One fault; what its fields mean depends on its kind."""

    kind: str
    call: str
    nth: int = 1
    times: int = 1
    for_s: float | None = None
    probability: float | None = None
    seed: int = 0
    after: bool = False
    once: str = ""
    seconds: float = 0.0
    gil: bool = False
    code: int = -1
    how: str = "empty"
    field: str = ""
    value: Any = None
    executed: bool = False
    lots: float = 0.0
    deed: str = "close"
    index: int = 0
    at: int = 0
    symbol: str = "EURUSD"
    suspend: bool = False
    set: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    began: float | None = None
    undo: dict[str, Any] | None = None
    random: Random = dataclasses.field(default_factory=Random, repr=False)

    def __post_init__(self) -> None:
        self.random.seed(f"{self.seed} {self.kind} {self.call}")

    def due(self, count: int, now: float) -> bool:
        """Whether it hits the ``count``-th call; notes that it did when it may fire only once."""
        if self.probability is not None:
            hit = self.random.random() < self.probability
        elif self.for_s is not None:
            if self.began is None and count >= self.nth:
                self.began = now
            hit = self.began is not None and now - self.began < self.for_s
        else:
            hit = self.nth <= count < self.nth + self.times
        if not hit or not self.once:
            return hit
        marker = Path(self.once)
        if marker.exists():
            return False
        marker.write_text(self.kind, encoding="utf-8")
        return True


def read_faults(options: Mapping[str, Any]) -> list[Fault]:
    """The faults among the options.

    Raises:
        ValueError: A fault is misspelt: a test that injects nothing would pass for the wrong reason.
    """
    found: list[Fault] = []
    known = {item.name for item in dataclasses.fields(Fault)} - {"began", "undo", "random", "kind"}
    for kind in KINDS:
        entries = options.get(kind)
        if entries is None:
            continue
        for entry in entries if isinstance(entries, list) else [entries]:
            if entry.keys() - known:
                raise ValueError(f"a {kind} fault has no {sorted(entry.keys() - known)}")
            usual: dict[str, Any] = {"call": "order_send" if kind in {"retcode", "partial"} else ANY}
            found.append(Fault(kind, **{**usual, "code": _CODES.get(kind, -1), **entry}))
    return found


class Faults:
    """Counts the calls and fires the faults."""

    def __init__(self, faults: list[Fault], clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` measures ``for_s``; a campaign gives its virtual one."""
        self._faults, self._clock = faults, clock
        self._counts = Counter[str]()
        self._due: list[Fault] = []
        self._last: dict[tuple[str, str], Any] = {}

    def before(self, call: str, broker: Broker | None = None, options: dict[str, Any] | None = None) -> None:
        """Note a call; block, change the world or raise when a fault is due.

        Raises:
            CallError: The call is to fail; ``ConnectionError`` instead when the pipe is to break.
        """
        if not self._faults:
            return
        self._counts[call] += 1
        self._counts[ANY] += 1
        now = self._clock()
        self._due = [
            fault for fault in self._faults if fault.call in {call, ANY} and fault.due(self._counts[fault.call], now)
        ]
        for fault in self._faults:
            over = fault.undo is not None and fault.call in {call, ANY} and not any(fault is due for due in self._due)
            if over and fault.undo is not None and broker is not None and options is not None:
                fault_kinds.otherwise(fault.undo, broker, options)
                fault.undo = None
        for fault in self._due:
            if fault.kind in BEFORE and not fault.after:
                fault_kinds.happen(fault, broker, options)

    def after(self, call: str, key: tuple[Any, ...], answer: Any) -> Any:
        """The answer as the faults leave it; ``key`` are the call's arguments, a stale answer is one to the same.

        Raises:
            CallError: The call was carried out and fails; ``ConnectionError`` instead when the pipe is to break.
        """
        if not self._faults:
            return answer
        due, self._due = self._due, []
        for fault in due:
            if fault.kind == "stale":
                answer = self._last.get((call, repr(key)), answer)
            elif fault.kind in ANSWERS:
                answer = fault_kinds.changed(fault, answer)
        self._last[call, repr(key)] = answer
        for fault in due:
            if fault.after:
                fault_kinds.happen(fault, None, None)
        return answer
