"""Published examples and golden figures of real accounts, asked of the real package's own functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fakes.broker import Broker
from tests.integration import test_worked_examples_on_the_broker as examples
from tests.pipe_terminal import needs_package
from tests.windows.package import Package

pytestmark = [needs_package, pytest.mark.timeout(300)]
GOLDEN = [
    function
    for name, function in inspect.getmembers(examples, inspect.isfunction)
    if name.startswith("test_") and not inspect.signature(function).parameters
]

ROWS = [row for row in examples.rows_of(examples.NUMBERS) if row["status"] in {"ok", "known_wrong"}]


@pytest.fixture(scope="module")
def package() -> Iterator[Package]:
    made = Package()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _through_the_package(package: Package, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def first_stop_out(made: Broker, level: float, start: float) -> float:
        """As the examples' own, but seen as a program sees it: the account's equity, and that nothing is left."""
        made.so_so = level
        price = 1e6 - (start - made.margin * level / 100) + 0.05
        for _ in range(11):
            equity: float = package.account_info().equity
            made.set_price("X", price)
            if not package.positions_get():
                return round(equity - 0.01, 2)
            price = round(price - 0.01, 2)
        raise AssertionError("no stop-out")

    monkeypatch.setattr(examples, "mt5", package)
    monkeypatch.setattr(examples, "first_stop_out", first_stop_out)
    before = package.calls
    yield
    package.detach()
    assert package.calls > before


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_published_example_through_the_package(row: dict[str, str]) -> None:
    examples.test_a_published_example_on_the_broker(row)


@pytest.mark.parametrize("figures", GOLDEN, ids=lambda function: function.__name__[5:])
def test_golden_figures_through_the_package(figures: Callable[[], Any]) -> None:
    figures()


def test_the_account_shows_a_stop_out_level_by_level(package: Package) -> None:
    made = examples.account(10_000.0, leverage=100)
    examples.with_margin(made, 5_000.0)
    made.so_call, made.so_so = 100.0, 50.0
    for equity, level in ((5_000.01, 100.0), (2_500.01, 50.0)):
        made.set_price("X", 1e6 - (10_000.0 - equity))
        told = package.account_info()
        assert (told.equity, told.margin) == (equity, 5_000.0)
        assert told.margin_level > level
        assert (told.margin_so_call, told.margin_so_so) == (100.0, 50.0)
    made.set_price("X", 1e6 - 7_500.0)
    assert package.positions_get() == ()
    closing = package.history_deals_get(0.5, 2_000_000_000)[-1]
    assert (closing.reason, closing.profit) == (6, -7_500.0)
