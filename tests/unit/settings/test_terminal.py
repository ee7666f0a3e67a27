"""How [terminal] becomes a connection, and where its password comes from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from guard.model.errors import InputError
from guard.settings.load import Loaded, load_text
from guard.settings.secret import resolve
from guard.settings.terminal import connection_of, is_foreign

HEAD = 'format = "guard.config/1"\n'
ACCOUNT = '[account]\nlogin = 5012345\nserver = "Broker-Demo"\n'


def loaded(text: str, folder: Path) -> Loaded:
    return load_text(HEAD + text, folder / "guard.toml")


def connection(text: str, folder: Path) -> Any:
    found = loaded(text, folder)
    return connection_of(found.terminal, found.policy.login, found.policy.server)


def test_without_a_password_the_guard_attaches_and_logs_nobody_in(tmp_path: Path) -> None:
    made = connection(ACCOUNT + "[terminal]\npath = 'C:\\MT5\\terminal64.exe'\nportable = true\n", tmp_path)
    assert (made.path, made.portable) == ("C:\\MT5\\terminal64.exe", True)
    assert (made.login, made.server, made.password) == (None, None, None)


def test_with_a_password_the_configured_account_is_logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MT5_PASSWORD", "s3cret")
    made = connection(ACCOUNT + '[terminal]\npassword = "env:MT5_PASSWORD"\n', tmp_path)
    assert (made.login, made.server, made.password) == (5012345, "Broker-Demo", "s3cret")
    assert "s3cret" not in repr(made)


def test_a_password_is_shown_nowhere_but_as_its_reference(tmp_path: Path) -> None:
    found = loaded(ACCOUNT + '[terminal]\npassword = "env:MT5_PASSWORD"\n', tmp_path)
    assert found.document["terminal"]["password"] == "env:MT5_PASSWORD"  # noqa: S105 - a reference


def test_another_module_is_foreign_and_the_vendors_own_is_not(tmp_path: Path) -> None:
    assert is_foreign(loaded('[terminal]\nmodule = "mt5linux"\n', tmp_path).terminal)
    assert not is_foreign(loaded("", tmp_path).terminal)


def test_a_remote_worker_is_reached_with_the_secret_of_its_file(tmp_path: Path) -> None:
    secret = tmp_path / "worker.token"
    secret.write_text("t" * 40 + "\n", encoding="utf-8")
    secret.chmod(0o600)
    text = f"[terminal]\nkind = \"remote\"\naddress = \"127.0.0.1:18500\"\ntoken_file = '{secret}'\n"
    made = connection(text, tmp_path)
    assert (made.address, made.token) == ("127.0.0.1:18500", "t" * 40)
    assert "tttt" not in repr(made)


def test_a_remote_worker_whose_secret_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    text = f"[terminal]\nkind = \"remote\"\naddress = \"127.0.0.1:18500\"\ntoken_file = '{tmp_path / 'none'}'\n"
    with pytest.raises(InputError, match="start the worker first"):
        connection(text, tmp_path)


def test_an_environment_variable_that_is_not_set_or_empty_is_one_sentence() -> None:
    for environ in ({}, {"NAME": ""}):
        with pytest.raises(InputError, match=r"terminal\.password: the environment variable NAME is not set"):
            resolve("env:NAME", "terminal.password", environ)
    assert resolve("env:NAME", "terminal.password", {"NAME": "x y"}) == "x y"


class KeyringError(Exception):
    """As the package has it."""


def keyring(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    package, errors = ModuleType("keyring"), ModuleType("keyring.errors")

    def get_password(service: str, user: str) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer.get((service, user))

    package.get_password, errors.KeyringError = get_password, KeyringError
    monkeypatch.setitem(sys.modules, "keyring", package)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)


def test_the_keyring_gives_the_password_of_service_and_user(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring(monkeypatch, {("mt5-guard", "50/12"): "pässword"})
    assert resolve("keyring:mt5-guard/50/12", "terminal.password") == "pässword"


def test_a_keyring_without_the_entry_says_how_to_put_it_there(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring(monkeypatch, {})
    with pytest.raises(InputError, match="python -m keyring set mt5-guard 5012345"):
        resolve("keyring:mt5-guard/5012345", "terminal.password")


def test_a_computer_without_a_keyring_is_told_the_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring(monkeypatch, KeyringError("No recommended backend was available."))
    with pytest.raises(InputError, match="use env:NAME instead"):
        resolve("keyring:mt5-guard/5012345", "terminal.password")


def test_without_the_package_the_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(InputError, match="pip install keyring"):
        resolve("keyring:mt5-guard/5012345", "terminal.password")


def test_the_configuration_alone_loads_no_keyring() -> None:
    script = "import sys, guard.settings.load, guard.app.bootstrap; print('keyring' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "False"
