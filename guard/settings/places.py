"""Where the data that ships with the guard lies: in the installed package, or in a checkout."""

from __future__ import annotations

from pathlib import Path

from guard.model.errors import InputError


def config_dir() -> Path:
    """The folder of shipped configuration files (profiles, example, demo).

    Raises:
        InputError: Neither the installed package nor a checkout holds it.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_config", package.parent / "config"):
        if (folder / "profiles").is_dir():
            return folder
    message = f"the shipped configuration files are missing beside {package}; install the guard again"
    raise InputError(message)
