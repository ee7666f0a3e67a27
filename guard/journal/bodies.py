"""What the rows of one cycle say. Pure; the spelling (and what becomes of infinity) is ``canonical``'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from guard.engine.report import verdict_json

if TYPE_CHECKING:
    from guard.engine.step import CycleResult
    from guard.model.intent import Intent
    from guard.model.notice import Notice

FORMAT: Final = "guard.journal/1"
CYCLE, STATE, NOTICE, INTENT = "cycle", "state", "notice", "intent"
ARCHIVE: Final = "archive"


def notice_body(notice: Notice) -> dict[str, Any]:
    """A notice with its severity as a word."""
    return {**asdict(notice), "severity": notice.severity.name}


def notice_key(notice: Notice) -> str:
    """The same notice is journaled once, however often its cycle is tried again."""
    return f"notice:{notice.key}:{notice.at}"


def intent_key(intent: Intent) -> str:
    """An intent is journaled once in each status."""
    return f"intent:{intent.id}:{intent.status}"


def intent_body(intent: Intent) -> dict[str, Any]:
    """An intent as it stands."""
    return intent._asdict()


def cycle_body(result: CycleResult, pieces: Mapping[str, str]) -> dict[str, Any]:
    """What one cycle decided; ``snapshot`` names the stored pieces of what it was decided on."""
    return {
        "snapshot": dict(pieces),
        "verdicts": [verdict_json(verdict) for verdict in result.verdicts],
        "trading_state": result.trading_state.name,
        "blind": result.blind,
        "gaps": [asdict(gap) for gap in result.gaps],
        "policy_sha256": result.state.policy_sha256,
    }


def references(kind: str, body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The stored documents that a row names: what they are, and their SHA-256."""
    if kind == STATE:
        return [("state", str(body["sha256"]))]
    pieces = body.get("snapshot")
    return [(str(name), str(sha)) for name, sha in pieces.items()] if isinstance(pieces, dict) else []
