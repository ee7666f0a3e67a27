"""The section ``[terminal]``: what contradicts itself there, and the connection it stands for."""

from __future__ import annotations

from pathlib import Path

from guard.model.errors import InputError
from guard.settings.extends import Source
from guard.settings.faults import Fault
from guard.settings.schema import VENDOR, ConfigFile, TerminalSection
from guard.settings.secret import resolve
from guard.terminal.greeting import own_address, read_token
from guard.terminal.port import Connection

REMOTE = "remote"


def check_terminal(sections: ConfigFile | None, sources: list[Source]) -> list[Fault]:
    """The faults that one field alone does not show; ``sections`` is ``None`` when there are others already."""
    if sections is None:
        return []
    terminal, account = sections.terminal, sections.account
    where = next((source for source in reversed(sources) if "terminal" in source.document), sources[-1])
    faults: list[Fault] = []

    def fault(name: str, sentence: str) -> None:
        faults.append(Fault(where.path("terminal", name), sentence))

    if terminal.password is not None and (account.login is None or account.server is None):
        fault("password", "needs the account it belongs to: add login and server under [account].")
    if terminal.kind != REMOTE:
        for name in ("address", "token_file"):
            if getattr(terminal, name) is not None:
                fault(name, 'has no effect without kind = "remote".')
        return faults
    if terminal.module != VENDOR:
        fault("module", "has no effect with kind = \"remote\": the worker's own command line names its module.")
    if terminal.address is None:
        fault("address", 'is missing: kind = "remote" needs the worker\'s address, such as "127.0.0.1:18500".')
    else:
        try:
            own_address(terminal.address)
        except InputError as error:
            fault("address", f"{error}.")
    if terminal.token_file is None:
        fault("token_file", 'is missing: kind = "remote" needs the file of the secret that the worker made.')
    return faults


def is_foreign(terminal: TerminalSection) -> bool:
    """Whether another module than the vendor's answers for the terminal."""
    return terminal.module != VENDOR


def connection_of(terminal: TerminalSection, login: int | None, server: str | None) -> Connection:
    """How the terminal is reached. Without a password nothing logs in: the guard attaches to what is there.

    Args:
        terminal: The section.
        login: The account's number, used only with a password.
        server: Its trade server, likewise.

    Raises:
        InputError: The password or the worker's secret cannot be found.
    """
    password = None if terminal.password is None else resolve(terminal.password, "terminal.password")
    token = None
    if terminal.kind == REMOTE and terminal.token_file is not None:
        token = read_token(Path(terminal.token_file).expanduser())
    return Connection(
        module=terminal.module,
        path=terminal.path,
        login=login if password is not None else None,
        server=server if password is not None else None,
        password=password,
        portable=terminal.portable,
        timeout_s=terminal.timeout_s,
        address=terminal.address if terminal.kind == REMOTE else None,
        token=token,
    )
