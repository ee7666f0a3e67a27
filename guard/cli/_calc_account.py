"""``guard calc`` about the account: margin-level, leverage, size, stop-out, daily-loss, drawdown."""

from __future__ import annotations

from typing import Annotated

import typer

from guard.app.calc.inputs import Results
from guard.cli import _calc_common as c
from guard.cli._calc_common import answer, money, plain, volume

Notional = Annotated[float | None, typer.Option(help="Value of all positions in account currency.")]
ImpliedBy = Annotated[float | None, typer.Option(help="Instead of equity: which leverage this margin implies.")]
RiskPct = Annotated[float | None, typer.Option(help="Percent of balance or equity to risk: 1 is 1 %.")]
RiskMoney = Annotated[float | None, typer.Option(help="Money to risk, instead of a percentage.")]
StopPips = Annotated[float | None, typer.Option(help="Distance of the stop in pips.")]
PipValuePerLot = Annotated[float | None, typer.Option(help="Value of one pip of one lot.")]
Open = Annotated[float | None, typer.Option("--open", help="Opening price, instead of a distance in pips.")]
Sl = Annotated[float | None, typer.Option(help="Stop-loss price, with --open.")]
VolumeStep = Annotated[float | None, typer.Option(help="The symbol's volume step; else 0.01.")]
VolumeMin = Annotated[float | None, typer.Option(help="The symbol's smallest volume; else 0.01.")]
VolumeMax = Annotated[float | None, typer.Option(help="The symbol's largest volume; else unbounded.")]
StopOutEquity = Annotated[float | None, typer.Option(help="Equity now, instead of the balance.")]
McPct = Annotated[float | None, typer.Option(help="Margin call level in percent.")]
SoPct = Annotated[float | None, typer.Option(help="Stop-out level in percent.")]
McMoney = Annotated[float | None, typer.Option(help="Margin call level where the broker sets it in money.")]
SoMoney = Annotated[float | None, typer.Option(help="Stop-out level where the broker sets it in money.")]
PipValue = Annotated[float | None, typer.Option(help="Value of one pip of all positions together.")]
Anchor = Annotated[
    str | None,
    typer.Option(
        help="balance@reset, equity@reset, max(balance,equity)@reset, peak_equity, peak_closed_balance or initial."
    ),
]
Basis = Annotated[str | None, typer.Option(help="What the percentage is of: initial, anchor or current_balance.")]
AnchorBalance = Annotated[float | None, typer.Option(help="Balance at the reset.")]
AnchorEquity = Annotated[float | None, typer.Option(help="Equity at the reset.")]
Closed = Annotated[float | None, typer.Option(help="Net result closed since the reset.")]
Floating = Annotated[float | None, typer.Option(help="Floating result now.")]
EquityNow = Annotated[float | None, typer.Option(help="Equity now, instead of closed and floating.")]
TrailingBasis = Annotated[str | None, typer.Option(help="What the percentage is of: peak or initial.")]
LockAtInitial = Annotated[
    bool, typer.Option("--lock-at-initial", help="The floor stops rising at the initial balance.")
]


def margin_level(
    equity: c.Equity = None, margin: c.Margin = None, account_ccy: c.Currency = None, as_json: c.AsJson = False
) -> None:
    """Margin level in percent and free margin."""

    def say(found: Results) -> list[str]:
        free = f"Free margin is {money(found['free_margin'], account_ccy)}."
        if found["margin_level_pct"] is None:
            return ["No margin is in use, so there is no margin level.", free]
        return [f"The margin level is {money(found['margin_level_pct'], None)} %.", free]

    answer("margin_level", {"equity": equity, "margin": margin}, say, main="margin_level_pct", as_json=as_json)


def leverage(
    notional: Notional = None,
    equity: c.Equity = None,
    margin: ImpliedBy = None,
    as_json: c.AsJson = False,
) -> None:
    """Effective leverage: notional value over equity."""

    def say(found: Results) -> list[str]:
        if found["leverage"] == "inf":
            return ["Effective leverage is beyond any bound: positions are open and equity is 0 or below."]
        times = money(found["leverage"], None)
        if equity is None:
            return [f"This margin implies a leverage of 1:{times}."]
        return [f"Effective leverage is {times} times equity."]

    answer(
        "effective_leverage", {"notional": notional, "equity": equity, "margin": margin}, say,
        main="leverage", as_json=as_json,
    )  # fmt: skip


