"""Making one limit tighter by a command: at once, and never looser."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, Final

from guard.app.bootstrap import policy_of
from guard.app.commands import Answer, Command, Handler
from guard.app.upkeep import trusted_now
from guard.limits.base import Limit
from guard.model.errors import InputError
from guard.model.verdict import Verdict
from guard.settings.load import load_document
from guard.settings.tighter import looser

if TYPE_CHECKING:
    from guard.app.bootstrap import Guarded

VERB: Final = "tighten"


def tighten_handler(guarded: Guarded) -> Handler:
    """Takes ``{"limit": name, "value": threshold}``, the threshold in the unit of the limit's verdict."""

    def handle(command: Command) -> Answer:
        try:
            return _tightened(guarded, command)
        except InputError as error:
            return Answer(done=False, sentence=f"nothing was changed: {error}.".replace("..", "."), facts={})

    return handle


def _tightened(guarded: Guarded, command: Command) -> Answer:
    binding, name, value = guarded.binding, command.body.get("limit"), command.body.get("value")
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise InputError("say to which value, as a number")
    outcome = guarded.cycle.outcome
    verdicts = outcome.result.verdicts if outcome is not None and outcome.result is not None else ()
    limits = binding.loaded.policy.limits
    number = next((n for n, limit in enumerate(limits) if limit.name == name), None)
    verdict = next((one for one in verdicts if one.limit == name), None)
    if number is None or verdict is None:
        raise InputError(f"there is no limit {str(name)[:40]!r}; there are {', '.join(one.name for one in limits)}")
    before = limits[number]
    document = copy.deepcopy(binding.loaded.document)
    _set(document["limits"][number], before, verdict, float(value))
    wanted = load_document(document, binding.loaded)
    after = wanted.policy.limits[number]
    found = looser(before, after)
    if found:
        raise InputError(f"that would loosen it ({'; '.join(found)})")
    if after == before:
        raise InputError("it is that tight already")
    binding.propose(wanted, trusted_now(guarded), guarded.cycle.state.locks)
    guarded.cycle.adopt(policy_of(binding))
    guarded.keep_policy(f"tightened by {command.source}")
    armed = binding.held is not None and binding.held.binds
    lasts = "" if armed else "; until the file is changed or the guard restarts: write it there too"
    sentence = f"{name} is at {value:g} {verdict.unit} from now on{lasts}."
    return Answer(done=True, sentence=sentence, facts={"limit": name, "value": value})


def _set(entry: dict[str, Any], limit: Limit, verdict: Verdict, value: float) -> None:
    """Move the field behind a threshold in proportion: percent of a basis stay percent of it.

    Raises:
        InputError: The threshold is not known now, or no single number makes it.
    """
    *path, last = limit.max_field.split(".")
    for part in path:
        entry = entry[part] if isinstance(entry.get(part), dict) else {}
    old = entry.get(last)
    if verdict.threshold is None or verdict.threshold <= 0.0 or not math.isfinite(verdict.threshold):
        raise InputError(f"the threshold of {limit.name} is not known now")
    ratio = value / verdict.threshold
    if isinstance(old, str) and " " in old:
        amount, currency = old.split(" ", 1)
        entry[last] = f"{round(float(amount) * ratio, 8):f} {currency}"
    elif isinstance(old, (int, float)) and not isinstance(old, bool):
        entry[last] = round(old * ratio, 8) if isinstance(old, float) else math.floor(old * ratio + 1e-9)
    else:
        raise InputError(f"{limit.name} has no single number: change it in the configuration file")
