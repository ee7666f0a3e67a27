"""All figures of one snapshot. Each is a number or ``None`` with a sentence in ``gaps`` saying what is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from guard.metrics import trade_risk
from guard.metrics.account import AccountFigures, Context
from guard.metrics.block import NOW
from guard.metrics.book import PositionFigures, SymbolFigures, build, rows_of
from guard.metrics.convert import Quotes, quotes
from guard.metrics.flows import REMEMBERED
from guard.metrics.leverage import effective_leverage
from guard.metrics.stopped import loss_from_here
from guard.model.lazy import lazy
from guard.model.snapshot import Gap, Snapshot

_NONE: Mapping[int, float] = MappingProxyType({})


class Metrics(AccountFigures):
    """Figures of one snapshot, computed when first asked for. Money in account currency, ``_pct`` in percent points."""

    def __init__(self, snapshot: Snapshot, context: Context | None = None) -> None:
        """Figures of ``snapshot``; without ``context`` nothing is remembered and every anchor is unknown."""
        super().__init__(snapshot, context)
        self.unprotected_s: Mapping[int, float] = {}
        self._untold: tuple[list[int], list[int]] | None = None

    # ---- the book ---------------------------------------------------------------------------------------------------
    @lazy
    def rates(self) -> Quotes:
        """Currency quotes of the symbols in hand."""
        return quotes(self.snapshot.symbols.values(), self.snapshot.ticks)

    @lazy
    def by_symbol(self) -> dict[str, SymbolFigures] | None:
        """Symbols in use; ``None`` when the book is not known."""
        s = self.snapshot
        if self.blind or s.positions is None:
            self.gap("positions", f"{self.blind}: exposure is unknown, not none")
            return None
        if s.account.currency is None:
            self.gap("account.currency", "account.currency is missing: values rest on the symbols' tick values alone")
        entries = build(s.positions, s.account, s.symbols, s.ticks, self.rates, s.asked)
        for entry in entries.values():
            if entry.flagged:
                self.gap(
                    f"symbols.{entry.name}.k",
                    f"{entry.name}: the sources for the value of a price move differ by more than 2 %; "
                    f"{entry.k:g} per 1.0 is used",
                )
            elif entry.k is None:
                self.gap(f"symbols.{entry.name}.k", entry.why)
        self._check_identity(len(s.positions), entries)
        return entries

    def _check_identity(self, count: int, entries: dict[str, SymbolFigures]) -> None:
        """Note when equity is not balance + credit + all profit and swap - blocked commission.

        Allowed are one minor unit a position and what one spread of every symbol is worth: prices move while they are
        read. More than that means that a position is missing from the list, or a figure is wrong.
        """
        a = self.account
        if a.equity is None or a.balance is None or a.credit is None:
            return
        if any(entry.collateral for entry in entries.values()):
            return  # how much of a collateral counts in the equity is the broker's
        off = a.equity - a.balance - a.credit
        if a.commission_blocked is not None:
            off += a.commission_blocked
        for entry in entries.values():
            money = entry.money if entry.money is not None else _money(entry)
            if money is None:
                return
            off -= money
        allowed = self.minor_unit * (count + 1) + 1e-9
        if -allowed <= off <= allowed:
            return
        for entry in entries.values():
            if entry.k is None or entry.spread is None:
                return
            allowed += entry.k * entry.spread * (entry.buy_lots + entry.sell_lots)
        if abs(off) > allowed:
            self.gap(
                "account.equity",
                f"equity differs by {off:+,.2f} from balance, credit and the positions' profit and swap: a position "
                "may be missing from the list",
            )

    @lazy
    def all_stopped(self) -> bool:
        """Whether the book is known and every position has a stop of its own."""
        return self.by_symbol is not None and all([entry.stopped for entry in self.by_symbol.values()])  # noqa: C419  # a list is faster

    @lazy
    def _with_stops(self) -> tuple[list[PositionFigures], list[PositionFigures]] | None:
        """All positions with value and stop, and those of them that have none."""
        if self.by_symbol is None:
            return None
        rows = rows_of(self.by_symbol)
        orders = self.snapshot.orders
        shields = trade_risk.protective(orders, self.by_symbol) if orders else frozenset()
        bare = trade_risk.assign_stops(rows, orders, shields)
        if bare:
            trade_risk.mark_covered(bare)
        return rows, bare

    @lazy
    def bare(self) -> list[PositionFigures]:
        """Positions known to have no stop; empty also when the book is not known."""
        if self.all_stopped or self._with_stops is None:
            return []
        return self._with_stops[1]

    @lazy
    def bare_rows(self) -> list[PositionFigures] | None:
        """Positions with value and stop but without risk; ``None`` when the book is not known."""
        return None if self._with_stops is None else self._with_stops[0]

    @lazy
    def top_risk_pct(self) -> float | None:
        """The riskiest trade in percent of its entry equity; ``None`` when each position must be looked at for it."""
        deals, equity = self.snapshot.deals, self.account.equity
        if not self.all_stopped or equity is None or equity <= 0.0 or not self.by_symbol:
            return None
        costs: Mapping[int, float] = REMEMBERED.entry_costs(deals) if deals is not None else _NONE
        before = self.context.entry_equity
        top = 0.0
        no_cost: list[int] = []
        no_entry: list[int] = []
        for entry in self.by_symbol.values():
            block, columns, k = entry.block, entry.columns, entry.k
            if block is None or columns is None or k is None or entry.collateral:
                return None
            risk = block.risk(k, columns[NOW] if entry.inverse else None, costs, before)
            if risk is None:
                return None
            seen, unseen, costless, unentered = risk
            top = max(top, seen)
            if unseen > top * equity:
                top = unseen / equity
            if costless:
                no_cost += costless
            if unentered:
                no_entry += unentered
        self._left_out(no_cost, no_entry)
        return top * 100.0

    def _left_out(self, no_cost: list[int], no_entry: list[int]) -> None:
        if no_cost or no_entry:
            self._untold = no_cost, no_entry

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """See ``AccountFigures.gaps``; the sentences about commission and entry equity are made only here."""
        if self._untold is not None:
            no_cost, no_entry = self._untold
            self._untold = None
            if no_cost:
                where = f"entry commission of {_tickets(no_cost)} is not among the deals"
                self.gap("commission", f"{where}: left out of the risk")
            if no_entry:
                where = f"equity before entry of {_tickets(no_entry)} was not seen"
                self.gap("entry_equity", f"{where}: the current one is used")
        return super().gaps

    @lazy
    def rows(self) -> list[PositionFigures] | None:
        """Positions with their risk; ``None`` when the book is not known."""
        rows = self.bare_rows
        if not rows:
            return rows
        deals = self.snapshot.deals
        loss = self.loss_to_stop_out
        no_cost, no_entry = trade_risk.fill_positions(
            rows,
            REMEMBERED.entry_costs(deals) if deals is not None else None,
            self.context.entry_equity,
            self.account.equity,
            None if loss is None else max(0.0, loss),
        )
        self._left_out(no_cost, no_entry)
        return rows

    @lazy
    def stop_unknown(self) -> bool:
        """Whether it is unknown of some position if it has a stop."""
        return any(row.unprotected is None for row in self.bare_rows or ())

    def since_bare(self, row: PositionFigures) -> float | None:
        """Seconds a position has been without a stop; ``None`` when unknown or when it has one."""
        identifier = row.position.identifier
        return self.unprotected_s.get(identifier) if identifier is not None and row.unprotected else None

    @lazy
    def largest_volume(self) -> float | None:
        """The largest position in lots; 0 when flat, ``None`` when the book or one volume is unknown."""
        if self.by_symbol is None:
            return None
        largest = 0.0
        for entry in self.by_symbol.values():
            if entry.block is not None:
                volume: float | None = entry.block.largest
            else:
                volumes = [position.volume for position in entry.held]
                volume = None if None in volumes else max(known for known in volumes if known is not None)
            if volume is None:
                return None
            largest = max(largest, volume)
        return largest

    @lazy
    def notional_gross(self) -> float | None:
        """Sum of the positions' notional."""
        if self.by_symbol is None:
            return None
        total = 0.0
        for entry in self.by_symbol.values():
            if entry.notional_gross is None:
                self.gap("notional", f"the notional of a position in {entry.name} is unknown: exposure is unknown")
                return None
            total += entry.notional_gross
        return total

    @lazy
    def notional_net(self) -> float | None:
        """Sum over symbols of abs(signed notional)."""
        if self.by_symbol is None:
            return None
        total = 0.0
        for entry in self.by_symbol.values():
            if entry.notional_signed is None:
                return None
            total += abs(entry.notional_signed)
        return total

    @lazy
    def effective_leverage(self) -> float | None:
        """Gross notional / equity; 0 when flat, infinite when something is held with equity 0 or less."""
        return self._leverage(self.notional_gross)

    @lazy
    def effective_leverage_net(self) -> float | None:
        """Net notional / equity."""
        return self._leverage(self.notional_net)

    def _leverage(self, value: float | None) -> float | None:
        if value is None or self.equity is None:
            return None
        return effective_leverage(value, self.equity)

    # ---- risk -------------------------------------------------------------------------------------------------------
    @lazy
    def open_risk(self) -> float | None:
        """What is lost from current prices along the worst stop path."""
        if self.all_stopped and self.by_symbol is not None:
            sum_of_all = 0.0
            for entry in self.by_symbol.values():
                loss = loss_from_here(entry)
                if loss is None:
                    break
                sum_of_all += loss
            else:
                return sum_of_all
        rows = self.rows
        if rows is None:
            return None
        total, why = trade_risk.open_risk(rows, self.loss_to_stop_out)
        if total is None:
            self.gap("open_risk", f"{why}: open risk is unknown")
        return total

    @lazy
    def open_risk_pct(self) -> float | None:
        """Open risk in percent of equity; infinite with equity 0 or less and something at risk."""
        risk, equity = self.open_risk, self.equity
        if risk is None or equity is None:
            return None
        if equity <= 0.0:
            return math.inf if self.snapshot.positions else 0.0
        return risk / equity * 100.0


def _money(entry: SymbolFigures) -> float | None:
    """Profit and swap of a symbol's positions, or ``None`` when one is unknown."""
    total = 0.0
    for position in entry.held:
        if position.profit is None or position.swap is None:
            return None
        total += position.profit + position.swap
    return total


def _tickets(tickets: list[int]) -> str:
    shown = ", ".join([str(ticket) for ticket in tickets[:5]])
    more = f" and {len(tickets) - 5} more" if len(tickets) > 5 else ""
    return f"position{'s' if len(tickets) > 1 else ''} {shown}{more}"
