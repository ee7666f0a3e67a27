"""What is in force: the limits and the numbers around them. Made by ``settings``, read by ``step``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from guard.actions.base import Action
from guard.actions.registry import action_kinds
from guard.limits.base import ActionSpec, AnchorNeed, DayNeed, Limit, Reading
from guard.metrics.account import BrokerLevels, Caps
from guard.metrics.compute import Metrics


@dataclass(frozen=True, slots=True)
class Shock:
    """A price shock: ``target`` is ``*``, a symbol, a currency or an asset class; ``pct`` signed."""

    target: str
    pct: float
    name: str = ""


DEFAULT_SHOCKS = (Shock("*", 1.0, "1 % against every position"), Shock("*", 5.0, "5 % against every position"))


def action_of(item: str | ActionSpec) -> Action:
    """The action a stage names.

    Raises:
        ValueError: There is no such action, or a setting is not one of its own.
    """
    name = item if isinstance(item, str) else item.kind
    kind = action_kinds().get(name)
    if kind is None:
        message = f"there is no action {name!r}"
        raise ValueError(message)
    return kind() if isinstance(item, str) else kind.model_validate_json(item.model_dump_json(exclude={"kind"}))


@dataclass(frozen=True)
class Policy:
    """Everything ``step`` needs besides snapshot and state.

    Money in account currency; ``initial`` is typed by the user, never guessed; call and stop-out levels are used only
    where the terminal does not tell (0), ``brokers`` where the configuration does not either. ``zone_named`` is false
    while the day resets at 00:00 UTC by default.

    In modes ``rehearse`` and ``enforce``: of the requests to the trade server a minute and a day ``exit_reserve_pct``
    percent are kept for exits; ``magic`` marks the guard's own requests, ``deviation_points`` is how far a fill may be
    from the price asked; a symbol without a tick for ``fresh_s`` seconds is not traded in; ``can_act`` says why the
    guard must not act although its mode would, or is empty.
    """

    limits: tuple[Limit, ...]
    mode: str = "warn"
    login: int | None = None
    server: str | None = None
    currency: str | None = None
    initial: float | None = None
    stale_after_s: float = 3.0
    unknown_for_s: float = 60.0
    flow_grace_s: float = 60.0
    margin_call_level: float | None = None
    stop_out_level: float | None = None
    target_margin_level_pct: float = 200.0
    shocks: tuple[Shock, ...] = DEFAULT_SHOCKS
    gap_beyond_stop_pct: float = 0.0
    brokers: tuple[BrokerLevels, ...] = ()
    zone_named: bool = False
    requests_per_minute: int = 30
    requests_per_day: int = 2000
    exit_reserve_pct: float = 50.0
    magic: int = 770_077
    deviation_points: int = 50
    fresh_s: float = 60.0
    can_act: str = ""
    caps: Caps | None = None
    source: str = "defaults"
    sha256: str = ""

    @cached_property
    def acts(self) -> bool:
        """Whether deeds are planned: in ``rehearse`` and ``enforce``."""
        return self.mode in ("rehearse", "enforce")

    @cached_property
    def by_name(self) -> dict[str, tuple[Limit, tuple[tuple[float, Action], ...]]]:
        """Each limit by its name, with the actions of its stages and where they begin, lowest stage first."""
        return {
            limit.name: (
                limit,
                tuple(
                    (stage.at_pct, action_of(item))
                    for stage in sorted(limit.stages, key=lambda one: one.at_pct)
                    for item in stage.actions
                ),
            )
            for limit in self.limits
        }

    @cached_property
    def early(self) -> tuple[tuple[int, float], ...]:
        """Places of limits that end the account, with the utilization above which what leaving costs is looked at."""
        out: list[tuple[int, float]] = []
        for place, limit in enumerate(self.limits):
            closing = [at for at, action in self.by_name[limit.name][1] if action.closes]
            if limit.ends_account and closing:
                out.append((place, min(closing) * 0.5))
        return tuple(out)

    @cached_property
    def needs(self) -> dict[str, AnchorNeed]:
        """The references all limits together need, by key.

        Where only peaks or first sight are needed a day's anchor is kept as well: it shows a balance step that no
        deal explains yet.
        """
        needs = {need.key: need for limit in self.limits for need in limit.anchor_needs()}
        if needs and all(need.period in ("life", "eod") for need in needs.values()):
            needs["day|UTC|00:00"] = AnchorNeed("day|UTC|00:00", "day", "UTC", "00:00", "shift")
        return needs

    @cached_property
    def armed(self) -> tuple[tuple[Limit, Callable[[Metrics], Reading], str, float], ...]:
        """Each limit with what every cycle asks of it: how to read it, its name, and below what nothing begins."""
        return tuple((limit, limit.evaluate, limit.name, limit.quiet_below_pct) for limit in self.limits)

    @cached_property
    def equity_keys(self) -> tuple[str, ...]:
        """The references of which more than the balance counts."""
        found = (need.key for limit in self.limits for need in limit.anchor_needs() if need.equity)
        return tuple(dict.fromkeys(found))

    @cached_property
    def days(self) -> dict[str, DayNeed]:
        """The trading days all limits together look back on, by key."""
        return {need.key: need for limit in self.limits for need in limit.day_needs()}

    @cached_property
    def watches(self) -> frozenset[str]:
        """The parts of memory that only the configured kinds need."""
        return frozenset(part for limit in self.limits for part in limit.watches)

    @cached_property
    def counted(self) -> frozenset[str]:
        """Names of the limits whose breaches another limit counts."""
        return frozenset(limit.of for limit in self.limits if limit.kind == "violation_count" and hasattr(limit, "of"))

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Names of the snapshots of the account that conditions compare with."""
        return tuple(dict.fromkeys(name for limit in self.limits for name in getattr(limit, "marks", ())))

    @cached_property
    def remembers(self) -> bool:
        """Whether any configured kind needs memory of its own."""
        return bool(self.watches or self.counted or self.marks)

    @cached_property
    def shock_rows(self) -> tuple[tuple[str, float, str], ...]:
        """The shocks as the figures take them: target, percent, name."""
        return tuple((shock.target, shock.pct, shock.name) for shock in self.shocks)

    @cached_property
    def trails(self) -> bool:
        """Whether a limit follows a peak, so that a new peak must be remembered at once."""
        followed = any(need.peaks or need.period == "eod" for need in self.needs.values())
        return followed or any(need_peak(limit) for limit in self.limits)

    @cached_property
    def from_first_sight(self) -> bool:
        """Whether a limit counts from the guard's first sight of the account."""
        return any(need.period == "life" for need in self.needs.values())


def need_peak(limit: Limit) -> bool:
    """Whether a limit counts from a peak since first sight."""
    trails = getattr(limit, "trails", None)
    return str(getattr(limit, "anchor", "")).startswith("peak") or trails in ("realized", "unrealized")
