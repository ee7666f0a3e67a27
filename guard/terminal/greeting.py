"""The shared secret of guard and worker when they talk over a socket of this computer: both prove that they know it."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
import sys
from pathlib import Path

from guard.model.errors import InputError

PROTOCOL = "guard.worker/1"
SHORTEST = 32
LARGEST_GREETING = 4096
GREETING_S = 5.0


def proof(token: str, role: str, worker_nonce: str, core_nonce: str) -> str:
    """What only someone with the token can say of these two nonces; ``role`` keeps the two sides' proofs apart."""
    text = f"{PROTOCOL}\n{role}\n{worker_nonce}\n{core_nonce}"
    return hmac.new(token.encode(), text.encode(), hashlib.sha256).hexdigest()


def nonce() -> str:
    """A number used once."""
    return secrets.token_hex(16)


def proves(said: object, expected: str) -> bool:
    """Whether the other side's proof is right, in constant time."""
    return isinstance(said, str) and hmac.compare_digest(said.encode("utf-8", "replace"), expected.encode())


def read_token(path: Path) -> str:
    """The token in a file.

    Raises:
        InputError: There is none, it is too short to be secret, or others can read it.
    """
    try:
        token = path.read_text(encoding="utf-8").strip()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the worker's token cannot be read from {path} ({error}): start the worker first") from error
    if sys.platform != "win32" and mode & 0o077:
        raise InputError(f"others can read the worker's token in {path}: make it yours alone with chmod 600")
    return checked(token, str(path))


def make_token(path: Path) -> str:
    """The token in a file, which is made when it is not there, readable for its owner only.

    Raises:
        InputError: The file cannot be written, or holds no usable token.
    """
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(SHORTEST) + "\n")
    except FileExistsError:
        pass
    except OSError as error:
        raise InputError(f"the worker's token cannot be written to {path} ({error}): choose another file") from error
    return read_token(path)


def checked(token: str, where: str) -> str:
    """The token itself.

    Raises:
        InputError: It is too short to be secret.
    """
    if len(token) < SHORTEST:
        raise InputError(f"the worker's token in {where} is shorter than {SHORTEST} characters: make a new one")
    return token


def own_address(text: str) -> tuple[str, int]:
    """Host and port of an address of this computer, such as ``127.0.0.1:18500``.

    Raises:
        InputError: It is no such address: what goes over it is not encrypted.
    """
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    try:
        own = host == "localhost" or ipaddress.ip_address(host).is_loopback
        number = int(port) if port.isascii() and port.isdigit() else -1
    except ValueError:
        own, number = False, -1
    if not own or not 0 <= number <= 65535:
        raise InputError(f"{text!r} is no address of this computer: write 127.0.0.1:PORT, with a port from 1 to 65535")
    return ("127.0.0.1" if host == "localhost" else host), number
