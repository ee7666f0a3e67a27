"""``guard calc`` about holding a trade: cost, tiers, regulator."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from guard.app.calc.inputs import Results
from guard.app.whatif.words import tiers as tier_words
from guard.cli import _calc_common as c
from guard.cli._calc_common import answer, money, plain
from guard.model.errors import InputError, UsageError
from guard.settings.presets import Preset, read_preset

Price = Annotated[float | None, typer.Option(help="Price it opens at.")]
Pip = Annotated[float | None, typer.Option(help="One pip in the price: 0.0001, with JPY 0.01.")]
Notional = Annotated[float | None, typer.Option(help="Value of what is open already, account currency.")]
Commission = Annotated[float | None, typer.Option(help="Commission of one lot on each side of the trade.")]
Spread = Annotated[float | None, typer.Option(help="Spread in the price, such as 0.0002.")]
Night = Annotated[float | None, typer.Option(help="Swap of one lot and night, account currency; negative when paid.")]
Nights = Annotated[float | None, typer.Option(help="Calendar nights it is held.")]
OpenDay = Annotated[str | None, typer.Option(help="Day of the week it opens, so that weekends and triples count.")]
TripleDay = Annotated[str | None, typer.Option(help="Day whose night counts three, else wednesday; none: no such day.")]
Tiers = Annotated[str | None, typer.Option(help="FROM:LEVERAGE,FROM:LEVERAGE, or a broker's name, such as exness.")]
By = Annotated[str, typer.Option(help="What the tiers go by: equity, lots or notional.")]
Held = Annotated[float | None, typer.Option(help="Lots (or notional) of it that are open already.")]
Name = Annotated[str | None, typer.Argument(help="The regulator: esma, fca, asic, nfa-cftc or japan.")]
SymbolName = Annotated[str | None, typer.Option(help="The symbol, such as EURUSD or XAUUSD.")]
AssetClass = Annotated[str, typer.Option(help="forex, metal, index, crypto, share, energy or other.")]


def cost(
    lots: c.Lots = None, contract_size: c.ContractSize = None, spread: Spread = None,
    profit_ccy_to_account: c.ProfitRate = None, commission: Commission = None, swap_per_night: Night = None,
    nights: Nights = None, open_day: OpenDay = None, triple_day: TripleDay = None, pip: Pip = None,
    account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """What a trade costs: spread, commission of both sides, and swap with its triple day."""
    inputs = {
        "lots": lots, "contract_size": contract_size, "spread": spread, "commission": commission, "nights": nights,
        "profit_ccy_to_account": profit_ccy_to_account, "swap_per_night": swap_per_night, "open_day": open_day,
        "triple_day": triple_day, "pip": pip,
    }  # fmt: skip

    def say(found: Results) -> list[str]:
        parts = [
            f"{title} {money(found[key], account_ccy)}"
            for key, title in (("spread_cost", "spread"), ("commission_cost", "commission"), ("swap_cost", "swap"))
            if key in found
        ]
        counted = f" ({plain(found['nights_charged'])} nights are charged)" if "nights_charged" in found else ""
        total = f"It costs {money(found['cost'], account_ccy)}"
        by_pips = f", {money(found['cost_pips'], None)} pips" if "cost_pips" in found else ""
        return [f"{total}{by_pips}: {', '.join(parts)}{counted}."]

    answer("cost", inputs, say, main="cost", as_json=as_json)


def tiers(
    tiers: Tiers = None, by: By = "equity", equity: c.Equity = None, lots: c.Lots = None, held: Held = None,
    contract_size: c.ContractSize = None, price: Price = None, profit_ccy_to_account: c.ProfitRate = None,
    leverage: c.Leverage = None, account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """Margin where the broker's leverage depends on equity, or falls with volume."""
    steps, source = _steps(tiers)
    inputs = {
        "tiers": steps, "by": by, "equity": equity, "lots": lots, "held": held, "contract_size": contract_size,
        "price": price, "profit_ccy_to_account": profit_ccy_to_account, "leverage": leverage,
    }  # fmt: skip

    def say(found: Results) -> list[str]:
        took, ratio = money(found["margin"], account_ccy), found["leverage"]
        if isinstance(ratio, float) and ratio >= UNLIMITED:
            return ["Leverage is unlimited here: it takes next to no margin.", *source]
        return [f"It takes {took} of margin, at 1:{money(ratio, None)} on the whole.", *source]

    answer("tiered_margin", inputs, say, main="margin", as_json=as_json)


UNLIMITED = 1e9
"""The leverage that stands for none: margin is then next to nothing."""


def _steps(text: str | None) -> tuple[list[list[float]] | None, list[str]]:
    if text is None:
        return None, []
    if ":" in text:
        found = tier_words(text)
        source: list[str] = []
    else:
        broker = _preset("brokers", text).broker
        if broker is None or broker.leverage_tiers.value is None:
            raise InputError(f"{text} knows no leverage by equity: give --tiers 0:500,20000:200")
        fact = broker.leverage_tiers
        found = tuple(
            (tier.from_equity, math.inf if tier.leverage == "unlimited" else tier.leverage)
            for tier in broker.leverage_tiers.value
        )
        source = [f"Source: {fact.source}, {fact.date} ({fact.grade}); equity in dollars."]
    return [[frm, ratio if math.isfinite(ratio) else UNLIMITED] for frm, ratio in found], source


def _preset(folder: str, name: str) -> Preset:
    try:
        return read_preset(name if "/" in name else f"{folder}/{name}")
    except ValueError as error:
        raise InputError(f"{error}") from error


def regulator(
    name: Name = None, symbol: SymbolName = None, asset_class: AssetClass = "forex", notional: Notional = None,
    equity: c.Equity = None, account_ccy: c.Currency = None, as_json: c.AsJson = False,
) -> None:  # fmt: skip
    """Margin of a position at a regulator's rate for retail clients, and the equity at which positions are closed."""
    if name is None or symbol is None:
        raise UsageError("This needs a regulator and --symbol; see --help.")
    rules = _preset("regulators", name).regulator
    if rules is None:
        raise InputError(f"{name} is no regulator")
    found, words = rules.rate_pct(asset_class, symbol, symbol[:3].upper(), symbol[3:6].upper())
    if found is None:
        raise InputError(words)
    inputs = {
        "rate_pct": found, "notional": notional, "equity": equity, "close_out_pct": rules.close_out_pct.value,
    }  # fmt: skip

    def say(result: Results) -> list[str]:
        cap, took = money(result["leverage_cap"], None), money(result["required"], account_ccy)
        out = [f"{rules.name} asks for {plain(found)} % ({words}, 1:{cap}): {took} of margin."]
        if "close_out_equity" in result:
            out.append(f"Positions are closed when equity falls to {money(result['close_out_equity'], account_ccy)}.")
        if result.get("level_pct") is not None:
            out.append(f"Equity is {money(result['level_pct'], None)} % of it.")
        return out

    answer("regulated_margin", inputs, say, main="required", as_json=as_json)
