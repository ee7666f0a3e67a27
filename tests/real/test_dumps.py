"""Our figures against what real terminals printed. Each test runs on the real dumps and on a twin of our own."""

import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from guard.metrics.levels import free_margin
from guard.metrics.value import value_of_move
from guard.model.verdict import Severity
from tests.books import account, limit, position, run, snapshot, symbol

TWIN = Path(__file__).resolve().parents[1] / "data" / "dumps_twin.json"
# Contract size and rate of the profit currency; None: the account is in the base currency, the price converts.
# GBPJPY: the account's USDJPY of that day is not in the dump; 103.8 gives the printed cent.
CONTRACTS: dict[str, tuple[float, float | None]] = {
    "EURUSD": (100_000.0, 1.0), "GBPCAD": (100_000.0, None), "XAUUSD": (100.0, 1.0), "XAUUSDm": (100.0, 1.0),
    "GBPJPY": (100_000.0, 1.0 / 103.8),
}  # fmt: skip
# The server rounds to cents, or cuts them off (XAUUSDm: 23.197 is shown as 23.19).
CENT = 0.0101


def twin() -> dict[str, Any]:
    return dict(json.loads(TWIN.read_text(encoding="utf-8")))


def dumps(real_data: Path, kind: str) -> list[dict[str, Any]]:
    lines = (real_data / "api_dumps" / "api_dumps.jsonl").read_text(encoding="utf-8").splitlines()
    return [row["data"] for row in map(json.loads, lines) if row["kind"] == kind]


def check_account(dump: dict[str, Any]) -> None:
    assert dump["equity"] == pytest.approx(dump["balance"] + dump["credit"] + dump["profit"], abs=0.006)
    held = [position(symbol="XXXYYY")] if dump["margin"] else []
    result = run(snapshot(held, account=dump), limit("margin_level", min=150.0))
    assert free_margin(dump["equity"], dump["margin"]) == pytest.approx(dump["margin_free"], abs=0.006)
    if dump["margin"]:
        assert result.metrics.margin_level_pct == pytest.approx(dump["margin_level"], rel=1e-12)
    else:
        assert result.metrics.margin_level_pct is None
    assert result.verdicts[0].severity is Severity.OK
    assert result.metrics.floating == pytest.approx(dump["profit"], abs=0.006)
    if dump["margin_so_so"] == 0.0:
        assert result.metrics.stop_out_level == (max(dump["margin_so_call"], 50.0), "assumed")


def test_accounts_of_the_twin() -> None:
    for dump in twin()["accounts"]:
        check_account(dump)


def test_real_accounts(real_data: Path) -> None:
    found = dumps(real_data, "AccountInfo")
    assert len(found) == 4
    for dump in found:
        check_account(dump)


def test_the_live_cent_account(real_data: Path) -> None:
    text = (real_data / "accounts_mt5" / "mt5_api_exness_cent_account.json").read_text(encoding="utf-8")
    check_account(json.loads(text))


def check_position(dump: dict[str, Any]) -> None:
    contract, rate = CONTRACTS[dump["symbol"]]
    now, side = dump["price_current"], 1 if dump["type"] == 0 else -1
    k = contract * (1.0 / now if rate is None else rate)
    profit = side * dump["volume"] * value_of_move(k, now, dump["price_open"], now, inverse=rate is None)
    assert profit == pytest.approx(dump["profit"], abs=CENT), dump


def test_positions_of_the_twin() -> None:
    for dump in twin()["positions"]:
        check_position(dump)


def test_real_positions(real_data: Path) -> None:
    found = dumps(real_data, "TradePosition")
    assert len(found) == 6
    for dump in found:
        check_position(dump)


def gold_profit(lots: float, opened: float, closed: float, side: str) -> float:
    """Value at the close less value at the opening, each rounded to a tenth of a cent, in cents of the cent account."""

    def value(price: float) -> Decimal:
        return (Decimal(str(price)) * Decimal(str(lots))).quantize(Decimal("0.001"), ROUND_HALF_UP)

    return float((value(closed) - value(opened)) * 100) * (1 if side == "buy" else -1)


def check_gold(trade: dict[str, Any]) -> None:
    assert gold_profit(trade["lots"], trade["open"], trade["close"], trade["side"]) == pytest.approx(
        trade["profit"], abs=0.1
    )
    # Our own value of a move is the unrounded one: at most the two roundings away.
    sign = 1 if trade["side"] == "buy" else -1
    ours = sign * value_of_move(100.0, trade["close"], trade["open"], trade["close"], inverse=False) * trade["lots"]
    assert ours == pytest.approx(trade["profit"], abs=0.101)


def test_gold_deals_of_the_twin() -> None:
    for trade in twin()["gold_deals"]:
        check_gold(trade)


def test_all_gold_deals_of_the_live_cent_account(real_data: Path) -> None:
    deals = json.loads((real_data / "accounts_mt5" / "mt5_api_exness_cent_deals.json").read_text(encoding="utf-8"))
    gold = [deal for deal in deals if deal["symbol"] == "XAUUSDc"]
    entries = {deal["position_id"]: deal for deal in gold if deal["entry"] == 0}
    closed = [deal for deal in gold if deal["entry"] == 1]
    assert len(closed) == 65
    for deal in closed:
        entry = entries[deal["position_id"]]
        side = "buy" if entry["type"] == 0 else "sell"
        check_gold({"lots": deal["volume"], "open": entry["price"], "close": deal["price"], "side": side,
                    "profit": deal["profit"]})  # fmt: skip


def test_the_open_position_of_the_japanese_report() -> None:
    # 0.01 EURUSD on a JPY account 1:25, EURJPY 171.414: margin 6857; nine buy stops hold none. 22 points: -33.
    held = position(1, 0.01, price_open=1.14312, price_current=1.1429, profit=-33.0, sl=0.0)
    yen = account(3_002_745.0, equity=3_002_712.0, margin=6857.0, currency="JPY", currency_digits=0, leverage=25)
    yen_tick: dict[str, Any] = dict.fromkeys(
        ("trade_tick_value", "trade_tick_value_loss", "trade_tick_value_profit"), 149.955
    )
    symbols = {
        "EURUSD": symbol(bid=1.1429, **yen_tick),
        "USDJPY": symbol("USDJPY", 149.955, 0.0),
        "EURJPY": symbol("EURJPY", 171.414),
    }
    stops = [
        {"ticket": 100 + n, "symbol": "EURUSD", "type": 4, "volume_current": 0.01, "price_open": 1.15, "sl": 0.0}
        for n in range(9)
    ]
    result = run(snapshot([held], account=yen, symbols=symbols, orders=stops), limit("margin_level", min=150.0))
    m = result.metrics
    assert m.notional_gross == pytest.approx(1000.0 * 171.4141, rel=1e-5)
    assert m.account.margin == round(1000.0 * 171.414 / 25.0)
    assert m.by_symbol is not None
    assert m.by_symbol["EURUSD"].k == pytest.approx(100_000.0 * 149.955)
    assert m.by_symbol["EURUSD"].k is not None
    assert m.floating == pytest.approx(-0.00022 * 0.01 * m.by_symbol["EURUSD"].k, abs=0.5)
    assert result.verdicts[0].value == pytest.approx(3_002_712.0 / 6857.0 * 100.0)
