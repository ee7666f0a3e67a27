"""The account's own figures: equity, margin, levels, and whether what the terminal says can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from guard.metrics import levels
from guard.metrics.anchored import Reference
from guard.metrics.daybook import DayBook
from guard.model.lazy import lazy
from guard.model.snapshot import Gap, Snapshot
from guard.model.watched import NOTHING_WATCHED, Watched


class BrokerLevels(NamedTuple):
    """Margin levels in percent that a broker publishes: assumed only where the terminal does not tell its own.

    ``name`` is the preset; ``servers`` are the beginnings of its servers' names, empty for any server.
    """

    name: str
    servers: tuple[str, ...]
    call_pct: float | None
    stop_out_pct: float | None


def is_assumed(source: str) -> bool:
    """Whether a level's source is a guess or a preset: no deed may rest on it."""
    return source == "assumed" or "/" in source


class Caps(Protocol):
    """A regulator's margin rates."""

    @property
    def name(self) -> str:
        """Who it is."""

    def rate_pct(self, asset_class: str, symbol: str, base: str, quote: str) -> tuple[float | None, str]:
        """Percent of notional and the class, or ``None`` and the reason."""


class Context(NamedTuple):
    """What the figures need besides the snapshot: typed numbers of the policy and the engine's memory.

    ``anchors`` maps an anchor's key to what is known of it; ``flow_gap`` is the sentence about a balance step that no
    known deal explains, or empty. ``first_stops`` are the first stops by position identifier, ``days`` the trading days
    by need, ``watched`` what only some kinds remember, ``requests`` the day (UTC) and how many the guard sent in it,
    ``caps`` a regulator's margin rates.
    """

    initial: float | None = None
    margin_call_level: float | None = None
    stop_out_level: float | None = None
    target_margin_level_pct: float = 200.0
    shocks: tuple[tuple[str, float, str], ...] = ()
    gap_beyond_stop_pct: float = 0.0
    anchors: Mapping[str, Reference] = MappingProxyType({})
    entry_equity: Mapping[int, float] = MappingProxyType({})
    flow_gap: str = ""
    brokers: tuple[BrokerLevels, ...] = ()
    first_stops: Mapping[int, float] = MappingProxyType({})
    days: Mapping[str, DayBook] = MappingProxyType({})
    watched: Watched = NOTHING_WATCHED
    requests: tuple[str, int] = ("", 0)
    caps: Caps | None = None


