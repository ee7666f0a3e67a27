"""Published examples and golden figures of real accounts, through the simulated broker's own calls and positions.

No formula of the guard takes part: the numbers are set up as an account (a symbol, its quotes, a leverage) and read
back from ``order_calc_margin``, ``order_calc_profit``, positions, account figures and stop-outs.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from math import log10
from pathlib import Path
from typing import Any

import pytest

import fakes.metatrader5 as mt5
from fakes.broker import Broker
from fakes.ledger import BALANCE, BY_STOP_OUT
from fakes.symbols import STANDARD, SWAP_PERCENT_CURRENT, SWAP_POINTS, SymbolSpec

NUMBERS = Path(__file__).parents[1] / "data" / "worked_examples_numbers.csv"
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
Inputs = dict[str, Any]
CALC = {
    "forex": 0, "futures": 1, "cfd": 2, "cfd_index": 3, "cfd_leverage": 4, "forex_no_leverage": 5, "exch_stocks": 32,
    "exch_bonds": 37,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    mt5.detach()


def account(balance: float = 1e9, **options: Any) -> Broker:
    made = Broker(balance=balance, start_utc=MONDAY, so_call=0.0, so_so=0.0, **options)
    mt5.attach(made)
    return made


def converted(made: Broker, base: str, rate: float) -> str:
    """A currency worth ``rate`` of the account's: its pair is quoted without a spread."""
    if rate == 1:
        return made.currency
    made.add_symbol(SymbolSpec(f"{base}{made.currency}", rate, 10, 1.0, base, made.currency, 0.0))
    return base


def subject(made: Broker, i: Inputs, **facts: Any) -> SymbolSpec:
    """The example's symbol, called X; margin and profit convert at the rates it gives."""
    mode = CALC[i.get("calc", "cfd_leverage")]
    margin = converted(made, "MMM", i.get("margin_ccy_to_account", 1))
    profit = converted(made, "PPP", i.get("profit_ccy_to_account", 1))
    # A pair quoted in the account's currency: its price is what its base is worth.
    price = i.get("price") or (i["margin_ccy_to_account"] if mode == 0 and "margin_ccy_to_account" in i else 1.0)
    spec = SymbolSpec(
        "X", float(price), 10, i["contract_size"], margin, profit, 0.0, mode, margin,
        margin_hedged=i.get("margin_hedged"), hedged_use_leg=i.get("use_leg", False), rate_buy=i.get("buy_rate", 1.0),
        rate_sell=i.get("sell_rate", 1.0), face_value=i.get("face_value", 0.0), volume_max=1e9, **facts,
    )  # fmt: skip
    made.add_symbol(spec)
    return spec


def margin(i: Inputs) -> Inputs:
    price = subject(account(leverage=i["leverage"]), i).price
    assert mt5.order_send({"action": 1, "symbol": "X", "volume": float(i["lots"]), "type": 0}).retcode == 10009
    asked = mt5.order_calc_margin(0, "X", float(i["lots"]), price)
    assert mt5.account_info().margin == asked
    return {"margin": asked}


def hedged_margin(i: Inputs) -> Inputs:
    made = account(leverage=i.get("leverage", 100))
    subject(made, {"contract_size": 100_000, "calc": "forex"} | i)
    for side in ("buy", "sell"):
        for lots, price in i[side]:
            if price is not None:
                made.set_price("X", price)
            made.open(side, "X", float(lots))
    rows = mt5.positions_get()
    net = round(sum(row.volume * (1 if row.type == 0 else -1) for row in rows), 8)
    side = "buy" if net > 0 else "sell" if net < 0 else "none"
    return {"margin": mt5.account_info().margin, "uncovered_lots": abs(net), "side": side}


