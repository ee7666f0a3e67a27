"""Limits that could never speak, or would speak too late, are found when the file is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.settings.faults import ConfigError
from guard.settings.load import Loaded, load_text


def load(text: str) -> Loaded:
    return load_text('format = "guard.config/1"\n' + text, Path("own.toml"))


def one_fault(text: str) -> tuple[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert len(caught.value.faults) == 1, caught.value.faults
    fault = caught.value.faults[0]
    return fault.path, fault.sentence


LEVEL = "[[limits]]\nkind = 'margin_level'\nmin = %s\n"
USAGE = "[[limits]]\nkind = 'margin_usage'\nmax = %s\n"


@pytest.mark.parametrize("broker, level, ok", [("fbs", "20", "20.1"), ("avatrade", "50", "50.1")])
def test_a_margin_level_the_brokers_stop_out_comes_before_is_a_fault(broker: str, level: str, ok: str) -> None:
    head = f'extends = "brokers/{broker}"\n'
    path, sentence = one_fault(head + LEVEL % level)
    assert path == "limits[0].min"
    assert "the broker would close first" in sentence
    assert load(head + LEVEL % ok).policy.limits


def test_a_regulators_close_out_counts_as_well_and_without_a_named_broker_nothing_is_assumed() -> None:
    assert one_fault('extends = "regulators/esma"\n' + LEVEL % "45")[0] == "limits[0].min"
    assert load(LEVEL % "45").policy.limits


def test_margin_usage_beyond_the_stop_out_is_never_reached() -> None:
    head = "[margin]\nstop_out_level = 50.0\n"
    assert "the broker closes at 200 %" in one_fault(head + USAGE % "200")[1]
    assert load(head + USAGE % "199").policy.limits
    assert load(
        'extends = "brokers/exness"\n' + USAGE % "400"
    ).policy.limits  # closes at equity 0: any usage comes first


def test_money_that_cannot_be_lost_before_the_account_is_empty_is_a_fault() -> None:
    text = '[account]\ninitial = "1000 USD"\n[[limits]]\nkind = "max_drawdown"\n'
    text += 'limit = { value = "%s USD", unit = "money" }\n'
    assert "before the account of 1000 is empty" in one_fault(text % "1000")[1]
    assert load(text % "999").policy.limits


STAGES = "[[limits]]\nkind = 'open_risk'\nmax = 5.0\nstages = [%s]\n"


def test_a_warning_after_the_breach_is_a_fault() -> None:
    late = "{ at_pct = 70 }, { at_pct = 110 }"
    path, sentence = one_fault(STAGES % late)
    assert path == "limits[0].stages[1]"
    assert "after the breach at 100 %" in sentence
    assert load(STAGES % '{ at_pct = 70 }, { at_pct = 110, actions = ["flatten"] }').policy.limits


TWO = (
    "[[limits]]\nkind = 'open_risk'\nid = 'a'\nmax = 5.0\n%s\n[[limits]]\nkind = 'open_risk'\nid = 'b'\nmax = 8.0\n%s\n"
)


def test_a_limit_that_another_always_speaks_before_is_named() -> None:
    assert "b never speaks before a: the same limit with a tighter number." in load(TWO % ("", "")).remarks


@pytest.mark.parametrize(
    "first, second",
    [
        ("", "for_s = 60.0"),  # another condition
        ("", 'stages = [{ at_pct = 100, actions = ["flatten"] }]'),  # it does more
        ("stages = [{ at_pct = 100 }]", "stages = [{ at_pct = 10 }]"),  # it speaks earlier on its way
    ],
)
def test_two_limits_that_differ_in_more_than_the_number_are_left_alone(first: str, second: str) -> None:
    assert not load(TWO % (first, second)).remarks


TRADE_AND_DAY = (
    "[[limits]]\nkind = 'risk_per_trade'\nmax = %s\n[[limits]]\nkind = 'period_loss'\nlimit = { value = 3.0 }\n"
)


def test_a_trade_that_may_cost_more_than_the_day_is_named() -> None:
    assert load(TRADE_AND_DAY % "3.5").remarks == (
        "risk_per_trade lets one trade risk 3.5 %, more than period_loss lets a day lose: 3 %.",
    )
    assert load(TRADE_AND_DAY % "3.0").remarks == ()


DAY_AND_ACCOUNT = (
    '[account]\ninitial = "1000 USD"\n[[limits]]\nkind = "period_loss"\nlimit = { value = %s, basis = "initial" }\n'
    '[[limits]]\nkind = "max_drawdown"\nlimit = { value = 5.0, basis = "initial" }\n'
)


def test_a_day_that_may_cost_as_much_as_the_account_is_named() -> None:
    (remark,) = load(DAY_AND_ACCOUNT % "5.0").remarks
    assert "only while the account is ahead" in remark
    assert load(DAY_AND_ACCOUNT % "4.9").remarks == ()
