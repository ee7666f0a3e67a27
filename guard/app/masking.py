"""A snapshot that can be shown to others: nothing in it says whose account it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

MASK: Final = "masked"
_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "account": frozenset({"login", "name", "server", "company"}),
    "terminal": frozenset({"name", "company", "path", "data_path", "commondata_path"}),
    "positions": frozenset({"comment", "external_id"}),
    "orders": frozenset({"comment", "external_id"}),
    "deals": frozenset({"comment", "external_id"}),
}


def masked_snapshot(document: Mapping[str, Any]) -> dict[str, Any]:
    """The snapshot with login 0 and names, server, company, paths, comments and external ids replaced.

    An empty text stays empty, so that what was there can still be told from what was not.
    """
    out = dict(document)
    for section, fields in _FIELDS.items():
        held = out.get(section)
        if isinstance(held, Mapping):
            out[section] = _masked(held, fields)
        elif isinstance(held, (list, tuple)):
            out[section] = [_masked(one, fields) if isinstance(one, Mapping) else one for one in held]
    return out


def _masked(record: Mapping[str, Any], fields: frozenset[str]) -> dict[str, Any]:
    return {name: _hidden(value) if name in fields else value for name, value in record.items()}


def _hidden(value: object) -> object:
    if isinstance(value, str):
        return MASK if value else value
    return 0 if isinstance(value, int) else None
