"""What a trader might do, or what might happen, applied to a snapshot one after the other.

Each move gives the snapshot the terminal would show just after it, as far as that can be told; what cannot be told is
``None`` with a gap, never a guess. Commission is charged where it is named, else left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from guard.engine.bookmargin import ESTIMATE, HEDGING, Terms, charge, terms_of
from guard.engine.revalue import at_prices, bid_of
from guard.metrics.account import Context
from guard.metrics.book import SymbolFigures, symbol_k
from guard.metrics.compute import Metrics
from guard.model.snapshot import Gap, Snapshot
from guard.model.trading import DEAL_BALANCE, Account, Deal, Position

EPS: Final = 1e-9
OUT: Final = 1


@dataclass(frozen=True, slots=True)
class Add:
    """Open ``lots`` at the market, with a stop (0.0: none)."""

    symbol: str
    side: int
    lots: float
    stop: float = 0.0


@dataclass(frozen=True, slots=True)
class Close:
    """Close a position, whole (``lots`` None) or in part."""

    ticket: int
    lots: float | None = None


@dataclass(frozen=True, slots=True)
class SetStop:
    """Set a position's stop; 0.0 takes it away."""

    ticket: int
    stop: float


@dataclass(frozen=True, slots=True)
class Pay:
    """Pay in (or out, below 0), in account currency."""

    amount: float


@dataclass(frozen=True, slots=True)
class Leverage:
    """The account's leverage becomes 1:``ratio`` for everything that is open."""

    ratio: float


@dataclass(frozen=True, slots=True)
class Prices:
    """Bids become these, all at once."""

    bids: dict[str, float] = field(default_factory=dict)


Move = Add | Close | SetStop | Pay | Leverage | Prices


@dataclass(frozen=True, slots=True)
class Projected:
    """The snapshot after the moves; ``margin_how`` is formula or estimate, ``notes`` are sentences about it."""

    snapshot: Snapshot
    margin_how: str
    notes: tuple[str, ...]


def project(snapshot: Snapshot, context: Context, moves: Sequence[Move], commission: float | None = None) -> Projected:
    """The snapshot after all moves, in their order.

    Args:
        snapshot: What is.
        context: What its figures need besides.
        moves: What is done or happens.
        commission: Charged for each lot on each side of a trade, account currency; ``None``: not known, left out.

    Raises:
        ValueError: A move cannot be made, such as closing a position that is not there; one sentence.
    """
    how, notes, number = "formula", dict[str, None](), 0
    for move in moves:
        m = Metrics(snapshot, context)
        if isinstance(move, Prices):
            snapshot = at_prices(m, move.bids)
            continue
        before, was = snapshot, terms_of(m)
        now = was
        if isinstance(move, Pay):
            snapshot = _paid(snapshot, move.amount, number)
        elif isinstance(move, Add):
            number += 1
            snapshot = _added(m, move, -number, commission)
        elif isinstance(move, Close):
            snapshot = _closed(snapshot, move, commission)
        elif isinstance(move, SetStop):
            held = _held(snapshot, move.ticket)
            snapshot = _with(snapshot, move.ticket, held._replace(sl=move.stop))
        else:
            account = snapshot.account._replace(leverage=round(move.ratio))
            snapshot, now = replace(snapshot, account=account), was._replace(leverage=move.ratio)
        snapshot, found, why = _charged(before, snapshot, was, now)
        if found == ESTIMATE:
            how = ESTIMATE
        if why:
            notes[why] = None
    return Projected(snapshot, how, tuple(notes))


def _charged(before: Snapshot, after: Snapshot, was: Terms, now: Terms) -> tuple[Snapshot, str, str]:
    """``after`` with the margin its book is charged, and how that is told."""
    same = after.positions is before.positions and was == now
    if same or before.positions is None or after.positions is None:
        margin, how, why = after.account.margin, "formula", ""
    else:
        margin, how, why = charge(before.positions, after.positions, before.account.margin, after.symbols, was, now)
    gaps = after.gaps
    if margin is None and why:
        gaps = (*gaps, Gap("whatif.margin", f"{why}: margin figures afterwards are unknown"))
    return replace(after, account=_levelled(after.account, margin), gaps=gaps), how, why


