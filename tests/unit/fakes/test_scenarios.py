"""The scripted markets: the same seed plays the same, another seed moves the instants, the story stays."""

from __future__ import annotations

from random import Random

import pytest

from fakes.scenario_kit import Path
from fakes.scenarios import SCENARIOS


def play(
    name: str, seed: int, step_s: float | None = None
) -> tuple[list[tuple[float, str]], list[tuple[float, float, float | None]]]:
    """All lines with their instants, and the figures of every look."""
    scenario = SCENARIOS[name]
    broker = scenario.start(seed)
    step_s = scenario.step_s if step_s is None else step_s
    lines, looks, t_s = [], [], 0.0
    while t_s < scenario.duration_s:
        t_s += step_s
        lines += [(t_s, line) for line in scenario.tick(broker, t_s)]
        notional = sum(p.volume * broker.specs[p.symbol].contract_size * p.price_current for p in broker.positions)
        looks.append((broker.equity, notional / broker.equity, broker.margin_level if broker.margin else None))
    return lines, looks


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_the_same_seed_plays_the_same_market(name: str) -> None:
    assert play(name, 3) == play(name, 3)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_another_seed_moves_the_instants_and_keeps_the_story(name: str) -> None:
    ours, theirs = play(name, 7)[0], play(name, 8)[0]
    assert [t_s for t_s, _ in ours] != [t_s for t_s, _ in theirs]
    assert [line.split(":")[0] for _, line in ours] == [line.split(":")[0] for _, line in theirs]


@pytest.mark.parametrize("seed", range(6))
def test_overleverage_ends_at_the_margin_call_and_under_twice_each_limit(seed: int) -> None:
    lines, looks = play("overleverage", seed)
    assert [line for _, line in lines if line.startswith("broker: MARGIN CALL")]
    assert not [line for _, line in lines if "refuses" in line or "STOP-OUT" in line or "stop filled" in line]
    assert 15.0 < max(leverage for _, leverage, _ in looks) < 20.0
    assert 75.0 < min(level for _, _, level in looks if level is not None) <= 100.0
    assert 9000.0 < min(equity for equity, _, _ in looks) < 9500.0


@pytest.mark.parametrize("seed", range(6))
def test_overleverage_leaves_gold_without_a_stop_for_three_to_six_minutes(seed: int) -> None:
    lines, _ = play("overleverage", seed)
    opened = next(t_s for t_s, line in lines if "no stop" in line)
    stopped = next(t_s for t_s, line in lines if "gives the gold trade a stop" in line)
    assert 180.0 < stopped - opened < 360.0


@pytest.mark.parametrize("seed", range(6))
def test_gap_fills_the_stop_far_beyond_it_and_ends_in_stop_out(seed: int) -> None:
    lines, looks = play("gap", seed)
    assert [line for _, line in lines if line.startswith("broker: stop filled")]
    assert [line for _, line in lines if line.startswith("broker: STOP-OUT")]
    assert looks[-1][0] < 2500.0


@pytest.mark.parametrize("seed", range(6))
def test_hedge_loses_a_leg_to_the_spread_alone(seed: int) -> None:
    lines, looks = play("hedge", seed)
    assert [line for _, line in lines if line.startswith("broker: stop filled")]
    assert any(level is None and leverage > 0.0 for _, leverage, level in looks)


@pytest.mark.parametrize("seed", range(6))
def test_calm_stays_far_from_every_limit(seed: int) -> None:
    _, looks = play("calm", seed)
    assert max(leverage for _, leverage, _ in looks) < 3.0
    assert min(equity for equity, _, _ in looks) > 9900.0


def test_a_path_does_not_depend_on_how_often_it_is_read() -> None:
    points = ((0.0, 1.0), (100.0, 1.1), (200.0, 1.05))
    often, seldom = (Path(Random("x"), points, fast=0.01, slow=0.01) for _ in range(2))
    for t_s in range(0, 200, 3):
        often.at(t_s)
    assert often.at(200.0) == seldom.at(200.0)


def test_a_path_without_noise_is_a_line_between_its_points() -> None:
    path = Path(Random(1), ((10.0, 1.0), (20.0, 2.0)), fast=0.0, slow=0.0)
    assert [path.at(t_s) for t_s in (0.0, 10.0, 15.0, 20.0, 99.0)] == [1.0, 1.0, 1.5, 2.0, 2.0]


def test_a_path_refuses_points_out_of_order() -> None:
    with pytest.raises(ValueError, match="ascending"):
        Path(Random(1), ((10.0, 1.0), (5.0, 2.0)), fast=0.0, slow=0.0)


def test_tick_moves_the_clock_and_a_caller_that_has_moved_it_changes_nothing() -> None:
    scenario = SCENARIOS["calm"]
    alone, led = scenario.start(1), scenario.start(1)
    scenario.tick(alone, 30.0)
    led.advance(30.0)
    scenario.tick(led, 30.0)
    assert alone.now_utc == led.now_utc
    assert alone.quotes == led.quotes