def profit(i: Inputs) -> Inputs:
    own = i["symbol"][:3] == i.get("account_ccy") and i.get("profit_ccy_to_account") == pytest.approx(1 / i["close"])
    made = account(currency=i.get("account_ccy", "USD"), leverage=10_000)
    if own:
        # The account's currency is the base of the pair: its result converts at the pair's own closing price.
        names = (i["symbol"][:3], i["symbol"][3:6])
        made.add_symbol(SymbolSpec("X", i["open"], 10, i["contract_size"], *names, 0.0, 0))
    else:
        subject(made, i)
    side = 0 if i["side"] == "buy" else 1
    asked = mt5.order_calc_profit(side, "X", float(i["lots"]), float(i["open"]), float(i["close"]))
    made.set_price("X", i["open"])
    made.open(i["side"], "X", i["lots"])
    made.set_price("X", i["close"])
    (row,) = mt5.positions_get()
    assert row.profit == asked
    return {"profit": asked}


def pip_value(i: Inputs) -> Inputs:
    made = account()
    subject(made, {"contract_size": i["units"], "profit_ccy_to_account": i["quote_to_account"]}, tick_size=i["pip"])
    asked = mt5.order_calc_profit(0, "X", 1000.0, 1.0, 1.0 + i["pip"]) / 1000
    told = mt5.symbol_info("X").trade_tick_value
    assert asked == pytest.approx(told, abs=1e-5)
    return {"pip_value": told}


def with_margin(made: Broker, amount: float, lots: float = 1.0) -> None:
    """A position that is charged this margin, and whose price move of 1 is worth one a lot."""
    spec = SymbolSpec("X", 1e6, 2, 1.0, "USD", "USD", 0.0, 1, tick_size=0.01, tick_value=0.01,
                      margin_initial=amount / lots)  # fmt: skip
    made.add_symbol(spec)
    made.open("buy", "X", lots)
    assert made.margin == pytest.approx(amount, abs=0.005)


def margin_level(i: Inputs) -> Inputs:
    made = account()
    with_margin(made, i["margin"])
    made.operate(BALANCE, i["equity"] - made.balance, "")
    told = mt5.account_info()
    return {"margin_level_pct": told.margin_level, "free_margin": told.margin_free}


def first_stop_out(made: Broker, level: float, start: float) -> float:
    """Equity just before the cent at which the broker stops out: the price falls cent by cent around it."""
    made.so_so = level
    price = 1e6 - (start - made.margin * level / 100) + 0.05
    for _ in range(11):
        equity = made.equity
        made.set_price("X", price)
        if any(deal.reason == BY_STOP_OUT for deal in made.deals):
            return round(equity - 0.01, 2)
        price = round(price - 0.01, 2)
    raise AssertionError("no stop-out")


def stop_out(i: Inputs) -> Inputs:
    made: dict[str, Any] = {}
    start = float(i["balance"])
    for name in ("mc", "so"):
        if f"{name}_pct" not in i:
            continue
        broker = account(start, leverage=100)
        with_margin(broker, i["margin"])
        level = first_stop_out(broker, i[f"{name}_pct"], start)
        made |= {f"{name}_equity": level, f"loss_at_{name}": start - level}
        if "pip_value" in i:
            made[f"pips_to_{name}"] = (start - level) // i["pip_value"]
    return made


def stop_out_real(i: Inputs) -> Inputs:
    made = account()
    with_margin(made, i["margin"])
    made.operate(BALANCE, i["equity"] - made.balance, "")
    made.so_so = float(i["so_pct"])
    made.set_price("X", 1e6)
    return {"stopped_out": not mt5.positions_get()}


def swap(i: Inputs) -> Inputs:
    made = account(leverage=10_000, utc_offset_s=0)
    percent = i["mode"] == "percent_current"
    spec = subject(
        made, i, swap_long=i["swap"], swap_short=i["swap"], days_in_year=i.get("days_in_year", 360),
        swap_mode=SWAP_PERCENT_CURRENT if percent else SWAP_POINTS, swap_ratios=(1.0,) * 7,
    )  # fmt: skip
    if not percent:
        made.specs["X"] = replace(spec, digits=round(-log10(i["point"])))
    made.open("sell", "X", i["lots"])
    for _ in range(i["nights"]):
        made.advance(86_400)
    (row,) = mt5.positions_get()
    return {"swap": row.swap}


