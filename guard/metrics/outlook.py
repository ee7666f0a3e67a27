"""Figures nobody polls for but everybody asks: prices at stop-out, what to pay in or close, stress, worst case."""

from __future__ import annotations

import math

from guard.metrics import levels, price_level
from guard.metrics.book import SymbolFigures, is_option, symbol_k
from guard.metrics.compute import Metrics
from guard.metrics.trade_risk import loss_from, protective
from guard.metrics.value import value_of_move
from guard.model.trading import Order

CLOSE_BY = 8
STOP_LIMITS = frozenset({6, 7})


def price_at(m: Metrics, entry: SymbolFigures, loss: float | None) -> float | None:
    """The price of one symbol at which equity has fallen by ``loss`` if only that symbol moves, or ``None``."""
    if loss is None or entry.k is None or entry.price is None or entry.notional_signed is None:
        m.gap(f"symbols.{entry.name}.price_at", f"{entry.name}: the distance, value or price is unknown")
        return None
    if entry.collateral:
        m.gap(f"symbols.{entry.name}.price_at", f"{entry.name} is collateral: how much of it counts is the broker's")
        return None
    found = price_level.solve(m, entry, loss)
    if found is None:
        why = "it is fully hedged" if abs(entry.net_lots) < 1e-9 else "no price of this symbol alone reaches it"
        m.gap(f"symbols.{entry.name}.price_at", f"{entry.name}: {why}")
    return found


def adverse_move_to_stop_out_pct(m: Metrics) -> float | None:
    """Uniform adverse move of every net exposure that reaches stop-out, in percent; ``None`` without exposure."""
    loss, net = m.loss_to_stop_out, m.notional_net
    if loss is None or net is None or net <= 0.0:
        return None
    return loss / net * 100.0


def spread_to_stop_out(m: Metrics) -> float | None:
    """How many times the present spreads reach stop-out if all widen alike around unchanged middle prices."""
    if m.by_symbol is None or m.loss_to_stop_out is None:
        return None
    half = 0.0
    for entry in m.by_symbol.values():
        if entry.k is None or entry.spread is None or entry.notional_signed is None:
            m.gap("spread_to_stop_out", f"the spread of {entry.name} is unknown")
            return None
        half += (entry.buy_lots + entry.sell_lots) * entry.k * entry.spread / 2.0
    return None if half <= 0.0 else 1.0 + m.loss_to_stop_out / half


def deposit_to_level(m: Metrics) -> float | None:
    """Money to pay in to reach the chosen margin level."""
    a = m.account
    if a.equity is None or a.margin is None:
        return None
    return levels.deposit_to_level(a.equity, a.margin, m.context.target_margin_level_pct)


def lots_to_close_to_level(m: Metrics) -> dict[str, float] | None:
    """Lots to close per symbol, the same share of each, to reach the chosen margin level; ``None`` for hedged books."""
    a = m.account
    if m.by_symbol is None or a.equity is None or a.margin is None:
        return None
    if any(entry.notional_signed is None for entry in m.by_symbol.values()):
        m.gap("lots_to_close_to_level", "the side, volume or value of a position is unknown")
        return None
    if any(entry.buy_lots > 0.0 and entry.sell_lots > 0.0 for entry in m.by_symbol.values()):
        m.gap(
            "lots_to_close_to_level",
            "part of the book is hedged: closing one leg may raise margin, no simple share helps",
        )
        return None
    share = levels.share_to_close_to_level(a.equity, a.margin, m.context.target_margin_level_pct)
    if share is None:
        m.gap("lots_to_close_to_level", "equity is used up: no closing reaches the level")
        return None
    return {name: share * (entry.buy_lots + entry.sell_lots) for name, entry in m.by_symbol.items()}


def exposure_by_symbol(m: Metrics) -> dict[str, float | None] | None:
    """Signed notional by symbol."""
    return None if m.by_symbol is None else {name: entry.notional_signed for name, entry in m.by_symbol.items()}


def exposure_by_currency(m: Metrics) -> dict[str, float] | None:
    """Signed exposure by currency: of FX pairs the base leg plus, the quote leg minus; other assets have no legs."""
    if m.by_symbol is None:
        return None
    out: dict[str, float] = {}
    for entry in m.by_symbol.values():
        symbol = entry.symbol
        if symbol is None or symbol.currency_base is None or symbol.currency_profit is None or symbol.calc_mode is None:
            m.gap("exposure_by_currency", f"the currencies or the kind of {entry.name} are unknown")
            return None
        if entry.asset_class != "forex":
            continue
        if entry.notional_signed is None:
            m.gap("exposure_by_currency", f"the notional of {entry.name} is unknown")
            return None
        out[symbol.currency_base] = out.get(symbol.currency_base, 0.0) + entry.notional_signed
        out[symbol.currency_profit] = out.get(symbol.currency_profit, 0.0) - entry.notional_signed
    return out


