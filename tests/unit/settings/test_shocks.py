"""Historical shocks: every number has its source and date, crosses are told, nothing else is."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from guard.model.errors import InputError
from guard.settings.extends import shipped_names
from guard.settings.shocks import read_shock, shock_names

FILES = {"chf-2015": "2015-01-15_chf_unpeg_{}_{}.csv", "gbp-2016": "2016-06-24_brexit_{}_{}.csv",
         "jpy-2019": "2019-01-03_jpy_flash_{}_{}.csv", "march-2020": "2020-03_covid_{}_{}.csv"}  # fmt: skip


@pytest.mark.parametrize("name", shock_names())
def test_every_shock_is_named_like_its_file_and_every_move_has_source_date_and_grade(name: str) -> None:
    shock = read_shock(name)
    assert shock.name == name
    for move in shock.moves:
        assert move.source
        assert move.date
        assert move.grade in {"official", "third party"}
        assert move.symbol == move.base + move.quote


def test_the_five_events_are_there_and_are_no_presets() -> None:
    assert {"chf-2015", "gbp-2016", "jpy-2019", "march-2020", "yen-2024"} <= set(shock_names())
    assert not any(name.startswith("shocks") for name in shipped_names())


def test_a_listed_pair_its_inverse_and_a_cross() -> None:
    shock = read_shock("chf-2015")
    assert shock.factor("USD", "CHF") == (0.81889 / 1.02003, "listed")
    assert shock.factor("CHF", "USD") == (1 / (0.81889 / 1.02003), "listed")
    found = shock.factor("EUR", "CHF")
    assert found is not None
    assert found[0] == pytest.approx(1.15673 / 1.17219 * 0.81889 / 1.02003)
    assert found[1] == "crossed over USD"


def test_a_currency_nothing_is_told_of_stands_still_against_the_dollar_and_that_is_said() -> None:
    shock = read_shock("yen-2024")
    assert shock.factor("EUR", "JPY") == (141.68 / 146.5, "assumed: EUR still against USD")
    assert shock.factor("EUR", "USD") is None
    assert shock.factor("EUR", "GBP") is None
    assert shock.factor(None, "JPY") is None


def test_an_unknown_name_is_answered_with_a_guess() -> None:
    with pytest.raises(InputError, match="did you mean `yen-2024`"):
        read_shock("yen-2025")


@pytest.mark.parametrize("name", FILES)
def test_the_numbers_are_those_of_the_price_files(name: str, real_data: Path) -> None:
    for move in read_shock(name).moves:
        folder = real_data / "prices" / "events"
        files = [folder / FILES[name].format(move.symbol, frame) for frame in ("H1", "H4")]
        (path,) = [file for file in files if file.is_file()]
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        at = next(i for i, row in enumerate(rows) if float(row["close"]) == move.before)
        beyond = [float(row["low" if move.after < move.before else "high"]) for row in rows[at:]]
        assert move.after in beyond