def _levelled(a: Account, margin: float | None) -> Account:
    if margin is None or a.equity is None:
        return a._replace(margin=margin, margin_free=None, margin_level=None)
    level = a.equity / margin * 100.0 if margin > 0.0 else 0.0
    return a._replace(margin=margin, margin_free=a.equity - margin, margin_level=level)


def _moved(a: Account, balance: float, equity: float) -> Account:
    return a._replace(
        balance=None if a.balance is None else a.balance + balance,
        equity=None if a.equity is None else a.equity + equity,
        profit=None if a.profit is None else a.profit + equity - balance,
    )


def _paid(snapshot: Snapshot, amount: float, number: int) -> Snapshot:
    deal = _deal(snapshot, -1000 - number, DEAL_BALANCE, profit=amount)
    return replace(snapshot, account=_moved(snapshot.account, amount, amount), deals=_told(snapshot, deal))


def _deal(snapshot: Snapshot, ticket: int, kind: int, *, profit: float, commission: float = 0.0, swap: float = 0.0,
          of: Position | None = None, lots: float = 0.0, entry: int = 0) -> Deal:  # fmt: skip
    return Deal(
        ticket=ticket, time=snapshot.server_time_s, type=kind, entry=entry,
        position_id=None if of is None else of.identifier, symbol=None if of is None else of.symbol, volume=lots,
        price=None if of is None else of.price_current, profit=profit, commission=commission, swap=swap, fee=0.0,
        reason=0, magic=None if of is None else of.magic, comment="",
    )  # fmt: skip


def _told(snapshot: Snapshot, deal: Deal) -> tuple[Deal, ...] | None:
    return None if snapshot.deals is None else (*snapshot.deals, deal)


def _held(snapshot: Snapshot, ticket: int) -> Position:
    found = next((p for p in snapshot.positions or () if p.ticket == ticket), None)
    if found is None:
        raise ValueError(f"there is no position {ticket} in this snapshot")
    return found


def _with(snapshot: Snapshot, ticket: int, row: Position | None) -> Snapshot:
    rows = ((row if p.ticket == ticket else p) for p in snapshot.positions or ())
    return replace(snapshot, positions=tuple(p for p in rows if p is not None))


def _closed(snapshot: Snapshot, move: Close, commission: float | None) -> Snapshot:
    held = _held(snapshot, move.ticket)
    volume, profit, swap = held.volume, held.profit, held.swap
    if volume is None or profit is None or swap is None:
        raise ValueError(f"the volume or the result of position {move.ticket} is unknown: closing it cannot be told")
    lots = volume if move.lots is None else move.lots
    if lots <= 0.0 or lots > volume + EPS:
        raise ValueError(f"position {move.ticket} has {volume:g} lots; {lots:g} cannot be closed of it")
    share = min(1.0, lots / volume)
    cost = lots * commission if commission is not None else 0.0
    result = (profit + swap) * share
    left = held._replace(volume=volume - lots, profit=profit * (1 - share), swap=swap * (1 - share))
    deal = _deal(
        snapshot, -2000 - move.ticket, 1 if held.side == 1 else 0, profit=profit * share, swap=swap * share,
        commission=-cost, of=held, lots=lots, entry=OUT,
    )  # fmt: skip
    out = _with(snapshot, move.ticket, left if volume - lots > EPS else None)
    return replace(out, account=_moved(out.account, result - cost, -cost), deals=_told(snapshot, deal))


def entry_of(m: Metrics, name: str) -> SymbolFigures:
    """The symbol's figures, held or not; its price is then the bid."""
    held = (m.by_symbol or {}).get(name)
    if held is not None:
        return held
    entry = SymbolFigures(name)
    entry.symbol = m.snapshot.symbols.get(name)
    symbol_k(entry, m.account.currency, m.minor_unit, m.rates, m.snapshot.asked)
    entry.price = bid_of(m.snapshot, name)
    return entry


