"""What a shock would do to equity and margin level, by hand-computed numbers."""

from typing import Any

import pytest

from guard.engine.policy import Shock
from guard.metrics import outlook
from tests.books import account, position, run, snapshot, symbol

FRANC = symbol("USDCHF", 1.02, 0.0, trade_tick_value=1 / 1.02, trade_tick_value_loss=1 / 1.02)


def stress(held: list[dict[str, Any]], *shocks: Shock, **over: Any) -> list[dict[str, Any]]:
    made = snapshot(held, **{"account": account(margin=1_000.0), **over})
    found = outlook.stress(run(made, shocks=shocks).metrics)
    assert found is not None
    return found


def test_a_shock_against_every_position() -> None:
    held = [position(1, 1.0), position(2, 0.5, "sell", symbol="USDCHF", price_open=1.02, price_current=1.02, sl=1.1)]
    # 1 % of 110,000 down: 1,100. The sold dollar pair 1 % up: 51,000 * 0.01 francs at 1.0302: 495.05.
    found = stress(held, Shock("*", 1.0), symbols={"EURUSD": symbol(), "USDCHF": FRANC})[0]
    assert found["equity"] == pytest.approx(10_000.0 - 1_100.0 - 495.05, abs=0.01)
    assert found["margin_level_pct"] == pytest.approx(840.5, abs=0.01)
    assert found["owed"] == 0.0


def test_the_franc_shock_of_2015_on_one_lot_is_twenty_thousand_and_leaves_a_debt() -> None:
    held = [position(1, 1.0, symbol="USDCHF", price_open=1.02, price_current=1.02, sl=0.0)]
    found = stress(held, Shock("USDCHF", (0.85 / 1.02 - 1.0) * 100.0), symbols={"USDCHF": FRANC})[0]
    assert found["equity"] == pytest.approx(-10_000.0)
    assert found["owed"] == pytest.approx(10_000.0)
    assert found["margin_level_pct"] == pytest.approx(-1_000.0)


@pytest.mark.parametrize(
    "target,pct,change",
    [("EURUSD", -1.0, -1_100.0), ("EUR", -1.0, -1_100.0), ("forex", -1.0, -1_100.0),
     ("USD", 10.0, -10_000.0), ("USD", -10.0, 110_000.0 / 0.9 - 110_000.0), ("GBP", 5.0, 0.0), ("metal", 5.0, 0.0)],
)  # fmt: skip
def test_a_shock_moves_what_it_names(target: str, pct: float, change: float) -> None:
    assert stress([position(1, 1.0)], Shock(target, pct))[0]["equity"] == pytest.approx(10_000.0 + change, abs=1e-6)


def test_a_hedge_does_not_move_and_a_sell_gains_when_the_price_falls() -> None:
    hedge = [position(1, 1.0), position(2, 1.0, "sell")]
    assert stress(hedge, Shock("*", 5.0))[0]["equity"] == 10_000.0
    assert stress([position(1, 1.0, "sell")], Shock("EURUSD", -1.0))[0]["equity"] == pytest.approx(11_100.0)


def test_an_unknown_symbol_makes_the_shock_unknown_and_not_harmless() -> None:
    for target in ("*", "EUR", "GHOST", "metal"):
        assert stress([position(1, 1.0, symbol="GHOST")], Shock(target, 5.0))[0]["equity"] is None
    assert stress([position(1, 1.0, type=None)], Shock("*", 5.0))[0]["equity"] is None


def test_without_margin_there_is_no_level() -> None:
    held = [position(1, 1.0), position(2, 1.0, "sell")]
    assert stress(held, Shock("*", 5.0), account=account(margin=0.0))[0]["margin_level_pct"] is None
