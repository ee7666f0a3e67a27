"""What a changed book would be charged in margin: by the symbols' own formulas, set against what is charged now.

The terminal tells one sum for all positions, and neither margin rates nor tiers. Where the formulas explain that sum,
a change is told by them; where they do not, the change is scaled to what the account is charged, and called an
estimate.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from guard.metrics.compute import Metrics
from guard.metrics.convert import CENTS, Quotes, rate, same_money
from guard.metrics.hedging import hedged_margin, larger_leg_margin
from guard.metrics.margin import LEVERAGED_MODES, MARGIN_INPUTS, maintenance_per_lot, margin_inputs, position_margin
from guard.model.trading import COLLATERAL, EXCH_FORTS, FX_MODES, Position, Symbol

AGREES: Final = 0.02
HEDGING: Final = 2
EXACT, ESTIMATE, UNKNOWN = "formula", "estimate", "unknown"


class Side(NamedTuple):
    """All buys, or all sells, of one symbol: lots and the volume-weighted opening price."""

    lots: float
    price: float


class Charge(NamedTuple):
    """Margin of a book in account currency, how it is told, and what stands behind an estimate or an unknown."""

    margin: float | None
    how: str
    why: str = ""


class Terms(NamedTuple):
    """What margin depends on besides the positions: account leverage and currency, netting or hedging, quotes."""

    leverage: float | None
    currency: str | None
    hedging: bool
    table: Quotes


_OF: dict[str, tuple[object, Terms]] = {}


def terms_of(m: Metrics) -> Terms:
    """What margin depends on now; the same object while the same figures are asked about."""
    kept = _OF.get("last")
    if kept is None or kept[0] is not m:
        a = m.account
        kept = _OF["last"] = m, Terms(a.leverage, a.currency, a.margin_mode in (None, HEDGING), m.rates)
    return kept[1]


def sides(positions: Iterable[Position]) -> dict[str, tuple[Side, Side] | None]:
    """Buys and sells by symbol; ``None`` where a side, volume or opening price is unknown."""
    sums: dict[str, list[float] | None] = {}
    for p in positions:
        name = p.symbol if p.symbol is not None else "?"
        held = sums.setdefault(name, [0.0, 0.0, 0.0, 0.0])
        if held is None or p.side is None or p.volume is None or p.price_open is None:
            sums[name] = None
            continue
        at = 0 if p.side > 0 else 2
        held[at] += p.volume
        held[at + 1] += p.volume * p.price_open
    return {name: None if held is None else (_side(held[0], held[1]), _side(held[2], held[3]))
            for name, held in sums.items()}  # fmt: skip


def _side(lots: float, worth: float) -> Side:
    return Side(lots, worth / lots if lots > 0.0 else math.nan)


def formula(symbol: Symbol | None, book: tuple[Side, Side] | None, terms: Terms) -> float | None:
    """Margin of one symbol's buys and sells by its mode, margin rates taken as 1; ``None`` where it cannot be told."""
    if symbol is None or book is None or symbol.calc_mode is None:
        return None
    mode, (buys, sells) = symbol.calc_mode, book
    if mode == COLLATERAL or (buys.lots <= 0.0 and sells.lots <= 0.0):
        return 0.0
    if mode not in MARGIN_INPUTS:
        return None  # a mode that MetaTrader 5 does not have: the terminal is newer, or wrong
    if mode == EXCH_FORTS:
        return None  # charged by the settlement price, which is not told
    fixed = _fixed(symbol)
    needed = margin_inputs(mode, fixed)
    leverage = terms.leverage if terms.leverage is not None and terms.leverage > 0.0 else math.nan
    conversions = [_conversion(symbol, side, terms, at) for at, side in ((1, buys), (0, sells))]
    if ("leverage" in needed and math.isnan(leverage)) or any(
        found is None and side.lots > 0.0 for found, side in zip(conversions, (buys, sells), strict=True)
    ):
        return None
    buy_rate, sell_rate = (math.nan if found is None else found for found in conversions)
    size = _nan(symbol.contract_size)
    extra = fixed, _nan(symbol.tick_value), _nan(symbol.tick_size), _nan(symbol.face_value)
    one_way = [
        position_margin(mode, side.lots, size, side.price, leverage, conversion, *extra) if side.lots > 0.0 else 0.0
        for side, conversion in ((buys, buy_rate), (sells, sell_rate))
    ]
    if buys.lots <= 0.0 or sells.lots <= 0.0 or not terms.hedging:
        found = max(one_way)
    elif symbol.hedged_use_leg:
        found = larger_leg_margin(*one_way)
    elif symbol.margin_hedged is None:
        return None
    else:
        found = hedged_margin(
            mode, buys.lots, buys.price, sells.lots, sells.price, size, leverage, symbol.margin_hedged,
            buy_rate, sell_rate, *extra,
        )  # fmt: skip
    return found if math.isfinite(found) else None


