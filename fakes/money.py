"""How the broker turns price moves into account currency."""

from __future__ import annotations

from collections.abc import Mapping

from fakes.ledger import Quote
from fakes.symbols import BOND_MODES, CFDINDEX, COLLATERAL, FUTURES_MODES, FX_MODES, SymbolSpec

_CENTS = {"USC": ("USD", 0.01), "EUC": ("EUR", 0.01), "GBC": ("GBP", 0.01), "GBX": ("GBP", 0.01)}


def digits_of(currency: str) -> int:
    """Decimals of amounts in this currency."""
    return 0 if currency in {"JPY", "KRW", "HUF"} else 8 if currency == "BTC" else 2


class Exchange:
    """Conversion between currencies through the quotes of the broker's own FX symbols."""

    def __init__(self, specs: Mapping[str, SymbolSpec], quotes: Mapping[str, Quote]) -> None:
        self._specs, self._quotes = specs, quotes
        self._names: dict[tuple[str, str], str] = {}
        self._known = 0

    def rate(self, source: str, target: str, *, low: bool) -> float | None:
        """How much ``target`` one unit of ``source`` is, or ``None`` without a path.

        Args:
            source: currency converted from.
            target: currency converted to.
            low: ``True`` takes the side that gives less (profits), ``False`` the one that gives more (losses, margin).
        """
        source, unit = _CENTS.get(source, (source, 1.0))
        target, part = _CENTS.get(target, (target, 1.0))
        factor = unit / part
        if source == target:
            return factor
        one = self._pair(source, target, low)
        if one is not None:
            return one * factor
        first, second = self._pair(source, "USD", low), self._pair("USD", target, low)
        return None if first is None or second is None else first * second * factor

    def _pair(self, source: str, target: str, low: bool) -> float | None:
        if self._known != len(self._specs):
            self._names = {}
            for name, spec in self._specs.items():
                if spec.calc_mode in FX_MODES:
                    self._names.setdefault((spec.currency_base, spec.currency_profit), name)
            self._known = len(self._specs)
        quote = self._quotes.get(self._names.get((source, target), ""))
        if quote is not None:
            return quote.bid if low else quote.ask
        quote = self._quotes.get(self._names.get((target, source), ""))
        if quote is not None:
            return 1 / quote.ask if low else 1 / quote.bid
        return None


def value_of_move(spec: SymbolSpec, move: float, volume: float) -> float:
    """What a move of the price is worth in the symbol's profit currency."""
    if spec.calc_mode == COLLATERAL:
        return 0.0
    if spec.calc_mode in FUTURES_MODES:
        return move / spec.step * spec.tick_value * volume
    if spec.calc_mode in BOND_MODES:
        return move / 100 * spec.face_value * spec.contract_size * volume
    return move * spec.contract_size * volume


def converts_at_own_price(spec: SymbolSpec, currency: str) -> bool:
    """Whether results convert at the symbol's own price: a currency pair whose base is the account's currency."""
    base, own = _whole(spec.currency_base), _whole(currency)
    return spec.calc_mode in FX_MODES and base == own != _whole(spec.currency_profit)


def _whole(currency: str) -> str:
    """The currency whose hundredth a cent account counts in."""
    return _CENTS.get(currency, (currency, 1.0))[0]


def profit(
    exchange: Exchange, currency: str, spec: SymbolSpec, side: int, volume: float, opened: float, closed: float
) -> float | None:
    """Result of a position in account currency, rounded to its digits; ``None`` without a conversion path.

    Where the account's currency is the base of the pair, the result converts at the closing price itself. Profits
    convert at the side of the quote that gives less, losses at the one that costs more.
    """
    amount = value_of_move(spec, (closed - opened) * side, volume)
    if converts_at_own_price(spec, currency) and closed > 0:
        unit = exchange.rate(spec.currency_base, currency, low=False)
        return None if unit is None else round(amount / closed * unit, digits_of(currency))
    rate = exchange.rate(spec.currency_profit, currency, low=amount >= 0)
    return None if rate is None else round(amount * rate, digits_of(currency))


def assets(exchange: Exchange, currency: str, spec: SymbolSpec, side: int, volume: float, price: float) -> float:
    """What a collateral adds to the account's assets (below 0: to its liabilities); 0.0 for everything traded.

    Raises:
        ValueError: the broker takes a collateral that it cannot convert.
    """
    if spec.calc_mode != COLLATERAL:
        return 0.0
    rate = exchange.rate(spec.currency_profit, currency, low=side > 0)
    if rate is None:
        raise ValueError(f"no quote converts {spec.currency_profit} of {spec.name} into {currency}")
    return side * volume * spec.contract_size * price * spec.liquidity_rate * rate


def tick_values(exchange: Exchange, currency: str, spec: SymbolSpec) -> tuple[float, float]:
    """The published tick value for profits and for losses; 0.0 while no conversion is quoted, as terminals show it."""
    told = spec.calc_mode == CFDINDEX and spec.tick_value > 0
    own = spec.tick_value if told else value_of_move(spec, spec.step, 1.0)
    gain = exchange.rate(spec.currency_profit, currency, low=True)
    loss = exchange.rate(spec.currency_profit, currency, low=False)
    if gain is None or loss is None:
        return 0.0, 0.0
    return own * gain * spec.tick_value_factor, own * loss * spec.tick_value_factor
