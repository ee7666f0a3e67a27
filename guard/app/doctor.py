"""``guard doctor``: look at everything the guard stands on, change nothing, and say what to mend."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from guard.app.connect import Options, TerminalFactory, connected, expected_of, first_look, load
from guard.app.doctor_computer import COMPUTER, examine_computer
from guard.app.doctor_terminal import TERMINAL, examine_answers, examine_snapshot, remedy_of
from guard.app.findings import Level, Report
from guard.app.foreign import foreign_banner
from guard.model.errors import GuardError, WrongAccountError
from guard.model.snapshot import Snapshot
from guard.model.snapshot_json import SnapshotReader
from guard.terminal.port import Examinable

if TYPE_CHECKING:
    from guard.app.stop import Stop
    from guard.terminal.port import Terminal

CONFIGURATION: Final = "configuration"
# How long the clock and the figures may take to become known, and how often is looked.
PATIENCE_S: Final = 5.0
_PERIOD_S: Final = 0.3
_SAMPLE: Final = 3


def examine(options: Options, factory: TerminalFactory, stop: Stop, tell: Callable[[str], None]) -> Report:
    """Everything, in the order in which one thing rests on another; what fails ends it with that thing's exit code.

    Args:
        options: The command line's.
        factory: Makes the terminal.
        stop: Leaves long waits when someone stops it.
        tell: Says what is being done, for somebody who waits.
    """
    report = Report()
    try:
        home, loaded = load(options)
    except GuardError as error:
        return _ended(report, CONFIGURATION, error, "correct the file and run this again: `guard config check FILE`")
    report.add(CONFIGURATION, Level.OK, f"limits from {loaded.policy.source}, mode {loaded.policy.mode}")
    banner = foreign_banner(loaded)
    if banner is not None:
        report.add(CONFIGURATION, Level.NOTE, banner)
    for remark in loaded.remarks:
        report.add(CONFIGURATION, Level.NOTE, remark)
    try:
        expected = expected_of(home, loaded)
        examine_computer(report, home, loaded)
        tell(f"reaching the terminal (at most {loaded.terminal.timeout_s:g} s) …")
        began = time.monotonic()
        with connected(factory(loaded), stop) as terminal:
            report.add(TERMINAL, Level.OK, f"reached in {time.monotonic() - began:.1f} s")
            _, snapshot, _ = first_look(terminal, expected, stop)
            tell("watching its clock and prices …")
            document, snapshot = _settled(terminal, snapshot, stop)
            tell("timing its answers …")
            if isinstance(terminal, Examinable):
                with stop.interruptible():
                    answers = terminal.examine(_sample(snapshot))
                examine_answers(report, answers, snapshot)
            examine_snapshot(report, snapshot, document, loaded)
    except WrongAccountError as error:
        return _ended(report, TERMINAL, error, "log in to the account you want to guard, or correct [account]")
    except GuardError as error:
        area = TERMINAL if error.exit_code == 5 else COMPUTER
        return _ended(report, area, error, remedy_of(str(error)))
    return report


def _ended(report: Report, area: str, error: GuardError, remedy: str) -> Report:
    report.add(area, Level.PROBLEM, str(error), remedy)
    report.stopped = error.exit_code
    return report


def _settled(terminal: Terminal, snapshot: Snapshot, stop: Stop) -> tuple[dict[str, Any], Snapshot]:
    """The first reading in which the server's clock is confirmed, or the last one within some seconds."""
    reader, deadline = SnapshotReader(), time.monotonic() + PATIENCE_S
    while True:
        with stop.interruptible():
            document = terminal.read_snapshot()
            snapshot = reader.read(document)
        if snapshot.offset_confirmed or time.monotonic() >= deadline:
            return document, snapshot
        with stop.interruptible():
            time.sleep(_PERIOD_S)


def _sample(snapshot: Snapshot) -> list[str]:
    used = [position.symbol for position in snapshot.positions or () if position.symbol is not None]
    return list(dict.fromkeys([*used, *snapshot.ticks]))[:_SAMPLE]
