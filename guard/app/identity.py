"""Which account is guarded: the configured one, else the one pinned at the first start. No other is ever believed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Final

from guard.app.files import replace_text
from guard.app.home import Account, Home
from guard.model.errors import InputError, WrongAccountError
from guard.model.snapshot import Snapshot

_FORMAT: Final = "guard.pins/1"
_DEFAULTS: Final = "defaults"


@dataclass(frozen=True, slots=True)
class Expected:
    """What every snapshot must say; ``None`` where nothing is asked. ``path`` is the terminal's program or folder."""

    login: int | None = None
    server: str | None = None
    path: str | None = None

    @property
    def account(self) -> Account | None:
        """The account, when both of its parts are known."""
        if self.login is None or self.server is None:
            return None
        return Account(self.login, self.server)


def seen_account(snapshot: Snapshot) -> Account | None:
    """The account the terminal is logged in to, ``None`` while it does not tell (no login yet)."""
    login, server = snapshot.account.login, snapshot.account.server
    return Account(login, server) if login and server else None


def check_identity(snapshot: Snapshot, expected: Expected) -> str | None:
    """``None`` when the snapshot is of the expected account, else a sentence why that is not known yet.

    Raises:
        WrongAccountError: It is another account, or another terminal.
    """
    seen = seen_account(snapshot)
    if seen is None:
        return "the terminal does not say which account it is logged in to: log in and wait for the connection"
    if expected.login is not None and seen.login != expected.login:
        raise WrongAccountError(
            f"the terminal is logged in to account {seen}, the guarded one is {expected.login}: "
            "log in to that one, or use another configuration for this account"
        )
    if expected.server is not None and seen.server.casefold() != expected.server.casefold():
        raise WrongAccountError(
            f"the terminal is connected to server {seen.server}, the guarded account is at {expected.server}: "
            "log in to that one, or use another configuration for this account"
        )
    folder = snapshot.terminal.path if snapshot.terminal is not None else None
    if expected.path is not None and folder and not _same_terminal(expected.path, folder):
        raise WrongAccountError(
            f"the answers come from the terminal in {folder}, the configured one is {expected.path}: "
            "start that one, or correct [terminal] path"
        )
    return None


def _same_terminal(configured: str, folder: str) -> bool:
    program, seen = PureWindowsPath(configured), PureWindowsPath(folder)
    return seen in {program, program.parent}


def pin_name(config: Path | None) -> str:
    """The name a configuration's pinned account is kept under."""
    return _DEFAULTS if config is None else os.path.normcase(config.absolute())


def read_pin(home: Home, name: str) -> Account | None:
    """The account that was pinned at the first start, ``None`` before it.

    Raises:
        InputError: The file is damaged.
    """
    held = _pins(home).get(name)
    return None if held is None else Account(held[0], held[1])


def write_pin(home: Home, name: str, account: Account) -> None:
    """Pin the account for this configuration.

    Raises:
        InputError: The file is damaged or cannot be written.
    """
    pins = {key: {"login": login, "server": server} for key, (login, server) in _pins(home).items()}
    pins[name] = {"login": account.login, "server": account.server}
    path = home.states / "pinned.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, json.dumps({"format": _FORMAT, "pins": pins}, indent=2) + "\n")
    except OSError as error:
        why = f"the home {home.root} cannot be written ({error.strerror}): choose another with --home"
        raise InputError(why) from error


def _pins(home: Home) -> dict[str, tuple[int, str]]:
    path = home.states / "pinned.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != _FORMAT:
            raise ValueError  # noqa: TRY301 - one sentence for every way it can be damaged
        return {str(key): (int(pin["login"]), str(pin["server"])) for key, pin in document["pins"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} cannot be read: correct it, or remove it to pin the account anew") from error