HOW: dict[str, Callable[[Inputs], Inputs]] = {
    "margin": margin, "hedged_margin": hedged_margin, "margin_level": margin_level, "profit": profit,
    "pip_value": pip_value, "stop_out": stop_out, "stop_out_real": stop_out_real, "swap": swap,
}  # fmt: skip


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["category"] in HOW]


def meets(row: dict[str, str]) -> bool:
    """Whether the broker's figures are the published ones, within the example's tolerance (and half a cent)."""
    found, expected = HOW[row["category"]](json.loads(row["inputs_json"])), json.loads(row["expected_json"])
    tolerance = float(row["tolerance"]) + (0.0051 if row["category"] != "pip_value" else 0.0)
    return all(
        found[name] == value if isinstance(value, str | bool) else abs(found[name] - value) <= tolerance
        for name, value in expected.items()
    )


@pytest.mark.parametrize("row", rows_of(NUMBERS), ids=lambda row: row["id"])
def test_a_published_example_on_the_broker(row: dict[str, str]) -> None:
    if row["status"] == "known_wrong":
        assert not meets(row)
    elif row["status"] == "ok":
        assert meets(row)


def test_the_table_holds_every_published_example_of_these_kinds(real_data: Path) -> None:
    ours, theirs = rows_of(NUMBERS), rows_of(real_data / "worked_examples.csv")
    assert ours == [{name: row[name] for name in ours[0]} for row in theirs]
    assert Counter(row["category"] for row in ours)["margin"] == 23


# --- the golden figures of real accounts -----------------------------------------------------------------------------


def quoted(made: Broker, name: str, bid: float, ask: float) -> None:
    if name not in made.specs:
        made.add_symbol(STANDARD[name])
    made.set_price(name, bid, ask)


def test_a_small_euro_position_stays_charged_at_its_open_price_and_equity_holds_its_swap() -> None:
    made = account(99_978.86, utc_offset_s=0)
    made.add_symbol(replace(STANDARD["EURUSD"], swap_long=-8.0))
    quoted(made, "EURUSD", 0.98440, 0.98445)
    made.open("buy", "EURUSD", 0.01)
    quoted(made, "EURUSD", 0.97990, 0.97995)
    made.advance(86_400)
    told = mt5.account_info()
    (row,) = mt5.positions_get()
    assert (row.profit, row.swap, told.margin) == (-4.55, -0.08, 9.84)
    assert (told.equity, told.margin_free) == (99_974.23, 99_964.39)


def test_gold_at_one_to_fifty_with_a_pending_order_beside_it() -> None:
    made = account(leverage=50)
    quoted(made, "XAUUSD", 4476.46, 4476.71)
    assert mt5.order_calc_margin(0, "XAUUSD", 0.3, 4476.71) == 2686.03
    made.open("buy", "XAUUSD", 0.3)
    made.pending(2, "XAUUSD", 0.3, 4400.0)
    quoted(made, "XAUUSD", 4471.62, 4471.87)
    assert mt5.account_info().margin == 2686.03
    assert mt5.positions_get()[0].profit == -152.70
    assert mt5.order_calc_profit(0, "XAUUSD", 0.3, 4476.71, 4471.62) == -152.70


def test_a_yen_account_counts_in_whole_yen() -> None:
    made = account(currency="JPY", leverage=25)
    quoted(made, "EURUSD", 1.14300, 1.14310)
    quoted(made, "EURJPY", 171.400, 171.414)
    quoted(made, "USDJPY", 149.955, 149.955)
    assert mt5.order_calc_margin(0, "EURUSD", 0.01, 1.14310) == 6857
    made.open("buy", "EURUSD", 0.01)
    assert mt5.account_info().margin == 6857
    assert mt5.order_calc_profit(0, "EURUSD", 0.01, 1.14322, 1.14300) == -33


