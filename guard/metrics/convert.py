"""Currency rates out of the symbols in hand, and what kind of asset a symbol is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from guard.model.trading import EXCH_STOCKS, EXCH_STOCKS_MOEX, FX_MODES, Symbol, Tick

CENTS = {"USC": "USD", "EUC": "EUR", "GBC": "GBP"}
METALS = frozenset({"XAU", "XAG", "XPT", "XPD", "GOLD", "SILVER"})
CRYPTO = frozenset({"BTC", "ETH", "LTC", "XRP", "BCH", "ADA", "SOL", "DOG", "DOGE", "BNB", "DOT", "XBT", "TRX", "XLM"})
ENERGY = ("energ", "oil", "brent", "wti", "natgas", "gas")
INDEX = ("indic", "index", "indices")
SHARE = ("stock", "share", "equit")

Quotes = dict[tuple[str, str], tuple[float, float]]


def asset_class(symbol: Symbol) -> str:
    """``forex``, ``metal``, ``crypto``, ``index``, ``share``, ``energy`` or ``other``, from what the symbol says."""
    return _asset_class(symbol.currency_base, symbol.currency_profit, symbol.path, symbol.calc_mode)


@lru_cache(maxsize=4096)
def _asset_class(base: str | None, profit: str | None, where: str | None, calc_mode: int | None) -> str:
    if base in METALS:
        return "metal"
    if base in CRYPTO:
        return "crypto"
    path = where.lower() if where is not None else ""
    if "metal" in path and base == profit:
        return "metal"
    if "crypto" in path:
        return "crypto"
    if calc_mode in {EXCH_STOCKS, EXCH_STOCKS_MOEX} or any(word in path for word in SHARE):
        return "share"
    if any(word in path for word in INDEX):
        return "index"
    if any(word in path for word in ENERGY):
        return "energy"
    if calc_mode in FX_MODES and base is not None and profit is not None and base != profit:
        return "forex"
    return "other"


def same_money(one: str | None, other: str | None) -> bool:
    """Whether two codes are one currency; a cent account (USC) is in its currency (USD)."""
    return one is not None and other is not None and CENTS.get(one, one) == CENTS.get(other, other)


def quotes(symbols: Iterable[Symbol], ticks: Mapping[str, Tick]) -> Quotes:
    """(base, profit) to (bid, ask) for every FX-like symbol with prices."""
    out: Quotes = {}
    for symbol in symbols:
        base, profit = symbol.currency_base, symbol.currency_profit
        if base is None or profit is None or base == profit or symbol.calc_mode not in FX_MODES:
            continue
        tick = ticks.get(symbol.name)
        bid, ask = (tick.bid, tick.ask) if tick is not None else (symbol.bid, symbol.ask)
        if bid is not None and ask is not None and bid > 0.0 and ask > 0.0:
            out.setdefault((base, profit), (bid, ask))
    return out


def rate(table: Quotes, frm: str, to: str) -> tuple[float, float] | None:
    """Low and high rate of one unit of ``frm`` in ``to``: direct, inverse, cents, or over one third currency.

    The high side is what a loss converts at, the low side what a profit converts at. ``None``: no path.
    """
    if frm in CENTS and to != frm:
        inner = rate(table, CENTS[frm], to)
        return None if inner is None else (inner[0] / 100.0, inner[1] / 100.0)
    if to in CENTS and to != frm:
        inner = rate(table, frm, CENTS[to])
        return None if inner is None else (inner[0] * 100.0, inner[1] * 100.0)
    found = _one_step(table, frm, to)
    if found is not None:
        return found
    for middle in ("USD", "EUR", *sorted({code for pair in table for code in pair})):
        first = _one_step(table, frm, middle)
        second = _one_step(table, middle, to)
        if first is not None and second is not None:
            return first[0] * second[0], first[1] * second[1]
    return None


def _one_step(table: Quotes, frm: str, to: str) -> tuple[float, float] | None:
    if frm == to:
        return 1.0, 1.0
    direct = table.get((frm, to))
    if direct is not None:
        return direct
    inverse = table.get((to, frm))
    if inverse is not None:
        return 1.0 / inverse[1], 1.0 / inverse[0]
    return None
