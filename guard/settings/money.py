"""Amounts with their currency: ``"50 USD"`` becomes a number in account currency, or a fault."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pydantic.fields import FieldInfo

from guard.engine.policy import Policy
from guard.model.errors import InputError
from guard.settings.schema import MONEY_PATTERN

_MONEY: Final = re.compile(MONEY_PATTERN)
# Accounts kept in hundredths of a currency: 1 USD is 100 USC.
CENT_OF: Final = {"USC": "USD", "EUC": "EUR", "GBC": "GBP"}


@dataclass(frozen=True, slots=True)
class MoneyRule:
    """The account's currency (``None`` while nothing names it) and whether cent amounts may be converted."""

    currency: str | None
    convert: bool


def is_money(value: object) -> bool:
    """Whether a value of the file is an amount with a currency."""
    return isinstance(value, str) and _MONEY.match(value) is not None


def takes_amount(field: FieldInfo) -> bool:
    """Whether a limit's field is an amount by itself: json_schema_extra = {"money": True}."""
    extra = field.json_schema_extra
    return isinstance(extra, dict) and extra.get("money") is True


def currency_of(text: str) -> str:
    """The currency of an amount."""
    return text.rsplit(" ", 1)[1]


def in_account_currency(text: str, rule: MoneyRule) -> float:
    """The amount in account currency.

    Raises:
        ValueError: Another currency than the account's; the text is one sentence.
    """
    amount, currency = text.rsplit(" ", 1)
    value = float(amount)
    own = rule.currency
    if own is None or currency == own:
        return value
    factor = 100.0 if CENT_OF.get(own) == currency else 0.01 if CENT_OF.get(currency) == own else None
    if factor is None:
        message = f"is in {currency}, the account in {own}; write the amount in {own}"
        raise ValueError(message)
    if not rule.convert:
        message = f"is in {currency}, the account in {own}; write it in {own}, or set convert = true under [account]"
        raise ValueError(message)
    return value * factor


def check_currency(policy: Policy, account_currency: str | None) -> None:
    """Refuse limits written in another currency than the account's; nothing is known before it is read.

    Raises:
        InputError: The configuration is for another currency.
    """
    if policy.currency is None or account_currency is None or policy.currency == account_currency:
        return
    message = (
        f"{policy.source}: is written for an account in {policy.currency}, this one is in {account_currency}; "
        f'set currency = "{account_currency}" under [account] and write the amounts in it'
    )
    raise InputError(message)
