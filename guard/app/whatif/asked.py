"""What is asked, as typed, and the moves it becomes."""

from __future__ import annotations

from dataclasses import dataclass, field

from guard.engine.moves import Add, Move


@dataclass(frozen=True, slots=True)
class Ask:
    """The options as typed; amounts in account currency, ``gap`` in percent, ``leverage`` the N of 1:N."""

    deposit: float | None = None
    withdraw: float | None = None
    close: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    hedge: tuple[str, ...] = ()
    leverage: float | None = None
    tiers: str | None = None
    cut: str | None = None
    shock: tuple[str, ...] = ()
    gap: float | None = None
    price: tuple[str, ...] = ()
    commission: float | None = None


@dataclass(slots=True)
class Plan:
    """Moves in order, a sentence for each, and remarks.

    ``rescue`` are the hedging ones among the moves, ``exposed`` the net lots by symbol that they meet.
    """

    moves: list[Move] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rescue: list[Add] = field(default_factory=list)
    exposed: dict[str, float] | None = None