def _fixed(symbol: Symbol) -> float:
    if not symbol.margin_initial:
        return 0.0
    maintenance = symbol.margin_maintenance if symbol.margin_maintenance is not None else 0.0
    return maintenance_per_lot(symbol.margin_initial, maintenance)


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _conversion(symbol: Symbol, side: Side, terms: Terms, at: int) -> float | None:
    """Account currency for one unit of margin currency: at the opening price where the pair itself converts.

    Buys convert at the ask (``at`` 1), sells at the bid (0).
    """
    own = terms.currency
    charged_in = symbol.currency_margin if symbol.currency_margin else symbol.currency_base
    if own is None or charged_in is None or symbol.calc_mode is None:
        return None
    if symbol.calc_mode in FX_MODES and charged_in == symbol.currency_base and same_money(symbol.currency_profit, own):
        return side.price * (100.0 if own in CENTS and symbol.currency_profit != own else 1.0)
    found = rate(terms.table, charged_in, own)
    return None if found is None else found[at]


class _Kept:
    """The sides and formulas of the last book that was asked about: many changes of one book are tried in a row."""

    def __init__(self) -> None:
        self._of: tuple[object, object, object] | None = None
        self._found: tuple[dict[str, tuple[Side, Side] | None], dict[str, float | None]] = {}, {}

    def of(
        self, positions: tuple[Position, ...], symbols: Mapping[str, Symbol], terms: Terms
    ) -> tuple[dict[str, tuple[Side, Side] | None], dict[str, float | None]]:
        kept = self._of
        if kept is None or kept[0] is not positions or kept[1] is not symbols or kept[2] is not terms:
            held = sides(positions)
            found = {name: formula(symbols.get(name), book, terms) for name, book in held.items()}
            self._of, self._found = (positions, symbols, terms), (held, found)
        return self._found


_KEPT: Final = _Kept()


def charge(
    before: tuple[Position, ...],
    after: Iterable[Position],
    charged: float | None,
    symbols: Mapping[str, Symbol],
    was: Terms,
    now: Terms,
) -> Charge:
    """The margin of ``after``, when ``before`` is charged ``charged`` under the terms that were.

    What leaves the book leaves its share of the charge; what comes is charged by its formula, scaled where the
    formulas do not explain the charge within 2 %.
    """
    if charged is None:
        return Charge(None, UNKNOWN, "the margin that is charged now is unknown")
    (held, first), then = _KEPT.of(before, symbols, was), sides(after)
    same = was is now
    last = {
        name: first[name] if same and book == held.get(name) else formula(symbols.get(name), book, now)
        for name, book in then.items()
    }
    for name, amount in {**first, **last}.items():
        if amount is None and (held.get(name) != then.get(name) or was.leverage != now.leverage):
            return Charge(None, UNKNOWN, f"how {name} is charged is not told: its margin is unknown")
    told = [amount for amount in first.values() if amount is not None]
    total = math.fsum(told)
    if len(told) < len(first):
        # What is not told stays as it is; what changes is charged by its formula alone.
        changed = [amount for amount in last.values() if amount is not None]
        out = max(0.0, charged + math.fsum(changed) - total)
        return Charge(out, ESTIMATE, "how part of the book is charged is not told")
    explained = abs(charged - total) <= AGREES * max(charged, total)
    scale = 1.0 if explained or total <= 0.0 else charged / total
    out = 0.0 if total > 0.0 else charged
    for name in {**first, **last}:
        had, has = first.get(name, 0.0), last.get(name, 0.0)
        if had is None or has is None:
            continue
        share = charged * had / total if total > 0.0 else 0.0
        if had > 0.0 and (has <= had or was.leverage != now.leverage):
            out += share * has / had
        else:
            out += share + (has - had) * scale
    if explained or (charged == 0.0 and total == 0.0):
        turned = next((name for name in held if held[name] != then.get(name) and _uneven(symbols, name, held)), None)
        if turned is not None:
            return Charge(out, ESTIMATE, f"the margin rates of the two sides of {turned} are not told")
        return Charge(out, EXACT)
    if total <= 0.0:
        return Charge(out, ESTIMATE, "margin is charged for something else than the positions")
    return Charge(
        out, ESTIMATE, f"the account is charged {charged / total:.2f} times what the symbols' formulas give (margin "
        "rates, tiers or pending orders), so new margin is scaled by that",
    )  # fmt: skip


def _uneven(symbols: Mapping[str, Symbol], name: str, held: Mapping[str, tuple[Side, Side] | None]) -> bool:
    """Whether a symbol is held on both sides that need not be charged alike: outside currencies, rates often differ."""
    book, symbol = held[name], symbols.get(name)
    return book is not None and min(book[0].lots, book[1].lots) > 0.0 and not leveraged(symbol)


def leveraged(symbol: Symbol | None) -> bool:
    """Whether the account's leverage divides this symbol's margin."""
    return symbol is not None and symbol.calc_mode in LEVERAGED_MODES
