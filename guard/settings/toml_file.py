"""Reads one TOML file, bounded, and says in one sentence with the line what stops it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

from guard.settings.faults import ConfigError, Fault

MAX_BYTES: Final = 1_048_576
_AT: Final = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")
_WIDE_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_BACKSLASH: Final = "write Windows paths in single quotes: path = 'C:\\Program Files\\…\\terminal64.exe'"
# What people write that TOML does not have, looked for in the line the parser stopped at.
_HINTS: Final = (
    (re.compile(r'"[^"]*\\'), _BACKSLASH),
    (re.compile(r"=\s*[+-]?\d+,\d"), "write decimals with a point: 2.5"),
    (re.compile(r"=\s*[+-]?[\d.]+\s*%"), "leave the % away, a percent is a plain number: 5 or 5.0"),
    (re.compile(r"=\s*[+-]?\.\d"), "write a zero before the point: 0.5"),
    (re.compile(r"=\s*\d{1,2}:\d{2}\s*(#.*)?$"), 'put times in quotes: "00:00"'),
    (re.compile(r"=\s*[+-]?0\d"), "numbers do not start with 0"),
    (re.compile(r"=\s*(True|False|yes|no|on|off|TRUE|FALSE)\b"), "write true or false in lower case"),
    (re.compile(r"=\s*(None|null|nil)\b"), "leave the line out instead"),
    (re.compile(r"=\s*[\d.]+\s*[A-Z]{3}\b"), 'put money in quotes: "100000 USD"'),
    (re.compile(r"=\s*(#.*)?$"), "a value is missing after the ="),
    (re.compile(r"^\s*[\w.\"-]+\s*:"), "write name = value, with an equals sign"),
    (re.compile(r"^\s*\[[^\]]*(#.*)?$"), "the closing bracket is missing"),
    (re.compile(r"=\s*[A-Za-z]"), 'put text in quotes: mode = "warn"'),
)  # fmt: skip


def read_toml(path: Path, name: str | None = None) -> dict[str, object]:
    """The file as a dictionary; ``name`` is how the user calls it (default: the path).

    A UTF-8 byte order mark is passed over, as Windows editors write one.

    Raises:
        ConfigError: The file is missing, a folder, too large, empty, not UTF-8, or not TOML.
    """
    name = str(path) if name is None else name
    return parse_toml(_read(path, name), name)


def parse_toml(raw: bytes, name: str) -> dict[str, object]:
    """``raw`` as a dictionary; see ``read_toml``."""
    if raw.startswith(_WIDE_BOMS):
        raise _fault(name, "", "the file is saved as UTF-16; save it as UTF-8 (in Notepad: Save as, Encoding UTF-8).")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _fault(name, f"line {line}", "a character is not UTF-8; save the file as UTF-8.") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _fault(name, f"line {line}", "holds a zero byte: not a text file.")
    if not text.strip():
        raise _fault(name, "", "the file is empty; `guard config init` writes one to start from.")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax(name, text, str(error)) from error
    except RecursionError as error:
        raise _fault(name, "", "brackets are nested too deeply.") from error


def _read(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise _fault(name, "", "is a folder, not a file.")
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise _fault(name, "", "there is no such file; `guard config init -o FILE` writes one.") from error
    except PermissionError as error:
        raise _fault(name, "", "the file may not be read by this user.") from error
    except (OSError, ValueError) as error:
        raise _fault(name, "", f"the file cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if len(raw) > MAX_BYTES:
        raise _fault(name, "", f"the file is larger than {MAX_BYTES // 1024} KiB: not a configuration.")
    return raw


def _syntax(name: str, text: str, message: str) -> ConfigError:
    found = _AT.search(message)
    lines = text.splitlines()
    number = int(found[1]) if found and found[1] else max(len(lines), 1)
    line = lines[number - 1] if number <= len(lines) else ""
    what = _AT.sub("", message)
    if "overwrite a value" in what or "twice" in what or "already exists" in what or "redefin" in what:
        return _fault(name, f"line {number}", f"`{_key(line)}` stands twice; keep one of them.")
    hint = next((hint for pattern, hint in _HINTS if pattern.search(line)), None)
    if hint is None and _open_text(line):
        hint = "a closing quote is missing"
    return _fault(name, f"line {number}", f"is not TOML: {hint or what[:1].lower() + what[1:]}.")


def _key(line: str) -> str:
    return line.split("=", 1)[0].strip().strip("[]").strip() or "a name"


def _open_text(line: str) -> bool:
    return line.count('"') % 2 == 1 or line.count("'") % 2 == 1


def _fault(name: str, path: str, sentence: str) -> ConfigError:
    return ConfigError(name, [Fault(path, sentence)])
