"""From an action that is due to what shall be done: scope, projection, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from guard.actions._closing import oldest_first
from guard.actions.base import Ask, Plan, Wish
from guard.engine import projection
from guard.engine.acting import exit_commission
from guard.engine.locks import holds_order
from guard.engine.market import hour_range
from guard.limits.base import Limit, Scope
from guard.metrics import trade_risk
from guard.metrics.book import PositionFigures
from guard.metrics.compute import Metrics
from guard.model.enforcement import Enforcement
from guard.model.state import State
from guard.model.trading import Order

ALL = Scope()
EPS = 1e-9
FIFO_CLOSE = 10045


class Planned(NamedTuple):
    """What an intent wants now, in order, and what keeps it from more (empty: nothing)."""

    wishes: tuple[Wish, ...]
    why: str = ""


class Desk:
    """One snapshot's figures as plans look at them; computed when first asked for."""

    def __init__(self, m: Metrics, state: State, limits: Iterable[Limit]) -> None:
        """``state`` is the engine's memory, with the entries found open at first sight."""
        self.m, self.state, self.e = m, state, state.enforcing
        self.limits = tuple(limits)
        self.commission = exit_commission(m)
        self.rows = tuple(row for row in m.bare_rows or () if _usable(row))
        self.unusable = tuple(row.position.ticket for row in m.bare_rows or () if not _usable(row, collateral=True))
        orders = tuple(order for order in m.snapshot.orders or () if order.side is not None)
        shields = trade_risk.protective(orders, m.by_symbol) if orders and m.by_symbol else frozenset()
        self.raising = tuple(order for order in orders if order.ticket not in shields)
        self.protective = tuple(order for order in orders if order.ticket in shields)
        self.classes = {name: entry.asset_class for name, entry in (m.by_symbol or {}).items()}

    def ask(self, scope: Scope, stage_pct: float = 100.0, **more: object) -> Ask:
        """What an action is asked about, in a scope."""
        rows = self.rows if scope.is_all else tuple(row for row in self.rows if scope.holds(row))
        state, quotes = self.state, self.e.quotes
        given: dict[str, object] = {"offending": (), "used": None, "used_after": _untold, "peak": None, **more}
        return Ask(
            metrics=self.m,
            rows=rows,
            stage_pct=stage_pct,
            whole_account=scope.is_all,
            raising=self._orders(self.raising, scope),
            protective=self._orders(self.protective, scope),
            no_close_by=no_close_by(self.e),
            found_open=frozenset(key for key in state.first_stops if key not in state.entry_equity),
            commission=self.commission,
            hour_range={name: found for name, one in quotes.items() if (found := hour_range(one)) is not None},
            **given,  # type: ignore[arg-type]  # the fields named above
        )

    def _orders(self, orders: tuple[Order, ...], scope: Scope) -> tuple[Order, ...]:
        return tuple(order for order in orders if holds_order(scope, order, self.classes))

    def used_after(self, limit: Limit) -> Callable[[Sequence[Wish]], float | None]:
        """The limit's utilization after some wishes."""
        return partial(_used_after, self.m, limit, self.commission)

    def worse(self, wishes: Sequence[Wish]) -> list[str]:
        """Why the account would be worse off after some wishes."""
        after = projection.after(self.m, wishes, self.commission)
        if after is None:
            return ["what would be left is not known"]
        return projection.worse(self.m, after, self.limits)

    def accepted(self, plan: Plan, *, forced: bool) -> Planned:
        """A plan as far as it leaves the account no worse; ``forced`` plans are carried out all the same, and say so.

        Where the whole is worse, the symbols whose net exposure would grow are left out; where that does not help
        either, nothing is closed and the reason is told.
        """
        closing = [wish for wish in plan.wishes if wish.kind in ("close", "close_by")]
        if not closing:
            return Planned(plan.wishes, plan.why)
        reasons = self.worse(plan.wishes)
        if not reasons:
            return Planned(plan.wishes, plan.why)
        said = "; ".join(reasons)
        if forced:
            return Planned(plan.wishes, f"the least bad there is: {said}")
        growing = self._growing(closing)
        rest = tuple(wish for wish in plan.wishes if wish.symbol not in growing or wish.kind == "cancel")
        if growing and any(wish.kind in ("close", "close_by") for wish in rest) and not self.worse(rest):
            return Planned(rest, f"not closed in {', '.join(sorted(growing))}: {said}")
        kept = tuple(wish for wish in plan.wishes if wish.kind not in ("close", "close_by"))
        return Planned(kept, f"closing would leave the account worse off: {said}")

    def fifo(self) -> frozenset[str]:
        """Symbols whose oldest position must be closed first: by the account's rule, or because the server said so."""
        names = {row.in_symbol.name for row in self.rows}
        if self.m.account.fifo_close is True:
            return frozenset(names)
        refused = {int(key.partition("/")[2]) for key, one in self.e.tries.items() if one.retcode == FIFO_CLOSE}
        return frozenset(row.in_symbol.name for row in self.rows if row.position.ticket in refused)

    def in_order(self, wishes: Sequence[Wish]) -> tuple[Wish, ...]:
        """Wishes with the closes of such symbols from the oldest position to the newest, at the places they have."""
        names = self.fifo()
        if not names:
            return tuple(wishes)
        age = {row.position.ticket: oldest_first(row) for row in self.rows}
        out = list(wishes)
        for name in names:
            places = [at for at, wish in enumerate(wishes) if wish.symbol == name and wish.kind == "close"]
            for at, wish in zip(
                places, sorted((wishes[at] for at in places), key=lambda one: age[one.ticket]), strict=True
            ):
                out[at] = wish
        return tuple(out)

    def _growing(self, wishes: Sequence[Wish]) -> set[str]:
        after = projection.after(self.m, wishes, self.commission)
        was, then = self.m.by_symbol, after.by_symbol if after is not None else None
        if was is None or then is None:
            return set()
        return {
            name for name, entry in then.items()
            if abs(entry.net_lots) > (abs(was[name].net_lots) if name in was else 0.0) + EPS
        }  # fmt: skip


def _usable(row: PositionFigures, *, collateral: bool = False) -> bool:
    """Whether everything a close needs is known; collateral is no exposure and is not closed."""
    position = row.position
    known = position.symbol is not None and position.side is not None and position.volume is not None
    return known and (collateral or not row.in_symbol.collateral)


def _untold(_wishes: Sequence[Wish]) -> float | None:
    return None


def _used_after(m: Metrics, limit: Limit, commission: Mapping[int, float], wishes: Sequence[Wish]) -> float | None:
    return projection.used(limit, projection.after(m, wishes, commission))


def no_close_by(e: Enforcement) -> frozenset[int]:
    """Tickets whose close-by was refused for good."""
    return frozenset(
        int(key.partition("/")[2]) for key, one in e.tries.items() if key.startswith("close_by/") and one.given_up
    )
