"""A configuration becomes a policy; its faults come all at once."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from guard.limits.registry import limit_kinds
from guard.settings.catalog import catalog
from guard.settings.defaults import EXPERIENCES
from guard.settings.extends import shipped_names
from guard.settings.faults import ConfigError
from guard.settings.load import default_loaded, default_policy, load_config, load_text
from guard.settings.money import check_currency
from guard.settings.places import config_dir
from guard.settings.toml_text import dump

HEAD = 'format = "guard.config/1"\n'
HERE = Path("config.toml")


def faults(text: str, path: Path = HERE) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load_text(HEAD + text, path)
    return {fault.path: fault.sentence for fault in caught.value.faults}


def test_the_defaults_are_those_of_the_meaning() -> None:
    found = {limit.name: limit for limit in default_policy().limits}
    assert set(found) == {
        "effective_leverage", "risk_per_trade", "open_risk", "period_loss", "period_loss_week", "max_drawdown",
        "margin_level", "stop_out_distance", "missing_stop",
    }  # fmt: skip
    assert found["effective_leverage"].max == 10.0
    assert [stage.at_pct for stage in found["effective_leverage"].stages] == [70.0, 85.0, 100.0]
    assert [stage.at_pct / 100 * found["risk_per_trade"].max for stage in found["risk_per_trade"].stages] == [1.0, 2.0]
    assert [found["margin_level"].min / stage.at_pct * 100 for stage in found["margin_level"].stages] == [300.0, 150.0]
    seconds = [stage.at_pct / 100 * found["missing_stop"].max for stage in found["missing_stop"].stages]
    assert seconds == pytest.approx([60.0, 180.0])
    assert found["open_risk"].max == 5.0
    assert (found["period_loss"].period, found["period_loss"].limit.value) == ("day", 3.0)
    assert (found["period_loss_week"].period, found["period_loss_week"].limit.value) == ("week", 6.0)
    assert (found["max_drawdown"].anchor, found["max_drawdown"].limit.value) == ("first_seen", 10.0)
    assert found["stop_out_distance"].min == 30.0
    assert all(stage.names == ("warn",) for limit in found.values() for stage in limit.stages)
    assert default_policy().zone_named is False


@pytest.mark.parametrize("experience, leverage", [("beginner", 5.0), ("intermediate", 10.0), ("advanced", 20.0)])
def test_experience_sets_the_leverage(experience: str, leverage: float) -> None:
    assert (
        next(limit for limit in default_policy(experience).limits if limit.kind == "effective_leverage").max == leverage
    )


@pytest.mark.parametrize("experience", EXPERIENCES)
def test_the_profiles_say_the_same_as_the_defaults(experience: str) -> None:
    loaded = load_config(config_dir() / "profiles" / f"{experience}.toml")
    assert loaded.policy.limits == default_policy(experience).limits
    assert loaded.sha256 == default_policy(experience).sha256


def test_every_shipped_file_can_be_used() -> None:
    for name in shipped_names():
        load_config(config_dir() / f"{name}.toml")
    load_config(config_dir() / "guard.example.toml")
    load_config(config_dir() / "demo.toml")


def test_the_sample_file_of_the_format_can_be_used_and_says_what_is_idle() -> None:
    loaded = load_text(
        HEAD + """extends = ["profiles/intermediate"]
mode = "warn"
[account]
login = 5012345
server = "Broker-Demo"
currency = "USD"
initial = "100000 USD"
[terminal]
kind = "mt5"
path = 'C:\\Program Files\\Broker MT5\\terminal64.exe'
[[limits]]
kind = "effective_leverage"
max = 10.0
stages = [{ at_pct = 70, actions = ["warn"] }, { at_pct = 100, actions = ["warn", "block_new"] }]
[[limits]]
kind = "period_loss"
limit = { value = 4.0, unit = "pct", basis = "initial" }
anchor = "balance@reset"
reset = { tz = "Europe/Prague", time = "00:00" }
stages = [{ at_pct = 70, actions = ["warn"] },
  { at_pct = 90, actions = ["flatten", { kind = "lock_until", until = "reset" }] }]
[[notify]]
url = "env:GUARD_TELEGRAM"
""", HERE)  # fmt: skip
    assert loaded.policy.login == 5012345
    assert loaded.policy.initial == 100000.0
    assert loaded.terminal.path == r"C:\Program Files\Broker MT5\terminal64.exe"
    assert loaded.remarks == ()
    assert loaded.document["notify"][0]["url"] == "env:GUARD_TELEGRAM"
    assert loaded.policy.limits[3].limit.value == 4.0
    assert len(loaded.policy.limits) == 9


def test_all_faults_come_at_once_each_with_its_place() -> None:
    found = faults("""mode = "enforced"
