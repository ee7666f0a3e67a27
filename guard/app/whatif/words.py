"""The words of a what-if on the command line: ``buy 0.5 EURUSD``, ``EURUSD=-5%``, ``123456:0.1``."""

from __future__ import annotations

import math
import re
from typing import Final, NamedTuple

from guard.app.calc.inputs import LARGEST
from guard.engine.moves import Add, Close, SetStop
from guard.model.errors import UsageError
from guard.model.snapshot import Snapshot

_SIDES: Final = {"buy": 1, "long": 1, "sell": -1, "short": -1}
_ADD: Final = 'for example "buy 0.5 EURUSD" or "sell 1 XAUUSD sl 2700"'


class PriceWord(NamedTuple):
    """A symbol's price as typed: the price itself, or a change in percent."""

    symbol: str
    value: float
    percent: bool

    def bid(self, now: float) -> float:
        """The bid it means, from the present one."""
        return now * (1.0 + self.value / 100.0) if self.percent else self.value


def number(text: str, what: str) -> float:
    """A finite number of a believable size.

    Raises:
        UsageError: It is none.
    """
    try:
        found = float(text)
    except ValueError as error:
        raise UsageError(f"{what}: '{text}' is not a number.") from error
    if not math.isfinite(found) or abs(found) > LARGEST:
        raise UsageError(f"{what}: '{text}' is too large to be meant.")
    return found


def add(text: str) -> Add:
    """``buy LOTS SYMBOL``, with ``sl PRICE`` for a stop.

    Raises:
        UsageError: It is written otherwise.
    """
    parts = text.split()
    stop = 0.0
    if len(parts) == 5 and parts[3].lower() in {"sl", "stop"}:
        stop = number(parts[4], "--add")
        parts = parts[:3]
    if len(parts) != 3 or parts[0].lower() not in _SIDES:
        raise UsageError(f"--add '{text}' is not understood: {_ADD}.")
    lots = number(parts[1], "--add")
    if lots <= 0.0 or stop < 0.0:
        raise UsageError(f"--add '{text}': lots and stop must be above 0.")
    return Add(parts[2], _SIDES[parts[0].lower()], lots, stop)


def close(text: str, snapshot: Snapshot) -> list[Close]:
    """A ticket, ``TICKET:LOTS``, a symbol, or ``all``.

    Raises:
        UsageError: It names nothing that is open.
    """
    held = snapshot.positions or ()
    if text.lower() == "all":
        found = [Close(p.ticket) for p in held]
    elif re.fullmatch(r"\d+(:.*)?", text):
        ticket, _, lots = text.partition(":")
        return [Close(int(ticket), number(lots, "--close") if lots else None)]
    else:
        found = [Close(p.ticket) for p in held if p.symbol == text]
    if not found:
        raise UsageError(f"--close {text}: nothing of it is open; name a ticket, TICKET:LOTS, a symbol or all.")
    return found


def stop(text: str) -> SetStop:
    """``TICKET=PRICE``; a price of 0 takes the stop away.

    Raises:
        UsageError: It is written otherwise.
    """
    ticket, sign, price = text.partition("=")
    if not ticket.isdigit() or not sign:
        raise UsageError(f"--move-stop '{text}' is not understood: TICKET=PRICE, for example 123456=1.0950.")
    level = number(price, "--move-stop")
    if level < 0.0:
        raise UsageError("--move-stop: a stop's price is above 0; 0 takes the stop away.")
    return SetStop(int(ticket), level)


def price(text: str) -> PriceWord:
    """``SYMBOL=PRICE`` or ``SYMBOL=-5%``.

    Raises:
        UsageError: It is written otherwise.
    """
    symbol, sign, value = text.partition("=")
    if not symbol or not sign or not value:
        raise UsageError(f"--price '{text}' is not understood: EURUSD=1.05 or EURUSD=-5%.")
    percent = value.endswith("%")
    found = number(value.removesuffix("%"), "--price")
    if (found <= -100.0) if percent else (found <= 0.0):
        raise UsageError("--price: a price stays above 0.")
    return PriceWord(symbol, found, percent)


def tiers(text: str) -> tuple[tuple[float, float], ...]:
    """``FROM:LEVERAGE,FROM:LEVERAGE``: from which equity which leverage is the largest.

    Raises:
        UsageError: It is written otherwise.
    """
    out = []
    for part in text.split(","):
        frm, sign, ratio = part.partition(":")
        if not sign:
            raise UsageError(f"--tiers '{text}' is not understood: 0:2000,5000:1000,30000:500, or a broker's name.")
        out.append((number(frm, "--tiers"), math.inf if ratio == "unlimited" else number(ratio, "--tiers")))
    if any(ratio <= 0.0 for _, ratio in out) or [frm for frm, _ in out] != sorted({frm for frm, _ in out}):
        raise UsageError("--tiers: equities must rise and leverages must be above 0.")
    return tuple(out)
