"""The Telegram bot's side: asks for messages, answers those of the configured chats, passes over all others.

Source of the calls: Telegram Bot API, getUpdates and sendMessage.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from http.client import HTTPException
from typing import Any, Final

from loguru import logger

from guard.app.logging import masked
from guard.app.outbox.chat import Question
from guard.model.errors import InputError

API: Final = "https://api.telegram.org"
_POLL_S: Final = 25
_SPARE_S: Final = 10.0
_PAUSES_S: Final = (2.0, 5.0, 15.0, 60.0)
_LONGEST: Final = 4000


class TelegramError(Exception):
    """A call failed; the sentence holds no token. ``wait_s`` is what the service asked for."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        """``why``: one sentence."""
        super().__init__(why)
        self.wait_s = wait_s


class Telegram:
    """Runs in a thread of its own until the process ends."""

    def __init__(
        self,
        opening: Callable[[], str],
        chats: Iterable[int],
        answer: Callable[[Question], str],
        api: str = API,
        poll_s: int = _POLL_S,
    ) -> None:
        """``opening`` gives the bot's token; ``answer`` what to say; ``api`` is another one only in tests."""
        self.why = ""
        """What is wrong, empty when the last call worked."""
        self._opening, self._chats, self._answer = opening, frozenset(chats), answer
        self._api, self._poll_s = api, poll_s
        self._offset = 0
        self._strangers: set[int] = set()

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, name="telegram", daemon=True).start()

    def _run(self) -> None:
        failures = 0
        while True:
            try:
                self.once()
            except (TelegramError, InputError) as error:
                why = str(error)
                if why != self.why:
                    logger.warning("telegram: {}", why)
                self.why = why
                wait_s = getattr(error, "wait_s", None)
                time.sleep(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)] if wait_s is None else wait_s)
                failures += 1
            else:
                failures, self.why = 0, ""

    def once(self) -> None:
        """Wait for messages once, and answer them.

        A message counts as read only when the next call asks for what follows it: after a kill it comes again, and a
        command keeps its number.

        Raises:
            TelegramError: A call failed.
            InputError: There is no token.
        """
        found = self._call("getUpdates", {"offset": self._offset, "timeout": self._poll_s,
                                          "allowed_updates": ["message"]}, self._poll_s + _SPARE_S)  # fmt: skip
        for update in found if isinstance(found, list) else ():
            number, question = _question(update)
            if question is not None and question.chat in self._chats:
                text = self._said(question)[:_LONGEST]
                self._call("sendMessage", {"chat_id": question.chat, "text": text}, _SPARE_S)
            elif question is not None and question.chat not in self._strangers and len(self._strangers) < 100:
                self._strangers.add(question.chat)
                logger.warning("telegram: chat {} is not configured, its messages are passed over", question.chat)
            self._offset = number + 1

    def _said(self, question: Question) -> str:
        try:
            return self._answer(question)
        except Exception as error:  # noqa: BLE001 - a named place: a question must not end the conversation
            logger.opt(exception=error).error("telegram: a question could not be answered")
            return "I could not answer that; the log says why. Nothing was done by it."

    def _call(self, method: str, body: Mapping[str, Any], timeout_s: float) -> object:
        token = self._opening()
        request = urllib.request.Request(  # noqa: S310 - a constant https address, or a test's
            f"{self._api}/bot{token}/{method}", json.dumps(dict(body)).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 - the same
                document = json.loads(answer.read(4_000_000))
        except urllib.error.HTTPError as error:
            with error:
                raise TelegramError(_refusal(error.code), _wait(error)) from None
        except (OSError, ValueError, HTTPException) as error:
            raise TelegramError(masked(f"no answer ({type(error).__name__}: {error})")) from None
        return document.get("result") if isinstance(document, dict) else None


def _question(update: object) -> tuple[int, Question | None]:
    """An update's number, and the question if it is a text message.

    Raises:
        TelegramError: It is not an update.
    """
    if not (isinstance(update, dict) and isinstance(update.get("update_id"), int)):
        raise TelegramError("the service's answer is not what its description says")
    return update["update_id"], _of_message(update["update_id"], update.get("message"))


def _of_message(update: int, message: object) -> Question | None:
    if not isinstance(message, dict):
        return None
    text, chat, at = message.get("text"), message.get("chat"), message.get("date")
    number = chat.get("id") if isinstance(chat, dict) else None
    if not (isinstance(text, str) and isinstance(number, int) and isinstance(at, (int, float))):
        return None
    return Question(update, number, text, float(at))


def _refusal(code: int) -> str:
    if code in (401, 404):
        return f"the bot's token is refused ({code}): check it with @BotFather"
    if code == 409:
        return "another program asks for this bot's messages (409): give the guard a bot of its own"
    return f"refused ({code})"


def _wait(error: urllib.error.HTTPError) -> float | None:
    if error.code != 429:
        return None
    try:
        found = json.loads(error.read(10_000))["parameters"]["retry_after"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return min(float(found), 3600.0) if isinstance(found, (int, float)) else None
