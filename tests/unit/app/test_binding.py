"""What binds once armed: it waits in the journal, for the rule's own reset and twelve hours, and for every lock."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from guard.app.binding import POLICY, Binding, Held, Wait, held_body, last_held, said
from guard.app.home import Account
from guard.app.inforce import ARM, LOOK, RUN, binding_of, check_armed, may_send
from guard.journal.sqlite import SqliteJournal, open_journal
from guard.model.enforcement import Lock
from guard.model.errors import InputError
from guard.settings.load import Loaded, load_text

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
HOUR = 3600.0
BASE = """format = "guard.config/1"
mode = "enforce"
[[limits]]
kind = "effective_leverage"
max = 10.0
[[limits]]
kind = "period_loss"
period = "week"
limit = { value = 4.0, unit = "pct" }
reset = { tz = "UTC", time = "00:00" }
"""
LOCK = Lock("trader|1", None, "angry", "2026-11-20T12:00:00+00:00", "2026-11-25T12:00:00+00:00", latched=True)


def config(text: str = BASE) -> Loaded:
    return load_text(text, Path("guard.toml"))


def armed(text: str = BASE) -> Held:
    return Held(config(text).document, (), ("flatten",), "2026-11-20T10:00:00Z")


def looser(value: float = 12.0) -> Loaded:
    return config(BASE.replace("max = 10.0", f"max = {value}"))


def waits(binding: Binding) -> tuple[Wait, ...]:
    return binding.held.waits if binding.held is not None else ()


def leverage(binding: Binding) -> float:
    (found,) = [limit for limit in binding.loaded.policy.limits if limit.name == "effective_leverage"]
    return float(found.max)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with closing(open_journal(tmp_path / "journal.db")) as opened:
        yield opened


def test_before_it_is_armed_every_file_counts_at_once() -> None:
    for held in (None, Held(config().document), replace(armed(), document={**config().document, "mode": "rehearse"})):
        binding = binding_of(held, (), looser(), NOON)
        assert leverage(binding) == 12.0
        assert binding.held is None or binding.held.waits == ()


def test_a_looser_file_waits_twelve_hours_and_then_counts() -> None:
    binding = binding_of(armed(), (), looser(), NOON)
    assert leverage(binding) == 10.0
    (wait,) = waits(binding)
    assert (wait.key, wait.asked_s, wait.due_s) == ("effective_leverage/max", NOON, NOON + 12 * HOUR)
    assert "not before 2026-11-21T00:00:00Z" in said(wait)
    assert not binding.ripens(NOON + 12 * HOUR - 1, ())
    assert binding.ripens(NOON + 12 * HOUR, ())
    assert binding.propose(binding.wanted, NOON + 12 * HOUR, ())
    assert leverage(binding) == 12.0
    assert waits(binding) == ()


def test_a_rule_with_a_reset_of_its_own_waits_for_it() -> None:
    new = config(BASE.replace("value = 4.0", "value = 5.0"))
    (wait,) = waits(binding_of(armed(), (), new, NOON))
    assert wait.due_s == datetime(2026, 11, 23, tzinfo=UTC).timestamp()  # a Friday's week ends on Monday


def test_tightening_counts_at_once_also_beside_a_loosening() -> None:
    binding = binding_of(armed(), (), config(BASE.replace("max = 10.0", "max = 8.0").replace("4.0", "5.0")), NOON)
    assert leverage(binding) == 8.0
    assert [wait.limit for wait in waits(binding)] == ["period_loss"]


def test_under_a_lock_nothing_becomes_looser() -> None:
    binding = binding_of(armed(), (LOCK,), looser(), NOON)
    later = NOON + 100 * HOUR
    assert not binding.ripens(later, (LOCK,))
    binding.propose(binding.wanted, later, (LOCK,))
    assert leverage(binding) == 10.0
    binding.propose(binding.wanted, later, ())
    assert leverage(binding) == 12.0


def test_a_file_that_is_changed_back_and_forth_waits_anew() -> None:
    binding = binding_of(armed(), (), looser(), NOON)
    binding.propose(config(), NOON + 6 * HOUR, ())
    assert waits(binding) == ()
    binding.propose(looser(), NOON + 7 * HOUR, ())
    assert waits(binding)[0].asked_s == NOON + 7 * HOUR
    binding.propose(looser(15.0), NOON + 18 * HOUR, ())
    assert waits(binding)[0].asked_s == NOON + 18 * HOUR


def test_a_restart_forgets_no_wait(journal: SqliteJournal) -> None:
    binding = binding_of(armed(), (), looser(), NOON)
    assert binding.held is not None
    journal.commit(POLICY, held_body(binding.held, "test"), at="2026-11-20T12:00:00Z")
    held = last_held(journal)
    assert held == binding.held
    again = binding_of(held, (), looser(), NOON + 12 * HOUR)
    assert leverage(again) == 12.0


def test_a_lower_mode_waits_too_and_never_while_the_guard_runs() -> None:
    warn = config(BASE.replace('"enforce"', '"warn"'))
    binding = binding_of(armed(), (), warn, NOON)
    assert binding.loaded.policy.mode == "enforce"
    later = NOON + 13 * HOUR
    binding.propose(warn, later, ())
    assert binding.loaded.policy.mode == "enforce"
    binding.propose(warn, later, (), hot=False)
    assert binding.loaded.policy.mode == "warn"


def test_an_override_lets_one_limit_in_early_but_not_under_a_lock_without_override() -> None:
    binding = binding_of(armed(), (), config(BASE.replace("max = 10.0", "max = 12.0").replace("4.0", "5.0")), NOON)
    chosen = binding.override("effective_leverage", NOON + 900)
    assert [wait.limit for wait in chosen] == ["effective_leverage"]
    assert not binding.ripens(NOON + 899, ())
    assert binding.ripens(NOON + 900, (LOCK,))
    assert not binding.ripens(NOON + 900, (LOCK._replace(no_override=True),))
    binding.propose(binding.wanted, NOON + 900, ())
    assert leverage(binding) == 12.0
    assert [wait.limit for wait in waits(binding)] == ["period_loss"]


@pytest.mark.parametrize("role", [LOOK, ARM])
def test_only_a_run_in_enforce_that_is_armed_may_send(role: str) -> None:
    assert may_send(RUN, binding_of(armed(), (), config(), NOON))
    assert not may_send(role, binding_of(armed(), (), config(), NOON))
    assert not may_send(RUN, binding_of(None, (), config(), NOON))
    assert not may_send(RUN, binding_of(Held(config().document), (), config(), NOON))
    for mode in ("warn", "rehearse"):
        text = BASE.replace('"enforce"', f'"{mode}"')
        assert not may_send(RUN, binding_of(Held(config(text).document, (), (), "x"), (), config(text), NOON))


def test_enforce_unarmed_is_refused_with_the_way_out() -> None:
    account = Account(5, "Broker")
    with pytest.raises(InputError, match="guard arm"):
        check_armed(RUN, binding_of(None, (), config(), NOON), account, sends=False)
    with pytest.raises(InputError, match="login and server"):
        check_armed(RUN, binding_of(armed(), (), config(), NOON), account, sends=False)
    check_armed(ARM, binding_of(None, (), config(), NOON), account, sends=False)
    check_armed(RUN, binding_of(armed(), (), config(), NOON), account, sends=True)
