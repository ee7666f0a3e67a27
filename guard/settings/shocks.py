"""Historical price shocks as data: what each symbol did, from which source, and what follows for symbols not listed."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from guard.limits.base import Data, Positive
from guard.model.errors import InputError
from guard.settings.extends import SHOCKS
from guard.settings.faults import did_you_mean
from guard.settings.places import config_dir
from guard.settings.preset_model import Sourced, Text
from guard.settings.toml_file import read_toml

FORMAT: Final = "guard.shock/1"
Code = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class ShockMove(Sourced):
    """What one symbol did: the last price before, and the worst one."""

    symbol: Text = Field(description="its usual name, without a broker's suffix")
    base: Code = Field(description="base currency, such as USD or XAU")
    quote: Code = Field(description="the currency it is quoted in")
    before: Positive = Field(description="the last price before the move")
    after: Positive = Field(description="the worst price of the move")

    @property
    def factor(self) -> float:
        """After over before."""
        return self.after / self.before


class HistoricalShock(Data):
    """One event."""

    format: Literal["guard.shock/1"] = Field(description="always guard.shock/1")
    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = Field(description="how --shock calls it")
    title: Text = Field(description="what it was, in one line")
    day: dt.date = Field(description="its day, or its last one")
    says: Text = Field(description="what happened, in one sentence")
    moves: Annotated[tuple[ShockMove, ...], Field(min_length=1)]

    def factor(self, base: str | None, quote: str | None) -> tuple[float, str] | None:
        """What a pair's price was multiplied by, and whether that is listed or crossed; ``None``: not told.

        A pair that is not listed is crossed over one third currency of the listed pairs. Where only one of its
        currencies is listed against the dollar, the other is taken to stand still against it, and called assumed.
        """
        if base is None or quote is None or base == quote:
            return None
        direct = self._one(base, quote)
        if direct is not None:
            return direct, "listed"
        for middle in ("USD", *sorted({code for move in self.moves for code in (move.base, move.quote)})):
            first, second = self._one(base, middle), self._one(middle, quote)
            if first is not None and second is not None:
                return first * second, f"crossed over {middle}"
        left, right = self._one(base, "USD"), self._one("USD", quote)
        if left is not None and quote != "USD":
            return left, f"assumed: {quote} still against USD"
        if right is not None and base != "USD":
            return right, f"assumed: {base} still against USD"
        return None

    def _one(self, base: str, quote: str) -> float | None:
        for move in self.moves:
            if (move.base, move.quote) == (base, quote):
                return move.factor
            if (move.base, move.quote) == (quote, base):
                return 1.0 / move.factor
        return None


def shock_names() -> list[str]:
    """The names ``--shock`` knows."""
    return sorted(path.stem for path in (config_dir() / SHOCKS).glob("*.toml"))


@cache
def read_shock(name: str) -> HistoricalShock:
    """A shipped shock.

    Raises:
        InputError: There is none of that name, or its file cannot be used; one sentence.
    """
    if name not in shock_names():
        hint = did_you_mean(name, shock_names())
        raise InputError(f"there is no shock '{name}'; {hint}")
    document = read_toml(config_dir() / SHOCKS / f"{name}.toml", f"{SHOCKS}/{name}")
    try:
        return HistoricalShock.model_validate_json(json.dumps(document, default=str))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{SHOCKS}/{name}: {where}: {first['msg']}") from error
