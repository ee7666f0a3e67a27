"""A second opinion from code nobody here wrote, run by hand: prints the table of docs/second-opinion.md.

In an environment of its own, from the checkout's root:

    python -m venv second
    second/bin/pip install --no-deps strategytester5==2.2.7       (Windows: second\\Scripts\\pip)
    second/bin/pip install gym-mtsim==2.0.0 polars pytz tqdm choreographer tzdata
    second/bin/python -m tests.second_opinion

``strategytester5`` imports the vendor's package and asks it for symbols and account: it is given the simulated one, so
both answer from the same facts. ``gym_mtsim`` is given the same contract, prices and leverage.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import logging
import sys
import tempfile
import types
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from os import chdir
from typing import Any, NamedTuple

import fakes.metatrader5 as mt5
from fakes.broker import Broker
from fakes.ledger import BY_STOP_OUT
from fakes.symbols import STANDARD, SymbolSpec

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
NONE = "-"
# Which page decides a difference, and how.
DECIDED = {
    "account currency": "MQL5 reference, OrderCalcMargin and OrderCalcProfit: answers are in account currency. "
    "strategytester5 does not convert (for cross pairs the conversion is commented out). gym_mtsim converts, but has "
    "one price where the broker has bid and ask.",
    "own price": "The result of a real pound account in GBPCAD: where the account's currency is the base of the pair, "
    "a result converts at the closing price. gym_mtsim does so, strategytester5 does not convert.",
    "modes": "MQL5 reference, ENUM_SYMBOL_CALC_MODE, has a formula for every mode. gym_mtsim has one: contract x price "
    "/ leverage for margin, contract x move for profit.",
    "no leverage": "MQL5 reference: lots x contract in the margin currency, the base; where that is the account's, the "
    "price has no part in it. strategytester5 multiplies by the price, gym_mtsim divides by the leverage.",
    "index": "MQL5 reference: the margin of an index has the factor tick value / tick size. Neither package has it.",
    "fixed": "MetaQuotes help, margin: an initial margin above 0 replaces the formula, and FOREX and CFD with leverage "
    "divide it by the leverage. strategytester5 multiplies by it as a rate (and leaves it out in FOREX mode), "
    "gym_mtsim does not know it.",
    "unknown mode": "MQL5 reference. strategytester5 does not know the mode: it falls back to contract x price / "
    "leverage, and to a profit of 0.",
    "bonds": "Prices of bonds are percent of the face value. The reference divides by 100 for margin and does not for "
    "profit, where a bond would then earn a hundred times what its value rose. The simulated broker divides in both.",
    "hedge": "MetaQuotes help, hedging accounts: covered lots are charged once, by the hedged margin, at the mean open "
    "price. gym_mtsim charges every order in full; strategytester5 sums its positions.",
    "at the level": "MetaQuotes help, stop-out: at the level or below it. gym_mtsim closes below it only.",
    "money mode": "MetaQuotes help, stop-out: in money mode equity is compared with the amount. strategytester5 "
    "compares free margin.",
    "open price": "MQL5 reference, ENUM_SYMBOL_SWAP_MODE: INTEREST_OPEN is a percentage of the opening price. "
    "strategytester5 takes the current one.",
    "re-opening": "MQL5 reference, ENUM_SYMBOL_SWAP_MODE: closed at the end of the day and opened again at a shifted "
    "price. strategytester5 says that it does not do so.",
}  # fmt: skip


class Row(NamedTuple):
    """One comparison: ours, theirs, and the key of the page that decides."""

    case: str
    ours: float | str
    tester: float | str
    gym: float | str
    why: str


def _load() -> tuple[Any, Any, Any, Any]:
    """The two packages; ``gym_mtsim`` without its package's own start, which unpickles frames of an old pandas."""
    sys.modules["MetaTrader5"] = mt5
    chdir(tempfile.mkdtemp())  # strategytester5 writes folders where it runs
    logging.disable(logging.CRITICAL)
    tester = importlib.import_module("strategytester5.MetaTrader5.api")
    records = importlib.import_module("strategytester5.MetaTrader5")
    found = importlib.util.find_spec("gym_mtsim")
    assert found is not None
    package = types.ModuleType("gym_mtsim")
    package.__path__ = list(found.submodule_search_locations or ())
    sys.modules["gym_mtsim"] = package
    gym = importlib.import_module("gym_mtsim.simulator")
    return tester, records, gym, importlib.import_module("strategytester5.MetaTrader5._swap")


