"""Once armed a configuration binds: tighter at once, looser only when it may, field by field."""

from pathlib import Path

import pytest

from guard.settings.binding import bound, needs_restart
from guard.settings.load import Loaded, load_document, load_text

BASE = """format = "guard.config/1"
mode = "enforce"
[account]
initial = "100000 USD"
[timing]
stale_after_s = 3.0
[[limits]]
kind = "effective_leverage"
max = 10.0
stages = [{ at_pct = 70, actions = ["warn"] }, { at_pct = 100, actions = ["warn", "block_new"] }]
[[limits]]
kind = "period_loss"
limit = { value = 4.0, unit = "pct", basis = "initial" }
reset = { tz = "Europe/Prague", time = "00:00" }
stages = [{ at_pct = 70, actions = ["warn"] }, { at_pct = 90, actions = ["flatten"] }]
"""
REST = BASE.partition('[[limits]]\nkind = "period_loss"')[0]


def config(text: str) -> Loaded:
    return load_text(text, Path("guard.toml"))


def changed(*pairs: tuple[str, str]) -> Loaded:
    text = BASE
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    return config(text)


def in_force(loaded: Loaded, name: str) -> dict[str, object]:
    return next(entry for entry in loaded.document["limits"] if entry["id"] == name)


def test_the_same_file_changes_nothing() -> None:
    base = config(BASE)
    assert bound(base, config(BASE)) == (config(BASE), ())


def test_what_the_journal_keeps_is_the_same_configuration() -> None:
    base = config(BASE)
    assert load_document(base.document).sha256 == base.sha256


@pytest.mark.parametrize(
    "before, after",
    [
        ("max = 10.0", "max = 8.0"),
        ("value = 4.0", "value = 3.0"),
        ("at_pct = 90", "at_pct = 80"),
        ("max = 10.0", "max = 10.0\nlatch = true"),
        ("stale_after_s = 3.0", "stale_after_s = 2.0"),
        ('["warn", "block_new"]', '["warn", "block_new", "cancel_pending"]'),
    ],
)
def test_what_is_tighter_counts_at_once(before: str, after: str) -> None:
    new = changed((before, after))
    assert bound(config(BASE), new) == (new, ())


@pytest.mark.parametrize(
    "before, after, key",
    [
        ("max = 10.0", "max = 12.0", "effective_leverage/max"),
        ("max = 10.0", 'max = 10.0\nmeasure = "net"', "effective_leverage/measure"),
        ("max = 10.0", "max = 10.0\nfor_s = 5.0", "effective_leverage/for_s"),
        ("max = 10.0", 'max = 10.0\nscope = { symbols = ["EURUSD"] }', "effective_leverage/scope"),
        ("value = 4.0", "value = 5.0", "period_loss/limit"),
        ("at_pct = 90", "at_pct = 95", "period_loss/stages"),
        ('["flatten"]', '["warn"]', "period_loss/stages"),
        ("Europe/Prague", "America/New_York", "period_loss/reset"),
        ("stale_after_s = 3.0", "stale_after_s = 9.0", "timing.stale_after_s"),
        ("100000 USD", "200000 USD", "initial"),
        ('mode = "enforce"', 'mode = "rehearse"', "mode"),
        ("[timing]", "[enforcement]\nmagic = 5\n[timing]", "enforcement.magic"),
        ("[timing]", '[[shocks]]\ntarget = "EURUSD"\npct = 3.0\n[timing]', "shocks"),
    ],
)
def test_what_is_looser_waits_and_is_let_in_by_name(before: str, after: str, key: str) -> None:
    base, new = config(BASE), changed((before, after))
    kept, waiting = bound(base, new)
    assert [one.key for one in waiting] == [key]
    assert kept.sha256 == base.sha256
    assert bound(base, new, {key}) == (new, ())


def test_a_limit_that_is_left_out_stays_while_it_waits() -> None:
    kept, waiting = bound(config(BASE), config(REST))
    assert [one.key for one in waiting] == ["period_loss/"]
    assert {limit.name for limit in kept.policy.limits} == {"effective_leverage", "period_loss"}
    assert {limit.name for limit in bound(config(BASE), config(REST), {"period_loss/"})[0].policy.limits} == {
        "effective_leverage"
    }


def test_of_one_limit_the_tighter_field_counts_and_the_looser_one_waits() -> None:
    kept, waiting = bound(config(BASE), changed(("max = 10.0", "max = 8.0\ncooldown_s = 0.0\nfor_s = 9.0")))
    assert [one.key for one in waiting] == ["effective_leverage/for_s"]
    assert (in_force(kept, "effective_leverage")["max"], in_force(kept, "effective_leverage")["for_s"]) == (8.0, 0.0)


def test_a_stage_that_comes_earlier_comes_beside_the_one_that_may_not_go_yet() -> None:
    stages = '[{ at_pct = 60, actions = ["warn", "block_new"] }]'
    kept, waiting = bound(config(BASE), changed(
        ('[{ at_pct = 70, actions = ["warn"] }, { at_pct = 90, actions = ["flatten"] }]', stages)))  # fmt: skip
    assert [one.key for one in waiting] == ["period_loss/stages"]
    assert in_force(kept, "period_loss")["stages"] == [
        {"at_pct": 60.0, "actions": ["warn", "block_new"]},
        {"at_pct": 70.0, "actions": ["warn"]},
        {"at_pct": 90.0, "actions": ["flatten"]},
    ]


def test_another_looser_value_is_another_loosening() -> None:
    (twelve,) = bound(config(BASE), changed(("max = 10.0", "max = 12.0")))[1]
    (fifteen,) = bound(config(BASE), changed(("max = 10.0", "max = 15.0")))[1]
    assert twelve.key == fifteen.key
    assert twelve.to != fifteen.to


@pytest.mark.parametrize(
    "pair, names",
    [
        (('mode = "enforce"', 'mode = "warn"'), ("mode",)),
        (('initial = "100000 USD"', 'initial = "100000 USD"\nlogin = 7\nserver = "Other"'), ("account",)),
        (("[timing]", "[terminal]\nportable = true\n[timing]"), ("terminal",)),
        (("100000 USD", "200000 USD"), ()),
        (("max = 10.0", "max = 9.0"), ()),
    ],
)
def test_mode_terminal_and_identity_wait_for_a_restart(pair: tuple[str, str], names: tuple[str, ...]) -> None:
    base, new = config(BASE), changed(pair)
    kept, changes = needs_restart(base, new)
    assert changes == names
    assert kept.sha256 == (base.sha256 if names else new.sha256)
    assert kept.terminal == base.terminal
