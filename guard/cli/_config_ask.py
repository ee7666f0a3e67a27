"""The questions of ``guard config init`` and the checks of their answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import typer

from guard.model.errors import UsageError
from guard.settings.checks import zone_fault
from guard.settings.faults import did_you_mean
from guard.settings.schema import CURRENCY_PATTERN
from guard.settings.starter import PROFILES, Answers

_AMOUNT: Final = re.compile(r"(\d+(?:\.\d+)?)(?:\s+([A-Za-z0-9]+))?")


def answers_from(
    experience: str | None,
    currency: str | None,
    initial: str | None,
    zone: str | None,
    login: int | None,
    server: str | None,
    *,
    ask: bool,
) -> Answers:
    """The answers from options, and from questions for what is open when ``ask``.

    Raises:
        UsageError: An option's value cannot be taken.
    """
    how = f"How experienced are you ({', '.join(PROFILES)})"
    level = _answer(experience, how, profile, "intermediate", ask=ask)
    money = _answer(currency, "Account currency (empty: as the terminal says)", currency_code, "", ask=ask)
    amount = _answer(
        initial, "Initial balance, if your limits count from it (empty: none)",
        lambda text: initial_amount(text, money or None), "", ask=ask,
    )  # fmt: skip
    day = _answer(zone, "Time zone of your trading day, e.g. Europe/Prague (empty: UTC)", zone_name, "", ask=ask)
    if login is not None and login <= 0:
        message = "--login must be an account number above 0"
        raise UsageError(message)
    return Answers(level, money or None, amount or None, day or None, login, server or None)


def _answer(given: str | None, question: str, check: Callable[[str], str], default: str, *, ask: bool) -> str:
    if given is not None or not ask:
        try:
            return check(default if given is None else given)
        except ValueError as error:
            raise UsageError(str(error)) from error
    while True:
        try:
            return check(str(typer.prompt(question, default=default, show_default=bool(default))))
        except ValueError as error:
            typer.echo(str(error), err=True)


def profile(text: str) -> str:
    """A profile's name.

    Raises:
        ValueError: There is none of that name.
    """
    name = text.strip().lower()
    if name not in PROFILES:
        message = f"there is no profile '{text}'; {did_you_mean(name, PROFILES)}"
        raise ValueError(message)
    return name


def currency_code(text: str) -> str:
    """A currency code in capitals, or empty.

    Raises:
        ValueError: Not a code.
    """
    code = text.strip().upper()
    if code and not re.match(CURRENCY_PATTERN, code):
        message = f"'{text}' is not a currency code; write it like USD"
        raise ValueError(message)
    return code


def initial_amount(text: str, currency: str | None) -> str:
    """An amount with its currency, or empty.

    Raises:
        ValueError: Not an amount, or without a currency.
    """
    if not text.strip():
        return ""
    found = _AMOUNT.fullmatch(text.strip().replace(",", ""))
    if found is None:
        message = f"'{text}' is not an amount; write it like 100000 or 100000 USD"
        raise ValueError(message)
    code = currency_code(found[2]) if found[2] else currency
    if code is None:
        message = "the initial balance needs its currency; write it like 100000 USD"
        raise ValueError(message)
    return f"{found[1]} {code}"


def zone_name(text: str) -> str:
    """An IANA zone, or empty.

    Raises:
        ValueError: There is no such zone.
    """
    name = text.strip()
    fault = zone_fault(name) if name else None
    if fault is not None:
        raise ValueError(fault)
    return name
