"""Named inputs of a calculator, checked before any formula sees them.

``null`` counts as absent. An absent input is not a fault: the results that need it are left out, and ``missing`` says
which. A value that cannot be meant (text for a number, a negative volume, infinity) is a fault with its sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from guard.model import trading
from guard.model.errors import InputError

LARGEST: Final = 1e15
SMALLEST: Final = 1e-15
"""No account, price or volume is larger (a float then no longer holds cents), and none but 0 is smaller."""

Value = float | bool | str | None
Results = dict[str, Value]


class Leg(NamedTuple):
    """One position or fill: volume in lots and its price, ``None`` when not given."""

    lots: float
    price: float | None


Check = Callable[[str, object], object]

MODES: Final = {
    "forex": trading.FOREX,
    "forexnoleverage": trading.FOREX_NO_LEVERAGE,
    "futures": trading.FUTURES,
    "cfd": trading.CFD,
    "cfdindex": trading.CFDINDEX,
    "cfdleverage": trading.CFDLEVERAGE,
    "exchstocks": trading.EXCH_STOCKS,
    "stocks": trading.EXCH_STOCKS,
    "exchfutures": trading.EXCH_FUTURES,
    "exchfuturesforts": trading.EXCH_FORTS,
    "forts": trading.EXCH_FORTS,
    "exchoptions": trading.EXCH_OPTIONS,
    "options": trading.EXCH_OPTIONS,
    "exchoptionsmargin": trading.EXCH_OPTIONS_MARGIN,
    "exchbonds": trading.EXCH_BONDS,
    "bonds": trading.EXCH_BONDS,
    "exchstocksmoex": trading.EXCH_STOCKS_MOEX,
    "exchbondsmoex": trading.EXCH_BONDS_MOEX,
    "servcollateral": trading.COLLATERAL,
    "collateral": trading.COLLATERAL,
}
"""Calculation modes by name, without underscores; MetaTrader 5's own long names work too."""

MODE_NAMES: Final = (
    "forex, forex_no_leverage, cfd, cfd_index, cfd_leverage, futures, exch_stocks, exch_futures, exch_options, "
    "exch_bonds, collateral"
)
_SIDES: Final = {"buy": 1.0, "long": 1.0, "sell": -1.0, "short": -1.0}


def number(name: str, value: object) -> float:
    """A finite number of a believable size, of any sign."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"{name} must be a number")
    if not abs(value) <= LARGEST or 0.0 < abs(value) < SMALLEST:  # also true of NaN
        raise InputError(f"{name} is too large or too small to be meant")
    return float(value)


def positive(name: str, value: object) -> float:
    """A number above 0."""
    result = number(name, value)
    if result <= 0.0:
        raise InputError(f"{name} must be above 0")
    return result


def not_negative(name: str, value: object) -> float:
    """A number of 0 or above."""
    result = number(name, value)
    if result < 0.0:
        raise InputError(f"{name} must not be negative")
    return result


def text(name: str, value: object) -> str:
    """A word; compared without regard to case."""
    if not isinstance(value, str):
        raise InputError(f"{name} must be a word")
    return value.strip().lower()


def flag(name: str, value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise InputError(f"{name} must be true or false")
    return value


def side(name: str, value: object) -> float:
    """+1.0 for buy (long), -1.0 for sell (short)."""
    word = text(name, value)
    if word not in _SIDES:
        raise InputError(f"{name} must be buy or sell")
    return _SIDES[word]


def mode(name: str, value: object) -> int:
    """A SYMBOL_TRADE_CALC_MODE by name."""
    word = text(name, value).removeprefix("symbol_calc_mode_").replace("_", "").replace(" ", "").replace("-", "")
    if word not in MODES:
        raise InputError(f"{name} must be a calculation mode: {MODE_NAMES}")
    return MODES[word]


def legs(name: str, value: object) -> tuple[Leg, ...]:
    """A list of [lots, price] pairs; a price may be null."""
    shape = f"{name} must be a list of [lots, price] pairs"
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InputError(shape)
    result = []
    for pair in value:
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise InputError(shape)
        lots, price = pair
        result.append(Leg(positive(f"{name} lots", lots), None if price is None else positive(f"{name} price", price)))
    return tuple(result)


class Given:
    """The checked inputs of one calculation, and a record of what was absent for which result."""

    def __init__(self, values: Mapping[str, object], checks: Mapping[str, Check]) -> None:
        """Check every input the category knows; others, such as symbol or account currency, are labels.

        Raises:
            InputError: A value cannot be meant.
        """
        self._values = {
            name: check(name, values[name]) for name, check in checks.items() if values.get(name) is not None
        }
        self.missing: dict[str, tuple[str, ...]] = {}

    def number(self, name: str) -> float | None:
        """A number, or ``None`` when absent."""
        value = self._values.get(name)
        return value if isinstance(value, float) else None

    def mode(self, name: str) -> int | None:
        """A calculation mode, or ``None`` when absent."""
        value = self._values.get(name)
        return value if isinstance(value, int) else None

    def word(self, name: str) -> str | None:
        """A word, or ``None`` when absent."""
        value = self._values.get(name)
        return value if isinstance(value, str) else None

    def is_set(self, name: str) -> bool:
        """Whether a true/false input is given and true."""
        return self._values.get(name) is True

    def legs(self, name: str) -> tuple[Leg, ...] | None:
        """A list of legs, or ``None`` when absent."""
        value = self._values.get(name)
        return value if isinstance(value, tuple) else None

    def lacks(self, key: str, *names: str) -> None:
        """Record that the result ``key`` is left out because these inputs are absent."""
        self.missing[key] = names

    def need(self, key: str, *names: str) -> tuple[float, ...] | None:
        """The numbers ``names`` for the result ``key``, or ``None``, recorded, when one of them is absent."""
        found = [self.number(name) for name in names]
        values = tuple(value for value in found if value is not None)
        if len(values) == len(names):
            return values
        self.lacks(key, *(name for name, value in zip(names, found, strict=True) if value is None))
        return None
