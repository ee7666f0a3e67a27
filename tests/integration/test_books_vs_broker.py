"""The guard's formulas and the simulated broker's are two hands: over random books they come to the same figures.

A few hundred books here; ``python -m tests.books_vs_broker --books 10000 --seed 1`` for more.
"""

from dataclasses import replace

import pytest

import fakes.margin
import fakes.metatrader5 as mt5
from fakes.symbols import CALC_MODES
from guard.metrics.book import SymbolFigures
from guard.metrics.compute import Metrics
from tests import books_vs_broker
from tests.books_vs_broker import Tally

BOOKS = 300


@pytest.fixture(scope="module")
def tally() -> Tally:
    return books_vs_broker.run(BOOKS, seed=20)


def test_both_hands_agree_on_every_book(tally: Tally) -> None:
    assert tally.wrong == []
    for name in ("equity", "margin", "margin level", "price at stop-out"):
        assert tally.counts[f"{name} compared"] > BOOKS / 3


def test_the_books_are_of_every_kind(tally: Tally) -> None:
    counts = tally.counts
    assert counts["books hedged"] >= 0.2 * BOOKS
    assert counts["books with a foreign profit currency"] >= 0.3 * BOOKS
    assert counts["books with stop-out in money"] == counts["books with stop-out in percent"] == BOOKS / 2
    assert all(counts[f"books with calculation mode {mode:2d}"] > 0 for mode in CALC_MODES)
    assert counts["price at stop-out off by the rounding of results only"] <= 0.02 * BOOKS


def test_under_floating_conversion_the_difference_is_told(tally: Tally) -> None:
    assert len(tally.floating_off) == counts_of_floating(tally) > 0
    assert "floating against frozen" in books_vs_broker.report(tally)


def counts_of_floating(tally: Tally) -> int:
    return tally.counts["price at stop-out under floating conversion: reported"]


def test_a_formula_that_is_wrong_on_one_side_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = fakes.margin.pair_margin
    monkeypatch.setattr(fakes.margin, "pair_margin", lambda *given: right(*given) * 1.001)
    assert any("margin" in words for words in books_vs_broker.run(40, seed=20).wrong)


def test_a_price_at_stop_out_two_ticks_off_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = books_vs_broker.outlook.price_at

    def off(m: Metrics, entry: SymbolFigures, loss: float | None) -> float | None:
        found = right(m, entry, loss)
        return None if found is None else found + 2.2 * float(mt5.symbol_info(entry.name).trade_tick_size)

    monkeypatch.setattr(books_vs_broker.outlook, "price_at", off)
    assert any("stop-out at" in words for words in books_vs_broker.run(40, seed=20).wrong)


def test_a_book_is_drawn_from_its_seed_alone() -> None:
    one, other = (books_vs_broker.draw(3, 17).broker for _ in range(2))
    assert [replace(p) for p in one.positions] == other.positions
    assert (one.equity, one.margin, one.so_so) == (other.equity, other.margin, other.so_so)
