"""Actions in a configuration: every kind with its own settings, faults with their place."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from guard.actions.base import Action, Ask, Plan
from guard.actions.registry import action_kinds
from guard.engine.policy import action_of
from guard.limits.base import ActionSpec
from guard.settings.actions_page import actions_page
from guard.settings.faults import ConfigError
from guard.settings.load import load_text
from guard.settings.schema import json_schema

CONFIG = """
format = "guard.config/1"
[[limits]]
kind = "{kind}"
{limit}
stages = [{{ at_pct = 90.0, actions = [{action}] }}]
"""
LEVERAGE = ("effective_leverage", "max = 10.0")


def load(action: str, kind: str = LEVERAGE[0], limit: str = LEVERAGE[1]) -> Any:
    return load_text(CONFIG.format(kind=kind, limit=limit, action=action), Path("guard.toml")).policy


@pytest.mark.parametrize("kind", list(action_kinds()))
def test_every_action_can_be_configured_by_its_name(kind: str) -> None:
    item = f'{{ kind = "{kind}", until = "manual" }}' if kind == "lock_until" else f'"{kind}"'
    policy = load(item)
    found = [action.kind for _, action in policy.by_name["effective_leverage"][1]]
    assert found == [kind]


def test_settings_reach_the_action() -> None:
    policy = load('{ kind = "reduce", target_pct = 60.0, order = "newest" }')
    action = policy.by_name["effective_leverage"][1][0][1]
    assert (action.target_pct, action.order, action.single_legs) == (60.0, "newest", False)
    policy = load('{ kind = "set_stop", not_magics = [7, 8] }')
    assert policy.by_name["effective_leverage"][1][0][1].not_magics == (7, 8)


@pytest.mark.parametrize(
    "action,place,words",
    [
        ('"flaten"', "actions[0]", "flatten"),
        ('{ kind = "reduce", target = 60.0 }', "actions[0].target", "target_pct"),
        ('{ kind = "reduce", target_pct = "60" }', "actions[0].target_pct", "must be a number"),
        ('{ kind = "reduce", target_pct = 95.0 }', "actions[0].target_pct", "not below the stage"),
        ('{ kind = "reduce", order = "cheapest" }', "actions[0].order", "least_cost"),
        ('"lock_until"', "actions[0]", "needs its end"),
        ('{ kind = "lock_until", until = "reset", for_s = 60.0 }', "actions[0]", "not both"),
        ('{ kind = "warn", loud = true }', "actions[0].loud", "is not a field of the action warn"),
    ],
)
def test_faults_name_their_place_and_the_way_out(action: str, place: str, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(action)
    assert [place in fault.path and words in fault.sentence for fault in error.value.faults] == [True], str(error.value)


def test_a_loss_cannot_be_reduced() -> None:
    with pytest.raises(ConfigError, match="'reduce' cannot cure a period_loss limit"):
        load('"reduce"', "period_loss", 'limit = { value = 5.0, unit = "pct", basis = "anchor" }')


def test_a_kind_that_may_not_close_has_no_trailing_stop_on_equity() -> None:
    with pytest.raises(ConfigError, match="'equity_trail' cannot cure a trade_count limit"):
        load('"equity_trail"', "trade_count", "max = 5")


def test_the_schema_knows_each_action_and_its_settings() -> None:
    schema = json_schema()["$defs"]["Stage"]["properties"]["actions"]["items"]
    for good in ("flatten", {"kind": "reduce", "target_pct": 60.0}, {"kind": "lock_until", "until": "reset"}):
        jsonschema.validate(good, schema)
    for bad in ("flaten", {"kind": "reduce", "target": 1.0}, {"kind": "lock_until", "until": "soon"}, {"kind": "x"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)


def test_the_page_of_actions_names_all_of_them_with_their_settings() -> None:
    page = actions_page()
    for kind, action in action_kinds().items():
        assert f"## {kind}" in page
        assert all(f"`{name}`" in page for name in action.model_fields)


def test_an_action_is_made_of_its_own_settings_only() -> None:
    made = action_of(ActionSpec.model_validate_json(json.dumps({"kind": "trail_stop", "distance_points": 50.0})))
    assert made == action_kinds()["trail_stop"].model_validate({"distance_points": 50.0})
    with pytest.raises(ValueError, match="there is no action 'x'"):
        action_of("x")


def test_an_action_that_only_notifies_wants_nothing() -> None:
    ask: Any = None
    assert (Action().plan(ask), Action().lock()) == (Plan(), None)
    assert isinstance(Ask, type)
