"""How commands print: results on standard output, messages on standard error, readable in any console encoding."""

from __future__ import annotations

import codecs
import io
import json
import sys
from typing import TYPE_CHECKING, Final

from guard.model.verdict import Severity

if TYPE_CHECKING:
    from rich.console import Console

EXIT_CODES: Final = {Severity.OK: 0, Severity.WARN: 10, Severity.UNKNOWN: 11, Severity.BREACH: 12}
STYLES: Final = {
    Severity.OK: "green",
    Severity.WARN: "yellow",
    Severity.UNKNOWN: "magenta",
    Severity.BREACH: "bold red",
}
BAR_FULL, BAR_EMPTY = "█", "░"

# What a console without the character sees instead (Windows consoles and pipes often speak cp1252).
_LOOKALIKES: Final = {
    "█": "#", "░": ".", "▓": "#", "▒": ":", "▌": "#", "▏": "|", "▎": "|", "▍": "|", "▋": "#", "▊": "#", "▉": "#",
    "—": "-", "–": "-", "\u2011": "-", "−": "-", "→": "->",
    "←": "<-", "↑": "^", "↓": "v", "≤": "<=", "≥": ">=", "×": "x",
    "·": "-", "•": "*", "…": "...", "∞": "inf", "✓": "ok", "✔": "ok", "✗": "x", "✘": "x", "●": "*", "○": "o", "‘": "'",
    "’": "'", "“": '"', "”": '"', "±": "+-", "Σ": "sum", "σ": "s", "€": "EUR", "£": "GBP", "¥": "JPY", "°": " deg",
    "─": "-", "━": "=", "│": "|", "┃": "|", "┌": "+", "┐": "+", "└": "+", "┘": "+", "├": "+", "┤": "+", "┬": "+",
    "┴": "+", "┼": "+", "╭": "+", "╮": "+", "╰": "+", "╯": "+", "╸": "-", "╺": "-", "▲": "^", "▼": "v", "▶": ">",
}  # fmt: skip
_HANDLER: Final = "guard_lookalike"


def _lookalike(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_LOOKALIKES.get(char, "?") for char in error.object[error.start : error.end]), error.end


def prepare_streams() -> None:
    """Make standard output and error print anything: what the encoding lacks appears as an ASCII look-alike."""
    codecs.register_error(_HANDLER, _lookalike)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def encodable(text: str, stream: io.TextIOBase | None = None) -> bool:
    """Whether standard output (or ``stream``) can show ``text`` as it is."""
    encoding = getattr(stream or sys.stdout, "encoding", None) or "ascii"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def console(*, stderr: bool = False) -> Console:
    """A rich console: colour on a terminal only; lines are never cut when the output is piped."""
    from rich.console import Console as RichConsole  # noqa: PLC0415 - 60 ms that a JSON answer need not pay

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 200
    return RichConsole(file=stream, width=width, soft_wrap=True, highlight=False, emoji=False, markup=False)


def say(text: str = "") -> None:
    """Print one line of the result to standard output."""
    sys.stdout.write(text + "\n")


def tell(text: str) -> None:
    """Print one line of message to standard error; nothing happens when there is none (a windowless start)."""
    if sys.stderr is not None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def asks() -> bool:
    """Whether a person sits there who can be asked."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty())


def print_json(document: object, *, indent: int | None = 2) -> None:
    """Print one JSON document to standard output: ASCII only, keys in the given order.

    Raises:
        ValueError: The document holds NaN or infinity, which JSON does not have.
    """
    sys.stdout.write(json.dumps(document, indent=indent, allow_nan=False) + "\n")


def print_event(event: object) -> None:
    """Print one JSON object as one line and flush, so that a reader of the pipe sees it at once."""
    sys.stdout.write(json.dumps(event, allow_nan=False) + "\n")
    sys.stdout.flush()


def bar(pct: float | None, width: int = 20) -> str:
    """A bar of ``width`` characters, full at 100 %; ``None`` gives question marks, infinity a full bar."""
    if pct is None:
        return "?" * width
    filled = width if pct >= 100 else max(0, int(pct / 100 * width))
    return BAR_FULL * filled + BAR_EMPTY * (width - filled)


def figure(value: float | str | None, decimals: int = 2) -> str:
    """A number as people read it (``12,345.60``); ``None`` is ``unknown``, infinity is ``beyond any bound``."""
    if value is None:
        return "unknown"
    if isinstance(value, str):
        return "beyond any bound" if value == "inf" else value
    if value == float("inf"):
        return "beyond any bound"
    return f"{value:,.{decimals}f}"


def worst_exit(worst: Severity) -> int:
    """The exit code of ``check`` and ``evaluate`` for the worst verdict: 0, 10, 11 or 12."""
    return EXIT_CODES[worst]