extends = "profiles/nobody"
[account]
login = "5"
[[limits]]
kind = "effective_leverage"
max = -1
stages = [{ at_pct = 70, actions = ["wran"] }]
[[limits]]
kind = "period_loss"
limit = { value = 3 }
reset = { tz = "Mars/Olympus" }
[[limits]]
kind = "nothing"
""")
    assert set(found) == {
        "mode", "extends[0]", "account.login", "limits[0].max", "limits[0].stages[0].actions[0]", "limits[1].reset.tz",
        "limits[2].kind",
    }  # fmt: skip


def test_faults_of_an_extended_file_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(HEAD + '[[limits]]\nkind = "open_risk"\nmax = 0\n', encoding="utf-8")
    assert set(faults('extends = "base.toml"\n', tmp_path / "own.toml")) == {"base.toml: limits[0].max"}


def test_a_circle_of_two_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(HEAD + 'extends = "b.toml"\n', encoding="utf-8")
    (tmp_path / "b.toml").write_text(HEAD + 'extends = "a.toml"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="in a circle"):
        load_config(tmp_path / "a.toml")


def test_a_later_limit_of_the_same_name_replaces_and_another_name_adds() -> None:
    loaded = load_text(HEAD + """extends = "profiles/intermediate"
without = ["missing_stop"]
[[limits]]
kind = "effective_leverage"
max = 4
[[limits]]
kind = "period_loss"
id = "mine"
limit = { value = 2 }
""", HERE)  # fmt: skip
    names = [limit.name for limit in loaded.policy.limits]
    assert "missing_stop" not in names
    assert names.count("effective_leverage") == 1
    assert {"period_loss", "period_loss_week", "mine"} <= set(names)
    assert next(limit for limit in loaded.policy.limits if limit.name == "effective_leverage").max == 4.0


def test_a_file_without_limits_has_the_defaults() -> None:
    assert load_text(HEAD, HERE).policy.limits == default_policy().limits


def test_the_trading_day_reaches_every_limit_without_its_own_reset() -> None:
    loaded = load_text(HEAD + '[trading_day]\ntz = "America/New_York"\ntime = "17:00"\n', HERE)
    resets = [limit.reset for limit in loaded.policy.limits if limit.kind == "period_loss"]
    assert [(reset.tz, reset.time) for reset in resets] == [("America/New_York", "17:00")] * 2
    assert loaded.policy.zone_named is True


def test_utc_named_by_the_user_is_named() -> None:
    assert load_text(HEAD + '[trading_day]\ntz = "UTC"\n', HERE).policy.zone_named is True


def test_a_utf8_mark_of_a_windows_editor_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "bom.toml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    assert load_config(path).policy.limits


def test_amounts_are_numbers_of_the_account_currency() -> None:
    text = HEAD + '[[limits]]\nkind = "period_loss"\nlimit = { value = "500 USD", unit = "money" }\n'
    loaded = load_text(text, HERE)
    assert loaded.policy.currency == "USD"
    assert loaded.policy.limits[0].limit.value == 500.0
    with pytest.raises(Exception, match="written for an account in USD, this one is in EUR"):
        check_currency(loaded.policy, "EUR")
    check_currency(loaded.policy, "USD")
    check_currency(loaded.policy, None)


def test_a_cent_account_takes_dollars_when_told_to_convert() -> None:
    text = '[[limits]]\nkind = "period_loss"\nlimit = { value = "5 USD", unit = "money" }\n'
    loaded = load_text(HEAD + '[account]\ncurrency = "USC"\nconvert = true\n' + text, HERE)
    assert loaded.policy.limits[0].limit.value == 500.0
    assert "convert = true" in faults('[account]\ncurrency = "USC"\n' + text)["limits[0].limit.value"]


def test_the_fingerprint_follows_what_decides_and_nothing_else() -> None:
    base = load_text(HEAD + "# a comment\n", HERE).sha256
    assert base == default_loaded().sha256
    assert load_text(HEAD + "[terminal]\npath = 'C:\\mt5.exe'\n", HERE).sha256 == base
    assert load_text(HEAD + "[timing]\nstale_after_s = 4\n", HERE).sha256 != base
    assert load_text(HEAD + '[[limits]]\nkind = "open_risk"\nmax = 5\n', HERE).sha256 != base


def test_the_effective_document_is_itself_a_configuration_of_the_same_fingerprint(tmp_path: Path) -> None:
    text = '[[limits]]\nkind = "period_loss"\nlimit = { value = "500.5 USD", unit = "money" }\n'
    loaded = load_text(HEAD + 'extends = "profiles/conservative"\n' + text, HERE)
    again = tmp_path / "again.toml"
    again.write_text(dump(loaded.document), encoding="utf-8")
    assert tomllib.loads(again.read_text(encoding="utf-8")) == loaded.document
    assert load_config(again).sha256 == loaded.sha256
    json.dumps(loaded.document, allow_nan=False)


@pytest.mark.parametrize("words", catalog(), ids=lambda words: words.kind)
def test_every_kind_has_an_example_that_can_be_used(words: object) -> None:
    load_text(HEAD + '[account]\ninitial = "1000 USD"\n' + words.example, HERE)


@pytest.mark.parametrize("kind", list(limit_kinds()))
def test_every_kind_explains_itself(kind: str) -> None:
    limit = limit_kinds()[kind]
    assert limit.title
    assert limit.unit
    assert limit.__doc__
    for name, field in limit.model_fields.items():
        assert field.description or limit.model_json_schema()["properties"][name].get("$ref"), name
