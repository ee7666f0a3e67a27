"""Which symbols must be read besides those in use: pairs that convert to the account currency, one for the clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from guard.terminal.plain import ReadError, call

FX_MODES = frozenset({0, 5})
CENTS = {"USC": "USD", "EUC": "EUR", "GBC": "GBP"}
MISSES = 12
CLOCKS = ("*EURUSD*", "*BTCUSD*", "*XAUUSD*")


class Needed:
    """Finds conversion symbols by name search, once per pair of currencies."""

    def __init__(self, module: Any) -> None:
        """``module`` is MetaTrader5-shaped."""
        self._module = module
        self._pairs: dict[tuple[str, str], tuple[str, ...]] = {}
        self._missed: dict[tuple[str, str], int] = {}
        self._clocks: tuple[str, ...] | None = None

    def clock_symbols(self) -> tuple[str, ...]:
        """A liquid symbol or two whose ticks tell the server's clock when nothing else is in use."""
        if self._clocks is None:
            found: list[str] = []
            for group in CLOCKS:
                names = [str(row.name) for row in self._search(group) if getattr(row, "select", False)]
                found.extend(names[:1])
            if not found:
                return ()
            self._clocks = tuple(found)
        return self._clocks

    def conversions(self, symbols: Iterable[Mapping[str, Any]], account_currency: object) -> tuple[str, ...]:
        """Names of the symbols that turn every currency of ``symbols`` into the account's."""
        if not isinstance(account_currency, str):
            return ()
        target = CENTS.get(account_currency, account_currency)
        out: dict[str, None] = {}
        for row in symbols:
            for field in ("currency_profit", "currency_base", "currency_margin"):
                currency = row.get(field)
                if isinstance(currency, str) and len(currency) == 3 and currency not in {target, account_currency}:
                    out.update(dict.fromkeys(self._path(CENTS.get(currency, currency), target)))
        return tuple(out)

    def _path(self, frm: str, to: str) -> tuple[str, ...]:
        if frm == to:
            return ()
        known = self._pairs.get((frm, to))
        if known is None:
            direct = self._pair(frm, to)
            if direct is not None:
                known = (direct,)
            else:
                first, second = self._pair(frm, "USD"), self._pair("USD", to)
                known = (first, second) if first is not None and second is not None else ()
            # A terminal that has just started answers nothing yet: only a repeated miss is remembered.
            self._missed[(frm, to)] = self._missed.get((frm, to), 0) + 1
            if known or self._missed[(frm, to)] >= MISSES:
                self._pairs[(frm, to)] = known
        return known

    def _pair(self, frm: str, to: str) -> str | None:
        best: str | None = None
        for group in (f"*{frm}{to}*", f"*{to}{frm}*"):
            for row in self._search(group):
                legs = {getattr(row, "currency_base", None), getattr(row, "currency_profit", None)}
                if legs == {frm, to} and getattr(row, "trade_calc_mode", None) in FX_MODES:
                    if getattr(row, "select", False):
                        return str(row.name)
                    best = best if best is not None else str(row.name)
        if best is not None:
            self._show(best)
        return best

    def _show(self, name: str) -> None:
        """Into Market Watch, or a symbol has no quotes; what a module cannot do shows as a missing tick."""
        try:
            call(self._module, "symbol_select", name, True)
        except ReadError as error:
            if error.ipc:
                raise

    def _search(self, group: str) -> Iterable[Any]:
        try:
            found = call(self._module, "symbols_get", group=group)
        except ReadError as error:
            if error.ipc:
                raise
            return ()
        return found if isinstance(found, (tuple, list)) else ()
