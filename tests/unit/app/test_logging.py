"""Logs go to one rotated file; no secret reaches it."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from loguru import logger

from guard.app import logging as guard_logging


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    yield guard_logging.start_logging(tmp_path / "text", "7@S")
    guard_logging.stop_logging()


@pytest.mark.parametrize(
    "text",
    [
        "login with password=hunter2 now",
        'config: {"password": "hunter2", "x": 1}',
        "token: hunter2",
        "api_key = 'hunter2'",
        "Authorization: Bearer hunter2",
        "GUARD_SECRET=hunter2",
        "https://user:hunter2@example.com/x",
        "tgram://hunter2@example.com",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    assert "hunter2" not in guard_logging.masked(text)
    assert guard_logging.HIDDEN in guard_logging.masked(text)


def test_a_bot_token_and_a_known_secret_are_masked() -> None:
    guard_logging.hide("correct horse")
    said = guard_logging.masked("123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw said correct horse")
    assert said == f"{guard_logging.HIDDEN} said {guard_logging.HIDDEN}"


@pytest.mark.parametrize("text", ["BREACH at 16:29, limit 10.00", "server Demo-1", "https://example.com/a@b", ""])
def test_ordinary_text_stays(text: str) -> None:
    assert guard_logging.masked(text) == text


def test_lines_tracebacks_and_standard_logging_reach_the_file_masked(log: Path) -> None:
    logger.info("password=hunter2 {}", "here")
    logging.getLogger("some.library").warning("token=hunter2 from a library")
    try:
        int("password: hunter" + str(2))
    except ValueError as error:
        logger.opt(exception=error).critical("a fault")
    text = log.read_text(encoding="utf-8")
    assert "hunter2" not in text
    assert "some.library: token=***" in text
    assert "Traceback" in text
    assert "ValueError: invalid literal" in text


def test_nothing_goes_to_the_console(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logger.error("to the file only")
    assert capsys.readouterr() == ("", "")
    assert "to the file only" in log.read_text(encoding="utf-8")
