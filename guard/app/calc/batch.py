"""A CSV file of calculations: rows ``id,category,inputs_json`` in, one answer a row out.

A bad row answers with its sentence and the rest goes on; only a file that cannot be read as such is an error.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from guard.app.calc.inputs import Results
from guard.app.calc.table import calculate
from guard.model.errors import InputError

COLUMNS: Final = ("id", "category", "inputs_json")
_DELIMITERS: Final = (",", ";", "\t")
_LONGEST_ROW: Final = 200
_LONGEST_NAME: Final = 200


class BatchAnswer(NamedTuple):
    """One row's answer: ``result``, or ``None`` with ``error``; ``missing`` are inputs a result would have needed."""

    id: str
    result: Results | None
    error: str | None = None
    missing: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """The row's JSON object."""
        if self.error is not None:
            return {"id": self.id, "result": None, "error": self.error}
        return {"id": self.id, "result": self.result}


def read_batch(path: Path) -> Iterator[BatchAnswer]:
    """Answer every row of a CSV file in order; blank lines are passed over, further columns ignored.

    Columns may be separated by comma, semicolon or tab. A byte-order mark is passed over.

    Raises:
        InputError: The file is missing, not UTF-8 text, or has no header with the three columns. Raised before the
            first answer.
    """
    lines = list(io.StringIO(_read(path), newline=""))
    for delimiter in _DELIMITERS:
        places = _places(next(csv.reader(lines[:1], delimiter=delimiter), []))
        if places is not None:
            return (_answer(row, fault, places) for row, fault in _rows(lines[1:], delimiter))
    raise InputError(f"{path} is not a CSV file whose first line names the columns {', '.join(COLUMNS)}, each once.")


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text; save it as CSV UTF-8.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:  # a path that no file can have, such as one with a zero byte
        raise InputError(f"{path!s} is not a file name: {error}.") from error


def _places(header: Sequence[str]) -> tuple[int, ...] | None:
    names = [name.strip() for name in header]
    if any(names.count(name) != 1 for name in COLUMNS):
        return None
    return tuple(names.index(name) for name in COLUMNS)


def _rows(lines: Sequence[str], delimiter: str) -> Iterator[tuple[list[str], str | None]]:
    """Every row with its fault, if it is not sound CSV. A quote left open spoils its own line, not the rest."""
    at = 0
    while at < len(lines):
        reader = csv.reader(lines[at : at + _LONGEST_ROW], delimiter=delimiter, strict=True)
        fault = None
        try:
            row = next(reader)
            at += reader.line_num
        except csv.Error as error:
            # Cut at the delimiters, only to learn the row's id.
            row = lines[at][:_LONGEST_NAME].split(delimiter)
            fault = f"the row is not sound CSV: {error}"
            at += 1
        if any(cell.strip() for cell in row):
            yield row, fault


def _answer(row: Sequence[str], fault: str | None, places: Sequence[int]) -> BatchAnswer:
    cells = [row[place].strip() if place < len(row) else None for place in places]
    name, category, inputs = cells
    if fault is not None:
        return BatchAnswer(name or "", None, f"{fault}.")
    if name is None or category is None or inputs is None:
        absent = " and no ".join(column for column, cell in zip(COLUMNS, cells, strict=True) if cell is None)
        return BatchAnswer(name or "", None, f"the row has no {absent}.")
    try:
        answer = calculate(category, parse_inputs(inputs))
    except InputError as error:
        return BatchAnswer(name, None, f"{error}.")
    return BatchAnswer(name, answer.result, missing=tuple(dict.fromkeys(chain.from_iterable(answer.missing.values()))))


def parse_inputs(text: str) -> dict[str, object]:
    """The JSON object of a row's inputs.

    Raises:
        InputError: Not JSON, not an object, a name twice, or NaN or Infinity, which JSON does not have.
    """
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError as error:
        raise InputError("inputs_json is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise InputError(f"inputs_json is not JSON: {error}") from error
    except ValueError as error:  # Python refuses whole numbers of thousands of digits
        raise InputError("inputs_json holds a number with too many digits") from error
    if not isinstance(document, dict):
        raise InputError("inputs_json must be a JSON object")
    return document


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"inputs_json names {twice[:40]!r} twice")
    return result


def _no_constant(name: str) -> object:
    raise InputError(f"inputs_json holds {name}, which is not a number")
