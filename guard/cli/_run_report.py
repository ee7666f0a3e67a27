"""What ``guard run`` prints: the banner, then one line a change; or one JSON object a line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from guard.app.arming import not_allowed
from guard.app.bootstrap import Guarded
from guard.app.cycle import Outcome
from guard.app.foreign import foreign_banner
from guard.app.status import status_enforcement
from guard.cli import output
from guard.cli._enforce_view import enforcement_lines
from guard.engine.banner import banner
from guard.engine.report import json_number
from guard.model.verdict import Severity, Verdict


def opening(guarded: Guarded, outcome: Outcome) -> list[str]:
    """The banner's sentences: whose account, what is armed, inert and inherited, and what follows from the start."""
    lines = [f"MT5 Guard watches account {guarded.account}."]
    if guarded.pinned:
        lines.append(
            "pinned  this account is the guarded one from now on; another login ends the guard with exit code 6"
        )
    foreign = foreign_banner(guarded.loaded)
    if foreign is not None:
        lines.append(f"note    {foreign}.")
    lines += banner(guarded.loaded.policy, outcome.result)
    lines += [f"note    {remark}" for remark in guarded.loaded.remarks]
    left = not_allowed(guarded.loaded.policy, guarded.binding.allowed)
    if left:
        lines.append(f"told    only told until you allow it with `guard arm`: {', '.join(left)}")
    lines += [line.strip() for line, _ in enforcement_lines(status_enforcement(guarded))]
    if outcome.blind is not None:
        lines.append(f"blind   {outcome.blind}")
    lines.append(f"files   {guarded.home.state(guarded.account)} (keep it: deleting it forgets today's loss)")
    return lines


def verdict_event(verdict: Verdict, at: str, seq: int | None) -> dict[str, Any]:
    """A verdict whose severity changed; ``seq`` is its journal row, ``None`` while it waits to be written."""
    return {
        "event": "verdict",
        "at": at,
        "limit": verdict.limit,
        "kind": verdict.kind,
        "severity": verdict.severity.name,
        "value": json_number(verdict.value),
        "threshold": json_number(verdict.threshold),
        "unit": verdict.unit,
        "utilization_pct": json_number(verdict.utilization_pct),
        "offending": list(verdict.offending),
        "inherited": verdict.inherited,
        "sentence": verdict.sentence,
        "seq": seq,
    }


class JsonReporter:
    """One JSON object a line on standard output."""

    def started(self, guarded: Guarded, outcome: Outcome) -> None:
        """The ``start`` event."""
        output.print_event({
            "event": "start",
            "at": guarded.started_at,
            "account": {"login": guarded.account.login, "server": guarded.account.server},
            "mode": guarded.loaded.policy.mode,
            "limits_from": guarded.loaded.policy.source,
            "first_start": guarded.first_start,
            "pinned": guarded.pinned,
            "blind": outcome.blind,
            "banner": opening(guarded, outcome),
            "seq": guarded.patient.last_seq,
        })

    def changed(self, outcome: Outcome) -> None:
        """A ``verdict`` event for each changed severity, a ``notice`` event for each notice."""
        for verdict in outcome.verdicts:
            output.print_event(verdict_event(verdict, outcome.at, outcome.seq))
        for notice in outcome.notices:
            output.print_event({
                "event": "notice", "at": notice.at, "limit": notice.limit, "kind": notice.kind,
                "severity": notice.severity.name, "sentence": notice.sentence, "seq": outcome.seq,
            })  # fmt: skip

    def stopped(self, reason: str, seq: int | None) -> None:
        """The ``stop`` event."""
        output.print_event({"event": "stop", "why": reason, "seq": seq})


class TextReporter:
    """Lines for a person; colour only on a terminal."""

    def __init__(self) -> None:
        """Looks at standard output once."""
        self._console = output.console()

    def started(self, guarded: Guarded, outcome: Outcome) -> None:
        """The banner."""
        for line in opening(guarded, outcome):
            self._print(line, "bold" if line.startswith("MT5 Guard") else "")
        self._print("Ctrl-C stops the guard.", "")

    def changed(self, outcome: Outcome) -> None:
        """One line a notice. What is unknown is a notice too, once it has been so for long enough."""
        for notice in outcome.notices:
            self._line(notice.at, notice.severity, notice.sentence)
        if outcome.waiting:
            self._print("         not yet in the journal: it cannot be written at the moment", "red")

    def stopped(self, reason: str, seq: int | None) -> None:
        """The last line."""
        row = f"; last journal row {seq}" if seq is not None else "; THE JOURNAL COULD NOT BE WRITTEN"
        self._print(f"Stopped ({reason}){row}.", "")

    def _line(self, at: str, severity: Severity, sentence: str) -> None:
        clock = datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")
        self._print(f"{clock} {severity.name:<7} {sentence}", output.STYLES[severity])

    def _print(self, line: str, style: str) -> None:
        self._console.print(line, style=style)
        self._console.file.flush()
