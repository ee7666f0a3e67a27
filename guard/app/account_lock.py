"""One guard per account and machine, whatever the home, the folder or the user.

The lock is the operating system's own on an open file, so it is gone the moment its holder is, however that ends.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path
from typing import Final

from guard.app.home import Account
from guard.model.errors import AlreadyRunningError, InputError

_PATIENCE_S: Final = 0.6
_PAUSE_S: Final = 0.05
# Beyond the text of the file: Windows refuses to read locked bytes, and the holder's number must stay readable.
_LOCKED_BYTE: Final = 1 << 30


def lock_folder() -> Path:
    """The machine's one folder for account locks, the same for every user."""
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "MT5Guard" / "locks"
    else:  # noqa: RET505  # the type checker reads one branch a platform
        for name in ("/run/lock", "/var/lock", "/tmp"):  # noqa: S108 - shared on purpose, opened with care below
            try:
                mode = os.stat(name).st_mode  # noqa: PTH116 - follows the link of /var/lock
            except OSError:
                continue
            if stat.S_ISDIR(mode) and mode & stat.S_ISVTX and mode & stat.S_IWOTH:
                return Path(name) / "mt5guard"
        return Path("/tmp/mt5guard")  # noqa: S108 - as above


class AccountLock:
    """Held while the guard of one account lives. Use ``acquire``; ``release`` gives it back early."""

    def __init__(self, descriptor: int, path: Path) -> None:
        """Take over an open, locked file; use ``acquire``."""
        self._descriptor: int | None = descriptor
        self.path = path

    def touch(self) -> None:
        """Mark the file as in use, so that a cleaner of old files leaves it alone."""
        try:
            os.utime(self.path)
        except OSError:
            return

    def release(self) -> None:
        """Give the lock back; twice is fine."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def acquire(account: Account, folder: Path | None = None) -> AccountLock:
    """Take the account's lock.

    Raises:
        AlreadyRunningError: Another guard holds it; the sentence names its process.
        InputError: The lock file cannot be made.
    """
    path = (folder or lock_folder()) / f"{account.key}.lock"
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            descriptor = _open(path)
        except OSError as error:
            why = f"the account's lock {path} cannot be opened ({error.strerror}): check your rights to it"
            raise InputError(why) from error
        if _lock(descriptor) and _same_file(descriptor, path):
            _write_pid(descriptor)
            return AccountLock(descriptor, path)
        holder = _read_pid(descriptor)
        os.close(descriptor)
        # Another command that only looks holds the lock for an instant: give it that.
        if time.monotonic() >= deadline:
            who = f"process {holder}" if holder is not None else "another process"
            raise AlreadyRunningError(
                f"account {account} is already guarded by {who}: see `guard status`, or stop that one first"
            )
        time.sleep(_PAUSE_S)


def holder(account: Account, folder: Path | None = None) -> int | None:
    """The process that guards the account now: its number, 0 when unknown, ``None`` when nobody does."""
    path = (folder or lock_folder()) / f"{account.key}.lock"
    try:
        descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    except FileNotFoundError:
        return None
    except OSError:
        return 0
    try:
        if _lock(descriptor, shared=True):
            return None
        return _read_pid(descriptor) or 0
    finally:
        os.close(descriptor)


_FLAGS: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0)


def _open(path: Path) -> int:
    """Open the lock file, made readable and writable for every user where that is possible."""
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        if os.name != "nt":
            path.parent.chmod(0o1777)
    for flags in (os.O_RDWR, os.O_RDONLY):
        try:
            return os.open(path, flags | _FLAGS)
        except FileNotFoundError:
            break
        except PermissionError:
            continue
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _FLAGS, 0o666)
    if sys.platform != "win32" and os.fstat(descriptor).st_uid == os.getuid():
        os.fchmod(descriptor, 0o666)
    return descriptor


def _same_file(descriptor: int, path: Path) -> bool:
    """Whether the name still leads to the file that was locked (a cleaner may have removed it in between)."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))  # noqa: PTH116 - of a descriptor's twin
    except OSError:
        return False


def _write_pid(descriptor: int) -> None:
    text = f"{os.getpid()}\n".encode()
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, text)
        os.ftruncate(descriptor, len(text))
    except OSError:
        # Another user's file that this one may only read: the lock holds, its holder's number stays unknown.
        return


def _read_pid(descriptor: int) -> int | None:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        text = os.read(descriptor, 32).decode("ascii", "replace").strip()
    except OSError:
        return None
    return int(text) if text.isascii() and text.isdigit() else None


if sys.platform == "win32":  # pragma: no cover - tried on the Windows bed
    import msvcrt

    def _lock(descriptor: int, *, shared: bool = False) -> bool:  # noqa: ARG001 - Windows has exclusive ones only here
        # Contention is EACCES or EDEADLOCK on Windows and errno 0 under Wine: any failure means held.
        try:
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int, *, shared: bool = False) -> bool:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
