"""Who may send: an armed guard that runs in ``enforce`` alone; and of its closing actions those that were allowed."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import fakes.metatrader5 as module
from guard.app import inforce
from guard.app.arming import ARMED, closing_actions, consented, rehearsed_minutes
from guard.app.binding import POLICY, Held, held_body
from guard.app.bootstrap import open_guard
from guard.app.connect import Options
from guard.app.home import Account, find_home
from guard.app.stop import Stop
from guard.engine.policy import Policy
from guard.journal.sqlite import open_journal
from guard.model.errors import InputError
from guard.settings.load import Loaded, load_text
from guard.terminal.client import WorkerTerminal
from tests.bench_enforcer import leveraged
from tests.terminals import World

TEXT = """format = "guard.config/1"
mode = "enforce"
[account]
login = {login}
server = "{server}"
[[limits]]
kind = "effective_leverage"
max = 10.0
stages = [{{ at_pct = 85, actions = ["warn", "block_new"] }}, {{ at_pct = 100, actions = ["reduce"] }},
          {{ at_pct = 120, actions = ["flatten", "block_new"] }}]
"""


def policy(mode: str = "enforce") -> Policy:
    text = TEXT.format(login=5, server="Broker").replace('"enforce"', f'"{mode}"')
    return load_text(text, Path("guard.toml")).policy


def actions(made: Policy) -> list[tuple[str, ...]]:
    return [stage.names for stage in made.limits[0].stages]


def test_closing_actions_are_named_with_their_limits() -> None:
    assert closing_actions(policy()) == {"flatten": ("effective_leverage",), "reduce": ("effective_leverage",)}


def test_what_was_not_allowed_is_only_told() -> None:
    assert actions(consented(policy(), ["reduce"])) == [("warn", "block_new"), ("reduce",), ("block_new",)]
    assert actions(consented(policy(), [])) == [("warn", "block_new"), ("warn",), ("block_new",)]
    assert consented(policy(), ["reduce", "flatten"]) is not None
    assert actions(consented(policy(), ["reduce", "flatten"])) == actions(policy())


def test_the_stages_that_are_left_are_those_that_act() -> None:
    before = policy()
    assert before.limits[0].asked(120.0)[0] == ("warn", "block_new", "reduce", "flatten")
    assert consented(before, []).limits[0].asked(120.0)[0] == ("warn", "block_new")


def test_a_rehearsal_rehearses_everything() -> None:
    assert consented(policy("rehearse"), []) == policy("rehearse")


def test_only_looks_of_a_rehearsal_that_saw_count(tmp_path: Path) -> None:
    with closing(open_journal(tmp_path / "journal.db")) as journal:
        beats: list[tuple[str, Any]] = [
            ("start", {"mode": "warn"}), ("heartbeat", {"cycles": 9, "blind_cycles": 0}),
            ("start", {"mode": "rehearse"}), ("heartbeat", {"cycles": 9, "blind_cycles": 0}),
            ("heartbeat", {"cycles": 9, "blind_cycles": 9}), ("heartbeat", {"cycles": 9, "blind_cycles": 8}),
            ("start", {"mode": "enforce"}), ("heartbeat", {"cycles": 9, "blind_cycles": 0}),
        ]  # fmt: skip
        for kind, body in beats:
            journal.commit(kind, body, at="2026-11-20T12:00:00Z")
        assert rehearsed_minutes(journal) == 2


class Factory:
    """Makes terminals over one broker and remembers which may send."""

    def __init__(self) -> None:
        self.broker = leveraged(0.2)
        self.asked: list[bool] = []

    def __call__(self, loaded: Loaded, *, may_send: bool = False) -> WorkerTerminal:  # noqa: ARG002 - a factory's
        self.asked.append(may_send)
        return World(self.broker, may_send=may_send).terminal


@pytest.fixture
def factory() -> Iterator[Factory]:
    yield Factory()
    module.detach()


def opened(
    tmp_path: Path, factory: Factory, role: str, *, mode: str = "enforce", armed: bool, named: bool = True
) -> Any:
    text = TEXT.format(login=factory.broker.login, server=factory.broker.server).replace('"enforce"', f'"{mode}"')
    if not named:
        text = text.replace("[account]", "").replace(f"login = {factory.broker.login}", "")
        text = text.replace(f'server = "{factory.broker.server}"', "")
    file = tmp_path / "guard.toml"
    file.write_text(text, encoding="utf-8")
    home = find_home(tmp_path / "home")
    account = Account(factory.broker.login, factory.broker.server)
    if armed:
        held = Held(load_text(text, file).document, (), ("reduce",), "2026-03-03T08:00:00Z")
        with closing(open_journal(home.journal(account))) as journal:
            journal.commit(ARMED, {}, at="2026-03-03T08:00:00Z")
            journal.commit(POLICY, held_body(held, "armed"), at="2026-03-03T08:00:00Z")
    return open_guard(Options(file, tmp_path / "home"), factory, Stop(), role=role)


@pytest.mark.parametrize(
    "role, mode, armed, sends",
    [
        (inforce.RUN, "enforce", True, True),
        (inforce.RUN, "rehearse", False, False),
        (inforce.RUN, "warn", False, False),
        (inforce.LOOK, "enforce", True, False),
        (inforce.ARM, "enforce", True, False),
        (inforce.ARM, "enforce", False, False),
    ],
)
def test_a_terminal_that_may_send_is_made_for_an_armed_run_alone(
    tmp_path: Path, factory: Factory, role: str, mode: str, armed: bool, sends: bool
) -> None:
    with opened(tmp_path, factory, role, mode=mode, armed=armed) as guarded:
        assert factory.asked == [sends]
        assert (guarded.enforcer._terminal is not None) is sends
        assert ("flatten" in guarded.desk.handlers) is sends
        assert guarded.cycle.policy.acts is (role == inforce.RUN and mode != "warn")


def test_unarmed_it_is_refused_before_anything_may_send(tmp_path: Path, factory: Factory) -> None:
    with pytest.raises(InputError, match="guard arm"), opened(tmp_path, factory, inforce.RUN, armed=False):
        pass
    assert factory.asked == [False]


def test_an_armed_account_that_the_file_does_not_name_is_refused(tmp_path: Path, factory: Factory) -> None:
    with (
        pytest.raises(InputError, match="login and server"),
        opened(tmp_path, factory, inforce.RUN, armed=True, named=False),
    ):
        pass
    assert factory.asked == [False]


def test_what_is_armed_binds_another_file_and_a_lower_mode(tmp_path: Path, factory: Factory) -> None:
    with opened(tmp_path, factory, inforce.RUN, armed=True):
        pass
    with opened(tmp_path, factory, inforce.RUN, mode="warn", armed=False) as guarded:
        assert guarded.loaded.policy.mode == "enforce"
        assert [wait.key for wait in guarded.binding.held.waits] == ["mode"]
        assert actions(guarded.cycle.policy) == [("warn", "block_new"), ("reduce",), ("block_new",)]
    assert factory.asked == [True, True]