class AccountFigures:
    """Figures that need no position's value. Money in account currency, ``_pct`` in percent points."""

    def __init__(self, snapshot: Snapshot, context: Context | None = None) -> None:
        """Figures of ``snapshot``; without ``context`` nothing is remembered and every anchor is unknown."""
        self.snapshot = snapshot
        self.context = context if context is not None else Context()
        self.account = snapshot.account
        self._gaps: dict[str, Gap] = {}

    # ---- gaps -------------------------------------------------------------------------------------------------------
    def gap(self, path: str, sentence: str) -> None:
        """Note once that something at ``path`` is missing or doubtful."""
        self._gaps.setdefault(path, Gap(path, sentence))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The snapshot's own gaps and those of the figures asked for so far."""
        return (*self.snapshot.gaps, *self._gaps.values())

    # ---- the account ------------------------------------------------------------------------------------------------
    @lazy
    def equity(self) -> float | None:
        """Equity as the terminal gives it."""
        if self.account.equity is None:
            self.gap("equity", "account.equity is missing: leverage, margin and loss figures are unknown")
        return self.account.equity

    @lazy
    def floating(self) -> float | None:
        """Equity - balance - credit; it already holds swap."""
        a = self.account
        if a.equity is None or a.balance is None or a.credit is None:
            self.gap("floating", "equity, balance or credit is missing: the floating result is unknown")
            return None
        return a.equity - a.balance - a.credit

    @lazy
    def loss_equity(self) -> float | None:
        """Equity without credit: what loss rules look at."""
        a = self.account
        return None if a.equity is None or a.credit is None else a.equity - a.credit

    # ---- what can be believed ----------------------------------------------------------------------------------------
    @lazy
    def unlinked(self) -> str:
        """Why not even the account's figures can be believed: no link to the trade server; empty when there is one."""
        terminal = self.snapshot.terminal
        if terminal is not None and terminal.connected is False:
            return "the terminal is not connected to the trade server, so what it shows may be old"
        return ""

    @lazy
    def blind(self) -> str:
        """Why the positions cannot be believed; empty when they can."""
        positions, a = self.snapshot.positions, self.account
        terminal = self.snapshot.terminal
        if self.unlinked:
            return self.unlinked
        if positions is None:
            return "the list of positions is missing or unusable"
        if positions:
            return ""
        if terminal is None or terminal.connected is not True:
            return "no positions are listed, but the terminal does not say that it is connected"
        if a.margin is None or a.equity is None or a.balance is None or a.credit is None:
            return "no positions are listed, but the account figures that would confirm it are missing"
        if a.margin > 0.0 and not self.snapshot.orders:
            return "no positions are listed, but margin is in use"
        blocked = a.commission_blocked if a.commission_blocked is not None else 0.0
        off = a.equity - a.balance - a.credit
        if min(abs(off), abs(off + blocked)) > self.minor_unit + 1e-9:
            return "no positions are listed, but equity differs from balance and credit"
        return ""

    @property
    def minor_unit(self) -> float:
        """The smallest money step of the account currency."""
        digits = self.account.currency_digits
        return float(10.0 ** -(digits if digits is not None else 2))

    # ---- margin -----------------------------------------------------------------------------------------------------
    @lazy
    def margin_blind(self) -> bool:
        """Positions are held without any margin in use (full hedge, unlimited leverage): the level says nothing."""
        return self.account.margin == 0.0 and bool(self.snapshot.positions)

    @lazy
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

    @lazy
    def margin_usage_pct(self) -> float | None:
        """Used margin / equity x 100."""
        a = self.account
        if a.margin is None or a.equity is None:
            self.gap("margin_usage_pct", "account.margin or account.equity is missing: margin usage is unknown")
            return None
        return levels.margin_usage_pct(a.equity, a.margin)

    @lazy
    def _preset(self) -> BrokerLevels | None:
        """The published levels that fit this account's server; percent mode only."""
        if self.account.so_mode != levels.PERCENT:
            return None
        server = self.account.server
        for found in self.context.brokers:
            if not found.servers or (server is not None and server.casefold().startswith(_folded(found.servers))):
                return found
        return None

    @lazy
    def call_level(self) -> tuple[float | None, str]:
        """Margin call level and where it comes from: terminal, configuration, the broker's preset, or unknown."""
        told = self.account.so_call
        if told is not None and told > 0.0:
            return told, "terminal"
        if self.context.margin_call_level is not None:
            return self.context.margin_call_level, "configuration"
        preset = self._preset
        if preset is not None and preset.call_pct is not None:
            return preset.call_pct, preset.name
        self.gap("margin_call_level", "the terminal does not tell the margin call level: set it in the configuration")
        return None, "unknown"

    @lazy
    def stop_out_level(self) -> tuple[float | None, str]:
        """Stop-out level and its source: terminal, configuration, the broker's preset, or assumed (percent mode).

        A preset's level of 0 is a level: the broker closes when equity is 0. Assumed is max(call, 50).
        """
        told = self.account.so_so
        if told is not None and told > 0.0:
            return told, "terminal"
        if self.context.stop_out_level is not None:
            return self.context.stop_out_level, "configuration"
        preset = self._preset
        if preset is not None and preset.stop_out_pct is not None:
            level = preset.stop_out_pct
            self.gap(
                "stop_out_level",
                f"the terminal does not tell the stop-out level: {level:g} % of {preset.name} is assumed (warn only)",
            )
            return level, preset.name
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

    @lazy
    def loss_to_margin_call(self) -> float | None:
        """How much equity may fall until the margin call; 0 or less when it is reached."""
        return self._loss_to(self.call_level[0], "loss_to_margin_call")

    @lazy
    def loss_to_stop_out(self) -> float | None:
        """How much equity may fall until the stop-out; 0 or less when it is reached."""
        return self._loss_to(self.stop_out_level[0], "loss_to_stop_out")


def _folded(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.casefold() for name in names)
