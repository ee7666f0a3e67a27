"""Brings a journal file to this version's schema. Migrations only add; a newer file is refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from guard.journal.port import JournalError
from guard.journal.schema import APPLICATION_ID, VERSIONS


def check_schema(connection: sqlite3.Connection, path: Path) -> int:
    """The schema version of an open file; 0 for a new one.

    Raises:
        JournalError: The file belongs to another program, or a newer guard wrote it.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if owner != APPLICATION_ID:
        tables = int(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
        if owner != 0 or version != 0 or tables:
            message = f"{path} is a database of another program, not a guard's journal: choose another home with --home"
            raise JournalError(message)
    if version > len(VERSIONS):
        message = (
            f"{path} has journal schema {version} and this guard knows up to {len(VERSIONS)}: update the guard, "
            "or start this version with another --home"
        )
        raise JournalError(message)
    return version


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Apply what is missing, each version in its own transaction.

    Raises:
        JournalError: See ``check_schema``.
    """
    for version in range(check_schema(connection, path), len(VERSIONS)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in VERSIONS[version]:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
