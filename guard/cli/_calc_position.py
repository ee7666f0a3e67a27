"""``guard calc`` about one position or one symbol: margin, hedged-margin, profit, pip, loss, price, swap."""

from __future__ import annotations

from typing import Annotated

import typer

from guard.app.calc.inputs import Results
from guard.cli import _calc_common as c
from guard.cli._calc_common import answer, legs, money, plain, volume

Price = Annotated[float | None, typer.Option(help="Ask for a buy, bid for a sell; the open price once open.")]
Rate = Annotated[float | None, typer.Option(help="Margin rate of the order type, if the symbol sets one; else 1.")]
Buy = Annotated[list[str] | None, typer.Option(help="A buy as LOTS@PRICE, or LOTS; once for each.")]
Sell = Annotated[list[str] | None, typer.Option(help="A sell as LOTS@PRICE, or LOTS; once for each.")]
MarginHedged = Annotated[float | None, typer.Option(help="The symbol's hedged margin; 0: covered lots are free.")]
UseLeg = Annotated[bool, typer.Option("--use-leg", help="The symbol charges the larger leg only.")]
BuyRate = Annotated[float | None, typer.Option(help="Margin rate of buys; else 1.")]
SellRate = Annotated[float | None, typer.Option(help="Margin rate of sells; else 1.")]
MarginMaintenance = Annotated[float | None, typer.Option(help="Fixed margin of one open lot; 0 or absent: as initial.")]
Open = Annotated[float | None, typer.Option("--open", help="Opening price.")]
Close = Annotated[float | None, typer.Option(help="Closing price.")]
Pip = Annotated[float | None, typer.Option(help="One pip in the price: 0.0001, with JPY 0.01.")]
Units = Annotated[float | None, typer.Option(help="Units of the base, instead of lots and contract size.")]
Sl = Annotated[float | None, typer.Option(help="Stop-loss price.")]
Commission = Annotated[float | None, typer.Option(help="Commission of entry and exit together.")]
Swap = Annotated[float | None, typer.Option(help="Swap so far, negative when paid.")]
Fill = Annotated[list[str] | None, typer.Option(help="A fill as LOTS@PRICE; once for each.")]
SwapMode = Annotated[
    str | None,
    typer.Option(
        help="points, percent_current, percent_open, currency_deposit, currency_symbol, currency_margin, "
        "currency_profit, reopen_current, reopen_bid or disabled."
    ),
]
SwapPerLot = Annotated[float | None, typer.Option(help="The symbol's swap for this side, negative when paid.")]
Nights = Annotated[float | None, typer.Option(help="Nights held; the triple night counts 3.")]
Point = Annotated[float | None, typer.Option(help="One point in the price (not a pip): 0.00001 at five digits.")]
SwapPrice = Annotated[float | None, typer.Option(help="Price the percentage is taken of.")]
DaysInYear = Annotated[float | None, typer.Option(help="Days of the year the broker divides by, mostly 360.")]
BaseToAccount = Annotated[float | None, typer.Option(help="Account currency for one unit of the base currency.")]