TESTER, RECORDS, GYM, SWAP = _load()


def broker(**options: Any) -> Broker:
    told: dict[str, Any] = {"balance": 1e7, "leverage": 100} | options
    made = Broker(start_utc=START, utc_offset_s=0, **told).add_standard()
    mt5.attach(made)
    return made


def tester() -> Any:
    made = TESTER.VirtualMetaTrader5(mt5)
    made.logger = logging.getLogger("second")
    return made


class Pair(NamedTuple):
    """What gym_mtsim knows of a symbol."""

    name: str
    currency_margin: str
    currency_profit: str
    trade_contract_size: float
    volume_min: float = 0.01
    volume_max: float = 1000.0
    volume_step: float = 0.01
    path: str = "Forex"


def gym(made: Broker, hedge: bool = True, level: float = 0.5) -> Any:
    """gym_mtsim over the same symbols; its prices are the bids, minute by minute as told."""
    import pandas as pd  # noqa: PLC0415 (of the other environment)

    sim = GYM.MtSimulator(made.currency, made.balance, made.leverage, level, hedge)
    symbol = importlib.import_module("gym_mtsim.metatrader.symbol")
    for name, spec in made.specs.items():
        sim.symbols_info[name] = symbol.SymbolInfo(
            Pair(name, spec.margin_currency, spec.currency_profit, spec.contract_size)
        )
        sim.symbols_data[name] = pd.DataFrame({"Close": [made.quotes[name].bid]}, index=[START])
    sim.current_time = START
    return sim


def gym_price(sim: Any, name: str, price: float) -> None:
    sim.current_time += timedelta(minutes=1)
    sim.symbols_data[name].loc[sim.current_time] = [price]


def gym_margin(made: Broker, name: str, lots: float, price: float) -> float:
    sim = gym(made)
    gym_price(sim, name, price)
    return float(sim.create_order(GYM.OrderType.Buy, name, lots, fee=0.0).margin)


def gym_profit(made: Broker, name: str, lots: float, opened: float, closed: float) -> float:
    sim = gym(made)
    gym_price(sim, name, opened)
    order = sim.create_order(GYM.OrderType.Buy, name, lots, fee=0.0)
    gym_price(sim, name, closed)
    sim.tick()
    return float(order.profit)


def margin_row(case: str, why: str, name: str = "X", spec: SymbolSpec | None = None, **options: Any) -> Row:
    made = broker(**options)
    if spec is not None:
        made.add_symbol(spec)
    price = made.quotes[name].ask
    theirs = tester().order_calc_margin(0, name, 1.0, price)
    return Row(case, mt5.order_calc_margin(0, name, 1.0, price), theirs, gym_margin(made, name, 1.0, price), why)


def profit_row(
    case: str, why: str, name: str = "X", spec: SymbolSpec | None = None, move: float = 0.01, **options: Any
) -> Row:
    made = broker(**options)
    if spec is not None:
        made.add_symbol(spec)
    opened = made.quotes[name].bid
    closed = made.specs[name].round(opened * (1 + move))
    theirs = tester().order_calc_profit(0, name, 1.0, opened, closed)
    ours = mt5.order_calc_profit(0, name, 1.0, opened, closed)
    return Row(case, ours, theirs, gym_profit(made, name, 1.0, opened, closed), why)


def contract(mode: int, **facts: Any) -> SymbolSpec:
    told: dict[str, Any] = {"tick_size": 0.25, "tick_value": 12.5, "face_value": 1000.0} | facts
    return SymbolSpec("X", 4000.0, 2, 10.0, "USD", "USD", 0.0, mode, **told)


