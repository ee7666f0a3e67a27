"""Stages of a prop account, a regulator's rates for effective leverage, amounts of a lock, and where news come from."""

from dataclasses import replace
from pathlib import Path

import pytest

from guard.engine.banner import armed
from guard.engine.objectives import objectives
from guard.engine.report import evaluation
from guard.engine.step import step
from guard.limits.registry import limit_kinds
from guard.model.errors import InputError
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.model.verdict import Severity
from guard.settings.load import load_config, load_text
from guard.settings.toml_text import dump
from tests.books import account, position, snapshot

HEAD = 'format = "guard.config/1"\n'
STAGES = (
    '[account]\ninitial = "1000 USD"\n{}[[limits]]\nkind = "position_count"\nid = "a"\nmax = 5\nstage = "funded"\n'
    '[[limits]]\nkind = "position_count"\nid = "b"\nmax = 6\n'
)


def names(stage: str) -> list[str]:
    return [limit.name for limit in load_text(HEAD + STAGES.format(stage), Path("c.toml")).policy.limits]


def test_only_the_limits_of_the_accounts_stage_are_watched_and_all_while_it_is_not_said() -> None:
    assert names("") == names('stage = "funded"\n') == ["a", "b"]
    assert names('stage = "evaluation"\n') == ["b"]
    said = load_text(HEAD + STAGES.format('stage = "evaluation"\n'), Path("c.toml")).remarks
    assert any("a is not watched: it is for the stage funded" in sentence for sentence in said)


REGULATED = HEAD + 'extends = ["regulators/esma"]\n'


def test_the_regulators_rate_gives_the_margin_also_from_the_configuration_in_force() -> None:
    loaded = load_text(REGULATED, Path("c.toml"))
    again = load_text(dump(loaded.document), Path("effective.toml"))
    # 1 lot EURUSD at 1.1001 (middle) is 110,010 USD; a thirtieth of it is 3,667.
    for found in (loaded, again):
        rule = next(limit for limit in found.policy.limits if limit.name == "regulatory_margin")
        policy = replace(found.policy, limits=(rule,))
        for equity, severity in ((3_667.01, Severity.WARN), (3_666.99, Severity.BREACH)):
            book = snapshot([position(lots=1.0)], account=account(equity, margin=1_000.0))
            verdict = step(read_snapshot(book), State(), policy).verdicts[0]
            assert verdict.severity is severity, verdict
            assert "ESMA" in verdict.sentence or "regul" in verdict.sentence.lower()


def test_a_lock_is_an_amount_with_its_currency() -> None:
    base = (
        '[account]\ninitial = "50000 USD"\n[[limits]]\nkind = "max_drawdown"\nanchor = "peak_equity"\n'
        'limit = {{ value = "2500 USD", unit = "money" }}\nlock_at = {}\n'
    )
    loaded = load_text(HEAD + base.format('"50100 USD"'), Path("c.toml"))
    assert loaded.policy.limits[0].lock_at == 50_100.0
    assert loaded.document["limits"][0]["lock_at"] == "50100.0 USD"
    for wrong, words in (("50100.0", "needs its currency"), ('"50100 EUR"', "EUR")):
        with pytest.raises(InputError, match=words):
            load_text(HEAD + base.format(wrong), Path("c.toml"))


def test_a_calendar_is_looked_for_beside_the_configuration() -> None:
    text = HEAD + '[news]\ncalendar = "news.csv"\n'
    assert replace(load_text(text, Path("c.toml")), path=Path("home") / "c.toml").calendar == Path("home") / "news.csv"
    assert load_text(HEAD, Path("c.toml")).calendar is None


def test_a_count_of_breaches_names_a_limit_that_is_there() -> None:
    counted = '[[limits]]\nkind = "violation_count"\nof = "{}"\nmax = 4\n[[limits]]\nkind = "missing_stop"\n'
    assert len(load_text(HEAD + counted.format("missing_stop"), Path("c.toml")).policy.limits) == 2
    for wrong in ("mising_stop", "violation_count"):
        with pytest.raises(InputError, match="there is no other limit"):
            load_text(HEAD + counted.format(wrong), Path("c.toml"))


def test_every_kind_of_the_example_speaks_on_a_plain_account_and_in_the_banner() -> None:
    loaded = load_config(Path(__file__).resolve().parents[3] / "config" / "guard.example.toml")
    seen = read_snapshot(snapshot([position()], account=account(100_000.0, margin=110.0)))
    result = step(seen, State(), loaded.policy)
    document = evaluation(result, seen, loaded.policy)
    assert {row["kind"] for row in document["verdicts"]} == set(limit_kinds())
    assert all(row["sentence"] for row in document["verdicts"])
    unknown = {row["kind"] for row in document["verdicts"] if row["severity"] == "UNKNOWN"}
    # The example's calendar is not there, and what was earned at best before the first look is not known.
    assert unknown == {"news_window", "profit_giveback"}
    assert all(armed(limit) for limit in loaded.policy.limits)
    assert objectives(result, seen, loaded.policy)
