"""The tables of ``outbox.db``: notices, what is owed to which channel, how the channels are, and bookmarks."""

from __future__ import annotations

from typing import Final

TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS notice (
        id TEXT PRIMARY KEY,
        number INTEGER NOT NULL,
        at REAL NOT NULL,
        began REAL NOT NULL,
        severity INTEGER NOT NULL,
        rank INTEGER NOT NULL,
        subject TEXT NOT NULL,
        kind TEXT NOT NULL,
        title TEXT NOT NULL,
        body TEXT NOT NULL,
        floor REAL,
        needs_ack INTEGER NOT NULL,
        acked_at REAL,
        closed_at REAL
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS notice_open ON notice (subject) WHERE closed_at IS NULL",
    """CREATE TABLE IF NOT EXISTS delivery (
        notice TEXT NOT NULL REFERENCES notice (id) ON DELETE CASCADE,
        channel TEXT NOT NULL,
        round INTEGER NOT NULL,
        due REAL NOT NULL,
        state TEXT NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0,
        why TEXT NOT NULL DEFAULT '',
        sent_at REAL,
        PRIMARY KEY (notice, channel, round)
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS delivery_waiting ON delivery (channel, due) WHERE state = 'waiting'",
    "CREATE INDEX IF NOT EXISTS delivery_sent ON delivery (channel, sent_at)",
    """CREATE TABLE IF NOT EXISTS channel (
        name TEXT PRIMARY KEY,
        failures INTEGER NOT NULL DEFAULT 0,
        not_before REAL NOT NULL DEFAULT 0,
        why TEXT NOT NULL DEFAULT '',
        failing_since REAL,
        last_sent REAL,
        told INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
)
VERSION: Final = 1

WAITING: Final = "waiting"
SENT: Final = "sent"
MERGED: Final = "merged"
"""Told by a newer notice about the same, in one message."""
OVER: Final = "over"
"""Not needed any more: acknowledged or over before it was due."""
LOST: Final = "given up"
"""The channel is no longer configured, or did not take it for a week."""
