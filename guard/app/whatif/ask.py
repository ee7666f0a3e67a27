"""What is asked, turned into moves: first money, then trades, then leverage, then prices."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from guard.app.whatif import words
from guard.app.whatif.asked import Ask, Plan
from guard.engine.bookmargin import HEDGING
from guard.engine.moves import Add, Close, Leverage, Move, Pay, Prices, hedge_of, project
from guard.engine.revalue import bid_of
from guard.metrics.account import Context
from guard.metrics.book import SymbolFigures
from guard.metrics.compute import Metrics
from guard.metrics.convert import rate
from guard.model.errors import InputError, UsageError
from guard.model.snapshot import Snapshot
from guard.model.trading import FX_MODES, Position
from guard.settings.broker_model import BrokerSection
from guard.settings.presets import read_preset
from guard.settings.shocks import HistoricalShock, read_shock

EPS: Final = 1e-9


def plan(snapshot: Snapshot, context: Context, ask: Ask) -> Plan:
    """The moves that are asked.

    Raises:
        UsageError: Something is asked that this account cannot do.
        InputError: A named preset or shock is not there, or does not tell what is asked.
    """
    out = Plan()

    def now() -> Metrics:
        try:
            return Metrics(project(snapshot, context, out.moves, ask.commission).snapshot, context)
        except ValueError as error:
            raise UsageError(f"{error}.") from error

    _money(out, ask)
    for text in ask.close:
        closes = words.close(text, now().snapshot)
        out.moves += closes
        out.says.append(f"close {text}" if len(closes) == 1 else f"close {text} ({len(closes)} positions)")
    for text in ask.stop:
        moved = words.stop(text)
        out.moves.append(moved)
        out.says.append(f"the stop of {moved.ticket} at {moved.stop:g}" if moved.stop else f"no stop on {moved.ticket}")
    for text in ask.add:
        one = words.add(text)
        out.moves.append(one)
        out.says.append(text)
    if ask.hedge:
        m = now()
        out.rescue, out.exposed = _hedge(m, ask.hedge), _net(m)
        out.moves += out.rescue
        out.says += [f"hedge: {_word(one)}" for one in out.rescue]
    _leverage(out, ask, now)
    _prices(out, ask, now)
    now()
    return out


def _word(one: Add) -> str:
    return f"{'buy' if one.side > 0 else 'sell'} {one.lots:g} {one.symbol}"


def _money(out: Plan, ask: Ask) -> None:
    for name, amount, sign in (("deposit", ask.deposit, 1.0), ("withdraw", ask.withdraw, -1.0)):
        if amount is None:
            continue
        if not 0.0 < amount < math.inf:
            raise UsageError(f"--{name} must be above 0.")
        out.moves.append(Pay(sign * amount))
        out.says.append(f"{name} {amount:,.2f}")


def _hedge(m: Metrics, names: Iterable[str]) -> list[Add]:
    entries = m.by_symbol
    if entries is None:
        raise UsageError("--hedge: the positions are not known.")
    if m.account.margin_mode != HEDGING:
        raise UsageError("--hedge: this account nets positions: an opposite order closes. Ask with --close.")
    wanted = set(names)
    found = [one for one in hedge_of(entries.values()) if "all" in wanted or one.symbol in wanted]
    if not found:
        raise UsageError(f"--hedge {' '.join(sorted(wanted))}: no exposure is open there.")
    return found


def _leverage(out: Plan, ask: Ask, now: Callable[[], Metrics]) -> None:
    if ask.leverage is not None:
        if not 0.0 < ask.leverage < math.inf:
            raise UsageError("--leverage must be above 0: 100 is 1:100.")
        out.moves.append(Leverage(ask.leverage))
        out.says.append(f"leverage 1:{ask.leverage:g} for all positions")
    if ask.tiers is not None:
        _tiers(out, ask.tiers, now())
    if ask.cut is not None:
        name, section = _broker(ask.cut)
        ratio, when, grade = _cut(name, section)
        held = now().account.leverage
        if held is not None and held <= ratio:
            out.notes.append(f"{section.name}'s cut is to 1:{ratio:g}, the account has 1:{held:g}: nothing changes.")
            return
        out.moves.append(Leverage(ratio))
        out.says.append(f"{section.name} asks for margin at 1:{ratio:g} ({when})")
        out.notes.append(f"{section.name}'s cut is graded '{grade}'; {_reach(section)}.")


def _broker(name: str) -> tuple[str, BrokerSection]:
    wanted = name if "/" in name else f"brokers/{name}"
    try:
        found = read_preset(wanted).broker
    except ValueError as error:
        raise InputError(f"{error}") from error
    if found is None:
        raise InputError(f"{wanted} says nothing of a broker")
    return wanted, found


def _cut(name: str, broker: BrokerSection) -> tuple[float, str, str]:
    weekly = broker.weekly_cut.value
    if weekly is not None:
        when = f"{weekly.from_day} {weekly.from_time} to {weekly.to_day} {weekly.to_time} {weekly.tz}"
        return weekly.leverage, when, broker.weekly_cut.grade
    cuts = [(cut.leverage, cut.when) for cut in broker.scheduled_cuts.value or () if cut.leverage is not None]
    if not cuts:
        raise InputError(f"{name} does not say how far {broker.name} cuts leverage: give --leverage")
    return *min(cuts), broker.scheduled_cuts.grade


def _reach(broker: BrokerSection) -> str:
    told = [cut.applies_to for cut in broker.scheduled_cuts.value or ()]
    return f"it applies to {told[0]}; here it is applied to all positions" if told else "applied to all positions"


def _tiers(out: Plan, text: str, m: Metrics) -> None:
    if ":" in text:
        steps, whose = words.tiers(text), "the tiers"
    else:
        name, broker = _broker(text)
        if broker.leverage_tiers.value is None:
            raise InputError(f"{name} knows no leverage by equity: give --tiers 0:500,20000:200")
        steps = tuple(
            (tier.from_equity, math.inf if tier.leverage == "unlimited" else tier.leverage)
            for tier in broker.leverage_tiers.value
        )
        whose = f"{broker.name}'s tiers (graded '{broker.leverage_tiers.grade}')"
    equity, currency = m.account.equity, m.account.currency
    to_usd = None if currency is None else rate(m.rates, currency, "USD") if currency != "USD" else (1.0, 1.0)
    if equity is None or (to_usd is None and ":" not in text):
        raise UsageError("--tiers: the equity is not known in dollars, in which tiers are published.")
    size = equity if ":" in text or to_usd is None else equity * to_usd[0]
    fits = [ratio for frm, ratio in steps if size >= frm]
    ratio = fits[-1] if fits else steps[0][1]
    held = m.account.leverage
    if held is not None and held <= ratio:
        out.notes.append(f"{whose} allow more than the account's 1:{held:g} at this equity: nothing changes.")
        return
    if math.isinf(ratio):
        raise UsageError("--tiers: unlimited leverage tells no margin, and the account's own is unknown.")
    out.moves.append(Leverage(ratio))
    out.says.append(f"{whose} allow 1:{ratio:g} at equity {size:,.2f}")


def _prices(out: Plan, ask: Ask, now: Callable[[], Metrics]) -> None:
    for name in ask.shock:
        shock = read_shock(name)
        out.moves.append(Prices(_shocked(now(), shock, out.notes)))
        out.says.append(f"the shock {shock.name}: {shock.title}, {shock.day}")
        out.notes.append("In such a move spreads widen and stops fill where they can: the real loss is larger.")
    if ask.gap is not None:
        if not 0.0 < ask.gap < 100.0:
            raise UsageError("--gap is a percentage between 0 and 100.")
        m = now()
        exposed = _net(m) if out.exposed is None else out.exposed
        out.moves.append(Prices(_against(m, exposed, ask.gap)))
        whose = "" if out.exposed is None else " before the hedge"
        out.says.append(f"a gap of {ask.gap:g} % against every net position{whose}")
    typed = [words.price(text) for text in ask.price]
    if typed:
        m = now()
        bids: dict[str, float] = {}
        for one in typed:
            bid = bid_of(m.snapshot, one.symbol)
            if bid is None:
                raise UsageError(f"--price: {one.symbol} has no price in this snapshot.")
            bids[one.symbol] = one.bid(bid)
        out.moves.append(Prices(bids))
        out.says += [f"{name} at {bid:.6g}" for name, bid in bids.items()]
    if any(isinstance(move, Prices) for move in out.moves):
        out.notes += _on_the_way(now().snapshot)


def _shocked(m: Metrics, shock: HistoricalShock, notes: list[str]) -> dict[str, float]:
    held = {p.symbol for p in m.snapshot.positions or ()}
    bids: dict[str, float] = {}
    for name, symbol in m.snapshot.symbols.items():
        by_name = next((move for move in shock.moves if name.upper().startswith(move.symbol)), None)
        if by_name is not None:
            found: tuple[float, str] | None = by_name.factor, "listed"
        else:
            found = shock.factor(symbol.currency_base, symbol.currency_profit) if symbol.calc_mode in FX_MODES else None
        bid = bid_of(m.snapshot, name)
        if found is None or bid is None:
            if name in held:
                notes.append(f"{shock.name} tells nothing of {name}: it is left where it is.")
            continue
        bids[name] = bid * found[0]
        if name in held:
            notes.append(f"{name} {(found[0] - 1) * 100:+.2f} % ({found[1]}).")
    return bids


def _net(m: Metrics) -> dict[str, float]:
    return {name: entry.net_lots for name, entry in (m.by_symbol or {}).items() if abs(entry.net_lots) > EPS}


def _against(m: Metrics, exposed: Mapping[str, float], pct: float) -> dict[str, float]:
    bids: dict[str, float] = {}
    for name, lots in exposed.items():
        bid = bid_of(m.snapshot, name)
        if bid is not None:
            bids[name] = bid * (1.0 - math.copysign(pct, lots) / 100.0)
    return bids


def _on_the_way(snapshot: Snapshot) -> list[str]:
    """Stops and pending orders that the prices passed."""
    passed = [p.ticket for p in snapshot.positions or () if _stopped(p)]
    out = []
    if passed:
        out.append(
            f"The stop of {_tickets(passed)} lies on the way: without a gap it closes there and loses less; shown is "
            "the loss at the last price."
        )
    if snapshot.orders:
        out.append("Pending orders are left as they are, also those on the way.")
    return out


def _stopped(p: Position) -> bool:
    if not p.sl or p.price_current is None or p.side is None:
        return False
    return (p.price_current - p.sl) * p.side < 0.0


def _tickets(found: list[int]) -> str:
    shown = ", ".join("the new position" if ticket < 0 else str(ticket) for ticket in found[:5])
    return shown if len(found) <= 5 else f"{shown} and {len(found) - 5} more"


def instead(m: Metrics, hedge: Iterable[Add]) -> list[Move]:
    """The closes that take the same exposure away: of the larger side, the newest first."""
    out: list[Move] = []
    entries: dict[str, SymbolFigures] = m.by_symbol if m.by_symbol is not None else {}
    for one in hedge:
        left = one.lots
        rows = [p for p in entries[one.symbol].held if p.side == -one.side and p.volume is not None]
        for p in sorted(rows, key=lambda row: row.ticket, reverse=True):
            if left <= EPS or p.volume is None:
                break
            lots = min(left, p.volume)
            out.append(Close(p.ticket, lots))
            left -= lots
    return out
