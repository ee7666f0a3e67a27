"""``guard calc`` before a trade: plan, max-lots, return-on-margin, compare, pips, to-level."""

from __future__ import annotations

from typing import Annotated

import typer

from guard.app.calc.inputs import Results, Value
from guard.app.calc.planning import COMPARED
from guard.cli import _calc_common as c
from guard.cli._calc_common import answer, money, plain, volume

Price = Annotated[float | None, typer.Option(help="Price it opens at.")]
Sl = Annotated[float | None, typer.Option(help="Stop-loss price.")]
Pip = Annotated[float | None, typer.Option(help="One pip in the price: 0.0001, with JPY 0.01.")]
RiskPct = Annotated[float | None, typer.Option(help="Percent of balance or equity to risk: 1 is 1 %.")]
RiskMoney = Annotated[float | None, typer.Option(help="Money to risk, instead of a percentage.")]
VolumeStep = Annotated[float | None, typer.Option(help="The symbol's volume step; else 0.01.")]
VolumeMin = Annotated[float | None, typer.Option(help="The symbol's smallest volume; else 0.01.")]
VolumeMax = Annotated[float | None, typer.Option(help="The symbol's largest volume; else unbounded.")]
McPct = Annotated[float | None, typer.Option(help="Margin call level in percent.")]
SoPct = Annotated[float | None, typer.Option(help="Stop-out level in percent.")]
MaxLeverage = Annotated[float | None, typer.Option(help="Your cap on effective leverage, in times equity.")]
Notional = Annotated[float | None, typer.Option(help="Value of what is open already, account currency.")]
Commission = Annotated[float | None, typer.Option(help="Commission of one lot on each side of the trade.")]
Spread = Annotated[float | None, typer.Option(help="Spread in the price, such as 0.0002.")]
LevelPct = Annotated[float | None, typer.Option(help="Margin level in percent to keep or to reach.")]
PipValue = Annotated[float | None, typer.Option(help="Value of one pip of all positions together.")]
MovePct = Annotated[float | None, typer.Option(help="Also the result of a price move of so many percent.")]
Profit = Annotated[float | None, typer.Option(help="Profit of the trade.")]
MarginUsed = Annotated[float | None, typer.Option(help="Margin in use already.")]


