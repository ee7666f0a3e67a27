"""What is armed when the user configured nothing: warn only, the same words as a configuration file.

Source: the product's own definition of the unconfigured defaults. The profiles under ``config/`` are written out
separately, and a test compares ``profiles/intermediate`` with this.
"""

from __future__ import annotations

from typing import Any, Final

EXPERIENCES: Final = ("beginner", "intermediate", "advanced")
LEVERAGE: Final = {"beginner": 5.0, "intermediate": 10.0, "advanced": 20.0}
NOT_ASKED: Final = "intermediate"
_STAGES: Final = [{"at_pct": pct, "actions": ["warn"]} for pct in (70.0, 85.0, 100.0)]
# Days and weeks begin at 00:00 UTC until the user names a zone: no reset stands here.
# Where the defaults give two values (1/2 %, 300/150 %, 60/180 s), the first one is the only warn stage.




def _warn_at(pct: float) -> list[dict[str, Any]]:
    return [{"at_pct": pct, "actions": ["warn"]}, {"at_pct": 100.0, "actions": ["warn"]}]


def default_limits(experience: str | None = None) -> list[dict[str, Any]]:
    """The unconfigured limits for an experience of ``EXPERIENCES``; ``None``: not asked."""
    leverage = LEVERAGE[NOT_ASKED if experience is None else experience]
    return [
        {"kind": "effective_leverage", "max": leverage, "stages": _STAGES},
        {"kind": "risk_per_trade", "max": 2.0, "stages": _warn_at(50.0)},
        {"kind": "open_risk", "max": 5.0, "stages": _STAGES},
        {"kind": "period_loss", "period": "day", "limit": {"value": 3.0, "unit": "pct", "basis": "anchor"},
         "anchor": "balance@reset", "stages": _STAGES},
        {"kind": "period_loss", "id": "period_loss_week", "period": "week",
         "limit": {"value": 6.0, "unit": "pct", "basis": "anchor"}, "anchor": "balance@reset",
         "stages": _STAGES},
        {"kind": "max_drawdown", "limit": {"value": 10.0, "unit": "pct", "basis": "anchor"}, "anchor": "first_seen",
         "stages": _STAGES},
        {"kind": "margin_level", "min": 150.0, "stages": _warn_at(50.0)},
        {"kind": "stop_out_distance", "min": 30.0, "stages": _STAGES},
        {"kind": "missing_stop", "max": 180.0, "stages": _warn_at(100.0 / 3.0)},
    ]  # fmt: skip
