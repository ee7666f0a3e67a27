"""What is usual for a symbol's quotes, and whether now is a good moment to trade in it.

Quotes are sampled every five seconds while the guard may act, so that a calm account costs nothing in between.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import Final

from guard.engine.policy import Policy
from guard.model.enforcement import Enforcement, Quote
from guard.model.snapshot import Snapshot
from guard.model.trading import Tick

SAMPLE_S: Final = 5.0
MINUTES: Final = 60
SILENT_S: Final = 1800.0  # a first tick after such a silence is taken for the opening of a session
ROLLOVER_S: Final = 300.0
OPENING_S: Final = 120.0
WIDE: Final = 3.0
LONGEST_WAIT_S: Final = 180.0
DAY_S: Final = 86_400.0


def sampled(e: Enforcement, snapshot: Snapshot, now_s: float, *, changed: bool = False) -> Enforcement:
    """The memory with one more sample of the symbols in use; the same object while none is due.

    ``changed``: the positions are others than before, so a symbol may be new.
    """
    if 0.0 <= now_s - e.sampled_s < SAMPLE_S and not (
        changed and any(row.symbol not in e.quotes for row in snapshot.positions or () if row.symbol is not None)
    ):
        return e
    names = {row.symbol for row in snapshot.positions or () if row.symbol is not None}
    quotes = {name: one for name, one in e.quotes.items() if name in names or now_s - one.minute_s < 3600.0}
    for name in names:
        tick = snapshot.ticks.get(name)
        if tick is not None and tick.bid and tick.ask and tick.time is not None:
            quotes[name] = _sample(quotes.get(name), tick.bid, tick.ask, tick.time, now_s)
    return e._replace(quotes=quotes, sampled_s=now_s)


def _sample(old: Quote | None, bid: float, ask: float, tick_s: float, now_s: float) -> Quote:
    mid, spread = (bid + ask) / 2.0, max(0.0, ask - bid)
    if old is None:
        return Quote(now_s, tick_s, (mid,), spread)
    opened = now_s if tick_s - old.tick_s > SILENT_S else old.opened_s
    if 0.0 <= now_s - old.minute_s < 60.0:
        return old._replace(tick_s=tick_s, mids=(*old.mids, mid)[-12:], spread=spread, opened_s=opened)
    past = (old.spread, max(old.mids), min(old.mids)) if old.mids else None
    minutes = (*old.minutes, past)[-MINUTES:] if past is not None else old.minutes
    return Quote(now_s, tick_s, (mid,), spread, minutes, opened)


def median_spread(quote: Quote | None) -> float | None:
    """The usual spread of the last hour, as a price; ``None`` before ten minutes were seen."""
    if quote is None or len(quote.minutes) < 10:
        return None
    return statistics.median(spread for spread, _, _ in quote.minutes)


def hour_range(quote: Quote | None) -> float | None:
    """High less low of the last hour, as a price; ``None`` before a full hour was seen."""
    if quote is None or len(quote.minutes) < MINUTES:
        return None
    return max(high for _, high, _ in quote.minutes) - min(low for _, _, low in quote.minutes)


def jumped(quote: Quote | None, tick: Tick | None) -> bool:
    """Whether the price is further from the last sample than 5 usual spreads and 3 ranges of a minute.

    What is not known of the past counts as small: a guard that has just started looks a second longer.
    """
    if quote is None or not quote.mids or tick is None or not tick.bid or not tick.ask:
        return False
    usual = median_spread(quote)
    spread = usual if usual is not None else quote.spread
    ranges = [high - low for _, high, low in quote.minutes[-10:]]
    ranges.append(max(quote.mids) - min(quote.mids))
    return abs((tick.bid + tick.ask) / 2.0 - quote.mids[-1]) > 5.0 * spread + 3.0 * max(ranges) + 1e-12


def age_s(snapshot: Snapshot, name: str | None) -> float | None:
    """Seconds since the symbol's last tick by the server's clock; ``None`` when that cannot be told."""
    tick = snapshot.ticks.get(name) if name is not None else None
    if tick is None or tick.time is None or snapshot.server_time_s is None or not tick.bid or not tick.ask:
        return None
    return max(0.0, snapshot.server_time_s - tick.time)


def stale(snapshot: Snapshot, name: str | None, policy: Policy) -> str:
    """Why no deed in this symbol may be sent now, or an empty text."""
    age = age_s(snapshot, name)
    if age is None:
        return f"{name} has no quote"
    if age > policy.fresh_s:
        return f"{name} has had no quote for {age:.0f} s: its market is closed, or the quote is stale"
    return ""


def stale_symbols(snapshot: Snapshot, policy: Policy) -> tuple[str, ...]:
    """The symbols in use that have no fresh quote."""
    names: Iterable[str] = sorted({row.symbol for row in snapshot.positions or () if row.symbol is not None})
    return tuple(name for name in names if stale(snapshot, name, policy))


def bad_moment(e: Enforcement, snapshot: Snapshot, name: str, now_s: float) -> str:
    """Why own rules wait with a close in this symbol, or an empty text: spread, rollover, or just after an open."""
    quote, tick = e.quotes.get(name), snapshot.ticks.get(name)
    usual = median_spread(quote)
    if usual is not None and tick is not None and tick.bid and tick.ask and tick.ask - tick.bid > WIDE * usual + 1e-12:
        return (
            f"the spread of {name} is {(tick.ask - tick.bid) / usual:.1f} times its usual one"
            if usual
            else (f"the spread of {name} is far above its usual one")
        )
    if snapshot.server_time_s is not None:
        second = snapshot.server_time_s % DAY_S
        if min(second, DAY_S - second) <= ROLLOVER_S:
            return "it is rollover time at the server"
    if quote is not None and quote.opened_s is not None and 0.0 <= now_s - quote.opened_s < OPENING_S:
        return f"{name} opened less than two minutes ago"
    return ""
