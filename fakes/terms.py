"""Terms of the account's group on margin, money and stop-out: what a broker sets and a terminal does not tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from fakes.hours import Hours

_DAY_MSC = 86_400_000
_WEEK_MSC = 7 * _DAY_MSC
_THURSDAY_MSC = 3 * _DAY_MSC  # weeks begin on Monday; server milliseconds began on a Thursday


@dataclass(frozen=True, slots=True)
class MarginChange:
    """A scheduled change of margin on the server's clock: every weekend, or once around a piece of news.

    Attributes:
        hours: weekly windows in which it holds; or else
        begin_msc: first server millisecond of a single window, and
        end_msc: the first one after it.
        symbols: symbols it holds for; empty is all.
        leverage: caps the account's leverage in the modes that use one; 0 does not.
        factor: multiplies the margin.
        held: also positions that were opened before the window; ``False`` leaves them as they are, and those opened
            within it come back to the usual margin at its end.
    """

    hours: Hours | None = None
    begin_msc: int = 0
    end_msc: int = 0
    symbols: frozenset[str] = frozenset()
    leverage: int = 0
    factor: float = 1.0
    held: bool = True

    def is_on(self, server_msc: int) -> bool:
        """Whether the change holds at this server time."""
        if self.hours is not None:
            return self.hours.is_open(server_msc)
        return self.begin_msc <= server_msc < self.end_msc

    def began(self, server_msc: int) -> int:
        """When the window around this server time began, to the minute."""
        if self.hours is None:
            return self.begin_msc
        of_week = (server_msc + _THURSDAY_MSC) % _WEEK_MSC
        spans = [(first * 60_000, last * 60_000) for first, last in self.hours.spans]
        back = min((of_week - first for first, last in spans if first <= of_week < last), default=0)
        for first, last in reversed(spans):  # a window that runs over midnight from Sunday to Monday
            if back == of_week and last == _WEEK_MSC:
                back += last - first
        return server_msc - back

    def until_edge(self, server_msc: int) -> int:
        """Milliseconds until it next begins or ends; a week when it does neither before."""
        if self.hours is None:
            edges = [self.begin_msc - server_msc, self.end_msc - server_msc]
        else:
            of_week = (server_msc + _THURSDAY_MSC) % _WEEK_MSC
            edges = [(minute * 60_000 - of_week - 1) % _WEEK_MSC + 1 for span in self.hours.spans for minute in span]
        return min([edge for edge in edges if edge > 0], default=_WEEK_MSC)

    def times(self, symbol: str, leverage: int, *, leveraged: bool) -> float:
        """What it multiplies the margin of a symbol by."""
        if self.symbols and symbol not in self.symbols:
            return 1.0
        return self.factor * (leverage / self.leverage if leveraged and 0 < self.leverage < leverage else 1.0)


@dataclass(slots=True)
class Terms:
    """Group terms; they may be changed while the simulation runs (call ``broker.changed()`` afterwards).

    Attributes:
        margin_conversion: ``frozen`` keeps what a position's margin was converted at, ``floating`` converts it anew
            with every quote.
        free_margin: which floating result counts in the free margin: ``both``, ``none``, ``profit`` or ``loss``.
        block_profit: what was won today is no free margin before the day is over.
        margin_changes: scheduled changes of margin.
        leverage_by_equity: ``(from, leverage)`` steps in rising order: the most leverage an account of that much
            balance and credit gets.
        calc_counts_held: whether ``order_calc_margin`` counts what is held already when a margin rises in tiers.
        commission_per_deal: charged on every deal, account currency, besides the commission per lot.
        commission_daily: commission is blocked until the day is over, then charged by one deal.
        so_shown: the stop-out level the terminal tells, where that is not the true one; ``None`` tells the true one.
        so_on_negative: a fully hedged account without margin is closed when its equity falls below 0.
    """

    margin_conversion: Literal["frozen", "floating"] = "frozen"
    free_margin: Literal["both", "none", "profit", "loss"] = "both"
    block_profit: bool = False
    margin_changes: tuple[MarginChange, ...] = ()
    leverage_by_equity: tuple[tuple[float, int], ...] = ()
    calc_counts_held: bool = False
    commission_per_deal: float = 0.0
    commission_daily: bool = False
    so_shown: float | None = None
    so_on_negative: bool = False

    def changes_on(self, server_msc: int) -> tuple[MarginChange, ...]:
        """The margin changes that hold at this server time."""
        return tuple(change for change in self.margin_changes if change.is_on(server_msc))

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Terms:
        """Terms of plain values, as they stand in a JSON text.

        Each of ``margin_changes`` has a ``week`` (``{"Fri": ["22:00-24:00"]}``), or a ``day`` with ``begin`` and
        ``end`` on the server's clock; ``factor``, ``leverage``, ``symbols`` and ``held`` as they are.
        """
        fields = dict(told)
        if "margin_changes" in fields:
            fields["margin_changes"] = tuple(_change(entry) for entry in fields["margin_changes"])
        if "leverage_by_equity" in fields:
            fields["leverage_by_equity"] = tuple(
                (float(start), int(most)) for start, most in told["leverage_by_equity"]
            )
        return cls(**fields)


def _change(told: Mapping[str, Any]) -> MarginChange:
    rest = {name: told[name] for name in ("factor", "leverage", "symbols", "held") if name in told}
    if "day" in told:
        return news(date.fromisoformat(told["day"]), told["begin"], told["end"], **rest)
    if "symbols" in rest:
        rest["symbols"] = frozenset(rest["symbols"])
    return MarginChange(Hours.of(told["week"]), **rest)


def weekend(
    factor: float = 1.0, leverage: int = 0, symbols: Iterable[str] = (), *, friday: str = "22:00"
) -> MarginChange:
    """More margin from Friday at this server time until Sunday midnight."""
    hours = Hours.of({"Fri": [f"{friday}-24:00"], "Sat": ["00:00-24:00"], "Sun": ["00:00-24:00"]})
    return MarginChange(hours, symbols=frozenset(symbols), leverage=leverage, factor=factor)


def news(
    day: date, begin: str, end: str, *, factor: float = 1.0, leverage: int = 0, symbols: Iterable[str] = (),
    held: bool = False,
) -> MarginChange:  # fmt: skip
    """More margin between two server times of one day, by default for what is opened then only."""
    start = (day - date(1970, 1, 1)).days * _DAY_MSC
    first, last = (start + _msc(text) for text in (begin, end))
    return MarginChange(None, first, last, frozenset(symbols), leverage, factor, held)


def _msc(text: str) -> int:
    hours, minutes = text.split(":")
    return (int(hours) * 60 + int(minutes)) * 60_000
