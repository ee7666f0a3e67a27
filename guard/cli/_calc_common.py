"""What the calculators' commands share: options named like the batch inputs, and one way to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Final

import typer

from guard.app.calc.inputs import MODE_NAMES, Results, Value
from guard.app.calc.table import calculate
from guard.cli import output
from guard.model.errors import InputError, UsageError

Lots = Annotated[float | None, typer.Option(help="Volume in lots.")]
ContractSize = Annotated[
    float | None, typer.Option(help="Units of one lot, as the symbol's specification says (EURUSD 100000, gold 100).")
]
Leverage = Annotated[float | None, typer.Option(help="The account's leverage setting: 100 for 1:100.")]
Mode = Annotated[str | None, typer.Option(help=f"The symbol's calculation mode: {MODE_NAMES}.")]
MarginRate = Annotated[
    float | None,
    typer.Option(
        help="Account currency for one unit of the margin currency (EURUSD on a USD account: its price; 1 if the same)."
    ),
]
ProfitRate = Annotated[
    float | None,
    typer.Option(
        help="Account currency for one unit of the profit currency (USDJPY, USD account: 1 / its price; 1 if the same)."
    ),
]
TickValue = Annotated[float | None, typer.Option(help="Value of one tick of one lot, in account currency.")]
TickSize = Annotated[float | None, typer.Option(help="Size of one tick in the price.")]
FaceValue = Annotated[float | None, typer.Option(help="Face value of one bond.")]
MarginInitial = Annotated[
    float | None, typer.Option(help="Fixed margin of one lot, if the symbol sets one; it replaces the formula.")
]
Side = Annotated[str | None, typer.Option(help="buy or sell.")]
Open = Annotated[float | None, typer.Option(help="Opening price.")]
Balance = Annotated[float | None, typer.Option(help="Balance of the account.")]
Equity = Annotated[float | None, typer.Option(help="Equity of the account.")]
Margin = Annotated[float | None, typer.Option(help="Used margin of the account.")]
LimitPct = Annotated[float | None, typer.Option(help="The rule's limit in percent: 5 is 5 %.")]
LimitMoney = Annotated[float | None, typer.Option(help="The rule's limit in money, instead of a percentage.")]
Initial = Annotated[float | None, typer.Option(help="Initial balance of the account.")]
PeakEquity = Annotated[float | None, typer.Option(help="Highest equity so far.")]
PeakBalance = Annotated[float | None, typer.Option(help="Highest balance so far.")]
Currency = Annotated[str | None, typer.Option(help="Account currency, only to be printed behind amounts.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object.")]

NONE: Final = "none"
Say = Callable[[Results], Sequence[str]]


def option(name: str) -> str:
    """The command-line option of an input."""
    return "--" + name.partition(" ")[0].replace("_", "-")


def answer(category: str, inputs: Mapping[str, object], say: Say, *, main: str | None, as_json: bool) -> None:
    """Calculate and print: sentences for a person, or one JSON object.

    Args:
        category: The calculator.
        inputs: Its inputs by name; ``None`` is absent.
        say: Makes the sentences from the results.
        main: The result without which there is no answer; ``None``: any result will do.
        as_json: Print JSON.

    Raises:
        UsageError: A value cannot be meant, or the main result lacks an input.
    """
    try:
        found = calculate(category, inputs)
    except InputError as error:
        name, _, rest = str(error).partition(" ")
        raise UsageError(f"{option(name) if name in inputs else name} {rest}.") from error
    if main not in found.result if main is not None else not found.result:
        absent = found.missing.get(main or "", ()) or [name for names in found.missing.values() for name in names]
        raise UsageError(f"This needs {' and '.join(dict.fromkeys(option(name) for name in absent))}; see --help.")
    sentences = list(say(found.result))
    if as_json:
        output.print_json({"category": category, "result": found.result, "sentences": sentences})
        return
    for sentence in sentences:
        output.say(sentence)


def legs(words: Sequence[str] | None, name: str) -> list[list[float | None]]:
    """Positions written ``LOTS@PRICE`` or ``LOTS``, as the batch form's [lots, price] pairs.

    Raises:
        UsageError: One of them is written otherwise.
    """
    result: list[list[float | None]] = []
    for word in words or ():
        lots, at, price = word.partition("@")
        try:
            result.append([float(lots), float(price) if at else None])
        except ValueError as error:
            raise UsageError(f"--{name} {word} is not written as LOTS@PRICE, for example 0.5@1.1195.") from error
    return result


def money(value: Value, currency: str | None) -> str:
    """An amount with two decimals, and its currency if it was named."""
    shown = output.figure(_number(value))
    return f"{shown} {currency}" if currency else shown


def plain(value: Value) -> str:
    """A number without needless digits: lots, prices, counts."""
    number = _number(value)
    return f"{number:.8f}".rstrip("0").rstrip(".") if isinstance(number, float) else str(number)


def volume(value: Value) -> str:
    """A volume with its unit: ``1 lot``, ``0.27 lots``."""
    return f"{plain(value)} {'lot' if value == 1.0 else 'lots'}"


def _number(value: Value) -> float | str:
    return float(value) if isinstance(value, (int, float)) else str(value)
