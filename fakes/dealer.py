"""How the trade server treats a request that is correct: fills it, in part, late, at another price, or not at all.

What is scripted comes first; the rest is drawn from a generator seeded by the broker. The untouched dealer fills
everything at once at the market.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import NamedTuple

DONE, PLACED, PARTIAL = 10009, 10008, 10010


class Verdict(NamedTuple):
    """What becomes of a request.

    ``lots`` is the most that is filled now; ``slip`` is in points, adverse when positive; ``delay_s`` makes the
    answer 10008 and the execution later; ``executed`` says whether a refusal (10012, or an answer that is lost) is
    carried out all the same.
    """

    retcode: int = DONE
    lots: float = inf
    slip: int = 0
    delay_s: float = 0.0
    executed: bool = False


@dataclass(slots=True)
class Scripted:
    """A verdict for the ``nth`` to the ``nth + times - 1``-th request of this action and symbol (0 and "" are any)."""

    verdict: Verdict
    nth: int = 1
    times: int = 1
    action: int = 0
    symbol: str = ""
    seen: int = 0

    def due(self, action: int, symbol: str) -> bool:
        """Count a request; whether this verdict is meant for it."""
        if (self.action and self.action != action) or (self.symbol and self.symbol != symbol):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


@dataclass(slots=True)
class Dealer:
    """The server's temper.

    Attributes:
        seed: of everything drawn.
        slippage: most points by which a market fill, a stop or a stop order is worse than the market, drawn from 0.
        requotes: share of market orders on request or instant execution answered 10004.
        rejects: share of requests answered 10006.
        delay_s: seconds from 10008 to the execution of a market order; 0 executes at once.
        liquidity: lots filled at once, by symbol; a symbol that is not there fills everything.
    """

    seed: int = 0
    slippage: int = 0
    requotes: float = 0.0
    rejects: float = 0.0
    delay_s: float = 0.0
    liquidity: dict[str, float] = field(default_factory=dict)
    scripts: list[Scripted] = field(default_factory=list)
    _random: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = Random(f"{self.seed} dealer")

    def script(
        self, retcode: int = DONE, *, lots: float = inf, slip: int = 0, delay_s: float = 0.0, executed: bool = False,
        nth: int = 1, times: int = 1, action: int = 0, symbol: str = "",
    ) -> None:  # fmt: skip
        """Say what becomes of exactly the ``nth`` matching request from now on, and of ``times - 1`` after it."""
        verdict = Verdict(retcode, lots, slip, delay_s, executed)
        self.scripts.append(Scripted(verdict, nth, times, action, symbol))

    def decide(self, action: int, symbol: str, *, quoted: bool = False) -> Verdict:
        """The verdict on a correct request; ``quoted`` for market orders on request or instant execution."""
        due = [script for script in self.scripts if script.due(action, symbol)]
        lots = self.liquidity.get(symbol, inf)
        if due:
            return due[0].verdict._replace(lots=min(lots, due[0].verdict.lots))
        if self.rejects and self._random.random() < self.rejects:
            return Verdict(10006)
        if quoted and self.requotes and self._random.random() < self.requotes:
            return Verdict(10004)
        return Verdict(lots=lots, slip=self.slip(), delay_s=self.delay_s)

    def slip(self) -> int:
        """Points by which the next fill is worse than the market."""
        return self._random.randint(0, self.slippage) if self.slippage > 0 else 0
