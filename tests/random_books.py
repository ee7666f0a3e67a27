"""Random accounts on the simulated broker: every calculation mode, hedges, foreign profit currencies, both stop-outs.

Each book is drawn from its seed alone. What a terminal does not tell (margin rates, the conversion at opening) is kept
beside the book, so that the guard's formulas can be given it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import ceil

from fakes.broker import Broker
from fakes.ledger import BALANCE, Rejected
from fakes.symbols import CALC_MODES, COLLATERAL, FORTS, FUTURES_MODES, FX_MODES, STANDARD, SymbolSpec, Tier
from fakes.terms import Terms

START = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
PAIRS = tuple(name for name in STANDARD if len(name) == 6 and STANDARD[name].calc_mode == 0)
CURRENCIES = ("USD", "EUR", "GBP", "JPY", "CHF", "USD", "USC")
FOREIGN = ("USD", "EUR", "GBP", "JPY", "CHF", "AUD", "CAD")
RICH = 1e13
ZONES: tuple[int | str, ...] = (0, 7200, "us", "eu")
Convert = Callable[[Broker, str, int], float]


@dataclass(slots=True)
class Book:
    """One drawn account: its broker, the symbol to drive, and what is true of it."""

    number: int
    broker: Broker
    subject: str
    hedged: bool
    foreign: bool
    tiered: bool
    modes: set[int]
    conversions: dict[int, float] = field(default_factory=dict)

    @property
    def floating(self) -> bool:
        return self.broker.terms.margin_conversion == "floating"


def money(currency: str) -> str:
    return {"USC": "USD"}.get(currency, currency)


def _margins(chance: random.Random, spec: SymbolSpec) -> SymbolSpec:
    """Margin terms of a symbol: hedged margin of every kind, rates, fixed amounts, tiers."""
    changes: dict[str, object] = {
        "margin_hedged": chance.choice([None, spec.contract_size, spec.contract_size / 2, 0.0]),
        "hedged_use_leg": chance.random() < 0.2,
        "rate_buy": chance.choice([1.0, 1.0, 0.5, 2.0]),
        "rate_sell": chance.choice([1.0, 1.0, 0.5, 3.0]),
        "rate_pending": chance.choice([0.0, 0.0, 1.0]),
    }
    if chance.random() < 0.3:
        changes |= {"held_rate_buy": chance.choice([0.0, 0.8]), "held_rate_sell": chance.choice([0.0, 1.5])}
    if spec.calc_mode in FUTURES_MODES or chance.random() < 0.1:
        initial = round(chance.uniform(50.0, 5000.0), 2)
        held = 0.0 if spec.calc_mode == FORTS else chance.choice([0.0, round(initial * 0.75, 2)])
        changes |= {"margin_initial": initial, "margin_maintenance": held}
        changes["margin_hedged"] = chance.choice([0.0, round(initial / 2, 2), initial])
    if chance.random() < 0.02:
        changes["tiers"] = (Tier(1.0), Tier(3.0, leverage=50, factor=1.5), Tier(10.0, leverage=20, factor=3.0))
    return replace(spec, **changes)  # type: ignore[arg-type]


def _pair(chance: random.Random, mode: int, account: str, *, foreign: bool) -> SymbolSpec:
    own = money(account)
    names = [name for name in PAIRS if (STANDARD[name].currency_profit != own) == foreign]
    spec = STANDARD[chance.choice(names or list(PAIRS))]
    price = round(spec.price * chance.uniform(0.7, 1.4), spec.digits)
    return replace(spec, calc_mode=mode, price=price, contract_size=chance.choice([100_000.0, 100_000.0, 1_000.0]))


def _contract(chance: random.Random, name: str, mode: int, account: str, *, foreign: bool) -> SymbolSpec:
    own = money(account)
    currency = chance.choice([code for code in FOREIGN if code != own]) if foreign else own
    digits = chance.choice([0, 1, 2, 3])
    price = round(10 ** chance.uniform(1.3, 4.5), digits)
    point = 10.0**-digits
    step = chance.choice([point, point, point * 25 if price > 500 * point * 25 else point])
    size = chance.choice([1.0, 10.0, 100.0])
    tick_value = 0.0
    if mode in FUTURES_MODES:
        tick_value = round(step * chance.choice([1.0, 5.0, 12.5, 50.0]), 6)
    elif mode == 3:
        tick_value = step * size
    price = round(round(price / step) * step, digits)
    return SymbolSpec(
        name, price, digits, size, currency, currency, step * chance.randint(1, 12), mode, tick_size=step,
        tick_value=tick_value, face_value=1000.0 if mode in {37, 39} else 0.0,
        liquidity_rate=0.9 if mode == COLLATERAL else 0.0, path=f"Simulated\\{name}",
    )  # fmt: skip


def _symbol(chance: random.Random, number: int, mode: int, account: str, *, foreign: bool) -> SymbolSpec:
    if mode in FX_MODES:
        return _margins(chance, _pair(chance, mode, account, foreign=foreign))
    return _margins(chance, _contract(chance, f"S{number}M{mode}", mode, account, foreign=foreign))


def _broker(chance: random.Random, number: int, account: str) -> Broker:
    floating = number % 10 == 9
    made = Broker(
        balance=RICH, currency=account, leverage=chance.choice([1, 10, 30, 100, 500]),
        hedging=number % 4 != 3, start_utc=START, so_money=number % 2 == 1, so_call=0.0, so_so=0.0,
        utc_offset_s=ZONES[chance.randrange(len(ZONES))], seed=number,
        terms=Terms(margin_conversion="floating" if floating else "frozen"),
    )  # fmt: skip
    for name in PAIRS:
        made.add_symbol(STANDARD[name])
    return made


def _told(broker: Broker, name: str, side: int) -> float:
    quote = broker.quotes[name]
    rate = broker.conversion(name, side, quote.opening(side))
    assert rate is not None
    return rate


def draw(seed: int, number: int, convert: Convert = _told) -> Book:
    """Book ``number`` of this seed.

    ``convert`` says what one unit of a symbol's margin currency is worth when a position of this side opens; by default
    the broker is asked.
    """
    chance = random.Random(f"{seed} {number}")
    account = CURRENCIES[number % len(CURRENCIES)] if chance.random() < 0.8 else "USD"
    broker = _broker(chance, number, account)
    foreign = chance.random() < 0.45
    main = CALC_MODES[number % len(CALC_MODES)]
    specs = [_symbol(chance, 0, main, account, foreign=foreign)]
    for extra in range(1, chance.choice([1, 1, 2, 3, 4])):
        spec = _symbol(chance, extra, chance.choice(CALC_MODES), account, foreign=chance.random() < 0.4)
        if spec.name not in {other.name for other in specs}:
            specs.append(spec)
    for spec in specs:
        broker.add_symbol(spec)
    book = Book(
        number, broker, "", hedged=False, tiered=False, modes=set(),
        foreign=any(spec.currency_profit != money(account) for spec in specs),
    )  # fmt: skip
    _trade(chance, book, specs, convert, hedge=broker.hedging and chance.random() < 0.55)
    held = {position.symbol for position in broker.positions}
    sides = {(position.symbol, position.side) for position in broker.positions}
    book.hedged = any((name, 1) in sides and (name, -1) in sides for name in held)
    book.tiered = any(broker.specs[name].tiers for name in held)
    book.modes = {broker.specs[name].calc_mode for name in held}
    book.subject = specs[0].name
    _fund(chance, book)
    return book


def _trade(chance: random.Random, book: Book, specs: list[SymbolSpec], convert: Convert, *, hedge: bool) -> None:
    broker = book.broker
    for spec in specs:
        bias = chance.choice([1, -1]) if spec.calc_mode != COLLATERAL else 1
        least = _least(broker, spec)
        for turn in range(chance.choice([1, 1, 2, 3, 5])):
            _move(chance, broker, [spec.name, *chance.sample(PAIRS, 2)], 0.01)
            hedges = hedge and turn > 0 and spec.calc_mode != COLLATERAL and chance.random() < 0.6
            side = -bias if hedges else bias
            lots = min(500.0, round(least * chance.choice([1, 1, 10, 50]) * chance.randint(1, 12), 2))
            rate = convert(broker, spec.name, side)
            ticket = broker.open(side, spec.name, lots)
            volume = broker.position(ticket).volume
            old = book.conversions.get(ticket, 0.0)
            book.conversions[ticket] = (old * (volume - lots) + rate * lots) / volume
        if chance.random() < 0.3:
            _pend(chance, book, spec.name, convert)
    _move(chance, broker, [*{spec.name for spec in specs}, *PAIRS], 0.02)


def _least(broker: Broker, spec: SymbolSpec) -> float:
    """Lots, at least 0.01, whose tick is worth two of the smallest money step: rounding then hides no price."""
    bid = broker.quotes[spec.name].bid
    worth = broker.profit_of(spec.name, 1, 1e6, bid, bid + spec.step)
    if not worth:
        return 0.01
    lots = 2.0 / 10.0**broker.digits / (abs(worth) / 1e6)
    return float(max(0.01, ceil(lots * 100) / 100))


def _pend(chance: random.Random, book: Book, name: str, convert: Convert) -> None:
    """A pending order far from the market: it may hold margin, and is not filled on the way."""
    broker = book.broker
    spec, quote = broker.specs[name], broker.quotes[name]
    kind, times = chance.choice([(2, 0.2), (3, 5.0)])
    price = spec.round(quote.bid * times)
    try:
        ticket = broker.pending(kind, name, round(chance.randint(1, 20) * 0.01, 2), price)
        book.conversions[ticket] = convert(broker, name, 1 if kind == 2 else -1)
    except Rejected as refusal:
        if refusal.retcode not in {10015, 10016}:
            raise


def _move(chance: random.Random, broker: Broker, names: list[str], size: float) -> None:
    for name in dict.fromkeys(names):
        spec, quote = broker.specs[name], broker.quotes[name]
        bid = max(spec.step * 50, quote.bid * (1 + chance.uniform(-size, size)))
        broker.set_price(name, bid, bid + spec.spread)
    broker.advance(1.0)


def _fund(chance: random.Random, book: Book) -> None:
    """Pay out what is more than the account needs: from just above its stop-out to far from it."""
    broker = book.broker
    value = sum(_worth(broker, p.symbol, p.volume) for p in broker.positions)
    so_so = chance.choice([10.0, 20.0, 50.0, 80.0, 100.0])
    if broker.so_money:
        equity = value * chance.uniform(0.03, 0.6)
        broker.so_so = round(equity * chance.uniform(0.1, 0.97), broker.digits)
        broker.so_call = round(equity * 0.98, broker.digits)
    else:
        level = so_so * (1 + chance.choice([0.05, 0.3, 1.0, 3.0, 10.0]) * chance.uniform(0.5, 1.5))
        equity = broker.margin * level / 100 if broker.margin > 0 else value * chance.uniform(0.03, 0.5)
        broker.so_so, broker.so_call = so_so, so_so * 1.4
    if chance.random() < 0.2:
        broker.credit_in(round(equity * 0.1, broker.digits))
    broker.operate(BALANCE, round(equity - broker.equity, broker.digits), "Withdrawal")


def _worth(broker: Broker, name: str, lots: float) -> float:
    """About what a position is worth in account currency."""
    spec, bid = broker.specs[name], broker.quotes[name].bid
    result = broker.profit_of(name, 1, lots, bid, bid * 2)
    if spec.calc_mode == COLLATERAL or result is None:
        return 10_000.0 / 10.0**broker.digits
    return abs(result) * (2.0 if spec.currency_base == money(broker.currency) and spec.calc_mode in FX_MODES else 1.0)
