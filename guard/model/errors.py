"""The errors that cross a room's border. Each carries one sentence a trader can act on."""

from __future__ import annotations


class GuardError(Exception):
    """An expected failure; ``str()`` is one sentence with the way out, ``exit_code`` the command's exit code."""

    exit_code = 1


class UsageError(GuardError):
    """The command line cannot be carried out as typed."""

    exit_code = 2


class InputError(GuardError):
    """A configuration, snapshot or other input file cannot be used."""

    exit_code = 3


class AlreadyRunningError(GuardError):
    """Another guard holds the lock of this account."""

    exit_code = 4


class TerminalError(GuardError):
    """The terminal cannot be reached or did not answer; nothing that was read is believed."""

    exit_code = 5


class WrongAccountError(GuardError):
    """The terminal is logged in to another account than the configured one."""

    exit_code = 6