def test_a_pair_with_the_accounts_base_converts_at_its_own_closing_price() -> None:
    made = account(currency="GBP")
    made.add_symbol(SymbolSpec("GBPCAD", 1.69213, 5, 100_000.0, "GBP", "CAD", 0.0))
    assert mt5.order_calc_profit(1, "GBPCAD", 1.0, 1.69213, 1.69233) == -11.82
    made.open("sell", "GBPCAD", 1.0)
    made.set_price("GBPCAD", 1.69233)
    assert mt5.positions_get()[0].profit == -11.82


def test_the_margin_level_is_not_rounded() -> None:
    made = account()
    with_margin(made, 2.36)
    made.operate(BALANCE, 943.91 - made.balance, "")
    assert mt5.account_info().margin_level == 39996.18644067797
    assert mt5.account_info().margin_free == 941.55


def test_tick_values_convert_profits_at_the_ask_and_losses_at_the_bid() -> None:
    made = account(currency="EUR")
    quoted(made, "EURUSD", 1.09137, 1.09152)
    info = mt5.symbol_info("EURUSD")
    assert info.trade_tick_value == info.trade_tick_value_profit == pytest.approx(0.9161536, abs=1e-7)
    assert info.trade_tick_value_loss == pytest.approx(0.9162795, abs=1e-7)


def test_order_check_gives_the_totals_of_the_account_after_the_trade() -> None:
    made = account(101_300.53)
    with_margin(made, 50_000.0)
    made.set_price("X", 1e6 - 32_981.0)
    made.add_symbol(SymbolSpec("Y", 100.0, 2, 1.0, "USD", "USD", 0.0, 1, tick_size=0.01, tick_value=0.01,
                               margin_initial=1193.67))  # fmt: skip
    told = mt5.order_check({"action": 1, "symbol": "Y", "volume": 1.0, "type": 0, "price": 100.0})
    assert (told.retcode, told.balance, told.profit, told.equity) == (0, 101_300.53, -32_981.0, 68_319.53)
    assert (told.margin, told.margin_free) == (51_193.67, 17_125.86)
    assert told.margin_level == pytest.approx(133.45308, abs=1e-5)


def test_the_published_hedge_by_positions() -> None:
    made = account(leverage=500)
    # CFD with leverage, so that the price alone converts, as the example has it.
    spec = SymbolSpec("X", 1.11943, 5, 100_000.0, "USD", "USD", 0.0, 4, rate_buy=2.0, rate_sell=4.0)
    made.add_symbol(spec)
    for _ in range(3):
        made.open("sell", "X", 1.0)
    made.set_price("X", 1.11953)
    for _ in range(2):
        made.open("buy", "X", 1.0)
    assert mt5.account_info().margin == pytest.approx(2238.90, abs=0.011)


def test_opening_the_other_side_of_a_fixed_margin_asks_for_more_than_it_needs_afterwards() -> None:
    made = account(2_000.0)
    made.add_symbol(SymbolSpec("F", 100.0, 2, 1.0, "USD", "USD", 0.0, 1, tick_size=0.01, tick_value=0.01,
                               margin_initial=1000.0, margin_maintenance=500.0, margin_hedged=500.0))  # fmt: skip
    made.open("buy", "F", 1.0)
    assert mt5.account_info().margin == 500.0
    made.operate(BALANCE, -0.01, "")
    sent = {"action": 1, "symbol": "F", "volume": 2.0, "type": 1, "price": 100.0}
    assert mt5.order_send(sent).retcode == 10019
    made.operate(BALANCE, 0.01, "")
    assert mt5.order_send(sent).retcode == 10009
    assert mt5.account_info().margin == 1000.0
