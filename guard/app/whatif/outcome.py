"""The answer of a what-if (``guard.whatif/1``): figures and limits before and after, room for more, hedging's price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from guard.app.whatif.ask import instead, plan
from guard.app.whatif.asked import Ask, Plan
from guard.engine.debounce import raw
from guard.engine.moves import Add, Move, Prices, Projected, entry_of, project
from guard.engine.policy import Policy
from guard.engine.report import json_number
from guard.engine.step import CycleResult, step
from guard.engine.whatif import lots_the_margin_carries, max_additional_lots
from guard.limits.base import Limit
from guard.metrics import outlook
from guard.metrics.book import SymbolFigures
from guard.metrics.compute import Metrics
from guard.model.errors import InputError, UsageError
from guard.model.snapshot import Snapshot
from guard.model.state import State
from guard.model.verdict import Severity, Verdict
from guard.settings.presets import read_preset
from guard.settings.regulator_model import RegulatorSection

FORMAT: Final = "guard.whatif/1"
_ALTERNATIVE: Final = (
    "equity", "used_margin", "margin_level_pct", "effective_leverage", "effective_leverage_net", "spread_to_stop_out",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about: a reading, the memory before it, and what is in force. ``label`` says where it is from."""

    snapshot: Snapshot
    state: State
    policy: Policy
    label: str


def answer(
    subject: Subject, ask: Ask, *, room: Sequence[str] = (), regulator: str | None = None
) -> dict[str, Any]:
    """Carry out a what-if: a full step on the account as it is, and one on it as it would be.

    Args:
        subject: The account.
        ask: What is asked; without any move only the present is shown.
        room: Symbols to tell the room for more of; those that are held are told anyway.
        regulator: A regulator's preset whose margin rates are applied too.

    Raises:
        UsageError: Something is asked that this account cannot do.
        InputError: A named preset or shock is not there.
    """
    policy = replace(subject.policy, mode="warn")
    before = step(subject.snapshot, subject.state, policy)
    context = before.metrics.context
    planned = plan(subject.snapshot, context, ask)
    projected = project(subject.snapshot, context, planned.moves, ask.commission)
    after = step(projected.snapshot, _with_entries(before), policy)
    rules = _regulator(regulator)
    gaps = {(gap.path, gap.sentence): None for gap in (*before.gaps, *after.gaps)}
    limits = [_compared(*row) for row in zip(policy.limits, before.verdicts, after.verdicts, strict=True)]
    worst = max((Severity[row["after"]["severity"]] for row in limits), default=Severity.OK).name
    document: dict[str, Any] = {
        "format": FORMAT,
        "taken_at": subject.snapshot.taken_at.isoformat(),
        "from": subject.label,
        "policy": {"source": policy.source, "sha256": policy.sha256},
        "currency": subject.snapshot.account.currency,
        "moves": planned.says,
        "margin_by": "unknown" if projected.snapshot.account.margin is None else projected.margin_how,
        "before": figures(before.metrics, rules),
        "after": figures(after.metrics, rules),
        "blind": after.blind,
        "limits": limits,
        "fires": [row["limit"] for row in limits if row["fires"]],
        "severity": worst,
        "room": _room(projected.snapshot, after, policy, room),
        "rescue": _rescue(subject, before, planned, projected, ask.commission),
        "notes": _notes(planned, projected, ask),
    }
    gaps.update({(gap.path, gap.sentence): None for gap in after.metrics.gaps})
    document["gaps"] = [{"path": path, "sentence": sentence} for path, sentence in gaps]
    return document


def _with_entries(before: CycleResult) -> State:
    """The memory, with the present equity for positions whose entry was not seen: what comes must not move it."""
    state, equity = before.state, before.metrics.equity
    if equity is None or equity <= 0.0:
        return state
    unseen = {p.identifier: equity for p in before.metrics.snapshot.positions or () if p.identifier is not None}
    return replace(state, entry_equity={**unseen, **state.entry_equity})


