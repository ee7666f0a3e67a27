"""One scene: the whole guard over the simulated broker, prices set by hand, and the journal it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loguru import logger

from fakes.session import SESSION
from guard.terminal.port import Outcome as Reply
from guard.terminal.port import Refused
from tests.simulation.guardian import Guardian
from tests.simulation.script import Script
from tests.simulation.world import World

TUESDAY = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
Dict = dict[str, Any]


def stages(*actions: Any, at: float = 100.0) -> list[Dict]:
    """One acting stage."""
    return [{"at_pct": at, "actions": ["warn", *actions]}]


def day_loss(*actions: Any, allowed: float = 100.0, **over: Any) -> Dict:
    """So much may be lost a day."""
    return {"kind": "period_loss", "limit": {"value": allowed, "unit": "money", "basis": "anchor"},
            "anchor": "balance@reset", "stages": stages(*actions, at=90.0), **over}  # fmt: skip


class Stage:
    """A broker, a guard in one mode, and time that passes when told to; every open symbol ticks at its price."""

    def __init__(
        self, folder: Path, mode: str, *limits: Dict, start: datetime = TUESDAY, hedging: bool = True,
        reopens: bool = False,
    ) -> None:  # fmt: skip
        logger.disable("guard")
        self.script = Script(1, 0, mode, hedging, False, False, False, start, limits, (), reopens=reopens)
        self.world, self._folder = World(self.script), folder
        self.world._market = lambda seconds: self.ticks()  # type: ignore[method-assign]  # noqa: ARG005
        self.broker, self.mode = self.world.broker, mode
        self.requests: list[Dict] = []
        self.replies: list[Reply] = []
        self.world.after_send = self._sent
        self.guardian: Guardian | None = None

    def _sent(self, request: Mapping[str, Any], reply: Reply) -> None:
        self.requests.append(dict(request))
        self.replies.append(reply)

    @property
    def guard(self) -> Guardian:
        """The guard; it starts when first asked for."""
        if self.guardian is None:
            self._folder.mkdir(exist_ok=True)
            self.guardian = Guardian(self.world, self._folder, sqlite=False)
        return self.guardian

    def ticks(self) -> None:
        """Every symbol that is open is quoted at its price."""
        for name, spec in self.broker.specs.items():
            if self.broker.is_open(name):
                wide, _ = self.world.wide.get(name, (1.0, 0))
                bid = self.world.bids.setdefault(name, self.broker.quotes[name].bid)
                self.broker.set_quotes({name: (bid, bid + spec.spread * wide)})

    def look(self, times: int = 1, seconds: float = 0.25) -> None:
        """Time passes and the guard looks."""
        for _ in range(times):
            self.world.cycle += 1
            self.world.pass_time(seconds)
            self.guard.run_once()

    def price(self, name: str, percent: float) -> None:
        """A price moves by so many percent."""
        self.world.bids[name] = self.broker.quotes[name].bid * (1.0 + percent / 100.0)

    @property
    def closes(self) -> list[int]:
        """Tickets that a request was sent to close, refused ones left out."""
        pairs = zip(self.requests, self.replies, strict=True)
        return [one["position"] for one, reply in pairs if one["action"] in {1, 10} and not isinstance(reply, Refused)]

    def rows(self, kind: str) -> list[Dict]:
        """The journal's rows of a kind."""
        return [dict(row.body) for row in self.world.disk.rows if row.kind == kind]

    def deeds(self) -> list[tuple[str, int]]:
        """Kind and ticket of what was done, or, in mode rehearse, would have been."""
        return [(row["kind"], row["ticket"]) for row in self.rows("deed" if self.mode == "enforce" else "rehearsed")]

    def said(self, words: str) -> bool:
        """Whether a notice says it."""
        return any(words in row["sentence"] for row in self.rows("notice"))

    def intents(self) -> list[tuple[str, str]]:
        """Actions that are meant to be carried out now, with their status."""
        return [(one.action, one.status) for one in self.guard.cycle.state.enforcing.intents]

    def end(self) -> None:
        """Print the journal and check what holds in every scene: only ``enforce`` sends, the rows fit together."""
        for row in self.world.disk.rows:
            said = next((row.body[name] for name in ("words", "said", "sentence", "why") if row.body.get(name)), "")
            if row.kind != "state":
                print(f"{row.seq:4} {row.at} {row.kind:9} {said}")
        assert self.world.disk.sealed()
        if self.mode != "enforce":
            assert self.requests == []
        if self.mode == "warn":
            assert self.rows("deed") + self.rows("rehearsed") + self.rows("intent") == []
        self.guard.close()
        SESSION.detach()
