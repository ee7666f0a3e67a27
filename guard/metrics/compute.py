"""All figures of one snapshot. Each is a number or ``None`` with a sentence in ``gaps`` saying what is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from guard.metrics import levels, trade_risk
from guard.metrics.anchored import Reference
from guard.metrics.book import PositionFigures, SymbolFigures, build
from guard.metrics.convert import Quotes, quotes
from guard.metrics.flows import entry_costs
from guard.metrics.leverage import effective_leverage
from guard.model.snapshot import Gap, Snapshot


@dataclass(frozen=True, slots=True)
class Context:
    """What the figures need besides the snapshot: typed numbers of the policy and the engine's memory.

    ``anchors`` maps an anchor's key to what is known of it; ``flow_gap`` is the sentence about a balance step that no
    known deal explains, or empty.
    """

    initial: float | None = None
    margin_call_level: float | None = None
    stop_out_level: float | None = None
    target_margin_level_pct: float = 200.0
    shocks: tuple[tuple[str, float, str], ...] = ()
    gap_beyond_stop_pct: float = 0.0
    anchors: Mapping[str, Reference] = field(default_factory=dict)
    entry_equity: Mapping[int, float] = field(default_factory=dict)
    flow_gap: str = ""


class Metrics:
    """Figures of one snapshot, computed when first asked for. Money in account currency, ``_pct`` in percent points."""

    def __init__(self, snapshot: Snapshot, context: Context | None = None) -> None:
        """Figures of ``snapshot``; without ``context`` nothing is remembered and every anchor is unknown."""
        self.snapshot = snapshot
        self.context = context if context is not None else Context()
        self.account = snapshot.account
        self._gaps: dict[str, Gap] = {}
        self.bare: list[PositionFigures] = []
        self.unprotected_s: Mapping[int, float] = {}

    # ---- gaps -------------------------------------------------------------------------------------------------------
    def gap(self, path: str, sentence: str) -> None:
        """Note once that something at ``path`` is missing or doubtful."""
        self._gaps.setdefault(path, Gap(path, sentence))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The snapshot's own gaps and those of the figures asked for so far."""
        return (*self.snapshot.gaps, *self._gaps.values())

    # ---- the account ------------------------------------------------------------------------------------------------
    @cached_property
    def equity(self) -> float | None:
        """Equity as the terminal gives it."""
        if self.account.equity is None:
            self.gap("equity", "account.equity is missing: leverage, margin and loss figures are unknown")
        return self.account.equity

    @cached_property
    def floating(self) -> float | None:
        """Equity - balance - credit; it already holds swap."""
        a = self.account
        if a.equity is None or a.balance is None or a.credit is None:
            self.gap("floating", "equity, balance or credit is missing: the floating result is unknown")
            return None
        return a.equity - a.balance - a.credit

    @cached_property
    def loss_equity(self) -> float | None:
        """Equity without credit: what loss rules look at."""
        a = self.account
        return None if a.equity is None or a.credit is None else a.equity - a.credit

    # ---- the book ---------------------------------------------------------------------------------------------------
    @cached_property
    def blind(self) -> str:
        """Why the positions cannot be believed; empty when they can."""
        positions, a = self.snapshot.positions, self.account
        terminal = self.snapshot.terminal
        if positions is None:
            return "the list of positions is missing or unusable"
        if terminal is not None and terminal.connected is False:
            return "the terminal is not connected to the trade server, so what it lists may be old"
        if positions:
            return ""
        if terminal is None or terminal.connected is not True:
            return "no positions are listed, but the terminal does not say that it is connected"
        if a.margin is None or a.equity is None or a.balance is None or a.credit is None:
            return "no positions are listed, but the account figures that would confirm it are missing"
        if a.margin > 0.0 and not self.snapshot.orders:
            return "no positions are listed, but margin is in use"
        if abs(a.equity - a.balance - a.credit) > self.minor_unit + 1e-9:
            return "no positions are listed, but equity differs from balance and credit"
        return ""

    @property
    def minor_unit(self) -> float:
        """The smallest money step of the account currency."""
        digits = self.account.currency_digits
        return float(10.0 ** -(digits if digits is not None else 2))

    @cached_property
    def rates(self) -> Quotes:
        """Currency quotes of the symbols in hand."""
        return quotes(self.snapshot.symbols.values(), self.snapshot.ticks)

    @cached_property
    def _book(self) -> tuple[list[PositionFigures], dict[str, SymbolFigures]] | None:
        s = self.snapshot
        if self.blind or s.positions is None:
            self.gap("positions", f"{self.blind}: exposure is unknown, not none")
            return None
        rows, entries = build(s.positions, s.account, s.symbols, s.ticks, self.rates, s.asked)
        for entry in entries.values():
            if entry.flagged:
                self.gap(
                    f"symbols.{entry.name}.k",
                    f"{entry.name}: the sources for the value of a price move differ by more than 2 %; "
                    f"{entry.k:g} per 1.0 is used",
                )
            elif entry.k is None:
                self.gap(f"symbols.{entry.name}.k", entry.why)
        shields = trade_risk.protective(s.orders, entries) if s.orders else frozenset()
        self.bare = trade_risk.assign_stops(rows, s.orders, shields)
        if self.bare:
            trade_risk.mark_covered(self.bare)
        return rows, entries

    @cached_property
    def bare_rows(self) -> list[PositionFigures] | None:
        """Positions with value and stop but without risk; ``None`` when the book is not known."""
        return None if self._book is None else self._book[0]

    @cached_property
    def by_symbol(self) -> dict[str, SymbolFigures] | None:
        """Symbols in use; ``None`` when the book is not known."""
        return None if self._book is None else self._book[1]

    @cached_property
    def rows(self) -> list[PositionFigures] | None:
        """Positions with their risk; ``None`` when the book is not known."""
        rows = self.bare_rows
        if not rows:
            return rows
        deals = self.snapshot.deals
        loss = self.loss_to_stop_out
        no_cost, no_entry = trade_risk.fill_positions(
            rows,
            entry_costs(deals) if deals is not None else None,
            self.context.entry_equity,
            self.account.equity,
            None if loss is None else max(0.0, loss),
        )
        if no_cost:
            self.gap(
                "commission", f"entry commission of {_tickets(no_cost)} is not among the deals: left out of the risk"
            )
        if no_entry:
            self.gap(
                "entry_equity", f"equity before entry of {_tickets(no_entry)} was not seen: the current one is used"
            )
        return rows

    @cached_property
    def stop_unknown(self) -> bool:
        """Whether it is unknown of some position if it has a stop."""
        return any(row.unprotected is None for row in self.bare_rows or ())

    def since_bare(self, row: PositionFigures) -> float | None:
        """Seconds a position has been without a stop; ``None`` when unknown or when it has one."""
        identifier = row.position.identifier
        return self.unprotected_s.get(identifier) if identifier is not None and row.unprotected else None

    @cached_property
    def largest_volume(self) -> float | None:
        """The largest position in lots; 0 when flat, ``None`` when the book or one volume is unknown."""
        rows = self.bare_rows
        if rows is None:
            return None
        largest = 0.0
        for row in rows:
            volume = row.position[4]
            if volume is None:
                return None
            largest = max(largest, volume)
        return largest

    @cached_property
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

    @cached_property
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

    @cached_property
    def effective_leverage(self) -> float | None:
        """Gross notional / equity; 0 when flat, infinite when something is held with equity 0 or less."""
        return self._leverage(self.notional_gross)

    @cached_property
    def effective_leverage_net(self) -> float | None:
        """Net notional / equity."""
        return self._leverage(self.notional_net)

    def _leverage(self, value: float | None) -> float | None:
        if value is None or self.equity is None:
            return None
        return effective_leverage(value, self.equity)

    # ---- margin -----------------------------------------------------------------------------------------------------
    @cached_property
    def margin_blind(self) -> bool:
        """Positions are held without any margin in use (full hedge, unlimited leverage): the level says nothing."""
        return self.account.margin == 0.0 and bool(self.snapshot.positions)

    @cached_property
    def margin_level_pct(self) -> float | None:
        """The terminal's margin level while margin is in use, checked against equity / margin; else ``None``."""
        a = self.account
        if a.margin is None or a.equity is None:
            self.gap("margin_level_pct", "account.margin or account.equity is missing: the margin level is unknown")
            return None
        own = levels.margin_level_pct(a.equity, a.margin)
        if own is None:
            return None
        told = a.margin_level
        if told is not None and abs(told - own) > 0.005 * max(abs(own), 1.0):
            self.gap(
                "margin_level_pct", f"the terminal says {told:.2f} %, equity / margin is {own:.2f} %: the lower is used"
            )
            return min(told, own)
        return own

    @cached_property
    def margin_usage_pct(self) -> float | None:
        """Used margin / equity x 100."""
        a = self.account
        if a.margin is None or a.equity is None:
            self.gap("margin_usage_pct", "account.margin or account.equity is missing: margin usage is unknown")
            return None
        return levels.margin_usage_pct(a.equity, a.margin)

    @cached_property
    def call_level(self) -> tuple[float | None, str]:
        """Margin call level and where it comes from: terminal, configuration, or unknown."""
        told = self.account.so_call
        if told is not None and told > 0.0:
            return told, "terminal"
        if self.context.margin_call_level is not None:
            return self.context.margin_call_level, "configuration"
        self.gap("margin_call_level", "the terminal does not tell the margin call level: set it in the configuration")
        return None, "unknown"

    @cached_property
    def stop_out_level(self) -> tuple[float | None, str]:
        """Stop-out level and where it comes from: terminal, configuration, or assumed max(call, 50) in percent mode."""
        told = self.account.so_so
        if told is not None and told > 0.0:
            return told, "terminal"
        if self.context.stop_out_level is not None:
            return self.context.stop_out_level, "configuration"
        if self.account.so_mode == levels.PERCENT:
            call = self.call_level[0]
            level = max(call, 50.0) if call is not None else 50.0
            self.gap(
                "stop_out_level", f"the terminal does not tell the stop-out level: {level:g} % is assumed (warn only)"
            )
            return level, "assumed"
        self.gap("stop_out_level", "the terminal does not tell the stop-out amount: set it in the configuration")
        return None, "unknown"

    def _loss_to(self, level: float | None, name: str) -> float | None:
        a = self.account
        if level is None or a.equity is None or a.margin is None or a.so_mode is None:
            self.gap(name, "equity, margin, the level or its mode is missing: the distance is unknown")
            return None
        return levels.loss_to_level(level, a.equity, a.margin, a.so_mode)

    @cached_property
    def loss_to_margin_call(self) -> float | None:
        """How much equity may fall until the margin call; 0 or less when it is reached."""
        return self._loss_to(self.call_level[0], "loss_to_margin_call")

    @cached_property
    def loss_to_stop_out(self) -> float | None:
        """How much equity may fall until the stop-out; 0 or less when it is reached."""
        return self._loss_to(self.stop_out_level[0], "loss_to_stop_out")

    # ---- risk -------------------------------------------------------------------------------------------------------
    @cached_property
    def open_risk(self) -> float | None:
        """What is lost from current prices along the worst stop path."""
        rows = self.rows
        if rows is None:
            return None
        total, why = trade_risk.open_risk(rows, self.loss_to_stop_out)
        if total is None:
            self.gap("open_risk", f"{why}: open risk is unknown")
        return total

    @cached_property
    def open_risk_pct(self) -> float | None:
        """Open risk in percent of equity; infinite with equity 0 or less and something at risk."""
        risk, equity = self.open_risk, self.equity
        if risk is None or equity is None:
            return None
        if equity <= 0.0:
            return math.inf if self.snapshot.positions else 0.0
        return risk / equity * 100.0


def _tickets(tickets: list[int]) -> str:
    shown = ", ".join(str(ticket) for ticket in tickets[:5])
    more = f" and {len(tickets) - 5} more" if len(tickets) > 5 else ""
    return f"position{'s' if len(tickets) > 1 else ''} {shown}{more}"
