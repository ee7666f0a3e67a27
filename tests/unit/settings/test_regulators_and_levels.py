"""Regulators' margin rates by their own definitions, and brokers' levels where the terminal does not tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.engine.policy import Policy
from guard.engine.step import CycleResult, step
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.model.verdict import Severity
from guard.settings.faults import ConfigError
from guard.settings.load import default_policy, load_text
from guard.settings.presets import read_preset
from guard.settings.regulator_model import RegulatorSection
from guard.settings.toml_text import dump
from tests import books


def regulator(name: str) -> RegulatorSection:
    found = read_preset(f"regulators/{name}").regulator
    assert found is not None
    return found


@pytest.mark.parametrize(
    "name, asset_class, symbol, base, quote, rate",
    [
        ("esma", "forex", "EURUSD", "EUR", "USD", 100 / 30),
        ("esma", "forex", "CADCHF", "CAD", "CHF", 100 / 30),
        ("esma", "forex", "AUDUSD", "AUD", "USD", 5.0),  # 20:1, whatever some pages say
        ("esma", "forex", "NZDUSD", "NZD", "USD", 5.0),
        ("esma", "forex", "EURTRY", "EUR", "TRY", 5.0),
        ("asic", "forex", "AUDUSD", "AUD", "USD", 100 / 30),
        ("asic", "forex", "NZDUSD", "NZD", "USD", 5.0),
        ("fca", "forex", "AUDUSD", "AUD", "USD", 5.0),
        ("esma", "metal", "XAUUSDm", "XAU", "USD", 5.0),
        ("esma", "metal", "GOLD", "", "USD", 5.0),
        ("esma", "metal", "XAGUSD", "XAG", "USD", 10.0),
        ("esma", "index", "US500.cash", "USD", "USD", 5.0),
        ("esma", "index", ".DE40Cash", "EUR", "EUR", 5.0),
        ("esma", "index", "US2000", "USD", "USD", 10.0),  # Russell
        ("esma", "index", "HK50", "HKD", "HKD", 10.0),
        ("esma", "energy", "XBRUSD", "XBR", "USD", 10.0),
        ("esma", "share", "AAPL", "USD", "USD", 20.0),
        ("esma", "crypto", "BTCUSD", "BTC", "USD", 50.0),
        ("nfa-cftc", "forex", "EURUSD", "EUR", "USD", 2.0),
        ("nfa-cftc", "forex", "USDJPY", "USD", "JPY", 5.0),
        ("nfa-cftc", "forex", "EURGBP", "EUR", "GBP", 5.0),  # the higher of the two
        ("nfa-cftc", "forex", "USDTRY", "USD", "TRY", 25.0),
        ("nfa-cftc", "forex", "USDSGD", "USD", "SGD", 5.0),
        ("nfa-cftc", "metal", "XAUUSD", "XAU", "USD", None),
        ("japan", "forex", "USDJPY", "USD", "JPY", 4.0),
        ("japan", "crypto", "BTCJPY", "BTC", "JPY", 50.0),
        ("japan", "index", "JP225", "JPY", "JPY", None),
    ],
)
def test_the_rate_follows_the_regulators_own_definition(
    name: str, asset_class: str, symbol: str, base: str, quote: str, rate: float | None
) -> None:
    found, why = regulator(name).rate_pct(asset_class, symbol, base, quote)
    assert found == (None if rate is None else pytest.approx(rate))
    assert why


@pytest.mark.parametrize("name", ["esma", "fca", "asic"])
def test_closing_out_begins_at_half_of_the_margin(name: str) -> None:
    assert regulator(name).close_out_pct.value == 50.0


# ---- levels ---------------------------------------------------------------------------------------------------------
def seen(policy: Policy, server: str = "Exness-MT5Real8", **told: float) -> CycleResult:
    levels = {"margin_so_call": 0.0, "margin_so_so": 0.0, **told}
    account = books.account(2_000.0, margin=1_000.0, server=server, **levels)
    return step(read_snapshot(books.snapshot([books.position(lots=1.0)], account=account)), State(), policy)


def own(text: str) -> Policy:
    return load_text('format = "guard.config/1"\n' + text, Path("own.toml")).policy


def test_a_brokers_levels_are_assumed_for_servers_named_like_its_own() -> None:
    m = seen(default_policy()).metrics
    assert (m.call_level, m.stop_out_level) == ((60.0, "brokers/exness"), (0.0, "brokers/exness"))
    assert m.loss_to_stop_out == 2_000.0
    other = seen(default_policy(), "Broker-Demo").metrics
    assert (other.call_level, other.stop_out_level) == ((None, "unknown"), (50.0, "assumed"))


def test_the_verdict_says_that_the_level_is_assumed_and_from_where() -> None:
    found = seen(own("[[limits]]\nkind = 'stop_out_distance'\nmin = 30.0\n"), "FBS-Real-4")
    assert "assumed (from brokers/fbs)" in found.verdicts[0].sentence
    assert any("20 % of brokers/fbs is assumed" in gap.sentence for gap in found.metrics.gaps)


@pytest.mark.parametrize("level", [100.0, 20.0])
def test_what_the_terminal_tells_wins(level: float) -> None:
    m = seen(own('extends = "brokers/exness"\n'), margin_so_call=150.0, margin_so_so=level).metrics
    assert (m.call_level, m.stop_out_level) == ((150.0, "terminal"), (level, "terminal"))


def test_the_configuration_wins_over_a_preset() -> None:
    m = seen(own('extends = "brokers/exness"\n[margin]\nstop_out_level = 30.0\n')).metrics
    assert m.stop_out_level == (30.0, "configuration")


def test_a_named_broker_counts_whatever_the_server_is_called_and_by_account_type() -> None:
    named = own('extends = "brokers/avatrade"\n[account]\ntype = "professional"\n')
    assert seen(named, "Somewhere-7").metrics.stop_out_level == (10.0, "brokers/avatrade")
    assert seen(own('extends = "brokers/avatrade"\n'), "X").metrics.stop_out_level == (50.0, "brokers/avatrade")
    pro = own('extends = "brokers/exness"\n[account]\ntype = "Pro"\n')
    assert seen(pro).metrics.call_level == (30.0, "brokers/exness")


def test_an_account_type_the_broker_does_not_have_is_a_fault() -> None:
    with pytest.raises(ConfigError, match="did you mean `Standard Cent`"):
        own('extends = "brokers/exness"\n[account]\ntype = "Standart Cent"\n')
    with pytest.raises(ConfigError, match="needs its broker"):
        own('[account]\ntype = "Pro"\n')


def test_a_regulators_close_out_counts_where_it_is_higher_than_the_brokers() -> None:
    both = own('extends = ["brokers/fbs", "regulators/esma"]\n')
    assert seen(both, "X").metrics.stop_out_level == (50.0, "brokers/fbs and regulators/esma")
    assert seen(both, "X").metrics.call_level == (40.0, "brokers/fbs and regulators/esma")
    assert seen(own('extends = "regulators/esma"\n'), "X").metrics.stop_out_level == (50.0, "regulators/esma")


def test_a_brokers_levels_change_the_fingerprint_of_the_policy() -> None:
    assert own('extends = "brokers/fbs"\n').sha256 != own('extends = "brokers/exness"\n').sha256


def test_a_money_mode_account_is_not_given_percent_levels() -> None:
    account = books.account(2_000.0, margin=1_000.0, server="FBS-Real", margin_so_call=0.0, margin_so_so=0.0,
                            margin_so_mode=1)  # fmt: skip
    m = step(read_snapshot(books.snapshot([books.position()], account=account)), State(), default_policy()).metrics
    assert m.stop_out_level == (None, "unknown")


def test_the_distance_to_an_assumed_level_can_still_be_a_breach_of_the_users_own_limit() -> None:
    found = seen(own("[[limits]]\nkind = 'stop_out_distance'\nmin = 95.0\n"), "FBS-Real")
    assert found.verdicts[0].severity is Severity.BREACH


@pytest.mark.parametrize(
    "text", ["", 'extends = ["brokers/exness", "regulators/esma"]\n[account]\ntype = "Pro"\n', "levels = []\n"]
)
def test_the_effective_document_keeps_the_levels_and_the_fingerprint(text: str, tmp_path: Path) -> None:
    loaded = load_text('format = "guard.config/1"\n' + text, Path("own.toml"))
    again = load_text(dump(loaded.document), tmp_path / "again.toml")
    assert again.policy.brokers == loaded.policy.brokers
    assert again.sha256 == loaded.sha256


def test_a_broker_whose_servers_are_called_otherwise_is_named() -> None:
    text = 'format = "guard.config/1"\nextends = "brokers/exness"\n[account]\nserver = "%s"\n'
    (remark,) = load_text(text % "FBS-Real", Path("own.toml")).remarks
    assert "'FBS-Real' is not named like those of brokers/exness (Exness-" in remark
    assert load_text(text % "exness-MT5Trial", Path("own.toml")).remarks == ()
