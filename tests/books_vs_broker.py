"""The guard's figures against the simulated broker's, over random books: ``python -m tests.books_vs_broker``.

Two hands that share no formula. Of each book: equity, margin and margin level, computed by ``guard.metrics`` from a
snapshot that ``guard.terminal.reader`` read, against the broker's own; then the price of one symbol is driven, the
others held, to the guard's price at stop-out: the broker must stop out within one tick of it. Under floating
conversion the margin moves with the market, so there the difference is reported, not judged.

The guard is told what no terminal tells: the margin rates, and what margin converted at when a position opened.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil, floor
from typing import Any

import fakes.metatrader5 as mt5
from fakes.broker import Broker
from fakes.ledger import BY_STOP_OUT
from guard.metrics import levels, outlook, price_level
from guard.metrics.compute import Metrics
from guard.model.snapshot import Snapshot
from guard.model.snapshot_json import read_snapshot
from guard.terminal.reader import Reader
from tests.our_figures import our_equity, our_margin, our_rate
from tests.random_books import Book, draw


@dataclass(slots=True)
class Tally:
    """Counts of everything that was compared, and the first disagreements in words."""

    seed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    floating_off: list[float] = field(default_factory=list)

    def judge(self, name: str, ok: bool, told: str) -> None:
        self.counts[f"{name} compared"] += 1
        if not ok:
            self.counts[f"{name} WRONG"] += 1
            self.wrong.append(told)


def _snapshot() -> Snapshot:
    reader = Reader(mt5, lambda: (datetime.now(UTC), 0.0))
    document: Any = reader.snapshot()
    assert not reader.errors, reader.errors
    return read_snapshot(document)


def compare(seed: int, number: int, tally: Tally) -> None:
    """Draw one book and compare everything about it."""
    mt5.detach()

    def convert(broker: Broker, name: str, side: int) -> float:
        mt5.attach(broker)
        return our_rate(name, side)

    book = draw(seed, number, convert)
    broker = book.broker
    mt5.attach(broker)
    snapshot = _snapshot()
    metrics = Metrics(snapshot)
    _count(book, tally)
    where = f"book {number} ({broker.currency}, modes {sorted(book.modes)}, {book.subject})"
    _figures(book, snapshot, metrics, tally, where)
    _drive(book, metrics, tally, where)
    mt5.detach()


def _count(book: Book, tally: Tally) -> None:
    tally.counts["books"] += 1
    tally.counts["books hedged"] += book.hedged
    tally.counts["books with a foreign profit currency"] += book.foreign
    tally.counts[f"books with stop-out in {'money' if book.broker.so_money else 'percent'}"] += 1
    tally.counts[f"books {'hedging' if book.broker.hedging else 'netting'}"] += 1
    tally.counts["books with margin in tiers"] += book.tiered
    tally.counts["books with floating conversion"] += book.floating
    for mode in book.modes:
        tally.counts[f"books with calculation mode {mode:2d}"] += 1


def _figures(book: Book, snapshot: Snapshot, metrics: Metrics, tally: Tally, where: str) -> None:
    broker, minor = book.broker, metrics.minor_unit
    count = len(snapshot.positions or ()) + 1
    equity = our_equity(snapshot, metrics.rates)
    off = abs(equity - broker.equity)
    tally.counts["equity to the cent"] += off < minor / 2
    tally.judge("equity", off <= minor * count + 1e-6, f"{where}: equity {equity} against {broker.equity}")
    assert metrics.by_symbol is not None
    gap = next((gap.sentence for gap in metrics.gaps if gap.path == "account.equity"), "")
    tally.judge("identity of equity", not gap, f"{where}: {gap}")
    if book.tiered:
        tally.counts["margin in tiers: no terminal tells them"] += 1
        return
    margin = our_margin(book, snapshot)
    tally.judge(
        "margin",
        abs(margin - broker.margin) <= minor + 1e-9 * margin,
        f"{where}: margin {margin} against {broker.margin}",
    )
    level = levels.margin_level_pct(equity, round(margin, broker.digits))
    theirs = broker.margin_level if broker.margin > 0 else None
    if level is None or theirs is None:
        tally.judge("margin level", level == theirs, f"{where}: level {level} against {theirs}")
        return
    slack = 1e-9 * abs(theirs) + 100 * minor * (count + abs(theirs) / 100) / broker.margin
    tally.judge("margin level", abs(level - theirs) <= slack, f"{where}: level {level} against {theirs}")
    told = metrics.margin_level_pct
    assert told is not None
    tally.judge("margin level as read", abs(told - theirs) <= 1e-9 * abs(theirs), f"{where}: {told} against {theirs}")


def _stopped(broker: Broker) -> bool:
    return any(deal.reason == BY_STOP_OUT for deal in broker.deals) or any(
        order.reason == BY_STOP_OUT for order in broker.history
    )


def _drive(book: Book, metrics: Metrics, tally: Tally, where: str) -> None:
    broker, name = book.broker, book.subject
    entry = (metrics.by_symbol or {}).get(name)
    if entry is None or _stopped(broker):
        tally.counts["price: not driven, the symbol is not held"] += 1
        return
    target = outlook.price_at(metrics, entry, metrics.loss_to_stop_out)
    spec, quote = broker.specs[name], broker.quotes[name]
    assert entry.price is not None
    if entry.collateral:
        tally.counts["price: none, the symbol is collateral"] += 1
        tally.judge("no price for collateral", target is None, f"{where}: a price for collateral")
        return
    if target is None:
        _unreachable(book, tally, where)
        return
    ticks = (target - entry.price) / spec.step
    way, ticks = (1, ticks) if ticks > 0 else (-1, -ticks)
    last = quote.bid + way * floor(ticks + 1) * spec.step
    if last < spec.step or any(
        (order.price - quote.bid) * way > 0 > (order.price - last) * way for order in broker.orders
    ):
        tally.counts["price: not driven, nothing left or a pending order on the way"] += 1
        return
    if book.floating:
        tally.floating_off.append(_floating(book, way, ticks))
        tally.counts["price at stop-out under floating conversion: reported"] += 1
        return
    before = ceil(ticks - 1) - 1
    if before > 0:
        _set(broker, name, quote, way * before)
        early = _stopped(broker)
    else:
        early = False
    _set(broker, name, quote, way * floor(ticks + 1))
    late = not _stopped(broker)
    if not early and not late:
        tally.judge("price at stop-out", True, "")
        return
    again = draw(tally.seed, book.number)
    found = _first_tick(again, way, ticks)
    assert entry.k is not None
    mover = price_level._Mover(metrics, entry, entry.k)
    there = target - entry.price
    tick_worth = abs(mover.gain(there + spec.step) - mover.gain(there - spec.step)) / 2
    slack = metrics.minor_unit * (len(metrics.snapshot.positions or ()) + 1) / 2 / tick_worth
    slack *= max(target / entry.price, entry.price / target)  # what converts through the price carries its cents along
    if abs(found - ticks) <= 1 + slack:
        tally.counts["price at stop-out off by the rounding of results only"] += 1
        tally.judge("price at stop-out", True, "")
        return
    words = f"{where}: stop-out at {target:.6f}, {ticks:.2f} ticks away; it happens at {found}"
    tally.judge("price at stop-out", False, words)


def _set(broker: Broker, name: str, quote: Any, ticks: int) -> None:
    move = ticks * broker.specs[name].step
    broker.set_price(name, quote.bid + move, quote.ask + move)


def _unreachable(book: Book, tally: Tally, where: str) -> None:
    """The guard says that no price of this symbol alone reaches the stop-out: try far ones."""
    broker, name, quote = book.broker, book.subject, book.broker.quotes[book.subject]
    saved = broker.orders
    broker.orders = []
    reached = False
    for bid in (quote.bid * 0.1, quote.bid * 0.5, quote.bid * 3, quote.bid * 30):
        broker.set_price(name, bid, bid + quote.ask - quote.bid)
        reached = reached or _stopped(broker)
    broker.orders = saved
    tally.judge("no price at stop-out", not reached, f"{where}: the guard names no price, yet the broker stops out")


def _floating(book: Book, way: int, ticks: float) -> float:
    """How much farther (in percent of the distance) the stop-out is when margin converts anew with every quote."""
    return (_first_tick(book, way, ticks) - ticks) / max(ticks, 1.0) * 100


def _first_tick(book: Book, way: int, ticks: float) -> int:
    """The first tick at which the broker's own figures reach the stop-out level, with stop-out switched off."""
    broker, name = book.broker, book.subject
    quote, level = broker.quotes[name], broker.so_so
    broker.so_so = broker.so_call = -1e300

    def reached(count: int) -> bool:
        _set(broker, name, quote, way * count)
        return broker.equity <= level if broker.so_money else broker.margin_level <= level

    low, high = 0, max(1, ceil(ticks * 2))
    if way < 0:
        high = min(high, floor(quote.bid / broker.specs[name].step) - 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def run(books: int, seed: int, *, show: bool = False) -> Tally:
    """Compare this many books of a seed; with ``show`` a progress bar on standard error."""
    tally = Tally(seed)
    for number in range(books):
        compare(seed, number, tally)
        if show and (number + 1) % 20 == 0:
            share = (number + 1) / books
            sys.stderr.write(f"\r[{'#' * int(share * 40):<40}] {number + 1}/{books}")
            sys.stderr.flush()
    if show:
        sys.stderr.write("\n")
    return tally


def report(tally: Tally) -> str:
    """All counts, one a line, and the disagreements."""
    lines = [f"{tally.counts[name]:>8}  {name}" for name in sorted(tally.counts)]
    off = sorted(tally.floating_off)
    if off:
        picked = [off[int(share * (len(off) - 1))] for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
        lines.append("floating against frozen, % of the distance (least, quarters, most): "
                     + ", ".join(f"{value:+.3f}" for value in picked))  # fmt: skip
    lines += [f"WRONG {words}" for words in tally.wrong[:40]]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Exit code 0 when both hands agree everywhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--books", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    tally = run(options.books, options.seed, show=sys.stderr.isatty())
    print(report(tally))
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
