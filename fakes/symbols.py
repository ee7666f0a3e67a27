"""Contract facts of simulated symbols, with a small set of well-known ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from fakes.hours import Hours

FOREX, FUTURES, CFD, CFDINDEX, CFDLEVERAGE, FOREX_NO_LEVERAGE = 0, 1, 2, 3, 4, 5
STOCKS, EXCH_FUTURES, FORTS, OPTIONS, OPTIONS_MARGIN = 32, 33, 34, 35, 36
BONDS, STOCKS_MOEX, BONDS_MOEX, COLLATERAL = 37, 38, 39, 64
CALC_MODES = (0, 1, 2, 3, 4, 5, 32, 33, 34, 35, 36, 37, 38, 39, 64)
FUTURES_MODES = frozenset({FUTURES, EXCH_FUTURES, FORTS})
BOND_MODES = frozenset({BONDS, BONDS_MOEX})
FX_MODES = frozenset({FOREX, FOREX_NO_LEVERAGE})
# SYMBOL_SWAP_MODE values of the vendor's package.
(
    SWAP_OFF, SWAP_POINTS, SWAP_BASE, SWAP_MARGIN, SWAP_DEPOSIT, SWAP_PERCENT_CURRENT, SWAP_PERCENT_OPEN,
    SWAP_REOPEN_CURRENT, SWAP_REOPEN_BID,
) = range(9)  # fmt: skip
NO_TRIPLE = 7


class Tier(NamedTuple):
    """A step of a floating margin: up to this many lots (or this much value) held, margin is charged by it.

    ``leverage`` caps the account's own, in the modes that use one; ``factor`` multiplies the margin in any mode.
    """

    up_to: float
    leverage: int = 0
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class SymbolSpec:
    """What the broker publishes about a symbol, and how the simulation moves it.

    ``price`` is the first bid; ``spread`` the usual ask - bid, in price units. ``volatility_pct`` is the usual size of
    the random move over one hour, in percent of the price; ``drift_pct`` the steady move over one hour.
    ``margin_hedged`` ``None`` means one contract, the usual value. ``tick_value`` (profit currency) is for
    futures only.
    ``hours`` ``None`` trades around the clock. ``order_mode``, ``expiration_mode`` and ``filling_mode`` are flag sets.
    ``tick_value_factor`` spoils the published tick value: brokers do publish wrong ones.
    """

    name: str
    price: float
    digits: int
    contract_size: float
    currency_base: str
    currency_profit: str
    spread: float
    calc_mode: int = FOREX
    currency_margin: str = ""
    tick_size: float = 0.0
    tick_value: float = 0.0
    tick_value_factor: float = 1.0
    volatility_pct: float = 0.15
    drift_pct: float = 0.0
    volume_min: float = 0.01
    volume_max: float = 500.0
    volume_step: float = 0.01
    volume_limit: float = 0.0
    margin_initial: float = 0.0
    margin_maintenance: float = 0.0
    margin_hedged: float | None = None
    hedged_use_leg: bool = False
    rate_buy: float = 1.0
    rate_sell: float = 1.0
    rate_pending: float = 0.0
    face_value: float = 0.0
    swap_long: float = 0.0
    swap_short: float = 0.0
    swap_mode: int = SWAP_POINTS
    swap_rollover3days: int = 3
    swap_ratios: tuple[float, ...] | None = None
    days_in_year: int = 360
    trade_mode: int = 4
    execution: int = 2
    filling_mode: int = 3
    order_mode: int = 127
    expiration_mode: int = 15
    order_gtc_mode: int = 0
    hours: Hours | None = None
    stops_level: int = 0
    freeze_level: int = 0
    path: str = ""
    description: str = ""
    selected: bool = True
    held_rate_buy: float = 0.0
    held_rate_sell: float = 0.0
    pending_rates: tuple[float, ...] | None = None
    tiers: tuple[Tier, ...] = ()
    tiers_by_value: bool = False
    settlement: float = 0.0
    liquidity_rate: float = 0.0
    accrued_interest: float = 0.0

    @property
    def point(self) -> float:
        """The smallest price step shown."""
        return float(f"1e-{self.digits}")

    @property
    def step(self) -> float:
        """The quotation step: ``tick_size``, or one point."""
        return self.tick_size if self.tick_size > 0 else self.point

    @property
    def margin_currency(self) -> str:
        """The currency in which margin is computed: the base currency for FX, else the profit currency."""
        if self.currency_margin:
            return self.currency_margin
        return self.currency_base if self.calc_mode in FX_MODES else self.currency_profit

    @property
    def hedged_size(self) -> float:
        """``margin_hedged`` with its usual value filled in."""
        return self.contract_size if self.margin_hedged is None else self.margin_hedged

    def rate(self, side: int) -> float:
        """The margin rate of a new trade of this side."""
        return self.rate_buy if side > 0 else self.rate_sell

    def held_rate(self, side: int) -> float:
        """The margin rate of an open position of this side: the maintenance rate, where 0 means the initial one."""
        own = self.held_rate_buy if side > 0 else self.held_rate_sell
        return own if own > 0 else self.rate(side)

    def rate_of(self, order_type: int) -> float:
        """The margin rate of an order by its ORDER_TYPE_* value."""
        if order_type <= 1:
            return self.rate(1 if order_type == 0 else -1)
        return self.rate_pending if self.pending_rates is None else self.pending_rates[order_type - 2]

    def nights(self, weekday: int) -> float:
        """How many nights of swap the end of this day of week (0 Sunday) charges."""
        if self.swap_ratios is not None:
            return self.swap_ratios[weekday]
        if weekday in {0, 6}:
            return 0.0
        return 3.0 if weekday == self.swap_rollover3days else 1.0

    def round(self, price: float) -> float:
        """The price on the symbol's own grid."""
        return round(round(price / self.step) * self.step, self.digits)


