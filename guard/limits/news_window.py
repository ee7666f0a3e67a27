"""Trading around scheduled news."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from guard.limits.base import Limit, NotNegative, Positive, Reading, unknown
from guard.metrics.compute import Metrics
from guard.metrics.trades import IN, INOUT, TRADES, trades
from guard.model.trading import Deal, NewsEvent, Symbol

Impact = Literal["low", "medium", "high", "holiday"]
_HIGHER: dict[str, Any] = {"tighter": "higher"}
_LOWER: dict[str, Any] = {"tighter": "lower"}
_SUPERSET: dict[str, Any] = {"tighter": "superset"}


class NewsWindow(Limit):
    """Trades opened or closed (stops and fills of pending orders included) in a window around news on their symbols.

    Inside a window utilization is 100, so that a stage below it may block; a trade made there is a breach while the
    window lasts and ``remember_s`` after it. A calendar that is missing, unreadable or does not reach far enough makes
    it UNKNOWN: that is never "no news".
    """

    kind: ClassVar[str] = "news_window"
    title: ClassVar[str] = "News"
    unit: ClassVar[str] = "s to the news"
    max_field: ClassVar[str] = ""
    formula: ClassVar[str] = "0 outside the window, 100 in it, 200 with a trade made there"
    curable_by: ClassVar[tuple[str, ...]] = ("block_new", "cancel_pending", "close_offending", "flatten")

    before_s: NotNegative = Field(120.0, description="seconds before the publication", json_schema_extra=_HIGHER)
    after_s: NotNegative = Field(120.0, description="seconds after it", json_schema_extra=_HIGHER)
    impacts: tuple[Impact, ...] = Field(("high",), description="which news count", json_schema_extra=_SUPERSET)
    counts: tuple[Literal["open", "close"], ...] = Field(
        ("open", "close"), description="which trades count; fills of pending orders, stops and targets are among them",
        json_schema_extra=_SUPERSET,
    )  # fmt: skip
    unless_opened_before_s: NotNegative | None = Field(
        None,
        description="closing is free for positions opened so many seconds before the news",
        json_schema_extra=_HIGHER,
    )
    remember_s: NotNegative = Field(
        300.0, description="seconds after the window in which a breach still stands", json_schema_extra=_HIGHER
    )
    reach_s: Positive = Field(
        86400.0, description="the calendar must reach so many seconds beyond now", json_schema_extra=_HIGHER
    )
    max_age_s: Positive = Field(
        691200.0, description="a calendar read longer ago is stale, in seconds", json_schema_extra=_LOWER
    )

    @property
    def asks(self) -> str:
        """What it asks for, in words."""
        return f"no trades from {self.before_s:g} s before to {self.after_s:g} s after news ({', '.join(self.impacts)})"

    def evaluate(self, m: Metrics) -> Reading:
        """Trades in a window, and the next news."""
        s, news, now = m.snapshot, m.snapshot.news, m.snapshot.taken_s
        if news is None:
            return unknown(0.0, "no calendar of news is loaded: name one under [news] in the configuration")
        if news.why:
            return unknown(0.0, f"the calendar of news cannot be used: {news.why}")
        until = news.until_s if news.until_s is not None else (news.events[-1].at_s if news.events else None)
        if until is None or until < now + self.reach_s:
            return unknown(0.0, "the calendar of news does not reach far enough: load a newer one")
        if news.read_s is None or now - news.read_s > self.max_age_s:
            return unknown(0.0, "the calendar of news is stale: load a newer one")
        if s.deals is None or s.positions is None or m.blind:
            return unknown(0.0, m.blind if m.blind else "deals or positions are missing")
        names = self._names(m)
        wrong: list[int] = []
        nearest: tuple[float, NewsEvent] | None = None
        inside = False
        for event in news.events:
            if event.impact not in self.impacts or not any(
                _concerns(event, name, s.symbols.get(name)) for name in names
            ):
                continue
            away = event.at_s - now
            if away >= -self.after_s and (nearest is None or away < nearest[0]):
                nearest = (away, event)
            if -self.after_s <= away <= self.before_s:
                inside = True
            if -(self.after_s + self.remember_s) <= away <= self.before_s:
                found = self._in_window(m, event)
                if found is None:
                    return unknown(0.0, "the server's clock offset is not confirmed, so deals cannot be placed")
                wrong += found
        used = 200.0 if wrong else 100.0 if inside else 0.0
        value = nearest[0] if nearest is not None else None
        title = f"{nearest[1].currency} {nearest[1].title}".strip() if nearest is not None else ""
        return Reading(value, 0.0, used, tuple(dict.fromkeys(wrong)), self._said(value, title, wrong, inside=inside))

    def _names(self, m: Metrics) -> list[str]:
        """The symbols in question: those named, else those held, pending, or traded within the known deals."""
        s = m.snapshot
        if self.scope.symbols:
            return list(self.scope.symbols)
        names = {row.symbol for row in s.positions or ()} | {row.symbol for row in s.orders or ()}
        names |= {row.symbol for row in (s.deals or ())[-200:]}
        return sorted(name for name in names if name and self.scope.holds_trade(name, None, None, None))

    def _in_window(self, m: Metrics, event: NewsEvent) -> list[int] | None:
        s = m.snapshot
        offset = s.server_utc_offset_s if s.offset_confirmed else None
        deals = s.deals or ()
        if offset is None:
            return None if deals else []
        low, high = event.at_s - self.before_s + offset, event.at_s + self.after_s + offset
        wrong = []
        for deal in deals:
            if deal.type not in TRADES or deal.time is None or not low <= deal.time <= high or not deal.symbol:
                continue
            side = 1 if deal.type == 0 else -1
            opens = deal.entry in (IN, INOUT)
            if ("open" if opens else "close") not in self.counts:
                continue
            if not self.scope.holds_trade(deal.symbol, deal.magic, side if opens else -side, deal.comment):
                continue
            if not _concerns(event, deal.symbol, s.symbols.get(deal.symbol)):
                continue
            if not opens and self._early(m, deal, event.at_s + offset):
                continue
            wrong.append(deal.position_id if deal.position_id is not None else deal.ticket)
        return wrong

    def _early(self, m: Metrics, deal: Deal, news_s: float) -> bool:
        """Whether the position that was closed had been opened long enough before the news."""
        if self.unless_opened_before_s is None or m.snapshot.deals is None:
            return False
        lives = trades(m.snapshot.deals)
        begun = [one.opened_s for one in lives or () if one.identifier == deal.position_id and one.opened_s is not None]
        return bool(begun) and news_s - min(begun) >= self.unless_opened_before_s

    def _said(self, away: float | None, title: str, wrong: list[int], *, inside: bool) -> str:
        if wrong:
            return f"Position {', '.join(map(str, wrong[:5]))} was traded in the window around news ({title})"
        if away is None:
            return "No news concern the symbols in use"
        when = f"in {away / 60.0:.0f} min" if away >= 0.0 else f"{-away:.0f} s ago"
        return f"{'Inside the window of' if inside else 'Next news:'} {title}, {when}"

    def say(self, reading: Reading) -> str:
        """The sentence."""
        return reading.why


def _concerns(event: NewsEvent, name: str, symbol: Symbol | None) -> bool:
    """Whether news are about a symbol: its name, or one of its currencies; an unknown symbol by its letters."""
    if name in event.symbols:
        return True
    if not event.currency:
        return False
    if symbol is None or symbol.currency_base is None or symbol.currency_profit is None:
        return event.currency in name.upper()
    return event.currency in (symbol.currency_base, symbol.currency_profit)
