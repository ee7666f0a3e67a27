"""What is wrong with a file: a place and one sentence, never the library's own words."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from guard.model.errors import InputError


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: ``path`` is the place (``limits[1].max``, ``line 7``, or a file), ``sentence`` says what to do."""

    path: str
    sentence: str

    def __str__(self) -> str:
        """The place and the sentence on one line."""
        return f"{self.path}: {self.sentence}" if self.path else self.sentence


class ConfigError(InputError):
    """A configuration that cannot be used, with all its faults."""

    def __init__(self, source: str, faults: Sequence[Fault]) -> None:
        self.source = source
        self.faults = tuple(faults)
        if len(self.faults) == 1:
            super().__init__(f"{source}: {self.faults[0]}")
        else:
            lines = "".join(f"\n  {fault}" for fault in self.faults)
            super().__init__(f"{source} has {len(self.faults)} faults:{lines}")


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate a mistyped ``word`` most likely meant, or ``None``."""
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    found = difflib.get_close_matches(word.casefold(), list(by_folded), n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """The second half of a sentence about an unknown word: a guess, or the list of what there is."""
    known = sorted(candidates)
    guess = nearest(word, known)
    return f"did you mean `{guess}`?" if guess is not None else f"there are: {', '.join(known)}."


def place(location: Sequence[str | int]) -> str:
    """A path as people read it: ``limits[1].limit.value``."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


def shown(value: object, limit: int = 60) -> str:
    """A value of the file as it stands in a sentence: cut when long, without control characters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    printable = "".join(c if c.isprintable() else "?" for c in str(value))
    text = f"'{printable}'" if isinstance(value, str) else printable
    if isinstance(value, int) and len(text) > sys.float_info.dig * 2:
        return "a number with too many digits"
    return text if len(text) <= limit else text[: limit - 1] + "…"
