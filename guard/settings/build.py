"""Checked sections and limits to the ``Policy`` of the engine, its effective document and its fingerprint."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any, Final

from guard.engine.policy import DEFAULT_SHOCKS, Policy, Shock
from guard.limits.base import Limit
from guard.metrics.account import BrokerLevels, Caps
from guard.settings.money import MoneyRule, in_account_currency, takes_amount
from guard.settings.schema import FORMAT, ConfigFile

MESSAGES: Final = ("notices", "heartbeat", "telegram", "notify")
"""Sections that decide who is told, and no verdict."""


def build_policy(
    sections: ConfigFile,
    limits: tuple[Limit, ...],
    rule: MoneyRule,
    source: str,
    brokers: tuple[BrokerLevels, ...] = (),
    caps: Caps | None = None,
) -> Policy:
    """The policy; its ``sha256`` covers everything that can change a verdict and nothing else."""
    account, timing, margin, deeds = sections.account, sections.timing, sections.margin, sections.enforcement
    policy = Policy(
        limits=limits,
        mode=sections.mode,
        login=account.login,
        server=account.server,
        currency=rule.currency,
        initial=None if account.initial is None else in_account_currency(account.initial, rule),
        stale_after_s=timing.stale_after_s,
        unknown_for_s=timing.unknown_for_s,
        flow_grace_s=timing.flow_grace_s,
        margin_call_level=margin.call_level,
        stop_out_level=margin.stop_out_level,
        target_margin_level_pct=margin.target_level_pct,
        shocks=tuple(Shock(s.target, s.pct, s.name) for s in sections.shocks) or DEFAULT_SHOCKS,
        gap_beyond_stop_pct=sections.worst_case.gap_beyond_stop_pct,
        brokers=brokers,
        caps=caps,
        zone_named=_zone_named(limits),
        requests_per_minute=deeds.requests_per_minute,
        requests_per_day=deeds.requests_per_day,
        exit_reserve_pct=deeds.exit_reserve_pct,
        magic=deeds.magic,
        deviation_points=deeds.deviation_points,
        fresh_s=deeds.fresh_s,
        source=source,
        sha256="",
    )
    return _with_sha(policy, sections)


def _zone_named(limits: tuple[Limit, ...]) -> bool:
    """Whether every rule with a reset had its zone named by a file, UTC included."""
    ruled = [limit for limit in limits if "reset" in type(limit).model_fields]
    return bool(ruled) and all("reset" in limit.model_fields_set for limit in ruled)


def _with_sha(policy: Policy, sections: ConfigFile) -> Policy:
    document = effective_document(sections, policy)
    for name in ("terminal", "news", *MESSAGES):
        document.pop(name, None)
    return replace(policy, sha256=fingerprint(document))


def fingerprint(document: object) -> str:
    """The SHA-256 of a document's canonical JSON (sorted names, no spaces, ASCII)."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def limit_document(limit: Limit, currency: str | None = None) -> dict[str, Any]:
    """One limit as a configuration entry with every default written out, amounts with their currency."""
    fields = limit.model_dump(mode="json", exclude_none=True)
    fields.pop("id", None)
    for name, field in type(limit).model_fields.items():
        if takes_amount(field) and isinstance(fields.get(name), float) and currency is not None:
            fields[name] = f"{fields[name]!r} {currency}"
    return {"kind": limit.kind, "id": limit.name, **{name: _amount(value, currency) for name, value in fields.items()}}


def _amount(value: Any, currency: str | None) -> Any:  # noqa: ANN401 - a dumped value
    if isinstance(value, list):
        return [_amount(item, currency) for item in value]
    if isinstance(value, dict) and value.get("unit") == "money" and currency is not None:
        return {**value, "value": f"{value['value']!r} {currency}"}
    return value


def _levels(found: BrokerLevels) -> dict[str, Any]:
    fields = {**found._asdict(), "servers": list(found.servers)}
    return {name: value for name, value in fields.items() if value is not None}


def effective_document(sections: ConfigFile, policy: Policy) -> dict[str, Any]:
    """The configuration in force as one self-contained file: nothing extended, every default written out."""
    document: dict[str, Any] = {"format": FORMAT, "mode": policy.mode}
    account = sections.account.model_dump(mode="json", exclude_none=True)
    if policy.currency is not None:
        account["currency"] = policy.currency
    document["account"] = account
    for name in ("terminal", "trading_day", "timing", "margin", "worst_case", "enforcement", "news"):
        document[name] = getattr(sections, name).model_dump(mode="json", exclude_none=True)
    document["shocks"] = [{"target": s.target, "pct": s.pct, "name": s.name} for s in policy.shocks]
    document["limits"] = [limit_document(limit, policy.currency) for limit in policy.limits]
    caps: Any = policy.caps
    if caps is not None and any(getattr(one, "measure", "") == "regulatory" for one in policy.limits):
        document["regulator"] = caps.model_dump(mode="json", exclude_none=True)
    document["levels"] = [_levels(found) for found in policy.brokers]
    return {**document, **_messages(sections)}


def _messages(sections: ConfigFile) -> dict[str, Any]:
    """The sections about messages that are in force; where nothing is sent there are none."""
    if not (sections.notify or sections.heartbeat or sections.telegram):
        return {}
    held = {name: getattr(sections, name) for name in MESSAGES if name != "notify"}
    found = {name: one.model_dump(mode="json", exclude_none=True) for name, one in held.items() if one is not None}
    entries = [entry.model_dump(mode="json", exclude_none=True) for entry in sections.notify]
    return {**found, **({"notify": entries} if entries else {})}