def _added(m: Metrics, move: Add, ticket: int, commission: float | None) -> Snapshot:
    """One more position, or on a netting account more or less of the one that is held."""
    snapshot = m.snapshot
    if snapshot.positions is None:
        raise ValueError("the list of positions is missing: what one more would do cannot be told")
    bid, k = bid_of(snapshot, move.symbol), entry_of(m, move.symbol).k
    if bid is None or k is None:
        raise ValueError(
            f"{move.symbol} is not in this snapshot, which holds the symbols of open positions, pending orders and "
            "conversions; for others ask `guard calc plan` or `guard calc max-lots`"
        )
    tick, symbol = snapshot.ticks.get(move.symbol), snapshot.symbols.get(move.symbol)
    asks = [one.ask for one in (tick, symbol) if one is not None]
    ask = next((told for told in asks if told is not None and told >= bid), bid)
    opened, closes = (ask, bid) if move.side > 0 else (bid, ask)
    cost = move.lots * commission if commission is not None else 0.0
    profit = -k * (ask - bid) * move.lots
    new = Position(
        ticket=ticket, identifier=ticket, symbol=move.symbol, side=move.side, volume=move.lots, price_open=opened,
        price_current=closes, sl=move.stop, tp=0.0, profit=profit, swap=0.0, magic=0, comment="",
        time=snapshot.server_time_s, time_update=snapshot.server_time_s,
    )  # fmt: skip
    other = next((p for p in snapshot.positions if p.symbol == move.symbol), None)
    if other is None or m.account.margin_mode in (None, HEDGING):
        paid = replace(_with_commission(snapshot, new, cost), account=_moved(snapshot.account, -cost, profit - cost))
        return replace(paid, positions=(*snapshot.positions, new))
    return _netted(snapshot, other, new, cost, commission)


def _with_commission(snapshot: Snapshot, opened: Position, cost: float) -> Snapshot:
    """With the deal that explains the commission of an entry, where one is charged."""
    if cost == 0.0:
        return snapshot
    kind = 0 if opened.side == 1 else 1
    deal = _deal(snapshot, -3000 + opened.ticket, kind, profit=0.0, commission=-cost, of=opened, entry=0)
    return replace(snapshot, deals=_told(snapshot, deal))


def _netted(snapshot: Snapshot, other: Position, new: Position, cost: float, commission: float | None) -> Snapshot:
    """On a netting account the same side grows at the mean price, the other side closes first."""
    if other.volume is None or other.price_open is None or other.profit is None or new.volume is None:
        raise ValueError(f"the volume, price or result of position {other.ticket} is unknown")
    if other.side == new.side and new.price_open is not None and new.profit is not None:
        lots = other.volume + new.volume
        mean = (other.price_open * other.volume + new.price_open * new.volume) / lots
        grown = other._replace(
            volume=lots, price_open=mean, profit=other.profit + new.profit, sl=new.sl if new.sl else other.sl
        )
        out = _with(_with_commission(snapshot, other, cost), other.ticket, grown)
        return replace(out, account=_moved(snapshot.account, -cost, new.profit - cost))
    closing = min(other.volume, new.volume)
    out = _closed(snapshot, Close(other.ticket, closing), commission)
    rest = new.volume - closing
    if rest <= EPS or new.profit is None or out.positions is None:
        return out
    share = rest / new.volume
    part = new._replace(volume=rest, profit=new.profit * share)
    account = _moved(out.account, -cost * share, new.profit * share - cost * share)
    paid = replace(out, account=account, positions=(*out.positions, part))
    return _with_commission(paid, part, cost * share)


def hedge_of(entries: Iterable[SymbolFigures]) -> list[Add]:
    """The opposite of every net exposure."""
    return [
        Add(entry.name, -1 if entry.net_lots > 0.0 else 1, round(abs(entry.net_lots), 8))
        for entry in entries
        if abs(entry.net_lots) > EPS
    ]
