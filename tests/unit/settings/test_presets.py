"""Presets: every field has its source, all load by extends, a firm's rule is loosened only when said twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guard.settings.extends import Source, shipped_file, shipped_names
from guard.settings.faults import ConfigError
from guard.settings.load import Loaded, load_text
from guard.settings.preset_model import Fact, Sourced
from guard.settings.presets import Preset, check_sources, preset_of, read_preset, shipped_brokers, shipped_presets
from guard.settings.toml_file import parse_toml, read_toml

HEAD = 'format = "guard.config/1"\n'
FTMO = 'extends = ["prop/ftmo-2step-100k"]\n'
FOLDERS = {"profiles": "profile", "prop": "prop", "regulators": "regulator", "brokers": "broker"}


def load(text: str, folder: Path = Path()) -> Loaded:
    return load_text(HEAD + text, folder / "guard.toml")


def faults(text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(text)
    return {fault.path: fault.sentence for fault in caught.value.faults}


def sourced(value: object) -> Iterator[Sourced]:
    """Every part of a preset that must say where it comes from."""
    if isinstance(value, Sourced):
        yield value
    parts: Any = ()
    if hasattr(value, "model_fields_set"):
        parts = (getattr(value, name) for name in type(value).model_fields)
    elif isinstance(value, (tuple, list)):
        parts = value
    for part in parts:
        yield from sourced(part)


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_file_loads_by_extends_from_an_empty_folder(name: str, tmp_path: Path) -> None:
    loaded = load(f'extends = ["{name}"]\n', tmp_path)
    assert loaded.presets[0].name == name
    assert loaded.policy.limits


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_file_is_a_preset_of_its_folders_kind(name: str) -> None:
    found = read_preset(name)
    assert found.about.kind == FOLDERS[name.split("/", maxsplit=1)[0]]
    if found.about.kind == "prop":
        assert (found.about.firm, found.about.program, found.about.size) != (None, None, None)
        assert found.rules


@pytest.mark.parametrize("preset", shipped_presets(), ids=lambda preset: preset.name)
def test_every_field_has_source_date_and_grade_or_is_unknown(preset: Preset) -> None:
    parts = [preset.about, *preset.rules, preset.broker, preset.regulator]
    found = [part for whole in parts for part in sourced(whole)]
    assert found
    for part in found:
        if part.grade == "unknown":
            assert not isinstance(part, Fact) or part.value is None
        else:
            assert part.source
            assert part.date is not None


@pytest.mark.parametrize("name", [name for name in shipped_names() if name.split("/")[0] in {"prop", "regulators"}])
def test_taking_any_source_away_is_noticed(name: str) -> None:
    document = read_toml(shipped_file(name), name)
    rules: Any = document["rules"]
    for number, rule in enumerate(rules):
        if "limit" not in rule:
            continue
        poorer = [other for at, other in enumerate(rules) if at != number]
        text_faults = load_faults({**document, "rules": poorer})
        assert any("has no source" in fault for fault in text_faults), rule


def load_faults(document: dict[str, Any]) -> list[str]:
    from guard.settings.limits import read_limits  # noqa: PLC0415 - only here
    from guard.settings.money import MoneyRule  # noqa: PLC0415 - only here

    source = Source("a preset", document)
    entries = read_limits(source, MoneyRule("USD", convert=False), None, [])
    return [str(fault) for fault in check_sources(source, entries)]


OWN = '[preset]\nkind = "prop"\ntitle = "Mine"\nsource = "me"\ndate = 2026-11-24\ngrade = "official"\n'
DAY = '[[limits]]\nkind = "period_loss"\nid = "d"\nlimit = { value = 5.0 }\nreset = { tz = "UTC", time = "00:00" }\n'


def test_an_own_firm_file_needs_a_source_for_each_field_of_its_limits() -> None:
    found = faults(OWN + DAY)
    assert "has no source" in found["limits[0].limit.value"]
    assert "has no source" in found["limits[0].reset.tz"]
    rule = '[[rules]]\nsays = "5 %"\nlimit = "d"\nfields = ["limit"]\nsource = "p"\ndate = 2026-11-24\n'
    rule += 'grade = "official"\n'
    assert set(faults(OWN + DAY + rule)) == {"limits[0].reset.tz", "limits[0].reset.time"}
    assert load(OWN + DAY + rule.replace('"limit"]', '"limit", "reset"]')).presets[0].about.title == "Mine"


@pytest.mark.parametrize(
    "wrong, says",
    [
        ('grade = "unknown"\nfields = ["limit"]\n', None),
        ('fields = ["limit"]\ngrade = "official"\n', "needs its source and the date"),
        ('fields = ["limit"]\ngrade = "official"\nsource = "p"\n', "needs its source and the date"),
        ('fields = ["limit"]\nsource = "p"\ndate = 2026-11-24\n', "is missing"),
        ('fields = []\ngrade = "unknown"\n', "names the fields"),
        ('not_watched = "no"\nfields = ["limit"]\ngrade = "unknown"\n', "or says in not_watched why"),
        ('fields = ["limitt"]\ngrade = "unknown"\n', "is not written in the limit"),
    ],
)
def test_a_rule_that_does_not_say_enough_is_a_fault(wrong: str, says: str | None) -> None:
    found = faults(OWN + DAY + '[[rules]]\nsays = "5 %"\nlimit = "d"\n' + wrong)
    if says is not None:
        assert any(says in sentence for sentence in found.values()), found
    else:
        assert set(found) == {"limits[0].reset.tz", "limits[0].reset.time"}


@pytest.mark.parametrize("table", ["{ value = 20.0 }", '{ grade = "official" }', '{ value = 20.0, grade = "official" }',
                                   '{ value = 20.0, grade = "unknown" }',
                                   '{ value = 20.0, grade = "official", source = "page" }'])  # fmt: skip
def test_a_brokers_field_without_source_date_and_grade_is_a_fault(table: str) -> None:
    text = shipped_file("brokers/fbs").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("stop_out_pct"))
    with pytest.raises(ConfigError, match="stop_out_pct"):
        load_text(text.replace(line, f"stop_out_pct = {table}", 1), Path("own.toml"))


def test_an_unreadable_preset_is_none_and_its_faults_are_told_by_the_loader() -> None:
    document = parse_toml((HEAD + '[preset]\nkind = "bank"\n').encode(), "x")
    assert preset_of(Source("x", document)) is None
    assert (
        "must be one of profile, prop, regulator, broker"
        in faults('[preset]\nkind = "bank"\ntitle = "x"\n')["preset.kind"]
    )


# ---- loosening ------------------------------------------------------------------------------------------------------
DAY_OF_FIRM = """
[[limits]]
kind = "period_loss"
id = "firm_day_loss"
period = "day"
limit = { value = %s, unit = "pct", basis = "initial" }
anchor = "balance@reset"
reset = { tz = "Europe/Prague", time = "00:00" }
stages = [%s]
"""
STAGES = (
    '{ at_pct = 70, actions = ["warn"] }, { at_pct = 80, actions = ["block_new"] },'
    '{ at_pct = 90, actions = ["flatten", { kind = "lock_until", until = "reset" }] }'
)
TWICE = '[[loosened]]\nlimit = "firm_day_loss"\nbecause = "support confirmed 6 % for my account"\n'


def test_a_looser_number_is_refused_until_it_is_said_twice() -> None:
    looser = FTMO + DAY_OF_FIRM % ("6.0", STAGES)
    assert "limit.value 5 becomes 6" in faults(looser)["limits[0]"]
    assert '[[loosened]] with limit = "firm_day_loss"' in faults(looser)["limits[0]"]
    remarks = load(looser + TWICE).remarks
    assert any("support confirmed 6 %" in remark and "prop/ftmo-2step-100k" in remark for remark in remarks)


def test_a_tighter_number_needs_no_second_word_and_refuses_one() -> None:
    tighter = FTMO + DAY_OF_FIRM % ("4.0", STAGES)
    assert next(one for one in load(tighter).policy.limits if one.name == "firm_day_loss").limit.value == 4.0
    assert "nothing here loosens" in faults(tighter + TWICE)["loosened[0].limit"]


@pytest.mark.parametrize(
    "before, after, says",
    [
        ('"Europe/Prague"', '"UTC"', "reset"),
        ('anchor = "balance@reset"', 'anchor = "equity@reset"', "anchor"),
        ('basis = "initial"', 'basis = "anchor"', "counted otherwise"),
        ('period = "day"', 'period = "week"', "period"),
        ('period = "day"', "includes_open_pl = false", "includes_open_pl becomes false"),
        ('period = "day"', "touch_is_breach = false", "touch_is_breach becomes false"),
        ('period = "day"', "for_s = 60.0", "for_s 0 becomes 60"),
        ('period = "day"', 'flows = "ignore"', "flows"),
        ('at_pct = 90, actions = ["flatten"', 'at_pct = 100, actions = ["flatten"', "'flatten' begins at 100 %"),
        ('["flatten", { kind', "[{ kind", "'flatten' at 90 % is left out"),
        ('{ at_pct = 80, actions = ["block_new"] },', "", "'block_new' at 85 % is left out"),
    ],
)  # fmt: skip
def test_each_field_of_a_firms_rule_is_protected(before: str, after: str, says: str) -> None:
    text = DAY_OF_FIRM % ("5.0", STAGES)
    assert before in text
    assert says in faults(FTMO + text.replace(before, after))["limits[0]"]


def test_leaving_a_firms_rule_out_or_putting_another_kind_in_its_place_is_loosening() -> None:
    assert "it is left out" in faults('without = ["firm_day_loss"]\n' + FTMO)["without[0]"]
    other = FTMO + '[[limits]]\nkind = "open_risk"\nid = "firm_day_loss"\nmax = 1.0\n'
    assert "it is a open_risk limit" in faults(other)["limits[0]"]
    assert load('without = ["firm_day_loss"]\n' + FTMO + TWICE).remarks


def test_a_narrower_scope_is_loosening() -> None:
    lots = '[[limits]]\nkind = "position_volume"\nid = "firm_max_lots"\nmax = 50.0\n'
    lots += 'scope = { asset_classes = ["forex"], symbols = ["EURUSD"] }\n'
    assert "scope.symbols looks at less" in faults(FTMO + lots)["limits[0]"]


def test_a_profiles_limits_may_be_loosened_in_one_word() -> None:
    text = 'extends = ["profiles/beginner"]\n[[limits]]\nkind = "effective_leverage"\nmax = 50.0\n'
    assert load(text).policy.limits


def test_loosening_through_a_file_between_is_noticed_as_well(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(HEAD + FTMO + DAY_OF_FIRM % ("6.0", STAGES), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.toml: limits\[0\]: loosens the rule"):
        load('extends = ["mine.toml"]\n', tmp_path)


# ---- size -----------------------------------------------------------------------------------------------------------
def test_another_account_size_is_said_and_a_program_of_fixed_amounts_refuses_it() -> None:
    loaded = load(FTMO + '[account]\ninitial = "20000 USD"\n')
    assert loaded.policy.initial == 20_000.0
    assert any("written for 100000 USD" in remark for remark in loaded.remarks)
    found = faults('extends = "prop/apex-intraday-50k"\n[account]\ninitial = "100000 USD"\n')
    assert any("its amounts do not fit" in sentence for sentence in found.values())


def test_every_prop_rule_that_ends_an_account_acts_before_it() -> None:
    for preset in shipped_presets("prop"):
        limits = {limit.name: limit for limit in load(f'extends = "{preset.name}"\n').policy.limits}
        ending = {rule.limit for rule in preset.rules if rule.effect == "terminate" and rule.limit is not None}
        for name in ending:
            stages = [(stage.at_pct, stage.names[-1]) for stage in limits[name].stages]
            assert stages == [(70.0, "warn"), (85.0, "block_new"), (90.0, "lock_until")], (preset.name, name)


def test_the_seven_brokers_ship() -> None:
    names = {preset.broker.name for preset in shipped_brokers() if preset.broker is not None}
    assert names == {"Exness", "FBS", "JustMarkets", "XM", "AvaTrade", "AMarkets", "STPTrading"}


def test_the_users_trading_day_does_not_ask_a_preset_for_its_source() -> None:
    day = '[trading_day]\ntz = "Europe/Prague"\n'
    limits = {limit.name: limit for limit in load('extends = "profiles/beginner"\n' + day).policy.limits}
    assert limits["period_loss"].reset.tz == "Europe/Prague"


def test_a_lock_that_ends_by_itself_is_looser_than_one_a_person_lifts() -> None:
    text = (
        FTMO + '[[limits]]\nkind = "max_drawdown"\nid = "firm_max_loss"\nlimit = { value = 10.0, basis = "initial" }\n'
        'anchor = "initial"\nstages = [{ at_pct = 70, actions = ["block_new"] },'
        ' { at_pct = 80, actions = ["warn", "flatten", { kind = "lock_until", until = "%s" }] }]\n'
    )
    assert "'lock_until' lasts until reset instead of manual" in faults(text % "reset")["limits[0]"]
    assert "'warn' begins at 80 % instead of 70 %" in faults(text % "reset")["limits[0]"]
    fine = (text % "manual").replace('["block_new"]', '["warn", "block_new"]')
    assert load(fine).policy.limits
