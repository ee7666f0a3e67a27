"""The questions of ``guard config init`` and the checks of their answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import typer

from guard.model.errors import UsageError
from guard.settings.checks import zone_fault
from guard.settings.extends import shipped_names
from guard.settings.faults import did_you_mean
from guard.settings.presets import read_preset
from guard.settings.schema import CURRENCY_PATTERN
from guard.settings.starter import MODES, PROFILES, Answers

_AMOUNT: Final = re.compile(r"(\d+(?:\.\d+)?)(?:\s+([A-Za-z0-9]+))?")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line gives; ``None`` is asked."""

    experience: str | None = None
    prop: str | None = None
    broker: str | None = None
    account_type: str | None = None
    regulator: str | None = None
    currency: str | None = None
    initial: str | None = None
    zone: str | None = None
    mode: str | None = None
    login: int | None = None
    server: str | None = None


def answers_from(options: Options, *, ask: bool) -> Answers:
    """The answers from options, and from questions for what is open when ``ask``.

    Raises:
        UsageError: An option's value cannot be taken.
    """
    how = f"How experienced are you, or what do you do ({', '.join(PROFILES)})"
    level = _answer(options.experience, how, profile, "intermediate", ask=ask)
    firm = _answer(options.prop, "Prop firm and program, e.g. ftmo-2step-100k (empty: none)", prop, "", ask=ask)
    house = _answer(options.broker, f"Broker ({', '.join(names('brokers'))}; empty: another)", broker, "", ask=ask)
    types = account_types(house)
    kind = (
        _answer(options.account_type, f"Type of account ({', '.join(types)}; empty: not sure)",
                lambda text: account_type(text, house), "", ask=ask and bool(types))
    )  # fmt: skip
    rules = _answer(options.regulator, "", regulator, "", ask=False)
    sized = read_preset(f"prop/{firm}").about if firm else None
    own = None if sized is None or sized.size is None else sized.size.split()
    money = _answer(
        options.currency, "Account currency (empty: as the terminal says)", currency_code, own[1] if own else "",
        ask=ask,
    )  # fmt: skip
    amount = _answer(
        options.initial, "Account size: the initial balance, if limits count from it (empty: none)",
        lambda text: initial_amount(text, money or None), own[0] if own and money == own[1] else "", ask=ask,
    )  # fmt: skip
    own_day = "Time zone of your own trading day, e.g. Europe/Prague (empty: UTC)"
    day = _answer(options.zone, own_day, zone_name, "", ask=ask)
    # Not asked: whoever begins watches first, and acting is entered by `guard arm`.
    mode = _answer(options.mode, "Mode", mode_name, "warn", ask=False)
    if options.login is not None and options.login <= 0:
        message = "--login must be an account number above 0"
        raise UsageError(message)
    return Answers(
        level, firm or None, house or None, rules or None, kind or None, mode, money or None, amount or None,
        day or None, options.login, options.server or None,
    )  # fmt: skip


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


def names(folder: str) -> list[str]:
    """The presets of a folder, without it."""
    return [name.partition("/")[2] for name in shipped_names() if name.startswith(f"{folder}/")]


def _preset(text: str, folder: str, what: str) -> str:
    name = text.strip().lower().removeprefix(f"{folder}/")
    known = names(folder)
    if not name or name in known:
        return name
    parts = [part for part in re.split(r"[^a-z0-9]+", name) if part]
    found = [one for one in known if all(part in one for part in parts)]
    if len(found) == 1:
        return found[0]
    hint = f"there are: {', '.join(found)}." if found else did_you_mean(name, known)
    message = f"there is no {what} '{text}'; {hint} `guard config presets` lists them all"
    raise ValueError(message)


def prop(text: str) -> str:
    """A prop program's preset, or empty; any words that fit only one name are enough.

    Raises:
        ValueError: None fits, or several do.
    """
    return _preset(text, "prop", "prop program")


def broker(text: str) -> str:
    """A broker's preset, or empty.

    Raises:
        ValueError: There is none of that name.
    """
    return _preset(text, "brokers", "broker")


def regulator(text: str) -> str:
    """A regulator's preset, or empty.

    Raises:
        ValueError: There is none of that name.
    """
    return _preset(text, "regulators", "regulator")


def account_types(house: str) -> list[str]:
    """The account types of a broker's preset; none for no broker."""
    found = read_preset(f"brokers/{house}").broker if house else None
    return [] if found is None else [item.name for item in found.accounts]


def account_type(text: str, house: str) -> str:
    """An account type as the broker's preset names it, or empty.

    Raises:
        ValueError: The broker has none of that name, or no broker is named.
    """
    if not text.strip():
        return ""
    known = account_types(house)
    found = next((name for name in known if name.casefold() == text.strip().casefold()), None)
    if found is None:
        hint = did_you_mean(text, known) if known else "name its broker with --broker"
        message = f"there is no account type '{text}'; {hint}"
        raise ValueError(message)
    return found


def mode_name(text: str) -> str:
    """A mode this version has.

    Raises:
        ValueError: Another one.
    """
    name = text.strip().lower()
    if name not in MODES:
        message = f"there is no mode '{text}' in this version; there is: {', '.join(MODES)}"
        raise ValueError(message)
    return name


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
