"""Whole snapshots from real accounts, as ``guard evaluate`` reads them; each beside a twin of our own."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from guard.cli.evaluate import judge
from guard.metrics import outlook
from guard.settings.load import default_policy
from tests.books import NOON, Dict, account, limit, msc, position, run, snapshot, symbol

TWIN = Path(__file__).resolve().parents[1] / "data" / "cent_account_twin.json"


def cent_account(parts: Dict, held: list[Dict] | None = None) -> Dict:
    """A snapshot a minute after the last deal; the server's clock is UTC."""
    last = max(row["time"] for row in parts["deals"]) + 60
    at = datetime.fromtimestamp(last, UTC)
    rows = {row["name"]: row for row in parts["symbols"]}
    ticks = {name: {"bid": row["bid"], "ask": row["ask"], "time": last} for name, row in rows.items()}
    return snapshot(
        held, at=at, account=parts["account"], symbols=rows, deals=parts["deals"],
        server_utc_offset_s=0, server_time_msc=last * 1000,
    ) | {"ticks": ticks}  # fmt: skip


def check_flat_account(parts: Dict) -> None:
    document = cent_account(parts)
    made = judge(document, default_policy(), [], "twin")
    assert made["blind"] is None
    assert {v["kind"]: v["severity"] for v in made["verdicts"]} == dict.fromkeys(
        (v["kind"] for v in made["verdicts"]), "OK"
    )
    assert made["metrics"]["effective_leverage"] == 0.0
    assert made["metrics"]["margin_level_pct"] is None
    assert made["metrics"]["stop_out_level"] == 60.0
    # The day's loss straight from the deals: balance now less the day's results, no deposits on that day.
    day = document["taken_at"][:10]
    start = datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()
    today = sum(row["profit"] + row["commission"] + row["swap"] + row["fee"]
                for row in parts["deals"] if row["time"] >= start and row["type"] in {0, 1})  # fmt: skip
    assert today != 0.0
    assert made["metrics"]["loss_in_period"]["by_limit"]["period_loss"] == pytest.approx(max(0.0, -today))


def check_values_of_moves(parts: Dict) -> None:
    """Gold 1 ounce, 1,000 euros, a hundredth of a bitcoin a lot, all in cents; no source contradicts another."""
    expected = {"XAUUSDc": 100.0, "EURUSDc": 100_000.0, "BTCUSDc": 1.0}
    bids = {row["name"]: row["bid"] for row in parts["symbols"]}
    held = [
        position(ticket, 0.01, symbol=name, price_open=bids[name], price_current=bids[name], sl=bids[name] * 0.99)
        for ticket, name in enumerate(expected, start=1)
    ]
    document = cent_account(parts, held)
    document["account"] = {**parts["account"], "margin": 1.0, "margin_free": parts["account"]["equity"] - 1.0,
                           "margin_level": parts["account"]["equity"] * 100.0}  # fmt: skip
    found = judge(document, default_policy(), [], "twin")["symbols"]
    for name, k in expected.items():
        assert found[name]["k"] == pytest.approx(k, rel=0.001)
        assert found[name]["k_flagged"] is False
    assert [found[name]["asset_class"] for name in expected] == ["metal", "forex", "crypto"]


def test_the_twin_of_the_cent_account() -> None:
    parts = json.loads(TWIN.read_text(encoding="utf-8"))
    check_flat_account(parts)
    check_values_of_moves(parts)


def test_the_live_cent_account(real_data: Path) -> None:
    folder = real_data / "accounts_mt5"
    parts = {name: json.loads((folder / f"mt5_api_exness_cent_{name}.json").read_text(encoding="utf-8"))
             for name in ("account", "symbols", "deals")}  # fmt: skip
    assert len(parts["deals"]) == 140
    check_flat_account(parts)
    check_values_of_moves(parts)


# The open position and the pending orders of the report of 2025-07-31: a sell of 0.01 EURUSD on a yen account 1:25.
STOPS = ((1.14580, 1.14498), (1.14571, 1.14489), (1.14618, 1.14535), (1.14582, 1.14499), (1.14564, 1.14481),
         (1.14577, 1.14494), (1.14515, 1.14432), (1.14558, 1.14475), (1.14555, 1.14472))  # fmt: skip
USDJPY = 149.955


def japanese_account() -> Dict:
    held = position(7636803, 0.01, "sell", price_open=1.14310, price_current=1.14333, sl=1.14393, tp=1.14206,
                    profit=-34.0, magic=1)  # fmt: skip
    yen = account(3_002_745.0, equity=3_002_711.0, margin=6_857.0, currency="JPY", currency_digits=0, leverage=25,
                  margin_so_call=100.0, margin_so_so=100.0)  # fmt: skip
    value: Dict = {"trade_tick_value": USDJPY, "trade_tick_value_loss": USDJPY, "trade_tick_value_profit": USDJPY}
    symbols = {"EURUSD": symbol(bid=1.14333, spread=0.0, **value), "USDJPY": symbol("USDJPY", USDJPY, 0.0)}
    orders = [{"ticket": 7636531 + n, "symbol": "EURUSD", "type": 4, "volume_current": 0.01, "price_open": price,
               "price_stoplimit": 0.0, "price_current": 1.14333, "sl": stop, "tp": 0.0} for n, (price, stop) in
              enumerate(STOPS)]  # fmt: skip
    return snapshot([held], account=yen, symbols=symbols, orders=orders, server_time_msc=msc(NOON))


def test_the_open_position_of_the_japanese_report_by_hand() -> None:
    result = run(japanese_account(), limit("margin_level", min=150.0), limit("open_risk", max=5.0))
    m = result.metrics
    # 1,000 euros at 171.414 yen, a 25th of it: 6,857. Nine pending orders hold nothing.
    assert round(1_000.0 * 171.414 / 25.0) == m.account.margin == 6_857.0
    assert m.margin_level_pct == pytest.approx(43_790.4, abs=0.1)
    assert m.floating == -34.0
    assert round(-0.00023 * 1_000.0 * USDJPY) == -34
    assert m.notional_gross == pytest.approx(1_000.0 * 1.14333 * USDJPY)
    assert m.rows is not None
    # 83 points from the opening price, 60 from here.
    assert m.rows[0].loss_at_stop == pytest.approx(0.00083 * 1_000.0 * USDJPY)
    assert m.open_risk == pytest.approx(0.00060 * 1_000.0 * USDJPY)
    assert outlook.worst_case(m) == pytest.approx((0.00060 + sum(p - s for p, s in STOPS)) * 1_000.0 * USDJPY)
    assert "account.equity" not in {gap.path for gap in m.gaps}


def test_the_japanese_report_prints_these_numbers(real_data: Path) -> None:
    raw = (real_data / "accounts_mt5" / "mt5_oanda_jp_demo_hedge_jpy_ja_ReportHistory.html").read_bytes()
    text = re.sub(r"[|\s]+", " ", re.sub(r"<[^>]+>", "|", raw.decode("utf-16", "replace")))
    found: dict[str, Any] = japanese_account()
    row = found["positions"][0]
    printed = f"{row['ticket']} EURUSD sell 0.01 {row['price_open']:.5f} {row['sl']:.5f} {row['tp']:.5f}"
    assert printed in text
    assert f"{row['price_current']:.5f} 0 {row['profit']:.0f}" in text
    for price, stop in STOPS:
        assert f"{price:.5f} {stop:.5f}" in text
    for name in ("balance", "equity", "margin"):
        assert f"{found['account'][name]:,.0f}".replace(",", " ") in text
    assert "43 790%" in text
