"""A module of another hand is said all the time, and acts only with a second word."""

from dataclasses import replace
from pathlib import Path

import pytest

from guard.app.foreign import answered_by, check_foreign, foreign_banner
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


def test_a_remote_worker_that_says_another_module_has_the_banner_too(tmp_path: Path) -> None:
    text = 'format = "guard.config/1"\n[terminal]\nkind = "remote"\naddress = "127.0.0.1:18500"\ntoken_file = "t"\n'
    remote = load_text(text, tmp_path / "guard.toml")
    assert foreign_banner(answered_by(remote, {"module": "MetaTrader5"})) is None
    assert foreign_banner(answered_by(remote, {})) is None
    assert "mt5linux" in (foreign_banner(answered_by(remote, {"module": "mt5linux"})) or "")


def test_a_worker_of_ones_own_has_the_module_it_was_told(tmp_path: Path) -> None:
    found = loaded(tmp_path, "MetaTrader5")
    assert answered_by(found, {"module": "mt5linux"}) is found


def test_another_module_may_be_watched_but_acts_only_with_the_flag(tmp_path: Path) -> None:
    for mode in ("warn", "rehearse"):
        check_foreign(loaded(tmp_path, "mt5linux", mode), allowed=False)
    with pytest.raises(InputError, match="--foreign-module"):
        check_foreign(loaded(tmp_path, "mt5linux", "enforce"), allowed=False)
    check_foreign(loaded(tmp_path, "mt5linux", "enforce"), allowed=True)