def _regulator(name: str | None) -> RegulatorSection | None:
    if name is None:
        return None
    wanted = name if "/" in name else f"regulators/{name}"
    try:
        found = read_preset(wanted).regulator
    except ValueError as error:
        raise InputError(f"{error}") from error
    if found is None:
        raise InputError(f"{wanted} says nothing of a regulator")
    return found


def figures(m: Metrics, rules: RegulatorSection | None = None) -> dict[str, Any]:
    """The figures of one side: money in account currency, ``_pct`` in percent points."""
    a = m.account
    level, loss, equity = m.stop_out_level[0], m.loss_to_stop_out, m.equity
    holds = bool(m.snapshot.positions) and (bool(a.margin) or a.so_mode == 1)
    found: dict[str, Any] = {
        "balance": a.balance, "equity": equity, "floating": m.floating, "used_margin": a.margin,
        "free_margin": None if a.equity is None or a.margin is None else a.equity - a.margin,
        "margin_level_pct": m.margin_level_pct, "leverage_setting": a.leverage,
        "effective_leverage": m.effective_leverage, "effective_leverage_net": m.effective_leverage_net,
        "notional_gross": m.notional_gross, "open_risk": m.open_risk,
        "loss_to_margin_call": m.loss_to_margin_call, "loss_to_stop_out": loss,
        "adverse_move_to_stop_out_pct": outlook.adverse_move_to_stop_out_pct(m),
        "stop_out_level": level,
        "owed": None if equity is None else max(0.0, -equity),
    }  # fmt: skip
    if rules is not None:
        required = required_margin(m, rules)
        found["required_by_regulator"] = required
        covered = None if required is None or equity is None or required <= 0.0 else equity / required * 100.0
        found["regulator_level_pct"] = covered
    numbers = {key: json_number(None if value is None else float(value)) for key, value in found.items()}
    reached = None if loss is None else holds and loss <= 0.0
    return {
        **numbers,
        "stop_out_reached": reached,
        "price_at_stop_out": {
            name: json_number(outlook.price_at(m, entry, loss)) for name, entry in (m.by_symbol or {}).items()
        },
    }


def required_margin(m: Metrics, rules: RegulatorSection) -> float | None:
    """Sum of every symbol's gross notional at the regulator's rate; ``None`` with a gap where one has none."""
    if m.by_symbol is None:
        return None
    total = 0.0
    for name, entry in m.by_symbol.items():
        symbol = entry.symbol
        base = symbol.currency_base if symbol is not None else None
        quote = symbol.currency_profit if symbol is not None else None
        rate, why = rules.rate_pct(entry.asset_class, name, base if base else "", quote if quote else "")
        if rate is None or entry.notional_gross is None:
            m.gap(f"regulator.{name}", why if rate is None else f"the notional of {name} is unknown")
            return None
        total += entry.notional_gross * rate / 100.0
    return total


def _compared(limit: Limit, before: Verdict, after: Verdict) -> dict[str, Any]:
    """One limit on both sides, as its figure stands: time it must last (``for_s``) is only said."""
    was, was_stage = raw(limit, before.reading)
    now, stage = raw(limit, after.reading)
    order = {Severity.OK: 0, Severity.UNKNOWN: 1, Severity.WARN: 2, Severity.BREACH: 3}
    worse = (order[now], _stage(stage)) > (order[was], _stage(was_stage))
    fires = worse and now in (Severity.WARN, Severity.BREACH)
    asked = limit.asked(stage)[0] if stage is not None else ()
    return {
        "limit": after.limit,
        "kind": after.kind,
        "before": {"severity": was.name, "utilization_pct": json_number(before.utilization_pct)},
        "after": {
            "severity": now.name,
            "utilization_pct": json_number(after.utilization_pct),
            "value": json_number(after.value),
            "threshold": json_number(after.threshold),
            "stage_pct": stage,
        },
        "fires": fires,
        "actions": list(asked),
        "for_s": limit.for_s,
        "sentence": limit.told(after.reading, now),
    }


