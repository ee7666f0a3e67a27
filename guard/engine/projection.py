"""The account after some deeds, and whether it would be worse off: every plan is looked at this way before it is taken.

Prices stand still: a close turns profit into balance and frees margin. Margin is the symbols' formulas scaled to what
the account is charged now, so that rates the terminal does not tell are in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from guard.actions.base import Wish
from guard.engine.debounce import is_breach
from guard.limits.base import Limit
from guard.metrics.account import is_assumed
from guard.metrics.book import SymbolFigures
from guard.metrics.compute import Metrics
from guard.model.trading import CFDLEVERAGE, FOREX, Position

EPS: Final = 1e-9
TOLERANCE: Final = 0.005  # relative: what rounding and one exit commission may make worse
_LEVERAGED: Final = frozenset({FOREX, CFDLEVERAGE})


def after(m: Metrics, wishes: Sequence[Wish], commission: Mapping[int, float]) -> Metrics | None:
    """The figures after ``wishes``; ``None`` when what they close is not known well enough.

    ``commission`` is what closing one lot costs in account currency, by identifier.
    """
    snapshot, a = m.snapshot, m.account
    if snapshot.positions is None:
        return None
    positions = {row.ticket: row for row in snapshot.positions}
    realized = cost = 0.0
    gone: set[int] = set()
    for wish in wishes:
        if wish.kind == "cancel":
            gone.add(wish.ticket)
            continue
        for ticket in (wish.ticket, wish.by):
            if ticket is None:
                continue
            held = positions.get(ticket)
            if held is None or held.volume is None or held.profit is None or held.swap is None:
                return None
            if wish.kind == "set_stop":
                positions[ticket] = held._replace(sl=wish.sl, tp=wish.tp)
                continue
            lots = held.volume if wish.lots is None else min(wish.lots, held.volume)
            share = lots / held.volume
            realized += (held.profit + held.swap) * share
            if wish.kind == "close" and held.identifier is not None:
                cost += commission.get(held.identifier, 0.0) * lots
            positions[ticket] = held._replace(
                volume=held.volume - lots, profit=held.profit * (1.0 - share), swap=held.swap * (1.0 - share)
            )
    left = tuple(row for row in positions.values() if row.volume is None or row.volume > EPS)
    if a.balance is None or a.equity is None or a.credit is None or a.margin is None:
        return None
    balance = a.balance + realized - cost
    equity = a.equity - cost if left else balance + a.credit
    margin = _margin(m, left)
    level = equity / margin * 100.0 if margin > 0.0 else 0.0
    account = a._replace(balance=balance, equity=equity, margin=margin, margin_level=level, margin_free=equity - margin)
    orders = snapshot.orders
    if orders is not None and gone:
        orders = tuple(order for order in orders if order.ticket not in gone)
    out = Metrics(replace(snapshot, account=account, positions=left, orders=orders), m.context)
    out.unprotected_s = m.unprotected_s
    return out


def _margin(m: Metrics, left: Iterable[Position]) -> float:
    """The margin charged for what is left."""
    entries = m.by_symbol
    charged = m.account.margin if m.account.margin is not None else 0.0
    if entries is None:
        return charged
    lots: dict[str, list[float]] = {}
    for row in left:
        name = row.symbol if row.symbol is not None else "?"
        both = lots.setdefault(name, [0.0, 0.0])
        if row.volume is not None and row.side is not None:
            both[0 if row.side > 0 else 1] += row.volume
    before = sum(_weight(entry, entry.buy_lots, entry.sell_lots, m) for entry in entries.values())
    now = sum(_weight(entries[name], buys, sells, m) for name, (buys, sells) in lots.items() if name in entries)
    if before <= 0.0:
        return now  # a full hedge that is charged nothing: what is left alone is charged by the formula
    return charged * now / before


def _weight(entry: SymbolFigures, buys: float, sells: float, m: Metrics) -> float:
    """What a symbol's buys and sells weigh in the margin, by its mode and its rule for pairs."""
    symbol = entry.symbol
    per_lot = (entry.k if entry.k is not None else 1.0) * (entry.price if entry.price is not None else 1.0)
    leverage = m.account.leverage
    if symbol is not None and symbol.calc_mode in _LEVERAGED and leverage:
        per_lot /= leverage
    if symbol is not None and symbol.hedged_use_leg:
        return per_lot * max(buys, sells)
    net, covered = abs(buys - sells), min(buys, sells)
    pair = 0.0
    if symbol is not None and symbol.margin_hedged is not None:
        size = symbol.margin_initial if symbol.margin_initial else symbol.contract_size
        pair = symbol.margin_hedged / size if size else 0.0
    return per_lot * (net + covered * pair)


def used(limit: Limit, m: Metrics | None) -> float | None:
    """The limit's utilization, percent points; ``None`` when it cannot be told."""
    return None if m is None else limit.evaluate(m).utilization_pct


def worse(before: Metrics, now: Metrics, limits: Iterable[Limit]) -> list[str]:
    """Why the account would be worse off, a phrase each: net exposure, margin, or a limit that guards them.

    Loss, streak, count and consistency kinds are not asked: they never stand in the way of an exit.
    """
    out: list[str] = []
    was, then = before.by_symbol, now.by_symbol
    if was is None or then is None:
        return ["what would be left is not known"]
    for name, entry in then.items():
        held = was.get(name)
        if abs(entry.net_lots) > (abs(held.net_lots) if held is not None else 0.0) + EPS:
            out.append(f"the net exposure in {name} would grow to {abs(entry.net_lots):g} lots")
    first, last = before.account.margin, now.account.margin
    if first is not None and last is not None and last > first * (1.0 + TOLERANCE) + EPS:
        out.append(f"margin would grow from {first:,.2f} to {last:,.2f}")
    for limit in limits:
        if not limit.vetoes:
            continue
        had, has = used(limit, before), used(limit, now)
        if has is None or (had is not None and has <= had * (1.0 + TOLERANCE) + 0.01):
            continue
        if had is None and not is_breach(limit, has):
            continue
        out.append(f"{limit.name} would be at {has:,.0f} % of its limit")
    return out


def stop_out_near(m: Metrics) -> bool:
    """Whether at most 20 % of equity may be lost until the broker closes; a level that is assumed does not count."""
    level, source = m.stop_out_level
    loss, equity = m.loss_to_stop_out, m.equity
    if level is None or is_assumed(source) or loss is None or equity is None:
        return False
    return equity <= 0.0 or loss / equity * 100.0 <= 20.0
