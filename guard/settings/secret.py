"""A secret by reference (``env:NAME`` or ``keyring:SERVICE/USER``): looked up when it is needed, kept nowhere."""

from __future__ import annotations

import os
from collections.abc import Mapping

from guard.model.errors import InputError


def resolve(reference: str, place: str, environ: Mapping[str, str] = os.environ) -> str:
    """The secret itself.

    Args:
        reference: As the configuration has it.
        place: Where it stands in the configuration, for the sentence.
        environ: The environment.

    Raises:
        InputError: There is none; the sentence says how to put it there and never repeats a secret.
    """
    kind, _, name = reference.partition(":")
    if kind == "env":
        found = environ.get(name)
        if not found:
            raise InputError(f"{place}: the environment variable {name} is not set: set it before the guard starts")
        return found
    service, _, user = name.partition("/")
    return _from_keyring(service, user, place)


def _from_keyring(service: str, user: str, place: str) -> str:
    try:
        import keyring  # noqa: PLC0415 - loaded only where a configuration asks for it
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError as error:
        way = "install it with: python -m pip install keyring, or use env:NAME"
        raise InputError(f"{place}: the package keyring is not installed: {way}") from error
    try:
        found = keyring.get_password(service, user)
    except KeyringError as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{place}: this computer's keyring cannot be read ({why}): use env:NAME instead") from error
    if not found:
        way = f"put it there with: python -m keyring set {service} {user}"
        raise InputError(f"{place}: the keyring has no entry {service} / {user}: {way}")
    return found
