"""Every preset's worked examples through the engine: broken at the published number, and not one step before."""

from __future__ import annotations

import pytest

from guard.model.verdict import Severity
from guard.settings.preset_model import ExampleSection
from guard.settings.presets import Preset, shipped_presets
from tests.worked import extended, stop_out_loss, verdict_of

PRESETS = shipped_presets()
ALL = [(preset, example) for preset in PRESETS for example in preset.examples]
OF_LIMITS = [pair for pair in ALL if pair[1].of != "stop_out"]
OF_STOP_OUT = [pair for pair in ALL if pair[1].of == "stop_out"]
LOSS_KINDS = ("period_loss", "max_drawdown")


def named(pair: object) -> str | None:
    return pair.name if isinstance(pair, Preset) else None


@pytest.mark.parametrize("preset, example", OF_LIMITS, ids=named)
def test_it_breaks_at_the_published_number(preset: Preset, example: ExampleSection) -> None:
    assert verdict_of(preset.name, example, example.breach).severity is Severity.BREACH


@pytest.mark.parametrize("preset, example", OF_LIMITS, ids=named)
def test_it_does_not_break_one_step_before(preset: Preset, example: ExampleSection) -> None:
    assert example.fine is not None
    step = 0.5 if example.of == "seconds" else 0.01
    assert abs(example.fine - example.breach) == pytest.approx(step)
    found = verdict_of(preset.name, example, example.fine)
    assert found.severity in {Severity.OK, Severity.WARN}, found.sentence


@pytest.mark.parametrize("preset, example", OF_STOP_OUT, ids=named)
def test_the_broker_closes_where_the_example_says(preset: Preset, example: ExampleSection) -> None:
    equity = 2_500.0
    assert stop_out_loss(preset.name, example, equity) == pytest.approx(equity - example.breach)


@pytest.mark.parametrize("preset", PRESETS, ids=named)
def test_every_loss_rule_has_an_example_and_every_preset_that_watches_has_one(preset: Preset) -> None:
    kinds = {limit.name: limit.kind for limit in extended(preset.name).limits}
    shown = {example.limit for example in preset.examples}
    if preset.about.kind == "prop":
        assert {name for name in preset.limits if kinds[name] in LOSS_KINDS} <= shown
    levels = preset.broker is not None and preset.broker.stop_out_pct.value is not None
    assert preset.examples or not (preset.limits or levels)
