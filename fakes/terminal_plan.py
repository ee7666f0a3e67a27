"""What happens to the account while programs trade on it: deposits and prices at set moments. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

DEEDS = ("deposit", "credit", "price")


class Planned(NamedTuple):
    """One thing: seconds after the first client came, what, how much (money, or the new bid), of which symbol."""

    at_s: float
    deed: str
    amount: float
    symbol: str = "EURUSD"


def read(text: str) -> Planned:
    """A thing as written: ``20,deposit=500``, ``30,credit=-100`` or ``45,price=1.05,symbol=EURUSD``.

    Raises:
        ValueError: it is none of these; the sentence says so.
    """
    first, *parts = [part.strip() for part in text.split(",")]
    told = dict(part.split("=", 1) for part in parts if "=" in part)
    deeds = [name for name in told if name in DEEDS]
    sentence = f"{text!r} is nothing that can be planned; write 20,deposit=500 or 45,price=1.05"
    if len(deeds) != 1 or len(told) != len(parts) or set(told) - {*DEEDS, "symbol"}:
        raise ValueError(sentence)
    try:
        return Planned(float(first), deeds[0], float(told[deeds[0]]), told.get("symbol", "EURUSD"))
    except ValueError as error:
        raise ValueError(sentence) from error


def check(plan: Iterable[Planned], symbols: Iterable[str]) -> None:
    """Refuse prices of symbols that are not there.

    Raises:
        ValueError: there is one.
    """
    known = set(symbols)
    for planned in plan:
        if planned.deed == "price" and planned.symbol not in known:
            raise ValueError(f"the simulated account has no {planned.symbol}")
