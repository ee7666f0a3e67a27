"""Where the guard keeps its files: one home per user, never the working directory.

``state/<login>@<server>/`` must stay (deleting it forgets today's loss); ``text/`` holds logs and may be deleted.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Final

from guard.model.errors import InputError

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_NETWORK: Final = frozenset({
    "nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "9p", "ceph", "glusterfs", "beegfs",
    "lustre", "davfs", "fuse.sshfs", "fuse.rclone", "fuse.davfs", "fuse.gvfsd-fuse", "fuse.s3fs",
    "fuse.google-drive-ocamlfuse",
})  # fmt: skip
_CLOUD: Final = re.compile(
    r"^(onedrive( ?-.*)?|dropbox( ?\(.*\))?|google ?drive|googledrive|my drive|drivefs|icloud ?drive|iclouddrive|"
    r"mobile documents|com~apple~clouddocs|box|box sync|pcloud ?drive|mega|nextcloud|owncloud|syncthing)$",
    re.IGNORECASE,
)
_DRIVE_REMOTE: Final = 4


@dataclass(frozen=True, slots=True)
class Account:
    """An account's identity: the key of its lock, its state folder and its logs."""

    login: int
    server: str

    @property
    def key(self) -> str:
        """``login@server``, with the signs a file name cannot hold replaced."""
        return f"{self.login}@{_UNSAFE.sub('_', self.server)}"

    def __str__(self) -> str:
        """As a person writes it."""
        return f"{self.login} at {self.server}"


@dataclass(frozen=True, slots=True)
class Home:
    """The folders under one home. Nothing is made before it is needed."""

    root: Path

    @property
    def text(self) -> Path:
        """Logs; may be deleted."""
        return self.root / "text"

    @property
    def states(self) -> Path:
        """What must not be deleted."""
        return self.root / "state"

    def state(self, account: Account) -> Path:
        """The folder of one account's journal and live figures."""
        return self.states / account.key

    def journal(self, account: Account) -> Path:
        """The journal file of one account."""
        return self.state(account) / "journal.db"

    def commands(self, account: Account) -> Path:
        """What people and programs ask of one account's running guard."""
        return self.state(account) / "commands.db"

    def outbox(self, account: Account) -> Path:
        """The messages of one account: what is sent, and what waits."""
        return self.state(account) / "outbox.db"

    def status(self, account: Account) -> Path:
        """The live figures of one account's running guard."""
        return self.state(account) / "status.json"


def find_home(given: Path | None, environ: Mapping[str, str] = os.environ) -> Home:
    """The home: ``--home``, else ``GUARD_HOME``, else the user's own data folder.

    Raises:
        InputError: It is on a network drive or in a folder that a cloud service copies.
    """
    named = environ.get("GUARD_HOME")
    if given is not None:
        root = given.expanduser()
    elif named:
        root = Path(named).expanduser()
    else:
        from platformdirs import user_data_path  # noqa: PLC0415 - not needed when the home is named

        root = user_data_path("MT5Guard", appauthor=False, roaming=False)
    root = Path(os.path.abspath(root))  # noqa: PTH100 - a link is looked through below, its own name is kept
    for path in {root, _resolved(root)}:
        cloud = cloud_part(path)
        if cloud is not None:
            raise InputError(
                f"the home {root} is inside {cloud!r}, which a cloud service copies and can damage a journal: "
                "choose a local folder with --home or GUARD_HOME"
            )
    if on_network(root):
        raise InputError(
            f"the home {root} is on a network drive, where a journal is not safe: "
            "choose a local folder with --home or GUARD_HOME"
        )
    return Home(root)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except OSError:
        return path


def cloud_part(path: PurePath) -> str | None:
    """The part of the path that is a cloud service's folder, ``None`` without one."""
    return next((part for part in path.parts if _CLOUD.match(part)), None)


def on_network(path: Path) -> bool:
    """Whether the folder is on another machine, as far as the system tells."""
    if sys.platform == "win32":
        return _windows_network(path)
    else:  # noqa: RET505  # the type checker reads one branch a platform
        mounts = Path("/proc/mounts")
        try:
            table = mounts.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False
        return mount_kind(_resolved(path), table) in _NETWORK


def mount_kind(path: PurePath, table: str) -> str | None:
    """The file system type of the mount that holds ``path``, from the text of ``/proc/mounts``."""
    best: tuple[int, str] | None = None
    for line in table.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        folder = PurePosixPath(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[1]))
        if (path == folder or folder in path.parents) and (best is None or len(folder.parts) >= best[0]):
            best = (len(folder.parts), fields[2])
    return best[1] if best is not None else None


def is_unc(path: str) -> bool:
    r"""Whether a Windows path names a share: ``\\server\share`` or ``\\?\UNC\server\share``."""
    drive = PureWindowsPath(path).drive
    return drive.upper().startswith("\\\\?\\UNC\\") or (drive.startswith("\\\\") and drive[2:3] not in {"?", "."})


if sys.platform == "win32":  # pragma: no cover - the other systems' branch is below

    def _windows_network(path: Path) -> bool:
        import ctypes  # noqa: PLC0415 - Windows only

        resolved = _resolved(path)
        if is_unc(str(path)) or is_unc(str(resolved)):
            return True
        anchor = resolved.anchor
        return bool(anchor) and ctypes.windll.kernel32.GetDriveTypeW(anchor) == _DRIVE_REMOTE

else:

    def _windows_network(path: Path) -> bool:
        return is_unc(str(path))