def margins() -> list[Row]:
    rows = [
        margin_row("FOREX, EURUSD, account USD", "", "EURUSD"),
        margin_row("FOREX, USDJPY, account USD", "", "USDJPY"),
        margin_row("FOREX, EURGBP, account USD", "account currency", "EURGBP"),
        margin_row("FOREX, EURUSD, account JPY", "account currency", "EURUSD", currency="JPY", balance=1e9),
        margin_row("FOREX, initial margin 50,000", "fixed", "EURUSD",
                   replace(STANDARD["EURUSD"], margin_initial=50_000.0)),
        margin_row("FOREX without leverage, USDJPY", "no leverage", "USDJPY", replace(STANDARD["USDJPY"], calc_mode=5)),
        margin_row("CFD with leverage, XAUUSD", "", "XAUUSD"),
        margin_row("CFD with leverage in EUR, account USD", "account currency", "GER40"),
    ]  # fmt: skip
    names = {2: "CFD", 3: "CFD index", 32: "shares", 38: "shares (MOEX)", 35: "options", 36: "options margin"}
    for mode, text in names.items():
        why = {3: "index", 35: "unknown mode", 36: "unknown mode"}.get(mode, "modes")
        rows.append(margin_row(f"{text}, mode {mode}", why, spec=contract(mode)))
    rows.append(margin_row("CFD, initial margin 700", "fixed", spec=contract(2, margin_initial=700.0)))
    for mode in (1, 33, 34):
        why = "unknown mode" if mode == 34 else "modes"
        rows.append(
            margin_row(f"futures, mode {mode}, initial margin 700", why, spec=contract(mode, margin_initial=700.0))
        )
    rows.append(margin_row("bonds, mode 37", "modes", spec=contract(37)))
    rows.append(margin_row("collateral, mode 64", "modes", spec=contract(64)))
    return rows


def profits() -> list[Row]:
    rows = [
        profit_row("FOREX, EURUSD, account USD", "", "EURUSD"),
        profit_row("FOREX, USDJPY, account USD", "own price", "USDJPY"),
        profit_row("FOREX, EURGBP, account USD", "account currency", "EURGBP"),
        profit_row("FOREX, EURUSD, account JPY", "account currency", "EURUSD", currency="JPY", balance=1e9),
        profit_row("CFD with leverage, XAUUSD", "", "XAUUSD"),
        profit_row("CFD with leverage in EUR, account USD", "account currency", "GER40"),
    ]
    for mode, text in {2: "CFD", 3: "CFD index", 32: "shares", 35: "options"}.items():
        rows.append(profit_row(f"{text}, mode {mode}", "unknown mode" if mode == 35 else "", spec=contract(mode)))
    for mode, why in {1: "modes", 33: "modes", 34: "unknown mode"}.items():
        rows.append(profit_row(f"futures, mode {mode}", why, spec=contract(mode)))
    rows.append(profit_row("bonds, mode 37", "bonds", spec=contract(37)))
    rows.append(profit_row("collateral, mode 64", "modes", spec=contract(64, liquidity_rate=0.9)))
    return rows


def hedges_and_levels() -> list[Row]:
    made = broker(balance=10_000.0)
    made.open("buy", "EURUSD", 1.0)
    sim = gym(made)
    gym_price(sim, "EURUSD", made.quotes["EURUSD"].ask)
    sim.create_order(GYM.OrderType.Buy, "EURUSD", 1.0, fee=0.0)
    sim.equity = made.equity
    rows = [Row("margin level, %", made.margin_level, NONE, sim.margin_level * 100, "")]
    made.open("sell", "EURUSD", 1.0)
    sim.create_order(GYM.OrderType.Sell, "EURUSD", 1.0, fee=0.0)
    rows.append(Row("margin of 1.0 bought and 1.0 sold, EURUSD", made.margin, NONE, sim.margin, "hedge"))
    return rows


def _ours_stopped(**options: Any) -> str:
    """One gold lot, bought at 2650 with a margin of 2,650, at an equity of exactly 1,325 or a level in money."""
    made = broker(balance=3_000.0, so_call=0.0, **options)
    made.set_price("XAUUSD", 2650.0, 2650.0)
    made.open("buy", "XAUUSD", 1.0)
    made.set_price("XAUUSD", 2650.0 - 16.75, 2650.0 - 16.75)
    return "closed" if any(deal.reason == BY_STOP_OUT for deal in made.deals) else "held"


