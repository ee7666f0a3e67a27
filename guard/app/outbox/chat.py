"""What may be asked in a Telegram chat, and the answers. Nothing here loosens anything."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from guard.app.commands import STALE_S, ask
from guard.app.outbox.vital import pulse
from guard.model.errors import InputError
from guard.model.verdict import Severity

HELP: Final = (
    "/status: how the account is\n/headroom: how much room each limit has\n"
    "/ack [number]: acknowledge one notice, or all\n/lock 30m [reason]: block new positions for a time\n"
    "/flatten: close everything (asks you again)"
)
_SPAN: Final = re.compile(r"^(\d{1,4})(m|h)$")
_LONGEST_LOCK_S: Final = 7 * 86400
_CONFIRM_S: Final = 60.0
_ANSWER_S: Final = 10.0
_FIGURES: Final = (
    ("equity", "equity", True), ("balance", "balance", True), ("floating", "floating", True),
    ("margin level", "margin_level_pct", False), ("leverage in use", "effective_leverage", False),
    ("to stop-out", "loss_to_stop_out", True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """A message of a chat: its number, who, what, and when it was sent (UNIX seconds)."""

    number: int
    chat: int
    text: str
    at: float


class Desk:
    """Answers questions; commands go through the guard's inbox, and its journal says what became of them."""

    def __init__(
        self,
        status: Path,
        commands: Path,
        answers: Mapping[str, Mapping[str, Any]],
        clock: Callable[[], float] = time.time,
        answer_s: float = _ANSWER_S,
    ) -> None:
        """``status`` and ``commands``: the account's files; ``answers``: the journal's, by uid."""
        self._status, self._commands, self._answers = status, commands, answers
        self._clock, self._answer_s = clock, answer_s
        self._codes: dict[int, tuple[str, float]] = {}

    def answer(self, question: Question) -> str:
        """What to say."""
        words = question.text.split()
        verb = words[0].split("@", 1)[0].lstrip("/").lower() if words else ""
        if verb == "ack" or re.fullmatch(r"ack_\d+", verb):
            return self._ack(question, [*verb.split("_")[1:], *words[1:]])
        if verb == "status":
            return self._said(_status_lines)
        if verb == "headroom":
            return self._said(_headroom_lines)
        if verb == "lock":
            return self._lock(question, words[1:])
        if verb == "flatten":
            return self._flatten(question, words[1:])
        return HELP

    def _said(self, lines: Callable[[Mapping[str, Any]], list[str]]) -> str:
        found = pulse(self._status)
        if found is None:
            return "There are no figures: no guard is running, or it has just begun."
        age_s = self._clock() - found.at
        head = [f"These figures are {age_s:.0f} s old: the guard is silent."] if age_s > STALE_S else []
        return "\n".join([*head, *lines(found.document)])

    def _ack(self, question: Question, words: Sequence[str]) -> str:
        if not words:
            return self._ask(question, "ack", {})
        if words[0].isascii() and words[0].isdigit():
            return self._ask(question, "ack", {"notice": int(words[0])})
        return "Write /ack, or /ack and the number of a notice."

    def _lock(self, question: Question, words: Sequence[str]) -> str:
        span = _SPAN.match(words[0].lower()) if words else None
        seconds = int(span[1]) * (60 if span[2] == "m" else 3600) if span is not None else 0
        if not 0 < seconds <= _LONGEST_LOCK_S:
            return "Write how long: /lock 30m, or /lock 4h and a reason; a week at most."
        reason = " ".join(words[1:]) or "asked by Telegram"
        return self._ask(question, "lock", {"for_s": seconds, "reason": reason[:200]})

    def _flatten(self, question: Question, words: Sequence[str]) -> str:
        if (cannot := self._cannot("flatten")) is not None:
            return cannot
        code, until = self._codes.pop(question.chat, ("", 0.0))
        if words and code and secrets.compare_digest(words[0].encode(), code.encode()) and self._clock() <= until:
            return self._ask(question, "flatten", {})
        if words:
            return "That is not the number, or it is too old. Write /flatten for a new one. Nothing was closed."
        code = f"{secrets.randbelow(9000) + 1000}"
        self._codes[question.chat] = (code, self._clock() + _CONFIRM_S)
        return f"Close EVERYTHING on this account? Write /flatten {code} within {_CONFIRM_S:.0f} s."

    def _cannot(self, verb: str) -> str | None:
        found = pulse(self._status)
        able = found.document.get("commands") if found is not None else None
        if isinstance(able, list) and verb not in able:
            return f"The guard cannot {verb} in its mode: it sends no orders. Do it in the terminal."
        return None

    def _ask(self, question: Question, verb: str, body: Mapping[str, Any]) -> str:
        if self._clock() - question.at > STALE_S:
            return "That message is more than a minute old, so nothing was done. Send it again if you still want it."
        if (cannot := self._cannot(verb)) is not None:
            return cannot
        uid = f"telegram:{question.chat}:{question.number}"
        try:
            ask(self._commands, verb, {**body, "chat": question.chat}, "telegram", uid)
        except InputError as error:
            return f"Nothing was done: {error}"
        deadline = time.monotonic() + self._answer_s
        while time.monotonic() < deadline:
            found = self._answers.get(uid)
            if found is not None:
                text = str(found["answer"])
                return text[:1].upper() + text[1:]
            time.sleep(0.1)
        return "The guard has not answered yet; within a minute it carries this out or says in its journal why not."


def _status_lines(document: Mapping[str, Any]) -> list[str]:
    account = document["account"]
    severity = document["severity"] if document["severity"] is not None else "UNKNOWN"
    lines = [f"{account['login']}: {severity}, mode {document['mode']}"]
    if document["blind"] is not None:
        lines.append(f"BLIND: {document['blind']}")
    for label, name, money in _FIGURES:
        value = document["figures"].get(name)
        unit = f" {account['currency']}" if money and account["currency"] else ""
        lines.append(f"{label}: {_figure(value)}{unit if value is not None else ''}")
    return lines


def _headroom_lines(document: Mapping[str, Any]) -> list[str]:
    lines = []
    for verdict in sorted(document["verdicts"], key=lambda one: -Severity[one["severity"]]):
        value, threshold, used = verdict["value"], verdict["threshold"], verdict["utilization_pct"]
        known = all(isinstance(one, (int, float)) for one in (value, threshold, used))
        left = "not known" if used is None else f"{_figure(max(0.0, 100.0 - used))} % left" if known else "nothing left"
        lines.append(f"{verdict['severity']} {verdict['limit']}: {left} ({_figure(value)} of {_figure(threshold)} "
                     f"{verdict['unit']})")  # fmt: skip
    return lines or ["No limit has been looked at yet."]


def _figure(value: object) -> str:
    return "unknown" if value is None else f"{value:,.2f}" if isinstance(value, (int, float)) else str(value)
