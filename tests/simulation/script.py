"""What happens in one seed: the account, its limits, and every event, drawn before anything runs.

Only drawn numbers stand in an event, so that a shorter script (fewer events) still means something.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

SYMBOLS = ("EURUSD", "XAUUSD", "BTCUSD")
LOTS = {"EURUSD": 0.2, "XAUUSD": 0.05, "BTCUSD": 0.2}
BALANCE = 10_000.0
MAGIC = 770_077
FAULTS = tuple(f"F{number}" for number in range(1, 16))
DEEDS = ("close", "close_by", "cancel", "set_stop")
# Retcodes of F6; 10999 stands for one nobody has heard of.
CODES = (10004, 10006, 10011, 10012, 10018, 10019, 10020, 10021, 10024, 10026, 10027, 10028, 10029, 10031, 10999)
STARTS = (
    (datetime(2026, 3, 3, 9, 0, tzinfo=UTC), 3),  # a Tuesday morning
    (datetime(2026, 3, 3, 23, 57, tzinfo=UTC), 3),  # three minutes before the limits' day ends
    (datetime(2026, 3, 4, 21, 58, tzinfo=UTC), 1),  # two before the server's
    (datetime(2026, 3, 6, 20, 58, tzinfo=UTC), 1),  # Friday evening
    (datetime(2026, 3, 7, 12, 0, tzinfo=UTC), 1),  # Saturday: crypto alone has quotes
)


class Event(NamedTuple):
    """Something that happens before cycle ``at``: ``what`` with numbers drawn for it."""

    at: int
    what: str
    how: str = ""
    pick: float = 0.0
    size: float = 0.0
    lasts: int = 1


class Rule(NamedTuple):
    """A limit as the invariants see it: what it allows, from which percent it acts, and what it may do then."""

    name: str
    kind: str
    allowed: float
    act_pct: float
    action: str
    locks: bool
    ends_account: bool = False
    lock_pct: float | None = None


@dataclass(frozen=True)
class Script:
    """One seed."""

    seed: int
    cycles: int
    mode: str
    hedging: bool
    fifo: bool
    whole: bool
    sqlite: bool
    start: datetime
    limits: tuple[dict[str, Any], ...]
    events: tuple[Event, ...]
    warm: bool = False
    reopens: bool = False

    def without(self, dropped: set[int]) -> Script:
        """The script without some of its events, by place."""
        return replace(self, events=tuple(one for place, one in enumerate(self.events) if place not in dropped))

    def rules(self) -> tuple[Rule, ...]:
        """The limits as the invariants see them, from their plain words."""
        return tuple(_rule(one) for one in self.limits)


def _rule(fields: dict[str, Any]) -> Rule:
    allowed = fields["limit"]["value"] if "limit" in fields else fields["max"]
    act, action, locks, lock_pct = 1e9, "", False, None
    for stage in fields["stages"]:
        for item in stage["actions"]:
            kind = item if isinstance(item, str) else item["kind"]
            if kind in {"flatten", "reduce", "close_offending", "set_stop"} and stage["at_pct"] < act:
                act, action = stage["at_pct"], kind
            if kind == "lock_until":
                locks = True
            if kind in {"lock_until", "block_new"}:
                lock_pct = min(stage["at_pct"], lock_pct or 1e9)
    return Rule(fields.get("id", fields["kind"]), fields["kind"], float(allowed), act, action, locks,
                fields.get("ends_account", False), lock_pct)  # fmt: skip


def _stages(*pairs: tuple[float, list[Any]]) -> list[dict[str, Any]]:
    return [{"at_pct": at, "actions": actions} for at, actions in pairs]


def _limits(random: Random) -> tuple[dict[str, Any], ...]:
    until = random.choice([{"kind": "lock_until", "until": "reset"}, {"kind": "lock_until", "for_s": 60.0}])
    ways: list[dict[str, Any]] = [
        {"kind": "position_count", "max": random.choice([2, 3]),
         "stages": _stages((90.0, ["warn"]), (101.0, ["warn", random.choice(["close_offending", "flatten"])]))},
        {"kind": "effective_leverage", "max": random.choice([5.0, 8.0]), "clear_margin_pct": 1.0,
         "stages": _stages((85.0, ["warn", *random.choice([[], ["block_new"]])]), (100.0, ["warn", "reduce"]))},
        {"kind": "position_volume", "max": 0.25,
         "stages": _stages((90.0, ["warn"]), (101.0, ["warn", random.choice(["reduce", "close_offending"])]))},
        {"kind": "symbol_exposure", "max": random.choice([300.0, 500.0]), "measure": random.choice(["net", "gross"]),
         "stages": _stages((100.0, ["warn", random.choice(["reduce", "flatten"])]))},
        {"kind": "period_loss", "limit": {"value": random.choice([60.0, 120.0]), "unit": "money", "basis": "anchor"},
         "anchor": "balance@reset", "stages": _stages((70.0, ["warn"]), (90.0, ["warn", "flatten", until]))},
        {"kind": "max_drawdown", "limit": {"value": 400.0, "unit": "money", "basis": "anchor"}, "anchor": "first_seen",
         "ends_account": True,
         "stages": _stages((85.0, ["warn", "block_new"]),
                           (90.0, ["warn", "flatten", {"kind": "lock_until", "for_s": 90.0}]))},
    ]  # fmt: skip
    return tuple(random.sample(ways, random.choice([1, 2, 2, 3])))


HOWS: dict[str, tuple[str, ...]] = {
    "F1": ("account", "positions", "orders", "deals", "symbols", "ticks"),
    "F2": ("hang", "crash", "ipc", "send"),
    "F3": ("repeat",),
    "F4": ("duplicate", "drop", "reverse", "empty"),
    "F5": ("nan", "inf", "zero", "negative", "tick_value", "unknown"),
    "F6": tuple(str(code) for code in CODES),
    "F7": ("partial", "lost", "lost-not-done", "lost-late", "late"),
    "F8": ("close", "reduce", "stops", "open"),
    "F9": ("disconnect", "reconnect-empty", "switch", "server", "investor", "algo"),
    "F10": ("pc+", "pc-", "server+", "server-", "leap", "suspend"),
    "F11": ("full", "read-only", "slow"),
    "F12": ("kill",),
    "F13": ("invalid", "half", "loosened", "removed"),
    "F14": ("hang", "429", "token"),
    "F15": ("second",),
}


def draw(seed: int, cycles: int) -> Script:
    """The script of a seed."""
    random = Random(f"campaign {seed}")
    mode = "enforce" if random.random() < 0.86 else random.choice(["warn", "rehearse"])
    start = random.choices([at for at, _ in STARTS], [weight for _, weight in STARTS])[0]
    quiet = seed % 5 == 0  # few faults: latency is looked at closely
    events: list[Event] = []
    at = 8
    end = cycles - min(280, cycles // 4)
    while at < end:
        roll = random.random()
        if roll < 0.34:
            size = random.choice([0.5, 1.0, 1.0, 2.0])
            events.append(Event(at, "open", random.choice(SYMBOLS), random.random(), size))
            if random.random() < 0.08:
                # The link comes back, and the lists of what is held do not come with it at once.
                events.append(Event(at + 1, "F9", "reconnect-empty", lasts=6))
        elif roll < 0.40:
            events.append(Event(at, "hedge", "", random.random()))
        elif roll < 0.50:
            events.append(Event(at, "close", "", random.random()))
        elif roll < 0.55:
            events.append(Event(at, "pending", random.choice(SYMBOLS), random.random()))
        elif roll < 0.57:
            events.append(Event(at, "money", "", random.uniform(-1.0, 1.0)))
        elif roll < 0.66:
            events.append(Event(at, "jump", random.choice(SYMBOLS), random.uniform(-1.0, 1.0)))
        elif roll < 0.68:
            events.append(Event(at, "bad tick", random.choice(SYMBOLS), random.uniform(-1.0, 1.0)))
        elif roll < 0.70:
            events.append(Event(at, "spread", random.choice(SYMBOLS), 0.0, 6.0, random.randint(4, 80)))
        elif roll < 0.72:
            events.append(Event(at, "robot", random.choice(SYMBOLS), random.random(), 1.0, random.randint(4, 24)))
        elif roll < 0.725:
            events.append(Event(at, "flatten", "", random.random()))
        elif not quiet or random.random() < 0.1:
            events += _fault(random, at)
        at += random.randint(3, 32)
    limits = _limits(random)
    if start == STARTS[1][0] and any(one["kind"] == "period_loss" for one in limits) and cycles > 900:
        # A close that is refused while the limits' day ends.
        events += [Event(690, "open", "EURUSD", 0.2, 2.0), Event(686, "F6", "10027", 0.0, 1.0),
                   Event(704, "jump", "EURUSD", -0.9)]  # fmt: skip
        events.sort(key=lambda one: one.at)
    return Script(
        seed, cycles, mode, random.random() < 0.75, random.random() < 0.1, seed % 16 == 7, seed % 40 == 11, start,
        limits, tuple(events), warm=random.random() < 0.25, reopens=random.random() < 0.3,
    )  # fmt: skip


# How often each kind is drawn; those that stop everything for a while are rarer.
_WEIGHTS = {"F6": 4, "F7": 4, "F8": 3, "F9": 2, "F12": 3, "F13": 1, "F14": 1, "F15": 1}


def _fault(random: Random, at: int) -> list[Event]:
    what = random.choices(FAULTS, [_WEIGHTS.get(name, 2) for name in FAULTS])[0]
    how = random.choice(HOWS[what])
    if how in {"suspend", "server+", "server-"} and random.random() < 0.6:
        how = "leap"
    lasts = random.choice([1, 1, 2, 4, 12, 40])
    fault = Event(at, what, how, random.random(), random.random(), lasts)
    if what in {"F1", "F3", "F6", "F7", "F8"} and random.random() < 0.8:
        # Something to close at the same moment.
        return [fault, Event(at, "open", random.choice(SYMBOLS), random.random(), 2.0)]
    return [fault]
