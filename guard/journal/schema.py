"""The journal's tables, one list of statements a schema version. A version is never edited once released: add the next.

``row`` is the chain. ``document`` holds large documents (snapshots, the engine's memory) once each, compressed, under
their own SHA-256, which stands in a chained row. Both refuse UPDATE and DELETE.
"""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x4D543547
"""Marks a SQLite file as a guard's journal (``MT5G``)."""


def _append_only(table: str) -> tuple[str, str]:
    sentence = f"the journal is append-only: {table} rows are never changed or removed"
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{sentence}'); END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{sentence}'); END",
    )


VERSIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """CREATE TABLE row (
            seq INTEGER PRIMARY KEY CHECK (seq > 0),
            at TEXT NOT NULL,
            kind TEXT NOT NULL,
            format TEXT NOT NULL,
            body TEXT NOT NULL,
            key TEXT UNIQUE,
            prev_hash TEXT NOT NULL UNIQUE,
            hash TEXT NOT NULL UNIQUE
        ) STRICT""",
        "CREATE INDEX row_by_kind ON row (kind, seq)",
        """CREATE TABLE document (
            sha256 TEXT NOT NULL UNIQUE,
            size INTEGER NOT NULL,
            data BLOB NOT NULL
        ) STRICT""",
        *_append_only("row"),
        *_append_only("document"),
    ),
)
"""``VERSIONS[n]`` brings a file from schema n to n + 1."""