def margin(
    calc: c.Mode = None, lots: c.Lots = None, contract_size: c.ContractSize = None, leverage: c.Leverage = None,
    price: Price = None,
    margin_ccy_to_account: c.MarginRate = None,
    rate: Rate = None,
    margin_initial: c.MarginInitial = None, tick_value: c.TickValue = None, tick_size: c.TickSize = None,
    face_value: c.FaceValue = None, account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """Margin of opening one position, for every calculation mode."""
    inputs = {
        "calc": calc, "lots": lots, "contract_size": contract_size, "leverage": leverage, "price": price,
        "margin_ccy_to_account": margin_ccy_to_account, "rate": rate, "margin_initial": margin_initial,
        "tick_value": tick_value, "tick_size": tick_size, "face_value": face_value,
    }  # fmt: skip

    def say(found: Results) -> list[str]:
        return [f"Opening {volume(lots)} takes {money(found['margin'], account_ccy)} of margin."]

    answer("margin", inputs, say, main="margin", as_json=as_json)


def hedged_margin(
    buy: Buy = None,
    sell: Sell = None,
    calc: c.Mode = None, contract_size: c.ContractSize = None, leverage: c.Leverage = None,
    margin_ccy_to_account: c.MarginRate = None,
    margin_hedged: MarginHedged = None,
    use_leg: UseLeg = False,
    buy_rate: BuyRate = None,
    sell_rate: SellRate = None,
    margin_initial: c.MarginInitial = None,
    margin_maintenance: MarginMaintenance = None,
    tick_value: c.TickValue = None, tick_size: c.TickSize = None, face_value: c.FaceValue = None,
    account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """Margin of all buys and sells of one symbol on a hedging account, and what is not covered."""
    inputs = {
        "buy": legs(buy, "buy"), "sell": legs(sell, "sell"), "calc": calc, "contract_size": contract_size,
        "leverage": leverage, "margin_ccy_to_account": margin_ccy_to_account, "margin_hedged": margin_hedged,
        "use_leg": use_leg, "buy_rate": buy_rate, "sell_rate": sell_rate, "margin_initial": margin_initial,
        "margin_maintenance": margin_maintenance, "tick_value": tick_value, "tick_size": tick_size,
        "face_value": face_value,
    }  # fmt: skip

    def say(found: Results) -> list[str]:
        sentences = [f"The book takes {money(found['margin'], account_ccy)} of margin."] if "margin" in found else []
        if found["side"] == c.NONE:
            return [*sentences, "Every lot is covered by an opposite one."]
        return [*sentences, f"Not covered: {volume(found['uncovered_lots'])} on the {found['side']} side."]

    answer("hedged_margin", inputs, say, main="margin" if calc is not None else None, as_json=as_json)


def profit(
    side: c.Side = None, lots: c.Lots = None, contract_size: c.ContractSize = None, open_: Open = None,
    close: Close = None,
    profit_ccy_to_account: c.ProfitRate = None, calc: c.Mode = None, tick_value: c.TickValue = None,
    tick_size: c.TickSize = None, account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """Profit of one position between two prices; futures modes use tick value and tick size."""
    inputs = {
        "side": side, "lots": lots, "contract_size": contract_size, "open": open_, "close": close,
        "profit_ccy_to_account": profit_ccy_to_account, "calc": calc, "tick_value": tick_value, "tick_size": tick_size,
    }  # fmt: skip

    def say(found: Results) -> list[str]:
        return [f"Profit {money(found['profit'], account_ccy)}, commission and swap left out."]

    answer("profit", inputs, say, main="profit", as_json=as_json)


def pip(
    pip: Pip = None,
    units: Units = None,
    lots: c.Lots = None, contract_size: c.ContractSize = None,
    quote_to_account: c.ProfitRate = None, account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """What one pip is worth."""
    inputs = {
        "pip": pip, "units": units, "lots": lots, "contract_size": contract_size, "quote_to_account": quote_to_account
    }  # fmt: skip

    def say(found: Results) -> list[str]:
        return [f"One pip is worth {plain(found['pip_value'])}{' ' + account_ccy if account_ccy else ''}."]

    answer("pip_value", inputs, say, main="pip_value", as_json=as_json)


def loss(
    side: c.Side = None, lots: c.Lots = None, contract_size: c.ContractSize = None, open_: Open = None,
    sl: Sl = None,
    profit_ccy_to_account: c.ProfitRate = None, equity: c.Equity = None,
    commission: Commission = None,
    swap: Swap = None,
    calc: c.Mode = None, tick_value: c.TickValue = None, tick_size: c.TickSize = None,
    account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """What a position loses, from its opening price, if its stop fills at its price."""
    inputs = {
        "side": side, "lots": lots, "contract_size": contract_size, "open": open_, "sl": sl, "equity": equity,
        "profit_ccy_to_account": profit_ccy_to_account, "commission": commission, "swap": swap, "calc": calc,
        "tick_value": tick_value, "tick_size": tick_size,
    }  # fmt: skip

    def say(found: Results) -> list[str]:
        if found["loss"] == 0.0:
            return ["At the stop this position loses nothing: the stop is at or beyond the opening price."]
        share = ""
        if found.get("pct") == "inf":
            share = ", with no equity to lose it from"
        elif "pct" in found:
            share = f", {money(found['pct'], None)} % of equity"
        return [f"At the stop this position loses {money(found['loss'], account_ccy)}{share}."]

    answer("loss_at_stop", inputs, say, main="loss", as_json=as_json)


def price(
    fill: Fill = None,
    as_json: c.AsJson = False,
) -> None:
    """Volume-weighted average price of several fills."""

    def say(found: Results) -> list[str]:
        return [f"The volume-weighted price is {plain(found['vwap'])}."]

    answer("weighted_price", {"fills": legs(fill, "fill") or None}, say, main="vwap", as_json=as_json)


def swap(
    mode: SwapMode = None,
    swap: SwapPerLot = None,
    nights: Nights = None,
    lots: c.Lots = None, contract_size: c.ContractSize = None,
    point: Point = None,
    price: SwapPrice = None,
    days_in_year: DaysInYear = None,
    profit_ccy_to_account: c.ProfitRate = None, margin_ccy_to_account: c.MarginRate = None,
    base_to_account: BaseToAccount = None,
    account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """Swap of a position over a number of nights."""
    inputs = {
        "mode": mode, "swap": swap, "nights": nights, "lots": lots, "contract_size": contract_size, "point": point,
        "price": price, "days_in_year": days_in_year, "profit_ccy_to_account": profit_ccy_to_account,
        "margin_ccy_to_account": margin_ccy_to_account, "base_to_account": base_to_account,
    }  # fmt: skip

    def say(found: Results) -> list[str]:
        return [f"Swap {money(found['swap'], account_ccy)}; a negative amount is paid."]

    answer("swap", inputs, say, main="swap", as_json=as_json)
