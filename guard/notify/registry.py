"""The kinds of channels, found by scanning this folder."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from guard import notify
from guard.notify.base import Channel, ChannelError
from guard.registry import discover


@cache
def channel_kinds() -> Mapping[str, type[Channel]]:
    """Every kind by name. Loads the libraries they send with."""
    return discover(notify, Channel)  # type: ignore[type-abstract]  # it is asked for subclasses only


def channel(address: str) -> Channel:
    """A channel to an address.

    Raises:
        ChannelError: No kind takes it, or it cannot be used. The sentence does not hold the address.
    """
    for kind in channel_kinds().values():
        if kind.takes(address):
            return kind(address)
    raise ChannelError("it is not an address of the form service://…")