def size(
    balance: c.Balance = None, equity: c.Equity = None,
    risk_pct: RiskPct = None,
    risk_money: RiskMoney = None,
    stop_pips: StopPips = None,
    pip_value_per_lot: PipValuePerLot = None,
    open_: Open = None,
    sl: Sl = None,
    contract_size: c.ContractSize = None, profit_ccy_to_account: c.ProfitRate = None,
    volume_step: VolumeStep = None,
    volume_min: VolumeMin = None,
    volume_max: VolumeMax = None,
    account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """How many lots lose a given amount at the stop, rounded down to the volume step."""
    inputs = {
        "balance": balance, "equity": equity, "risk_pct": risk_pct, "risk_money": risk_money, "stop_pips": stop_pips,
        "pip_value_per_lot": pip_value_per_lot, "open": open_, "sl": sl, "contract_size": contract_size,
        "profit_ccy_to_account": profit_ccy_to_account, "volume_step": volume_step, "volume_min": volume_min,
        "volume_max": volume_max,
    }  # fmt: skip

    def say(found: Results) -> list[str]:
        risk = money(found["risk_money"], account_ccy)
        if found["lots"] == c.NONE:
            return [f"none: even the smallest volume would lose more than {risk} at that stop."]
        return [f"{volume(found['lots'])}: at most {risk} is lost at the stop."]

    answer("position_size", inputs, say, main="lots", as_json=as_json)


def stop_out(
    balance: c.Balance = None,
    equity: StopOutEquity = None,
    margin: c.Margin = None,
    mc_pct: McPct = None,
    so_pct: SoPct = None,
    mc_money: McMoney = None,
    so_money: SoMoney = None,
    pip_value: PipValue = None,
    account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """Equity, loss and pips at which margin call and stop-out come, with margin as charged."""
    inputs = {
        "balance": balance, "equity": equity, "margin": margin, "mc_pct": mc_pct, "so_pct": so_pct,
        "mc_money": mc_money, "so_money": so_money, "pip_value": pip_value,
    }  # fmt: skip

    def say(found: Results) -> list[str]:
        return [
            f"{title} at equity {money(found[f'{name}_equity'], account_ccy)}{_way(found, name, account_ccy)}."
            for name, title in (("mc", "Margin call"), ("so", "Stop-out"))
            if f"{name}_equity" in found
        ]

    answer("stop_out", inputs, say, main=None, as_json=as_json)


def _way(found: Results, name: str, currency: str | None) -> str:
    loss, pips = found.get(f"loss_at_{name}"), found.get(f"pips_to_{name}")
    if not isinstance(loss, float):
        return ""
    if loss <= 0.0:
        return ": already reached"
    return f": {money(loss, currency)} to lose" + ("" if pips is None else f", {plain(pips)} whole pips")


def daily_loss(
    anchor: Anchor = None,
    limit_pct: c.LimitPct = None, limit_money: c.LimitMoney = None,
    basis: Basis = None,
    initial: c.Initial = None,
    anchor_balance: AnchorBalance = None,
    anchor_equity: AnchorEquity = None,
    peak_equity: c.PeakEquity = None, peak_balance: c.PeakBalance = None,
    closed: Closed = None,
    floating: Floating = None,
    equity: EquityNow = None,
    account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """Floor of a daily-loss rule, and the room left until it."""
    inputs = {
        "anchor": anchor, "limit_pct": limit_pct, "limit_money": limit_money, "basis": basis, "initial": initial,
        "anchor_balance": anchor_balance, "anchor_equity": anchor_equity, "peak_equity": peak_equity,
        "peak_balance": peak_balance, "closed": closed, "floating": floating, "equity": equity,
    }  # fmt: skip
    answer("daily_loss", inputs, _floor_sentences(account_ccy), main="floor", as_json=as_json)


def drawdown(
    limit_pct: c.LimitPct = None, limit_money: c.LimitMoney = None,
    basis: TrailingBasis = None,
    peak_equity: c.PeakEquity = None, peak_balance: c.PeakBalance = None, initial: c.Initial = None,
    lock_at_initial: LockAtInitial = False,
    equity: c.Equity = None, account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """Floor of a trailing drawdown rule, and the room left until it."""
    inputs = {
        "limit_pct": limit_pct, "limit_money": limit_money, "basis": basis, "peak_equity": peak_equity,
        "peak_balance": peak_balance, "initial": initial, "lock_at_initial": lock_at_initial, "equity": equity,
    }  # fmt: skip
    answer("trailing_drawdown", inputs, _floor_sentences(account_ccy), main="floor", as_json=as_json)


def _floor_sentences(currency: str | None) -> c.Say:
    def say(found: Results) -> list[str]:
        sentences = [f"The floor is {money(found['floor'], currency)}; reaching it breaks the rule."]
        if found.get("breach") is True:
            sentences.append("Equity has reached it: the rule is broken.")
        elif "room" in found:
            sentences.append(f"Equity may still lose {money(found['room'], currency)}.")
        return sentences

    return say