def _fx(name: str, price: float, digits: int, points: float) -> SymbolSpec:
    spread = points * float(f"1e-{digits}")
    return SymbolSpec(
        name, price, digits, 100_000.0, name[:3], name[3:6], spread,
        path=f"Forex\\{name}", description=f"{name[:3]} vs {name[3:6]} (simulated)",
    )  # fmt: skip


def _cfd(name: str, price: float, digits: int, size: float, spread: float, volatility: float, path: str) -> SymbolSpec:
    profit = "EUR" if name == "GER40" else "USD"
    base = name[:3] if path == "Metals" else profit
    return SymbolSpec(
        name, price, digits, size, base, profit, spread, CFDLEVERAGE, profit,
        volatility_pct=volatility, path=f"{path}\\{name}", description=f"{name} (simulated)",
    )  # fmt: skip


STANDARD: dict[str, SymbolSpec] = {
    spec.name: spec
    for spec in (
        _fx("EURUSD", 1.08450, 5, 8), _fx("GBPUSD", 1.27120, 5, 12), _fx("USDJPY", 149.850, 3, 10),
        _fx("USDCHF", 0.88340, 5, 14), _fx("AUDUSD", 0.65210, 5, 12), _fx("USDCAD", 1.36420, 5, 14),
        _fx("EURJPY", 162.510, 3, 16), _fx("EURGBP", 0.85310, 5, 12), _fx("GBPJPY", 190.490, 3, 22),
        _cfd("XAUUSD", 2650.00, 2, 100.0, 0.25, 0.35, "Metals"),
        _cfd("GER40", 19250.0, 1, 1.0, 1.5, 0.4, "Indices"),
        _cfd("BTCUSD", 68500.0, 2, 1.0, 20.0, 1.2, "Crypto"),
    )
}  # fmt: skip


def cent(spec: SymbolSpec, suffix: str = "c", size: float = 0.01) -> SymbolSpec:
    """The same symbol on a cent account: a suffix and a small contract."""
    return replace(spec, name=spec.name + suffix, contract_size=spec.contract_size * size)
