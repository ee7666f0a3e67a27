"""What follows from a symbol's contract alone, whatever its price: kept while the terminal gives the same record."""

from __future__ import annotations

from typing import NamedTuple

from guard.metrics.convert import asset_class, same_money
from guard.metrics.value import k_by_contract, k_by_tick
from guard.model.trading import BOND_MODES, COLLATERAL, FUTURES_MODES, Symbol

_MOST = 4096


class Facts(NamedTuple):
    """What a symbol's contract says to an account in one currency.

    ``contract_k`` is the value of a move where the profit is price x contract in account currency; ``priced_by`` the
    foreign currency it converts from. ``forex_base``: the base currency of a currency pair. ``inverse``: the account
    currency is the base, so that a result converts at the price itself. ``tick_k``: the value from the tick value.
    Values are account currency per 1.0 of price and lot.
    """

    asset_class: str
    collateral: bool
    inverse: bool
    tick_k: float | None
    contract_size: float
    contract_k: float | None
    priced_by: str | None
    forex_base: str | None


_KEPT: dict[tuple[str, str | None], tuple[Symbol, Facts]] = {}


def facts(symbol: Symbol, currency: str | None) -> Facts:
    """The facts of ``symbol`` for an account in ``currency``."""
    key = symbol.name, currency
    kept = _KEPT.get(key)
    if kept is not None and kept[0] is symbol:
        return kept[1]
    if len(_KEPT) >= _MOST:
        _KEPT.clear()
    found = _facts(symbol, currency)
    _KEPT[key] = symbol, found
    return found


def _facts(symbol: Symbol, currency: str | None) -> Facts:
    base, quote, mode, contract = symbol.currency_base, symbol.currency_profit, symbol.calc_mode, symbol.contract_size
    kind = asset_class(symbol)
    by_contract = mode is not None and mode not in FUTURES_MODES and mode not in BOND_MODES and contract is not None
    value = symbol.tick_value_loss if symbol.tick_value_loss else symbol.tick_value
    return Facts(
        asset_class=kind,
        collateral=mode == COLLATERAL,
        inverse=same_money(base, currency) and quote is not None and not same_money(quote, currency),
        tick_k=k_by_tick(value, symbol.tick_size) if value is not None and symbol.tick_size is not None else None,
        contract_size=contract if contract is not None else 0.0,
        contract_k=k_by_contract(contract, 1.0) if by_contract and contract is not None and quote == currency else None,
        priced_by=quote if by_contract and quote != currency else None,
        forex_base=base if kind == "forex" else None,
    )
