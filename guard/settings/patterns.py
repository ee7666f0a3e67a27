"""What words in a configuration look like. The sentences about them are in ``words``."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import Field

SECRET_PATTERN: Final = r"^(env:[A-Za-z_][A-Za-z0-9_]*|keyring:[^/\s]+/\S+)$"  # noqa: S105 - a pattern, not a password
TIME_PATTERN: Final = r"^([01]\d|2[0-3]):[0-5]\d$"
DAILY_PATTERN: Final = r"^(([01]\d|2[0-3]):[0-5]\d|off)$"
LINK_PATTERN: Final = r"^https?://[^\s@]+$"
CHANNEL_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$"

Reference: TypeAlias = Annotated[str, Field(pattern=SECRET_PATTERN)]
"""``env:NAME`` or ``keyring:SERVICE/USER``: where a secret is, never the secret."""
