"""Journal rows as CSV, JSON or Parquet. Parquet is another library, loaded only when it is asked for."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from guard.app.journal_view import Filter, entries
from guard.journal.sqlite import SqliteJournal
from guard.model.errors import InputError, UsageError

COLUMNS: Final = ("seq", "at", "kind", "severity", "snapshot", "text")
_BATCH: Final = 10_000


def export_rows(journal: SqliteJournal, keep: Filter, to: Path) -> int:
    """Write what a filter keeps; the number of rows.

    Raises:
        InputError: The file cannot be written.
        UsageError: The library for this format is not installed.
    """
    try:
        return FORMATS[to.suffix.lower()](entries(journal, keep), to)
    except OSError as error:
        raise InputError(f"{to} cannot be written ({error.strerror}): choose another file with -o") from error


def _csv(rows: Iterator[Mapping[str, Any]], to: Path) -> int:
    number = 0
    # The mark at the beginning is how spreadsheets know that it is UTF-8.
    with to.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows:
            number += 1
            writer.writerow([_harmless(row[name]) for name in COLUMNS])
    return number


def _harmless(value: object) -> object:
    """A spreadsheet would run a text that begins like a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _json(rows: Iterator[Mapping[str, Any]], to: Path) -> int:
    number = 0
    with to.open("w", encoding="utf-8", newline="\n") as file:
        file.write("[")
        for row in rows:
            file.write((",\n" if number else "\n") + json.dumps({name: row[name] for name in COLUMNS}))
            number += 1
        file.write("\n]\n")
    return number


def _parquet(rows: Iterator[Mapping[str, Any]], to: Path) -> int:
    try:
        import pyarrow as pa  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - an extra
        import pyarrow.parquet as pq  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415
    except ImportError as error:
        raise UsageError("Parquet needs another library: pip install mt5-guard[parquet]") from error
    text, whole = pa.string(), pa.int64()
    types = {"seq": whole, "at": pa.timestamp("ms", tz="UTC"), "snapshot": whole}
    schema = pa.schema([(name, types.get(name, text)) for name in COLUMNS])
    number, batch = 0, []
    with pq.ParquetWriter(to, schema) as writer:
        for row in rows:
            batch.append({**row, "at": _instant(row["at"])})
            number += 1
            if len(batch) == _BATCH:
                writer.write_table(pa.Table.from_pylist(batch, schema))
                batch = []
        writer.write_table(pa.Table.from_pylist(batch, schema))
    return number


def _instant(at: str) -> Any:  # noqa: ANN401 - an aware datetime
    from datetime import datetime  # noqa: PLC0415 - Parquet only

    return datetime.fromisoformat(at)


FORMATS: Final[Mapping[str, Callable[[Iterator[Mapping[str, Any]], Path], int]]] = {
    ".csv": _csv, ".json": _json, ".parquet": _parquet,
}  # fmt: skip