def _tester_state(mode: int, level: float) -> str:
    account = RECORDS.AccountInfo(**(mt5.account_info()._asdict() | {
        "margin_so_mode": mode, "margin_so_so": level, "margin_so_call": 0.0, "equity": 1_325.0, "margin": 2_650.0,
        "margin_free": -1_325.0,
    }))  # fmt: skip
    return "closed" if RECORDS.evaluate_margin_state(account).state == "STOP_OUT" else "held"


def stop_outs() -> list[Row]:
    broker()
    at = _tester_state(0, 50.0)
    sim = gym(broker(balance=3_000.0), level=0.5)
    gym_price(sim, "XAUUSD", 2650.0)
    sim.create_order(GYM.OrderType.Buy, "XAUUSD", 1.0, fee=0.0)
    gym_price(sim, "XAUUSD", 2650.0 - 16.75)
    sim.tick()
    gyms = "held" if sim.orders else "closed"
    broker()
    return [
        Row("stop-out 50 %, level exactly 50 %", _ours_stopped(so_so=50.0), at, gyms, "at the level"),
        Row("stop-out at an equity of 1,000, equity 1,325", _ours_stopped(so_so=1_000.0, so_money=True),
            _tester_state(1, 1_000.0), NONE, "money mode"),
    ]  # fmt: skip


def swaps() -> list[Row]:
    rows = []
    cases = [
        (1, "points, EURUSD", -5.0, ""), (4, "deposit currency", -2.0, ""), (5, "% of the current price", -3.0, ""),
        (6, "% of the open price", -3.0, "open price"), (7, "re-opening", -5.0, "re-opening"),
    ]  # fmt: skip
    for mode, text, swap, why in cases:
        made = broker(balance=1e6)
        made.add_symbol(replace(STANDARD["EURUSD"], swap_mode=mode, swap_long=swap, spread=0.0))
        made.open("buy", "EURUSD", 1.0)
        made.set_price("EURUSD", 1.1)
        before = made.equity
        info = types.SimpleNamespace(**(mt5.symbol_info("EURUSD")._asdict() | {"contract_size": 100_000.0}))
        calc = SWAP.SwapCalculator(
            TESTER.MetaTrader5Constants, lambda: "USD", lambda _, i=info: i, lambda _: mt5.symbol_info_tick("EURUSD")
        )
        (held,) = mt5.positions_get()
        theirs = calc.calc_swap(held)
        made.advance(86_400)
        rows.append(Row(f"swap of one night: {text}", round(made.equity - before, 2), theirs, NONE, why))
    return rows


def same(one: float | str, other: float | str) -> bool:
    """Equal to the cent, or not to be compared."""
    if NONE in {one, other}:
        return True
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return abs(one - other) <= 0.0051


def shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.2f}"


def table(title: str, rows: list[Row]) -> str:
    lines = [f"## {title}", "", "| Case | Simulated broker | strategytester5 | gym_mtsim | Decided by |",
             "|---|---|---|---|---|"]  # fmt: skip
    for row in rows:
        agree = same(row.ours, row.tester) and same(row.ours, row.gym)
        why = "agree" if agree else row.why
        lines.append(f"| {row.case} | {shown(row.ours)} | {shown(row.tester)} | {shown(row.gym)} | {why} |")
    return "\n".join(lines)


def main() -> None:
    names = ("strategytester5", "gym-mtsim", "pandas", "numpy")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    print(f"Versions: {versions}; Python {sys.version.split()[0]}.\n")
    for title, rows in (("Margin of one lot", margins()), ("Profit of one lot, 1 % up", profits()),
                        ("Hedges and levels", hedges_and_levels()), ("Stop-out", stop_outs()),
                        ("Swap", swaps())):  # fmt: skip
        wordless = [
            row.case for row in rows if not row.why and not (same(row.ours, row.tester) and same(row.ours, row.gym))
        ]
        if wordless:
            raise SystemExit(f"undecided: {wordless}")
        print(table(title, rows) + "\n")
    print("## What decides\n")
    for name, why in DECIDED.items():
        print(f"- **{name}**: {why}")


if __name__ == "__main__":
    main()
