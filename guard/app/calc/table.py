"""The table of calculators: category name to its inputs, its results and its formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from guard.app.calc import account, holding, planning, position
from guard.app.calc.inputs import Check, Given, Results, Value
from guard.model.errors import InputError


class Category(NamedTuple):
    """One calculator: the inputs it knows with their checks, the results it can give, and the function between."""

    inputs: Mapping[str, Check]
    results: tuple[str, ...]
    compute: Callable[[Given], Results]


class Answer(NamedTuple):
    """Results by name, and for each result left out the inputs that were absent."""

    result: Results
    missing: Mapping[str, tuple[str, ...]]


CATEGORIES: Final[Mapping[str, Category]] = {
    "margin": Category(position.MARGIN, ("margin",), position.margin_result),
    "hedged_margin": Category(
        position.HEDGED_MARGIN, ("margin", "uncovered_lots", "side"), position.hedged_margin_result
    ),
    "margin_level": Category(account.MARGIN_LEVEL, ("margin_level_pct", "free_margin"), account.margin_level_result),
    "profit": Category(position.PROFIT, ("profit",), position.profit_result),
    "pip_value": Category(position.PIP_VALUE, ("pip_value",), position.pip_value_result),
    "position_size": Category(account.POSITION_SIZE, ("lots", "risk_money"), account.position_size_result),
    "loss_at_stop": Category(position.LOSS_AT_STOP, ("loss", "pct"), position.loss_at_stop_result),
    "stop_out": Category(
        account.STOP_OUT,
        ("mc_equity", "so_equity", "loss_at_mc", "loss_at_so", "pips_to_mc", "pips_to_so"),
        account.stop_out_result,
    ),
    "stop_out_real": Category(account.STOP_OUT_REAL, ("stopped_out",), account.stop_out_real_result),
    "effective_leverage": Category(account.EFFECTIVE_LEVERAGE, ("leverage",), account.effective_leverage_result),
    "weighted_price": Category(position.WEIGHTED_PRICE, ("vwap",), position.weighted_price_result),
    "daily_loss": Category(account.DAILY_LOSS, ("floor", "equity", "room", "breach"), account.daily_loss_result),
    "trailing_drawdown": Category(
        account.TRAILING_DRAWDOWN, ("floor", "distance", "room", "breach"), account.trailing_drawdown_result
    ),
    "swap": Category(position.SWAP, ("swap",), position.swap_result),
    "plan": Category(
        planning.PLAN,
        (
            "risk_money", "stop_pips", "loss_per_lot", "lots", "loss", "loss_pct", "margin", "leverage",
            "margin_level_pct", "free_margin", "pips_to_so", "fits",
        ),
        planning.plan_result,
    ),
    "max_lots": Category(planning.MAX_LOTS, ("lots", "binds", "margin_per_lot"), planning.max_lots_result),
    "return_on_margin": Category(
        planning.RETURN_ON_MARGIN, ("on_margin_pct", "on_equity_pct"), planning.return_on_margin_result
    ),
    "compare_leverage": Category(
        planning.COMPARE,
        (
            "exposure", "effective_leverage", "result",
            *(f"{key}_{ratio:.0f}" for ratio in planning.COMPARED for key in ("margin", "free", "level", "pips_to_so")),
        ),
        planning.compare_result,
    ),
    "pips_to_level": Category(
        planning.PIPS, ("pips_to_wipe_margin", "pips_to_mc", "pips_to_so", "pips_to_zero"), planning.pips_result
    ),
    "to_level": Category(planning.TO_LEVEL, ("deposit", "lots_to_close"), planning.to_level_result),
    "cost": Category(
        holding.COST,
        ("spread_cost", "commission_cost", "nights_charged", "swap_cost", "cost", "cost_pips"),
        holding.cost_result,
    ),
    "tiered_margin": Category(holding.TIERED, ("margin", "leverage", "notional"), holding.tiered_result),
    "regulated_margin": Category(
        holding.REGULATED, ("required", "leverage_cap", "level_pct", "close_out_equity"), holding.regulated_result
    ),
}


def calculate(category: str, inputs: Mapping[str, object]) -> Answer:
    """Carry out one calculation.

    Args:
        category: A name of ``CATEGORIES``.
        inputs: Values by name; ``None`` is absent; names the category does not know are labels.

    Returns:
        Every result the inputs allow, in the table's order, ready for JSON: an infinite leverage is ``"inf"``.

    Raises:
        InputError: The category is unknown, or a value cannot be meant; one sentence.
    """
    entry = CATEGORIES.get(category)
    if entry is None:
        raise InputError(f"there is no calculator for category {category[:40]!r}; there are " + ", ".join(CATEGORIES))
    given = Given(inputs, entry.inputs)
    found = entry.compute(given)
    result = {key: _json_value(key, found[key]) for key in entry.results if key in found}
    return Answer(result, {key: names for key, names in given.missing.items() if key not in result})


def _json_value(key: str, value: Value) -> Value:
    """A value JSON can hold; infinity is a meaning only where equity is 0 or less."""
    if isinstance(value, float) and not math.isfinite(value):
        if value == math.inf and key in ("leverage", "pct"):
            return "inf"
        raise InputError("the inputs are too large or too small to calculate with")
    return value
