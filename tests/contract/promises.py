"""What every reading promises, whatever it was read through and whoever answers: also a real terminal."""

from __future__ import annotations

import json
from typing import Any

from guard.model.snapshot_json import read_snapshot

HEAD = {"format", "taken_at", "monotonic_s", "boot_id", "offset_confirmed", "terminal", "account", "ticks", "read_at",
        "errors"}  # fmt: skip
SECTIONS = {"positions", "orders", "symbols", "deals", "asked"}


def keeps_its_promises(document: dict[str, Any]) -> None:
    """Fails when a reading is not what the guard builds on."""
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document.keys() >= HEAD
    # A section that is not there was not read, and the reader says why: it is never empty instead.
    for name in SECTIONS - document.keys():
        assert name in document["errors"], name
    assert {"hot", "symbols", "deals"} <= document["read_at"].keys()
    used = {row["symbol"] for row in [*document.get("positions", []), *document.get("orders", [])]}
    assert used <= document["symbols"].keys() | {name.removeprefix("symbols.") for name in document["errors"]}
    snapshot = read_snapshot(document)
    unread = {error.split(".")[0] for error in document["errors"]}
    assert [gap for gap in snapshot.gaps if gap.path.split(".")[0].split("[")[0] not in unread] == []
    offset, server = snapshot.server_utc_offset_s, snapshot.server_time_s
    if snapshot.offset_confirmed:
        assert offset is not None
        assert server is not None
        assert offset % 900.0 == 0.0
        assert abs(server - offset - snapshot.taken_s) <= 120.0
    _money(document)


def _money(document: dict[str, Any]) -> None:
    """Equity = balance + credit + profit + swap - blocked commission, within what prices move while they are read."""
    account, positions = document["account"], document.get("positions")
    if positions is None or document["terminal"].get("connected") is not True:
        return
    floating = sum(row["profit"] + row["swap"] for row in positions)
    expected = account["balance"] + account["credit"] + floating - account["commission_blocked"]
    allowed = 0.01 * (len(positions) + 1) + max(1.0, abs(account["equity"]) * 0.001)
    assert abs(account["equity"] - expected) <= allowed
