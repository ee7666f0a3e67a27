"""What is armed when the user configured nothing: warn only, the same words as a configuration file.

Source: the product's own definition of the unconfigured defaults. The profiles under ``config/`` are written out
separately, and a test compares ``profiles/intermediate`` with this.
"""

from __future__ import annotations

from typing import Any, Final

EXPERIENCES: Final = ("beginner", "intermediate", "advanced")
LEVERAGE: Final = {"beginner": 5.0, "intermediate": 10.0, "advanced": 20.0}
NOT_ASKED: Final = "intermediate"
# Stages are those of the kinds: 70, 85 and 100; for missing_stop 60 s of 180 s, and 100. No reset stands here: days and
# weeks begin at 00:00 UTC until the user names a zone.


def _warn_at(pct: float) -> list[dict[str, Any]]:
    """Where the defaults give two values (1/2 %, 300/150 %), the first one is the only warn stage."""
    return [{"at_pct": pct, "actions": ["warn"]}, {"at_pct": 100.0, "actions": ["warn"]}]


def default_limits(experience: str | None = None) -> list[dict[str, Any]]:
    """The unconfigured limits for an experience of ``EXPERIENCES``; ``None``: not asked."""
    leverage = LEVERAGE[NOT_ASKED if experience is None else experience]
    return [
        {"kind": "effective_leverage", "max": leverage},
        {"kind": "risk_per_trade", "max": 2.0, "stages": _warn_at(50.0)},
        {"kind": "open_risk", "max": 5.0},
        {"kind": "period_loss", "period": "day", "limit": {"value": 3.0, "unit": "pct", "basis": "anchor"},
         "anchor": "balance@reset"},
        {"kind": "period_loss", "id": "period_loss_week", "period": "week",
         "limit": {"value": 6.0, "unit": "pct", "basis": "anchor"}, "anchor": "balance@reset"},
        {"kind": "max_drawdown", "limit": {"value": 10.0, "unit": "pct", "basis": "anchor"}, "anchor": "first_seen"},
        {"kind": "margin_level", "min": 150.0, "stages": _warn_at(50.0)},
        {"kind": "stop_out_distance", "min": 30.0},
        {"kind": "missing_stop", "max": 180.0},
    ]  # fmt: skip
