"""Who signed the programs of the embeddable Windows Python, asked of ``osslsigncode``."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

PUBLISHER: Final = "Python Software Foundation"
RUNTIME_PUBLISHER: Final = "Microsoft Corporation"
# Of the Visual C++ runtime; its chain ends in a root that only Windows keeps, so its name and its digest are checked.
RUNTIME: Final = ("vcruntime140.dll", "vcruntime140_1.dll")
ROOTS: Final = Path("/etc/ssl/certs/ca-certificates.crt")
_DIGESTS: Final = re.compile(r"(Current|Calculated) message digest\s*:\s*([0-9A-F]{64})\b")
_SIGNER: Final = re.compile(r"Signer #0:\s*Subject: (?P<subject>[^\n]+)")


class SignatureError(Exception):
    """A program is not signed as it should be, or that cannot be found out; ``str()`` says which."""


def check(python: Mapping[str, bytes], signed_at: datetime) -> Iterator[str]:
    """Check every .exe, .dll and .pyd; what was found, as lines.

    Its digest must be the signed one, its signer the Python Software Foundation (Microsoft for the C runtime). For the
    former the certificates must lead to a root of this machine, as of ``signed_at``. Revocation is not looked up.

    Raises:
        SignatureError: One is not.
    """
    tool = shutil.which("osslsigncode")
    if tool is None:
        raise SignatureError("osslsigncode, which reads Windows signatures, is missing: apt install osslsigncode")
    if not ROOTS.is_file():
        raise SignatureError(f"{ROOTS} is missing: apt install ca-certificates")
    # Newer versions look revocations up in the net and fail without it; older ones, such as 2.5, do not know the words.
    asked = [tool, "verify", "--help"]
    told = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    local = ["-ignore-crl", "-ignore-cdp"] if "-ignore-crl" in told.stdout + told.stderr else []
    programs = sorted(name for name in python if name.lower().endswith((".exe", ".dll", ".pyd")))
    with tempfile.TemporaryDirectory() as folder:
        for name in programs:
            path = Path(folder) / name
            path.write_bytes(python[name])
            command = [
                tool, "verify", "-ignore-timestamp", *local, "-CAfile", str(ROOTS),
                "-time", str(int(signed_at.timestamp())), "-in", str(path),
            ]  # fmt: skip
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            judge(name, done.stdout + done.stderr, trusted=done.returncode == 0)
    yield f"{len(programs) - len(RUNTIME)} programs signed by the {PUBLISHER}, {len(RUNTIME)} by {RUNTIME_PUBLISHER}"


def judge(name: str, told: str, *, trusted: bool) -> None:
    """Judge one program by what ``osslsigncode verify`` told; ``trusted`` is whether the chain led to a root.

    Raises:
        SignatureError: It is not what its maker signed.
    """
    digests = dict(_DIGESTS.findall(told)[:2])
    found = _SIGNER.search(told)
    if len(digests) != 2 or found is None:
        raise SignatureError(f"{name} is not signed, or osslsigncode is too old: {told.strip()[-200:]}")
    if digests["Current"] != digests["Calculated"]:
        raise SignatureError(f"{name} was changed after it was signed")
    expected = RUNTIME_PUBLISHER if name.lower() in RUNTIME else PUBLISHER
    if f"/O={expected}/" not in found["subject"]:
        raise SignatureError(f"{name} is signed by {found['subject'].strip()}, not by {expected}")
    if expected == PUBLISHER and not trusted:
        raise SignatureError(f"the certificates of {name} lead to no root that this machine trusts")
