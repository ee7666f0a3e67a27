"""What the core of a running guard does without, so that it stays small for months. See ADR 0100."""

from __future__ import annotations

import sys
from typing import Final

# asyncio loads ssl, hashlib loads _hashlib; either brings OpenSSL's library: about 4 MB that the core never uses.
_OPENSSL: Final = ("ssl", "_hashlib")


def keep_openssl_out() -> None:
    """Make Python's own SHA-256 serve, before anything loads OpenSSL; where Python was built without it, do nothing."""
    left_out = [name for name in _OPENSSL if name not in sys.modules]
    for name in left_out:
        sys.modules[name] = None  # type: ignore[assignment]  # how the import system is told that there is none
    try:
        from hashlib import sha256  # noqa: PLC0415 - only now without OpenSSL

        sha256(b"").hexdigest()
    except (ImportError, ValueError):
        for name in left_out:
            del sys.modules[name]
        sys.modules.pop("hashlib", None)
