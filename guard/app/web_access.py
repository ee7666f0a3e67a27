"""The dashboard's token and where it listens: what the command line and the web process must agree on."""

from __future__ import annotations

import ipaddress
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loguru import logger

from guard.app.home import Home
from guard.model.errors import InputError, UsageError

VARIABLE: Final = "GUARD_WEB_TOKEN"
FILE: Final = "web-token"
PORT: Final = 8750
LOOPBACK: Final = "127.0.0.1"
_BYTES: Final = 32
_LEAST_EXPOSED: Final = 32


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the web process listens. ``names`` are further host names it answers to; paths are for TLS."""

    host: str = LOOPBACK
    port: int = PORT
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None

    @property
    def loopback(self) -> bool:
        """Whether only this computer can reach it."""
        return is_loopback(self.host)

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return self.certificate is not None

    def told(self) -> dict[str, Any]:
        """What the web process is told, as JSON."""
        return {
            "host": self.host, "port": self.port, "names": list(self.names),
            "certificate": str(self.certificate) if self.certificate is not None else None,
            "key": str(self.key) if self.key is not None else None,
        }  # fmt: skip


def is_loopback(host: str) -> bool:
    """Whether an address is one of this computer's own; of names only ``localhost`` is."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_listen(listen: Listen, *, exposed: bool) -> Listen:
    """The same, when it is safe.

    Raises:
        UsageError: Others could reach it and it was not asked for aloud, or it would not be encrypted.
    """
    if (listen.certificate is None) != (listen.key is None):
        raise UsageError("--tls-cert and --tls-key go together: name both files")
    for path in (listen.certificate, listen.key):
        if path is not None and not path.is_file():
            raise UsageError(f"there is no file {path}: --tls-cert and --tls-key name PEM files")
    if listen.loopback:
        return listen
    if not exposed:
        raise UsageError(f"--host {listen.host} lets other computers in: add --expose if that is what you want")
    if not listen.secure:
        raise UsageError(f"--host {listen.host} needs TLS: name a certificate with --tls-cert and --tls-key")
    return listen


def read_token(home: Home, environ: Mapping[str, str] = os.environ, *, exposed: bool = False) -> str:
    """The token: ``GUARD_WEB_TOKEN``, else the one in the home's file, which is made when it is not there.

    Raises:
        InputError: It cannot be read or made, others can read it, or it is too short to be shown to a network.
    """
    named = environ.get(VARIABLE, "").strip()
    token = named if named else _from_file(home.root / FILE)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise InputError("the dashboard's token may hold only letters, digits and signs, without spaces")
    if exposed and len(token) < _LEAST_EXPOSED:
        raise InputError(f"{VARIABLE} is shorter than {_LEAST_EXPOSED} characters, too short for a network")
    return token


def _from_file(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(_BYTES) + "\n")
        _owner_only(path)
    except FileExistsError:
        pass
    except OSError as error:
        raise InputError(f"the dashboard's token cannot be written to {path} ({error}): check the folder") from error
    try:
        token, mode = path.read_text(encoding="utf-8").strip(), path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the dashboard's token cannot be read from {path} ({error}): delete the file") from error
    if sys.platform != "win32" and mode & 0o077:
        raise InputError(f"others can read the dashboard's token in {path}: make it yours alone with chmod 600")
    if not token:
        raise InputError(f"the dashboard's token file {path} is empty: delete it, and a new one is made")
    return token


if sys.platform == "win32":  # pragma: no cover - the other systems' branch is below

    def _owner_only(path: Path) -> None:
        """On Windows a file's rights come from its folder: take them away and leave the owner's."""
        user = os.environ.get("USERNAME", "")
        try:
            subprocess.run(
                ["icacls", str(path), "/inheritance:r", "/grant:r", f"{user}:F"],  # noqa: S607 - the system's own tool
                check=True, capture_output=True, timeout=10.0,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            logger.warning("the rights of {} stay those of its folder ({})", path, type(error).__name__)

else:

    def _owner_only(path: Path) -> None:
        """The file was made for its owner only; a folder's default rights may have added to that."""
        path.chmod(0o600)
