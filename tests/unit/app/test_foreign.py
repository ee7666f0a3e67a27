"""A module of another hand is said all the time, and acts only with a second word."""

from dataclasses import replace
from pathlib import Path

import pytest

from guard.app.foreign import check_foreign, foreign_banner
from guard.model.errors import InputError
from guard.settings.load import Loaded, load_text


def loaded(folder: Path, module: str, mode: str = "warn") -> Loaded:
    text = f'format = "guard.config/1"\n[terminal]\nmodule = "{module}"\n'
    found = load_text(text, folder / "guard.toml")
    return replace(found, policy=replace(found.policy, mode=mode))


def test_the_vendors_own_module_has_no_banner_and_may_act(tmp_path: Path) -> None:
    assert foreign_banner(loaded(tmp_path, "MetaTrader5")) is None
    check_foreign(loaded(tmp_path, "MetaTrader5", "enforce"), allowed=False)


def test_another_module_has_a_banner_that_names_it(tmp_path: Path) -> None:
    assert "FOREIGN MODULE: mt5linux" in (foreign_banner(loaded(tmp_path, "mt5linux")) or "")


def test_another_module_may_be_watched_but_acts_only_with_the_flag(tmp_path: Path) -> None:
    for mode in ("warn", "rehearse"):
        check_foreign(loaded(tmp_path, "mt5linux", mode), allowed=False)
    with pytest.raises(InputError, match="--foreign-module"):
        check_foreign(loaded(tmp_path, "mt5linux", "enforce"), allowed=False)
    check_foreign(loaded(tmp_path, "mt5linux", "enforce"), allowed=True)
