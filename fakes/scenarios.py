"""Scripted markets by name. The same seed gives the same market to the last tick; another seed moves its instants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from fakes import scenario_calm, scenario_gap, scenario_hedge, scenario_overleverage
from fakes.broker import Broker
from fakes.scenario_kit import Run


@dataclass(frozen=True)
class Scenario:
    """A market with a trader in it.

    ``duration_s`` is simulated time; ``step_s`` is how far the clock is usually moved between two looks. ``lesson`` is
    what the story shows, in one sentence.
    """

    name: str
    title: str
    lesson: str
    duration_s: float
    build: Callable[[int], Run]
    step_s: float = 5.0
    _runs: WeakKeyDictionary[Broker, Run] = field(default_factory=WeakKeyDictionary, repr=False, compare=False)

    def start(self, seed: int) -> Broker:
        """A new account at the beginning of the story."""
        run = self.build(seed)
        self._runs[run.broker] = run
        return run.broker

    def tick(self, broker: Broker, t_s: float) -> list[str]:
        """Move the broker's clock and prices to ``t_s`` seconds since the start and let the trader act.

        The clock moves only forward: a caller that has advanced it already changes nothing.

        Returns:
            What happened, a line each: ``trader: ...``, ``broker: ...`` or ``market: ...``.
        """
        return self._runs[broker].tick(t_s)


SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "overleverage",
            "A winning trader grows too big",
            "Size came first, the loss came later: every warning was there long before the broker's margin call.",
            scenario_overleverage.DURATION_S,
            scenario_overleverage.build,
        ),
        Scenario(
            "calm",
            "A disciplined morning",
            "Small size and a stop at every trade: the guard has nothing to say.",
            scenario_calm.DURATION_S,
            scenario_calm.build,
        ),
        Scenario(
            "hedge",
            "A full hedge that is not safe",
            "Without margin the broker's figures are blind; the spread alone can open a hedge.",
            scenario_hedge.DURATION_S,
            scenario_hedge.build,
        ),
        Scenario(
            "gap",
            "All in before the news",
            "A stop is filled where the market opens again, not where it was set.",
            scenario_gap.DURATION_S,
            scenario_gap.build,
        ),
    )
}
