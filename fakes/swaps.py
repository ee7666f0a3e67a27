"""Roll-over at the end of a server day: swap in every mode, with triple days."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fakes import symbols as kinds
from fakes.ledger import BY_ROLLOVER, IN, OUT, Deal, Position
from fakes.money import value_of_move
from fakes.symbols import SymbolSpec

if TYPE_CHECKING:
    from fakes.broker import Broker

COMMISSION_DAILY = 8
_REOPENS = frozenset({kinds.SWAP_REOPEN_CURRENT, kinds.SWAP_REOPEN_BID})


def end_of_day(broker: Broker, weekday: int) -> None:
    """What the server does at its midnight, after a day of week (0 Sunday): swap, the day's commission, a new day."""
    roll_over(broker, weekday)
    if broker.blocked_commission > 0:
        amount, broker.blocked_commission = broker.blocked_commission, 0.0
        broker.operate(COMMISSION_DAILY, -amount, "Daily commission")
    broker.won_today = 0.0


def roll_over(broker: Broker, weekday: int) -> None:
    """Charge all positions at the end of a day of week (0 Sunday).

    A symbol that cannot be converted into the account's currency at the moment is charged nothing.
    """
    for position in broker.positions:
        spec = broker.specs[position.symbol]
        nights = spec.nights(weekday)
        swap = spec.swap_long if position.side > 0 else spec.swap_short
        if nights == 0 or swap == 0 or spec.swap_mode == kinds.SWAP_OFF:
            continue
        if spec.swap_mode in _REOPENS:
            _reopen(broker, position, swap * nights)
            continue
        amount = _in_account(broker, spec, position, swap * nights)
        if amount is not None:
            position.swap = round(position.swap + amount, broker.digits)
    broker.changed()


def _in_account(broker: Broker, spec: SymbolSpec, position: Position, swap: float) -> float | None:
    """Swap of a position in account currency, unrounded; ``None`` without a conversion path."""
    mode, lots = spec.swap_mode, position.volume
    currency = spec.currency_profit
    if mode == kinds.SWAP_POINTS:
        amount = value_of_move(spec, swap * spec.point, lots)
    elif mode in {kinds.SWAP_PERCENT_CURRENT, kinds.SWAP_PERCENT_OPEN}:
        price = position.price_open if mode == kinds.SWAP_PERCENT_OPEN else position.price_current
        amount = value_of_move(spec, price, lots) * swap / 100 / spec.days_in_year
    else:
        amount = lots * swap
        own = {
            kinds.SWAP_BASE: spec.currency_base, kinds.SWAP_MARGIN: spec.margin_currency,
            kinds.SWAP_DEPOSIT: broker.currency,
        }  # fmt: skip
        currency = own[mode]
    rate = broker.exchange.rate(currency, broker.currency, low=amount >= 0)
    return None if rate is None else amount * rate


def _reopen(broker: Broker, position: Position, points: float) -> None:
    """Close at the day's last price and open again, shifted by the swap's points: a new ticket, the same identifier.

    By the current price that is the one the position closes at; by the bid it is the bid for buys and sells alike.
    """
    spec, quote, now = broker.specs[position.symbol], broker.quotes[position.symbol], broker.server_msc
    at = quote.bid if spec.swap_mode == kinds.SWAP_REOPEN_BID else quote.closing(position.side)
    won = broker.profit_of(position.symbol, position.side, position.volume, position.price_open, at)
    opened = round(at - position.side * points * spec.point, spec.digits)
    conversion = broker.conversion(position.symbol, position.side, opened)
    if won is None or conversion is None:
        return
    broker.drop(position)
    broker.balance = round(broker.balance + won + position.swap, broker.digits)
    for entry, price, profit, swap in ((OUT, at, won, position.swap), (IN, opened, 0.0, 0.0)):
        side = position.side if entry == IN else -position.side
        broker.book(
            Deal(
                broker.ticket(), 0, now, 0 if side > 0 else 1, entry, position.symbol, position.volume, price,
                0.0, swap, profit, position.identifier, position.magic, BY_ROLLOVER, "rollover",
            )
        )  # fmt: skip
    broker.put(
        replace(
            position, ticket=broker.ticket(), price_open=opened, conversion=conversion, swap=0.0, profit=0.0,
            time_msc=now, update_msc=now,
        )
    )  # fmt: skip