def plan(
    side: c.Side = None, balance: c.Balance = None, equity: c.Equity = None, risk_pct: RiskPct = None,
    risk_money: RiskMoney = None, price: Price = None, sl: Sl = None, pip: Pip = None,
    contract_size: c.ContractSize = None, profit_ccy_to_account: c.ProfitRate = None, calc: c.Mode = None,
    leverage: c.Leverage = None, margin_ccy_to_account: c.MarginRate = None, margin_initial: c.MarginInitial = None,
    margin: MarginUsed = None, notional: Notional = None, max_leverage: MaxLeverage = None, so_pct: SoPct = None,
    spread: Spread = None, commission: Commission = None, volume_step: VolumeStep = None, volume_min: VolumeMin = None,
    volume_max: VolumeMax = None, account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """A trade in four steps: money at risk, distance of the stop, lots, margin and leverage."""
    inputs = {
        "side": side, "balance": balance, "equity": equity, "risk_pct": risk_pct, "risk_money": risk_money,
        "price": price, "sl": sl, "pip": pip, "contract_size": contract_size, "calc": calc, "leverage": leverage,
        "profit_ccy_to_account": profit_ccy_to_account, "margin_ccy_to_account": margin_ccy_to_account,
        "margin_initial": margin_initial, "margin": margin, "notional": notional, "max_leverage": max_leverage,
        "so_pct": so_pct, "spread": spread, "commission": commission, "volume_step": volume_step,
        "volume_min": volume_min, "volume_max": volume_max,
    }  # fmt: skip

    def say(found: Results) -> list[str]:
        out = [
            f"1. At risk: {money(found['risk_money'], account_ccy)}.",
        ]
        each = money(found["loss_per_lot"], account_ccy)
        out.append(f"2. The stop is {plain(_tidy(found['stop_pips']))} pips away: a lot loses {each} there.")
        if found["lots"] == c.NONE:
            return [*out, "3. none: even the smallest volume would lose more than that."]
        lost = f"{money(found['loss'], account_ccy)}, {money(found['loss_pct'], None)} % of equity"
        out.append(f"3. {volume(found['lots'])}: at most {lost}, is lost at the stop.")
        if "margin" not in found:
            return [*out, "4. Name --calc and --leverage for margin and leverage."]
        level = found["margin_level_pct"]
        told = "no margin is used" if level is None else f"margin level {money(level, None)} %"
        so = f", {plain(found['pips_to_so'])} pips to stop-out" if "pips_to_so" in found else ""
        times = money(found["leverage"], None)
        out.append(
            f"4. It takes {money(found['margin'], account_ccy)} of margin: {told}, leverage {times} times equity{so}."
        )
        return out if found["fits"] else [*out, "It does NOT fit: margin or your cap on leverage is passed."]

    answer("plan", inputs, say, main="lots", as_json=as_json)


def _tidy(value: Value) -> Value:
    return round(value, 6) if isinstance(value, float) else value


def max_lots(
    equity: c.Equity = None, price: Price = None, contract_size: c.ContractSize = None,
    profit_ccy_to_account: c.ProfitRate = None, calc: c.Mode = None, leverage: c.Leverage = None,
    margin_ccy_to_account: c.MarginRate = None, margin_initial: c.MarginInitial = None, margin: MarginUsed = None,
    level_pct: LevelPct = None, notional: Notional = None, max_leverage: MaxLeverage = None,
    volume_step: VolumeStep = None, volume_min: VolumeMin = None, volume_max: VolumeMax = None,
    account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """The largest volume that margin, a margin level and your cap on leverage allow."""
    inputs = {
        "equity": equity, "price": price, "contract_size": contract_size, "calc": calc, "leverage": leverage,
        "profit_ccy_to_account": profit_ccy_to_account, "margin_ccy_to_account": margin_ccy_to_account,
        "margin_initial": margin_initial, "margin": margin, "level_pct": level_pct, "notional": notional,
        "max_leverage": max_leverage, "volume_step": volume_step, "volume_min": volume_min, "volume_max": volume_max,
    }  # fmt: skip

    def say(found: Results) -> list[str]:
        each = f"one lot takes {money(found['margin_per_lot'], account_ccy)} of margin"
        if found["lots"] == c.NONE:
            return [f"none: {found['binds']} leaves no room for the smallest volume; {each}."]
        return [f"At most {volume(found['lots'])}: then {found['binds']} binds; {each}."]

    answer("max_lots", inputs, say, main="lots", as_json=as_json)


def return_on_margin(
    profit: Profit = None, margin: c.Margin = None, equity: c.Equity = None, as_json: c.AsJson = False
) -> None:
    """Profit in percent of the margin it took, and of equity."""

    def say(found: Results) -> list[str]:
        out = [f"That is {money(found['on_margin_pct'], None)} % of the margin."]
        if "on_equity_pct" in found:
            out.append(f"Of equity, which is what can be lost, it is {money(found['on_equity_pct'], None)} %.")
        return out

    answer(
        "return_on_margin", {"profit": profit, "margin": margin, "equity": equity}, say, main="on_margin_pct",
        as_json=as_json,
    )  # fmt: skip


def compare(
    equity: c.Equity = None, lots: c.Lots = None, side: c.Side = None, contract_size: c.ContractSize = None,
    price: Price = None, profit_ccy_to_account: c.ProfitRate = None, pip: Pip = None, so_pct: SoPct = None,
    move_pct: MovePct = None, account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """The same trade at 1:100, at 1:500 and without leverage, side by side."""
    inputs = {
        "equity": equity, "lots": lots, "side": side, "contract_size": contract_size, "price": price,
        "profit_ccy_to_account": profit_ccy_to_account, "pip": pip, "so_pct": so_pct, "move_pct": move_pct,
    }  # fmt: skip

    def say(found: Results) -> list[str]:
        worth, times = money(found["exposure"], account_ccy), money(found["effective_leverage"], None)
        out = [f"{volume(lots)} is {worth}: effective leverage {times} times equity on every account."]
        if "result" in found:
            out.append(f"A move of {plain(move_pct)} % makes {money(found['result'], account_ccy)} on every account.")
        out.append(f"{'':<14}{'margin':>16}{'free margin':>16}{'margin level':>16}  pips to stop-out")
        for ratio in COMPARED:
            name = f"{ratio:.0f}"
            title = "no leverage" if ratio == 1.0 else f"1:{name}"
            cells = [money(found[f"{key}_{name}"], None) for key in ("margin", "free", "level")]
            pips = found.get(f"pips_to_so_{name}")
            shown = "-" if pips is None else plain(pips)
            out.append(f"{title:<14}{cells[0]:>16}{cells[1]:>16}{cells[2] + ' %':>16}  {shown}")
        return out

    answer("compare_leverage", inputs, say, main="exposure", as_json=as_json)


def pips(
    equity: c.Equity = None, margin: c.Margin = None, pip_value: PipValue = None, mc_pct: McPct = None,
    so_pct: SoPct = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """Pips that lose the margin, and pips to margin call, stop-out and equity 0: they are not the same."""
    inputs = {"equity": equity, "margin": margin, "pip_value": pip_value, "mc_pct": mc_pct, "so_pct": so_pct}
    words = (
        ("pips_to_wipe_margin", "A loss of the margin (the broker does not close there)"),
        ("pips_to_mc", "Margin call"),
        ("pips_to_so", "Stop-out (the broker closes)"),
        ("pips_to_zero", "Equity 0"),
    )

    def say(found: Results) -> list[str]:
        return [f"{title}: {plain(found[key])} whole pips." for key, title in words if key in found]

    answer("pips_to_level", inputs, say, main=None, as_json=as_json)


def to_level(
    equity: c.Equity = None, margin: c.Margin = None, level_pct: LevelPct = None, lots: c.Lots = None,
    volume_step: VolumeStep = None, account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """What to pay in, or how many of the open lots to close, to reach a margin level."""
    inputs = {"equity": equity, "margin": margin, "level_pct": level_pct, "lots": lots, "volume_step": volume_step}

    def say(found: Results) -> list[str]:
        out = [f"A deposit of {money(found['deposit'], account_ccy)} reaches {plain(level_pct)} %."]
        if found.get("lots_to_close") == c.NONE:
            return [*out, "Closing does not help: equity is used up."]
        if "lots_to_close" in found:
            out.append(f"Closing {volume(found['lots_to_close'])} of {plain(lots)} does too.")
        return out

    answer("to_level", inputs, say, main="deposit", as_json=as_json)
