"""Writes the small part of TOML a configuration needs: sections, lists of sections, inline values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def inline(value: object) -> str:
    """A value on one line.

    Raises:
        TypeError: A value TOML does not have, such as ``None``.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {inline(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(inline(item) for item in value)}]"
    message = f"TOML has no {type(value).__name__}"
    raise TypeError(message)


def _text(value: str) -> str:
    if "\\" in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: object) -> str:
    text = str(key)
    return text if text.replace("_", "").replace("-", "").isalnum() and text.isascii() else json.dumps(text)


def dump(document: Mapping[str, Any]) -> str:
    """A document as TOML text: plain values first, then sections, then lists of sections."""
    plain, sections = [], []
    for key, value in document.items():
        if isinstance(value, Mapping):
            sections.append("\n".join([f"[{_key(key)}]", *_lines(value)]))
        elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            sections += ["\n".join([f"[[{_key(key)}]]", *_lines(item)]) for item in value]
        else:
            plain.append(f"{_key(key)} = {inline(value)}")
    return "\n\n".join(["\n".join(plain), *sections]) + "\n"


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {inline(value)}" for key, value in table.items()]
