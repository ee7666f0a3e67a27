"""A morning in London: one good trade, then more size, a trade without a stop, averaging down, and the margin call.

The account is 10,000 USD at 1:20; gold is charged double, as brokers do with metals.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from fakes.broker import Broker
from fakes.scenario_kit import Cue, Path, Run, away
from fakes.symbols import STANDARD

START = datetime(2026, 2, 10, 8, 0, tzinfo=UTC)
DURATION_S = 4 * 3600.0

_EURUSD = (
    (0, 1.08450), (2500, 1.08640), (3300, 1.08610), (4500, 1.08560), (7200, 1.08380), (9000, 1.08120),
    (10200, 1.08010), (11400, 1.07940), (13200, 1.07800), (13900, 1.07750), (14400, 1.07760),
)  # fmt: skip
_GOLD = ((0, 2648.0), (4500, 2651.0), (7200, 2644.0), (9000, 2636.0), (11400, 2629.0), (14400, 2624.0))


class _Trader:
    """What the trader does, one method a cue."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._first = self._big = self._gold = 0

    def _buy(self, symbol: str, lots: float, sl: float = 0.0) -> tuple[int, str]:
        ticket = self._broker.open("buy", symbol, lots, sl=sl)
        price = self._broker.position(ticket).price_open
        return ticket, f"{lots:.2f} {symbol} at {price:.{self._broker.specs[symbol].digits}f}"

    def sensible(self) -> str:
        self._first, text = self._buy("EURUSD", 0.20, away(self._broker, "EURUSD", 25))
        return f"buys {text}, stop 25 pips away: about 50 USD at risk"

    def takes_profit(self) -> str:
        before = self._broker.balance
        self._broker.close(self._first)
        return f"closes with {self._broker.balance - before:+.2f} USD: easy money"

    def bigger(self) -> str:
        self._big, text = self._buy("EURUSD", 0.50, away(self._broker, "EURUSD", 40))
        return f"buys {text}: more than double the size"

    def gold_without_stop(self) -> str:
        self._gold, text = self._buy("XAUUSD", 0.05)
        return f"buys {text}, no stop: 'just a quick one'"

    def remembers_stop(self) -> str:
        self._broker.modify(self._gold, sl=away(self._broker, "XAUUSD", 60, pip=1.0), tp=0.0)
        return "gives the gold trade a stop, 60 USD below the price"

    def moves_stop(self) -> str:
        self._broker.modify(self._big, sl=away(self._broker, "EURUSD", 150), tp=0.0)
        return "moves the EURUSD stop far away: 'it will come back'"

    def averages_down(self) -> str:
        _, text = self._buy("EURUSD", 0.40, away(self._broker, "EURUSD", 140))
        return f"averages down: buys {text}"

    def adds(self) -> str:
        _, text = self._buy("EURUSD", 0.20, away(self._broker, "EURUSD", 120))
        return f"adds again: buys {text}"

    def all_in(self) -> str:
        _, text = self._buy("EURUSD", 0.35, away(self._broker, "EURUSD", 110))
        return f"all in: buys {text}"


def build(seed: int) -> Run:
    """The story with this seed: noise on the prices and the trader's own timing differ, the story does not."""
    broker = Broker(balance=10_000.0, leverage=20, start_utc=START, utc_offset_s=7200, seed=seed)
    broker.add_symbol(replace(STANDARD["EURUSD"], price=_EURUSD[0][1]))
    broker.add_symbol(replace(STANDARD["XAUUSD"], price=_GOLD[0][1], rate_buy=2.0, rate_sell=2.0))
    paths = {
        "EURUSD": Path(Random(f"{seed} EURUSD"), _EURUSD, fast=0.00009, slow=0.00011),
        "XAUUSD": Path(Random(f"{seed} XAUUSD"), _GOLD, fast=0.35, slow=0.6),
    }
    trader, rng = _Trader(broker), Random(f"{seed} trader")
    quick = 4500 + rng.uniform(-120, 120)
    cues = (
        Cue(420, 90, trader.sensible),
        Cue(2640, 90, trader.takes_profit),
        Cue(3300, 120, trader.bigger),
        Cue(quick, 0, trader.gold_without_stop),
        Cue(quick + 280, 15, trader.remembers_stop),
        Cue(6600, 120, trader.moves_stop),
        Cue(7500, 150, trader.averages_down),
        Cue(10900, 150, trader.adds),
        Cue(11600, 150, trader.all_in),
    )
    return Run(broker, paths, cues, rng)
