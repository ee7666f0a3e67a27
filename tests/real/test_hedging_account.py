"""A real hedging account in cents through the simulated broker: its stops and targets fill as they did."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.symbols import STANDARD, SymbolSpec
from tests.desk import desk

_LEVEL = re.compile(r"\[(sl|tp) ([\d.]+)\]")
_SL, _TP = 4, 5


def cents(name: str, contract: float, digits: int, mode: int) -> SymbolSpec:
    spec = STANDARD[name.removesuffix("c")]
    return replace(spec, name=name, contract_size=contract, digits=digits, calc_mode=mode, spread=0.0)


SPECS = (cents("XAUUSDc", 1.0, 3, 4), cents("EURUSDc", 1000.0, 5, 0), cents("BTCUSDc", 0.01, 2, 4))
TWIN: list[dict[str, Any]] = [
    {"type": 0, "entry": 0, "symbol": "XAUUSDc", "volume": 0.02, "price": 4000.0, "profit": 0.0, "position_id": 1},
    {"type": 1, "entry": 0, "symbol": "EURUSDc", "volume": 0.10, "price": 1.1, "profit": 0.0, "position_id": 2},
    {"type": 1, "entry": 1, "symbol": "XAUUSDc", "volume": 0.02, "price": 3990.0, "profit": -20.0, "position_id": 1,
     "reason": 4, "comment": "[sl 3990.500]"},
    {"type": 0, "entry": 1, "symbol": "EURUSDc", "volume": 0.10, "price": 1.09, "profit": 100.0, "position_id": 2,
     "reason": 5, "comment": "[tp 1.09000]"},
]  # fmt: skip


def play(deals: list[dict[str, Any]], tolerance: float) -> dict[int, int]:
    """Open and close as the account did; how many closed by each reason."""
    made = desk(*SPECS, currency="USC", leverage=2000, balance=1_000_000.0, so_so=0.0)
    tickets: dict[int, int] = {}
    reasons: dict[int, int] = {}
    for deal in deals:
        name, side = deal["symbol"], 1 if deal["type"] == 0 else -1
        if deal["entry"] == 0:
            made.set_price(name, deal["price"], deal["price"])
            tickets[deal["position_id"]] = made.open(side, name, deal["volume"])
            continue
        level = _LEVEL.match(deal["comment"])
        ticket = tickets[deal["position_id"]]
        held = made.position(ticket)
        if level:
            price = float(level[2])
            far = price + held.side * (0.001 if level[1] == "sl" else -0.001) * price
            made.set_price(name, far, far)
            made.modify(ticket, sl=price if level[1] == "sl" else 0.0, tp=price if level[1] == "tp" else 0.0)
            made.set_price(name, deal["price"], deal["price"])
        else:
            made.set_price(name, deal["price"], deal["price"])
            made.close(ticket, deal["volume"])
        booked = made.deals[-1]
        assert (booked.entry, booked.volume) == (1, deal["volume"])
        assert booked.price == pytest.approx(deal["price"])
        assert booked.profit == pytest.approx(deal["profit"], abs=tolerance)
        if level:
            assert booked.reason == deal["reason"]
            assert float(booked.comment.strip("[]").split()[1]) == float(level[2])
        reasons[deal["reason"]] = reasons.get(deal["reason"], 0) + 1
    return reasons


def test_a_twin_of_our_own() -> None:
    assert play(TWIN, 0.001) == {_SL: 1, _TP: 1}


def test_the_real_account(real_data: Path) -> None:
    """Its server rounds the values of both prices; by the plain formula a result is off by up to 0.07 cents."""
    raw = json.loads((real_data / "accounts_mt5" / "mt5_api_exness_cent_deals.json").read_text(encoding="utf-8"))
    trades = [deal for deal in raw if deal["type"] in {0, 1} and deal["symbol"]]
    opened = {deal["position_id"] for deal in trades if deal["entry"] == 0}
    reasons = play([deal for deal in trades if deal["position_id"] in opened], 0.11)
    assert reasons[_SL] >= 30
    assert reasons[_TP] >= 10
