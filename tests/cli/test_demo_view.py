"""The demo's picture and pace: it fits the terminal, in Unicode or ASCII, and ends within a minute."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from fakes.scenarios import SCENARIOS
from guard.cli import _demo_words as words
from guard.cli import demo as command
from guard.cli import output
from guard.cli._demo_pace import Pace
from guard.cli._demo_play import Frame, Play
from guard.cli._demo_report import closing
from guard.cli._demo_view import View, _limits
from guard.journal.sqlite import open_journal
from guard.settings.load import load_config
from guard.settings.places import config_dir

Played = tuple[Play, list[Frame]]


@pytest.fixture(scope="module", params=["overleverage", "gap"])
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    journal = open_journal(tmp_path_factory.mktemp("view") / "demo.db")
    stage = command._Stage(SCENARIOS[request.param], 7)
    play = Play(stage, load_config(config_dir() / "demo.toml").policy, journal, 7)
    frames = list(play.frames())
    yield play, frames
    stage.close()
    journal.close()


def pictures(played: Played, width: int, height: int) -> list[list[str]]:
    """Some pictures of the run as lists of lines, the last one included."""
    play, frames = played
    console = Console(
        file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None, markup=False
    )
    view = View(play, 7, console)
    shots = []
    for number, frame in enumerate(frames):
        view._story.extend(e for e in frame.events if e["event"] in {"narration", "verdict"})
        assert frame.snapshot.account.equity is not None
        view._equity.append(frame.snapshot.account.equity)
        if number % 300 == 0 or frame is frames[-1]:
            shots.append(console.render_lines(view.picture(frame), pad=False))
    return [["".join(segment.text for segment in line) for line in shot] for shot in shots]


@pytest.mark.parametrize("width,height", [(80, 24), (76, 20), (120, 40), (200, 60)])
def test_the_picture_fits_the_terminal(played: Played, width: int, height: int) -> None:
    for lines in pictures(played, width, height):
        assert len(lines) < height
        assert max(len(line) for line in lines) < width
        assert "SIMULATED" in lines[0]


@pytest.mark.parametrize("limit", ["effective_leverage", "missing_stop", "margin_level", "period_loss"])
def test_every_limit_has_its_line_with_bar_and_severity(played: Played, limit: str) -> None:
    last = pictures(played, 80, 24)[-1]
    (row,) = [line for line in last if line.startswith(f" {limit}")]
    assert row.rstrip().endswith(("OK", "WARN", "BREACH"))
    assert "░" in row or "█" in row


def test_more_limits_than_lines_leave_out_the_quietest(played: Played) -> None:
    play, frames = played
    console = Console(file=io.StringIO(), width=80, height=24, color_system=None)
    table = _limits(frames[-1], 4, 79, words.RICH)
    rows = ["".join(segment.text for segment in line) for line in console.render_lines(table)]
    assert rows[-1].strip() == f"and {len(play.policy.limits) - 3} more"
    assert any("period_loss" in row for row in rows)


def test_the_picture_is_ascii_where_the_console_is(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "encodable", str.isascii)
    for lines in pictures(played, 80, 24):
        assert all(line.isascii() for line in lines)


def test_the_summary_stays_within_the_console(played: Played) -> None:
    play, _ = played
    out = io.StringIO()
    closing(play.summary(stopped_early=False), Console(file=out, width=80, color_system=None))
    assert max(len(line) for line in out.getvalue().splitlines()) <= 80


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_without_a_speed_the_story_takes_less_than_a_minute(name: str) -> None:
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    scenario = SCENARIOS[name]
    pace = Pace(None, scenario.duration_s, now=lambda: now, sleep=sleep)
    looks = int(scenario.duration_s / scenario.step_s)
    for number in range(looks):
        pace.wait(scenario.step_s, ({"event": "verdict"},) * 3 if number % 10 == 0 else ())
    assert 35.0 < now < 45.0


def test_a_speed_keeps_the_simulated_clock_without_pauses() -> None:
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    pace = Pace(600.0, 14_400.0, now=lambda: now, sleep=sleep)
    for _ in range(100):
        pace.wait(6.0, ({"event": "verdict"},))
    assert now == pytest.approx(1.0)


def test_a_chart_of_equal_values_is_flat_and_one_of_rising_values_rises() -> None:
    assert words.chart([1.0, 1.0], 2, 1, words.ASCII)[0][0] == words.chart([1.0, 1.0], 2, 1, words.ASCII)[0][1]
    assert words.chart([1.0, 2.0, 3.0], 3, 1, words.RICH) == ["▁▅█"]
