"""A simulated account made of plain options, as they stand in a JSON text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from fakes.broker import Broker
from fakes.dealer import Dealer
from fakes.hours import FX_HOURS, METAL_HOURS, STOCK_HOURS, Hours
from fakes.rules import Rules
from fakes.symbols import STANDARD, SymbolSpec, Tier
from fakes.terms import Terms

DEFAULT_SYMBOLS = ("EURUSD", "GBPUSD", "USDJPY", "XAUUSD")
_ACCOUNT = (
    "balance", "currency", "leverage", "hedging", "exchange", "so_call", "so_so", "so_money", "utc_offset_s", "seed",
    "login", "server", "commission_per_lot",
)  # fmt: skip
_POSITION = ("sl", "tp", "magic", "comment", "by")
_PENDING = ("sl", "tp", "stoplimit", "type_time", "expiration", "magic", "comment", "by")
_HOURS = {"fx": FX_HOURS, "metal": METAL_HOURS, "stock": STOCK_HOURS, "always": None}


def hours_of(given: str | Mapping[str, list[str]]) -> Hours | None:
    """Hours by their short name, or by day: ``{"Mon": ["01:05-23:55"]}``."""
    return _HOURS[given] if isinstance(given, str) else Hours.of(given)


def spec_of(name: str, facts: Mapping[str, Any]) -> SymbolSpec:
    """A well-known symbol with other facts, or one made of facts alone."""
    fields = dict(facts)
    if "hours" in fields:
        fields["hours"] = hours_of(fields["hours"])
    if "tiers" in fields:
        fields["tiers"] = tuple(Tier(*step) for step in fields["tiers"])
    for many in ("pending_rates", "swap_ratios"):
        if many in fields:
            fields[many] = tuple(fields[many])
    return replace(STANDARD[name], **fields) if name in STANDARD else SymbolSpec(name=name, **fields)


def account(options: Mapping[str, Any], began: datetime, first: Mapping[str, float] | None = None) -> Broker:
    """The account, its symbols, positions and pending orders.

    What it holds at the beginning was traded before: hours, rules that forbid and the dealer's temper come after.

    Args:
        options: see ``fakes.live.Live``.
        began: first instant, aware UTC.
        first: first bids by symbol, where they are known.
    """
    given = {name: options[name] for name in _ACCOUNT if name in options}
    seed = int(options.get("seed", 0))
    broker = Broker(
        **({"balance": 10_000.0} | given), start_utc=began, terms=Terms.of(options.get("terms", {})),
    )  # fmt: skip
    rules = Rules(**options.get("rules", {}))
    broker.rules.commission_on_entry, broker.rules.comment_units = rules.commission_on_entry, rules.comment_units
    drift, specs, bids = options.get("drift", {}), options.get("specs", {}), first or {}
    for name in dict.fromkeys([*options.get("symbols", DEFAULT_SYMBOLS), *bids]):
        percent = drift.get(name, 0.0) if isinstance(drift, Mapping) else drift
        spec = spec_of(name, {"drift_pct": float(percent)} | specs.get(name, {}))
        broker.add_symbol(replace(spec, price=bids.get(name, spec.price), hours=None))
    if "credit" in options:
        broker.credit_in(float(options["credit"]))
    _hold(broker, options)
    for name, spec in list(broker.specs.items()):
        hours = specs.get(name, {}).get("hours")
        broker.specs[name] = spec if hours is None else replace(spec, hours=hours_of(hours))
    broker.rules, broker.dealer = rules, Dealer(**({"seed": seed} | options.get("dealer", {})))
    return broker


def _hold(broker: Broker, options: Mapping[str, Any]) -> None:
    for entry in options.get("positions", ()):
        rest = {key: entry[key] for key in _POSITION if key in entry}
        broker.open(entry["side"], entry["symbol"], float(entry["lots"]), **rest)
    for entry in options.get("pendings", ()):
        rest = {key: entry[key] for key in _PENDING if key in entry}
        broker.pending(int(entry["type"]), entry["symbol"], float(entry["lots"]), float(entry["price"]), **rest)