def _stage(stage: float | None) -> float:
    return -1.0 if stage is None else stage


def _room(snapshot: Snapshot, result: CycleResult, policy: Policy, asked: Sequence[str]) -> dict[str, Any]:
    """Per symbol and side: the largest volume that leaves every limit unbroken, and what the margin carries."""
    m = result.metrics
    entries: dict[str, SymbolFigures] = dict(m.by_symbol) if m.by_symbol is not None else {}
    for name in asked:
        entry = entry_of(m, name)
        if entry.symbol is None:
            raise UsageError(f"--room {name}: this snapshot does not hold that symbol.")
        entries.setdefault(name, entry)
    out: dict[str, Any] = {}
    for name, entry in entries.items():
        found = max_additional_lots(snapshot, result, policy, entry)
        for word, side in (("buy", 1), ("sell", -1)):
            found[word]["margin"] = lots_the_margin_carries(snapshot, m, entry, side)
        out[name] = found
    return out


def _rescue(
    subject: Subject, before: CycleResult, planned: Plan, hedged: Projected, commission: float | None
) -> list[dict[str, Any]] | None:
    """Hedging beside doing nothing and beside closing the same volume, all after the same prices."""
    if not planned.rescue:
        return None
    context = before.metrics.context
    first: list[Move] = []
    for move in planned.moves:
        if any(move is one for one in planned.rescue):
            break
        first.append(move)
    later = [move for move in planned.moves[len(first) :] if not any(move is one for one in planned.rescue)]
    start = Metrics(project(subject.snapshot, context, first, commission).snapshot, context)
    closes = instead(start, planned.rescue)
    nothing = project(subject.snapshot, context, [*first, *later], commission).snapshot
    try:
        closed = project(subject.snapshot, context, [*first, *closes, *later], commission).snapshot
    except ValueError:  # the result of one of them is unknown: what closing leaves cannot be told
        closed = None
    rows = (("nothing done", nothing), ("hedged", hedged.snapshot), ("closed instead", closed))
    return [_alternative(name, None if snapshot is None else Metrics(snapshot, context)) for name, snapshot in rows]


def _alternative(name: str, m: Metrics | None) -> dict[str, Any]:
    if m is None:
        return {"way": name, **dict.fromkeys(_ALTERNATIVE), "margin_blind": False}
    values = {
        "equity": m.equity, "used_margin": m.account.margin, "margin_level_pct": m.margin_level_pct,
        "effective_leverage": m.effective_leverage, "effective_leverage_net": m.effective_leverage_net,
        "spread_to_stop_out": outlook.spread_to_stop_out(m),
    }  # fmt: skip
    return {"way": name, **{key: json_number(value) for key, value in values.items()}, "margin_blind": m.margin_blind}


def _notes(planned: Plan, projected: Projected, ask: Ask) -> list[str]:
    notes = [*planned.notes, *(f"Margin: {note}." for note in projected.notes)]
    if planned.rescue:
        notes.append(
            "A hedge fixes the loss and does not end it: it costs the spread now and both swaps each night, a widening "
            "spread still lowers equity, and closing one leg later takes margin again. Closing the same volume instead "
            "costs its commission."
        )
    if any(isinstance(move, Add) for move in planned.moves):
        notes.append("A position with a number below 0 is a new one.")
    trades = any(not isinstance(move, Prices) for move in planned.moves) and (ask.add or ask.close or ask.hedge)
    if trades and ask.commission is None:
        notes.append("Commission is left out; name it with --commission.")
    if any(isinstance(move, Prices) for move in planned.moves):
        notes.append("Margin stays as charged when prices move, as MetaTrader 5 keeps it at the opening price.")
    return list(dict.fromkeys(notes))
