"""What a campaign came to: its last line, the table of faults and deeds, a failing seed's reproduction and trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from tests.simulation.run import Ran, run
from tests.simulation.script import DEEDS, FAULTS, Script

FROM_SEEDS = 50
CYCLES_A_DEED = 200
_MOST_RUNS = 60


class Total:
    """All seeds together."""

    def __init__(self) -> None:
        self.seeds = self.cycles = self.deeds = self.violations = self.acting = 0
        self.met, self.kinds = Counter[str](), Counter[str]()
        self.coverage = Counter[tuple[str, str]]()
        self.failed: list[Ran] = []
        self.cpu_s = 0.0

    def add(self, ran: Ran) -> None:
        """One more seed."""
        self.seeds += 1
        self.cycles += ran.cycles
        self.deeds += ran.deeds
        self.cpu_s += ran.took_s
        self.met.update(ran.met)
        self.kinds.update(ran.kinds)
        self.coverage.update(ran.coverage)
        self.violations += len(ran.violations)
        if ran.violations:
            self.failed.append(ran)

    @property
    def faults(self) -> int:
        """How often a fault had an effect."""
        return sum(self.met.values())

    def shortfalls(self) -> list[str]:
        """Why the campaign proves too little although nothing was violated; only asked of a large one."""
        if self.seeds < FROM_SEEDS:
            return []
        found = [f"fault {name} was never met" for name in FAULTS if not self.met[name]]
        if self.deeds * CYCLES_A_DEED < self.cycles:
            found.append(f"only {self.deeds} deeds in {self.cycles} cycles: fewer than one in {CYCLES_A_DEED}")
        return found

    def last_line(self) -> str:
        """The last line."""
        return (
            f"seeds={self.seeds} cycles={self.cycles} deeds={self.deeds} faults={self.faults} "
            f"violations={self.violations}"
        )

    def table(self) -> Iterable[str]:
        """How often each fault was in effect when a deed of each kind was sent, and how often it was met at all."""
        yield "fault " + "".join(f"{kind:>10}" for kind in DEEDS) + f"{'met':>10}"
        for name in FAULTS:
            cells = "".join(f"{self.coverage[name, kind]:>10}" for kind in DEEDS)
            yield f"{name:<6}{cells}{self.met[name]:>10}"
        yield "all   " + "".join(f"{self.kinds[kind]:>10}" for kind in DEEDS) + f"{self.faults:>10}"


def shrunk(script: Script, fails: Callable[[Script], bool]) -> Script:
    """The script with as few of its events as still fail, by halves and then one by one, within a bounded effort."""
    runs = 0
    size = max(1, len(script.events) // 2)
    while size >= 1 and runs < _MOST_RUNS:
        place = 0
        while place < len(script.events) and runs < _MOST_RUNS:
            smaller = script.without(set(range(place, place + size)))
            runs += 1
            if fails(smaller):
                script = smaller
            else:
                place += size
        size //= 2
    return script


def told(ran: Ran, script: Script, command: str) -> Iterable[str]:
    """A failing seed: what does not hold, the line that shows it again, and the shortest trace that was found."""
    first = ran.violations[0]
    yield f"seed {ran.seed}: {first.invariant} does not hold at cycle {first.cycle}: {first.says}"
    yield f"again: {command}"
    invariant = first.invariant

    def fails(one: Script) -> bool:
        return any(found.invariant == invariant for found in run(one).violations)

    small = shrunk(script, fails)
    again = run(small, trace=True)
    kinds = ", ".join(one["kind"] for one in small.limits)
    yield f"shrunk to {len(small.events)} of {len(script.events)} events; limits {kinds}"
    yield from (f"  {line}" for line in again.trace[-40:])
    yield from (f"  {one.invariant} at cycle {one.cycle}: {one.says}" for one in again.violations[:3])
