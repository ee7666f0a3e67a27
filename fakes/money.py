"""How the broker turns price moves into account currency."""

from __future__ import annotations

from collections.abc import Mapping

from fakes.ledger import Quote
from fakes.symbols import FUTURES_MODES, FX_MODES, SymbolSpec

_CENTS = {"USC": ("USD", 0.01), "EUC": ("EUR", 0.01), "GBX": ("GBP", 0.01)}
_COLLATERAL = 64


def digits_of(currency: str) -> int:
    """Decimals of amounts in this currency."""
    return 0 if currency in {"JPY", "KRW", "HUF"} else 8 if currency == "BTC" else 2


class Exchange:
    """Conversion between currencies through the quotes of the broker's own FX symbols."""

    def __init__(self, specs: Mapping[str, SymbolSpec], quotes: Mapping[str, Quote]) -> None:
        self._specs, self._quotes = specs, quotes

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
        for name, spec in self._specs.items():
            if spec.calc_mode not in FX_MODES or name not in self._quotes:
                continue
            quote = self._quotes[name]
            if (spec.currency_base, spec.currency_profit) == (source, target):
                return quote.bid if low else quote.ask
            if (spec.currency_base, spec.currency_profit) == (target, source):
                return 1 / quote.ask if low else 1 / quote.bid
        return None


def profit_in_quote(spec: SymbolSpec, side: int, volume: float, opened: float, closed: float) -> float:
    """Result of a position in the symbol's profit currency."""
    move = (closed - opened) * side
    if spec.calc_mode == _COLLATERAL:
        return 0.0
    if spec.calc_mode in FUTURES_MODES:
        return move / spec.step * spec.tick_value * volume
    if spec.calc_mode in {37, 39}:
        return move * spec.contract_size * spec.face_value / 100 * volume
    return move * spec.contract_size * volume


def profit(
    exchange: Exchange, currency: str, spec: SymbolSpec, side: int, volume: float, opened: float, closed: float
) -> float | None:
    """Result of a position in account currency, rounded to its digits; ``None`` without a conversion path.

    Where the account's currency is the base of the pair, the result converts at the closing price itself.
    """
    amount = profit_in_quote(spec, side, volume, opened, closed)
    if spec.currency_base == currency != spec.currency_profit and spec.calc_mode in FX_MODES and closed > 0:
        return round(amount / closed, digits_of(currency))
    rate = exchange.rate(spec.currency_profit, currency, low=amount >= 0)
    return None if rate is None else round(amount * rate, digits_of(currency))


def tick_values(exchange: Exchange, currency: str, spec: SymbolSpec) -> tuple[float, float]:
    """The published tick value for profits and for losses; 0.0 while no conversion is quoted, as terminals show it."""
    own = spec.tick_value if spec.calc_mode in FUTURES_MODES else spec.step * spec.contract_size
    gain = exchange.rate(spec.currency_profit, currency, low=True)
    loss = exchange.rate(spec.currency_profit, currency, low=False)
    if gain is None or loss is None:
        return 0.0, 0.0
    return own * gain * spec.tick_value_factor, own * loss * spec.tick_value_factor
