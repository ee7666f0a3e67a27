"""One log file per account under ``text/``: rotated, kept for a month, without secrets. Standard logging goes there."""

from __future__ import annotations

import logging
import re
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final

from loguru import logger

if TYPE_CHECKING:
    from loguru import Record

HIDDEN: Final = "***"
_FORMAT: Final = "{time:YYYY-MM-DDTHH:mm:ss.SSSZZ} {level: <8} {message}"
_RULES: Final = (
    # a URL's user and password, or a token in its place
    (re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]*://)[^\s/@]+@", re.IGNORECASE), rf"\g<keep>{HIDDEN}@"),
    # password=…, "token": "…", api key: …, Authorization: Bearer …
    (
        re.compile(
            r"(?P<keep>\b[\w-]*(?:password|passwd|passphrase|pwd|token|secret|api[ _-]?key|authorization)[\"']?"
            r"\s*[=:]\s*(?:bearer\s+|basic\s+)?)(?:\"[^\"]*\"|'[^']*'|[^\s,;&}\])]+)",
            re.IGNORECASE,
        ),
        rf"\g<keep>{HIDDEN}",
    ),
    # a bot token by its shape
    (re.compile(r"\b\d{8,10}:[A-Za-z0-9_-]{30,}"), HIDDEN),
)
_known: set[str] = set()


def hide(secret: str) -> None:
    """Never let this text reach a log."""
    if secret:
        _known.add(secret)


def masked(text: str) -> str:
    """The text with everything that looks like a secret, or is a known one, replaced."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for rule, replacement in _RULES:
        text = rule.sub(replacement, text)
    return text


def _patch(record: Record) -> None:
    message = record["message"]
    exception = record["exception"]
    if exception is not None:
        # Written here, because a traceback that loguru adds later would not be masked.
        lines = traceback.format_exception(exception.type, exception.value, exception.traceback)
        message = f"{message}\n{''.join(lines).rstrip()}"
        record["exception"] = None
    record["message"] = masked(message)


class _Route(logging.Handler):
    """Hands the standard library's records to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        logger.opt(exception=record.exc_info).log(level, "{}: {}", record.name, record.getMessage())


def start_logging(folder: Path, name: str) -> Path:
    """Send all logging to ``folder/name.log`` and nowhere else; returns the file.

    Raises:
        OSError: The folder or file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.log"
    logger.remove()
    logger.configure(patcher=_patch)
    logger.add(
        path, format=_FORMAT, level="INFO", encoding="utf-8", rotation="10 MB", retention="31 days", diagnose=False,
        backtrace=False, catch=True, delay=False,
    )  # fmt: skip
    # Whoever uses the guard as a library may have switched its lines off, or all of the standard library's.
    logger.enable("guard")
    logging.disable(logging.NOTSET)
    logging.basicConfig(handlers=[_Route()], level=logging.INFO, force=True)
    # One line per job run, every minute, is not a change.
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    return path


def stop_logging() -> None:
    """Close the log file."""
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)
    logger.remove()
