"""Drives a preset's worked example through the engine on synthetic snapshots; used by the presets' tests."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from guard.engine.policy import Policy
from guard.engine.step import step
from guard.limits.base import Limit
from guard.metrics.compute import Metrics
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.model.tradingday import period_bounds
from guard.model.verdict import Verdict
from guard.settings.load import load_text
from guard.settings.preset_model import ExampleSection, Standing
from tests import books

HOUR = timedelta(seconds=30)  # a stretch that nobody watches makes a peak of equity unknown


def extended(name: str, more: str = "") -> Policy:
    """The policy of a file that only extends a preset, as in an empty folder."""
    head = f'format = "guard.config/1"\nextends = ["{name}"]\n'
    return load_text(head + more, Path("guard.toml")).policy


def verdict_of(name: str, example: ExampleSection, figure: float) -> Verdict:
    """What the example's limit says when its figure is ``figure``."""
    whole = extended(name, f'[account]\ntype = "{example.account}"\n' if example.account else "")
    limit = next(limit for limit in whole.limits if limit.name == example.limit)
    policy = replace(whole, limits=(limit,))
    drivers = {"equity": _equity, "seconds": _seconds, "lots": _lots, "leverage": _leverage, "loss_at_stop": _at_stop}
    documents = drivers[example.of](example, figure, limit)
    state, found = State(), None
    for document in documents:
        result = step(read_snapshot(document), state, policy)
        state, found = result.state, result.verdicts[0]
    assert found is not None
    return found


def stop_out_loss(name: str, example: ExampleSection, equity: float) -> float | None:
    """How much may be lost until the preset's stop-out at a server that fits, with the terminal telling nothing."""
    more = f'[account]\ntype = "{example.account}"\n' if example.account else ""
    assert example.margin is not None
    account = books.account(equity, margin=example.margin, margin_so_call=0.0, margin_so_so=0.0)
    document = books.snapshot([books.position(lots=1.0)], account=account)
    metrics: Metrics = step(read_snapshot(document), State(), extended(name, more)).metrics
    return metrics.loss_to_stop_out


def _equity(example: ExampleSection, figure: float, limit: Limit) -> list[dict[str, Any]]:
    start = _reset(limit)
    standing = example.at_reset
    assert standing is not None, "an example of equity says what was there at the reset"
    story: list[tuple[datetime, Standing]] = [
        (start - timedelta(seconds=4), standing),
        (start + timedelta(seconds=4), standing),
    ]
    if example.peak is not None:
        story.append((start + HOUR, example.peak))
    last = story[-1][1].balance if example.balance is None else example.balance
    documents = []
    deals: list[dict[str, Any]] = []
    held = standing.balance
    ends: list[tuple[datetime, float, float]] = [(at, one.balance, one.equity) for at, one in story]
    for at, balance, equity in [*ends, (start + 2 * HOUR, last, figure)]:
        if balance != held:
            deals = [*deals, books.deal(len(deals) + 1, at, kind=1, entry=1, profit=balance - held)]
            held = balance
        account = books.account(balance, equity=equity, margin=1_000.0)
        held_positions = [books.position(lots=1.0, profit=equity - balance)]
        documents.append(books.snapshot(held_positions, at=at, account=account, deals=deals))
    return documents


def _reset(limit: Limit) -> datetime:
    """The instant the limit's day begins on, in winter time; noon for a limit without one."""
    reset = getattr(limit, "reset", None)
    if reset is None:
        return books.NOON
    hour, minute = map(int, reset.time.split(":"))
    begins, _ = period_bounds(books.NOON.timestamp(), "day", reset.tz, time(hour, minute))
    return begins.astimezone(UTC)


def _seconds(example: ExampleSection, figure: float, limit: Limit) -> list[dict[str, Any]]:
    del example, limit
    opened = books.msc(books.NOON)
    bare = books.position(sl=0.0, time=opened // 1000, time_msc=opened)
    first = books.snapshot([bare])
    return [first, books.later(first, figure)]


def _lots(example: ExampleSection, figure: float, limit: Limit) -> list[dict[str, Any]]:
    del example
    name = next(iter(limit.scope.symbols), "EURUSD")
    held = books.position(lots=round(figure, 2), symbol=name)
    return [books.snapshot([held], account=books.account(1e8, margin=110_000.0), symbols={name: books.symbol(name)})]


def _at_stop(example: ExampleSection, figure: float, limit: Limit) -> list[dict[str, Any]]:
    del limit
    assert example.balance is not None, "an example of a loss at the stop says the balance"
    held = books.position(lots=1.0, sl=round(1.1 - figure / 100_000.0, 9))
    return [books.snapshot([held], account=books.account(example.balance, margin=1_000.0))]


def _leverage(example: ExampleSection, figure: float, limit: Limit) -> list[dict[str, Any]]:
    del example, limit
    equity = math.ceil(110_000.0 / figure * 100.0) / 100.0  # one lot of EURUSD at 1.1, in whole cents
    account = books.account(equity, margin=round(equity / 4.0, 2))
    symbols = {"EURUSD": books.symbol(spread=0.0)}
    return [books.snapshot([books.position(lots=1.0)], account=account, symbols=symbols)]
