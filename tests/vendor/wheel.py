"""The vendor's wheel as a file: names, values, argument families and record layouts, read without running it."""

from __future__ import annotations

import ast
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FAMILIES = {1: "positional", 3: "keywords", 4: "none"}  # METH_VARARGS, and METH_KEYWORDS with it, METH_NOARGS
_FIELD, _METHOD = 16, 32  # bytes of PyStructSequence_Field and PyMethodDef


class Wheel:
    """One wheel of the vendor's package for 64-bit Windows."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as wheel:
            binary = next(name for name in wheel.namelist() if name.endswith(".pyd"))
            self._source = ast.parse(wheel.read("MetaTrader5/__init__.py"))
            self._image = wheel.read(binary)
        head = struct.unpack_from("<I", self._image, 0x3C)[0]
        count, size = struct.unpack_from("<H12xH", self._image, head + 6)
        self._base: int = struct.unpack_from("<Q", self._image, head + 48)[0]
        rows = [struct.unpack_from("<8s4I", self._image, head + 24 + size + 40 * i) for i in range(count)]
        self._sections = [(name.rstrip(b"\0"), address, length, place) for name, _, address, length, place in rows]

    def constants(self) -> dict[str, Any]:
        """Every name the package's own file assigns, with its value."""
        found: dict[str, Any] = {}
        for node in self._source.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found[node.targets[0].id] = _number(node.value)
        return found

    def helpers(self) -> dict[str, list[str]]:
        """The Python functions of the package's own file, with their parameters' names."""
        functions = [node for node in self._source.body if isinstance(node, ast.FunctionDef)]
        return {node.name: [arg.arg for arg in (*node.args.args, *node.args.kwonlyargs)] for node in functions}

    def families(self) -> dict[str, str]:
        """Every function of the extension with its way of taking arguments."""
        found: dict[str, str] = {}
        for place in self._places():
            name = self._text(struct.unpack_from("<Q", self._image, place)[0])
            code, flags = struct.unpack_from("<QI", self._image, place + 8)
            if name and name.isidentifier() and self._inside(code, b".text") and flags in _FAMILIES:
                found[name] = _FAMILIES[flags]
        return found

    def layouts(self) -> list[tuple[str, ...]]:
        """The field names of every table of fields in the extension, in order."""
        found: list[tuple[str, ...]] = []
        for place in self._places():
            names = tuple(self._names(place))
            if len(names) > 2:
                found.append(names)
        return found

    def _names(self, place: int) -> Iterator[str]:
        while place + _FIELD <= len(self._image):
            name = self._text(struct.unpack_from("<Q", self._image, place)[0])
            if not name or not name.isidentifier():
                return
            yield name
            place += _FIELD

    def _places(self) -> Iterator[int]:
        for name, _, length, place in self._sections:
            if name in {b".data", b".rdata"}:
                yield from range(place, min(place + length, len(self._image)) - _METHOD, 8)

    def _inside(self, address: int, section: bytes) -> bool:
        return any(name == section and 0 <= address - self._base - start < n for name, start, n, _ in self._sections)

    def _text(self, address: int) -> str | None:
        for _, start, length, place in self._sections:
            if 0 <= address - self._base - start < length:
                begin = place + address - self._base - start
                return self._image[begin : self._image.index(b"\0", begin)].decode("ascii", "replace")
        return None


def _number(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_number(node.operand)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _number(node.left) | _number(node.right)
    raise AssertionError(f"an assignment of another form: {ast.dump(node)}")