def exposure_by_asset_class(m: Metrics) -> dict[str, float] | None:
    """Signed notional by asset class."""
    if m.by_symbol is None:
        return None
    out: dict[str, float] = {}
    for entry in m.by_symbol.values():
        if entry.notional_signed is None or entry.symbol is None or entry.symbol.calc_mode is None:
            m.gap("exposure_by_asset_class", f"the notional or the kind of {entry.name} is unknown")
            return None
        if is_option(entry):
            m.gap(f"symbols.{entry.name}.option", f"{entry.name} is an option: its notional is its premium")
        out[entry.asset_class] = out.get(entry.asset_class, 0.0) + entry.notional_signed
    return out


def worst_case(m: Metrics) -> float | None:
    """Open risk, plus every exposure-raising pending filled and stopped, plus the configured gap beyond each stop."""
    total, rows, orders = m.open_risk, m.rows, m.snapshot.orders
    if total is None or rows is None or orders is None:
        if orders is None:
            m.gap("worst_case", "the list of pending orders is missing")
        return None
    entries = m.by_symbol if m.by_symbol is not None else {}
    shields = protective(orders, entries)
    bare = any(row.unprotected and not row.covered for row in rows)
    gap = m.context.gap_beyond_stop_pct / 100.0
    total += sum(row.notional * gap for row in rows if row.notional is not None and not row.unprotected)
    for order in orders:
        if order.ticket in shields or order.volume == 0.0 or order.type == CLOSE_BY:
            continue
        found = _pending_loss(m, order, entries)
        if found is None:
            m.gap("worst_case", f"price, side, stop or value of pending order {order.ticket} is unknown")
            return None
        if found < 0.0:
            if not bare:
                bare = True
                if m.loss_to_stop_out is None:
                    return None
                total += max(0.0, m.loss_to_stop_out)
            continue
        total += found * (1.0 + gap)
    return total


def _pending_loss(m: Metrics, order: Order, entries: dict[str, SymbolFigures]) -> float | None:
    """Loss of a pending order filled and stopped; -1 when it has no stop; ``None`` when unknown."""
    price = order.price_stoplimit if order.type in STOP_LIMITS else order.price_open
    name, side, stop, lots = order.symbol, order.side, order.sl, order.volume
    if name is None or side is None or lots is None or price is None or price <= 0.0 or stop is None:
        return None
    if stop == 0.0:
        return -1.0
    entry = entries.get(name)
    if entry is None:
        entry = SymbolFigures(name)
        entry.symbol = m.snapshot.symbols.get(name)
        symbol_k(entry, m.account.currency, m.minor_unit, m.rates, m.snapshot.asked)
    if entry.k is None:
        return None
    now = entry.price if entry.price is not None else order.price_current
    return loss_from(entry.k, now if now else price, price, stop, side, lots, inverse=entry.inverse)


def stress(m: Metrics) -> list[dict[str, float | str | None]] | None:
    """Equity, margin level and what would be owed below zero after each configured shock (margin as charged).

    A shock of ``*`` moves every net exposure against the account by its percentage; others move what they name by a
    signed percentage: a symbol, a currency (against the account currency), or an asset class.
    """
    if m.by_symbol is None or m.equity is None:
        return None
    out: list[dict[str, float | str | None]] = []
    for target, pct, name in m.context.shocks:
        change: float | None = 0.0
        for entry in m.by_symbol.values():
            part = _shocked(entry, target, pct)
            change = None if part is None or change is None else change + part
        equity = None if change is None else m.equity + change
        margin = m.account.margin
        level = levels.margin_level_pct(equity, margin) if equity is not None and margin is not None else None
        owed = None if equity is None else max(0.0, -equity)
        if equity is None:
            m.gap("stress", f"what {name or target} would do is unknown: a symbol's contract or price is missing")
        out.append({"shock": name or f"{target} {pct:+g} %", "equity": equity, "margin_level_pct": level, "owed": owed})
    return out


def _shocked(entry: SymbolFigures, target: str, pct: float) -> float | None:
    net, price, k, symbol = entry.net_lots, entry.price, entry.k, entry.symbol
    signed = pct
    if target == "*":
        signed = -math.copysign(abs(pct), net)
    elif symbol is None and target != entry.name:
        return None
    elif symbol is not None and entry.asset_class == "forex" and target == symbol.currency_profit:
        signed = (1.0 / (1.0 + pct / 100.0) - 1.0) * 100.0 if pct > -100.0 else math.inf
    elif target not in {entry.name, entry.asset_class} and (
        symbol is None or entry.asset_class != "forex" or target != symbol.currency_base
    ):
        return 0.0
    if entry.notional_signed is None or price is None or k is None or not math.isfinite(signed):
        return None
    if net == 0.0:
        return 0.0
    moved = max(0.0, price * (1.0 + signed / 100.0))
    return value_of_move(k, price, price, moved, inverse=entry.inverse) * entry.moving_lots
