"""``guard config presets``: what ships, searched and shown with its sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final

import typer

from guard.cli import output
from guard.model.errors import UsageError
from guard.settings.broker_model import BrokerSection
from guard.settings.extends import shipped_names
from guard.settings.faults import did_you_mean
from guard.settings.preset_model import GRADES, Fact, RuleSection, Sourced
from guard.settings.presets import Preset, read_preset, shipped_presets
from guard.settings.regulator_model import RegulatorSection

_WIDTH: Final = 30


def presets(
    words: Annotated[
        list[str] | None, typer.Argument(help="A preset's name shows it; other words search names, titles and rules.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the shipped presets, or show one with every rule, its source, date and grade."""
    asked = words or []
    if len(asked) == 1 and asked[0] in shipped_names():
        _show(read_preset(asked[0]), as_json=as_json)
        return
    found = [preset for preset in shipped_presets() if all(_fits(preset, word) for word in asked)]
    if not found:
        message = f"no preset has '{' '.join(asked)}'; {did_you_mean(asked[0], shipped_names())}"
        raise UsageError(message)
    if as_json:
        output.print_json({"format": "guard.presets/1", "grades": GRADES, "presets": [_row(one) for one in found]})
        return
    width = max(len(one.name) for one in found)
    output.say(f"{'preset':<{width}}  watched / not  grade         what")
    for one in found:
        row = _row(one)
        counts = f"{row['watched']:>4} / {row['not_watched']:<6}"
        output.say(f"{one.name:<{width}}  {counts}  {one.about.grade:<12}  {one.about.title}")
    output.say(f'\n{len(found)} presets. `guard config presets NAME` shows one; a file uses it by extends = ["NAME"].')
    output.say("Firms and brokers change their terms: verify with yours. A preset never changes under a running guard.")


def _fits(preset: Preset, word: str) -> bool:
    texts = [preset.name, preset.about.title, *(rule.says for rule in preset.rules)]
    if preset.broker is not None:
        texts += [*(account.name for account in preset.broker.accounts), *(preset.broker.regulation.value or ())]
    return any(word.casefold() in text.casefold() for text in texts)


def _row(preset: Preset) -> dict[str, Any]:
    about = preset.about
    return {
        "name": preset.name, "kind": about.kind, "title": about.title, "firm": about.firm, "program": about.program,
        "size": about.size, "source": about.source, "date": str(about.date), "grade": about.grade,
        "watched": len(preset.limits), "not_watched": len(preset.not_watched),
    }  # fmt: skip


def _show(preset: Preset, *, as_json: bool) -> None:
    if as_json:
        body = {
            part: None if value is None else value.model_dump(mode="json")
            for part, value in (("broker", preset.broker), ("regulator", preset.regulator))
        }
        rules = [rule.model_dump(mode="json") for rule in preset.rules]
        examples = [example.model_dump(mode="json", exclude_none=True) for example in preset.examples]
        output.print_json({"format": "guard.preset/1", **_row(preset), "rules": rules, "examples": examples, **body})
        return
    output.say(f"{preset.name}: {preset.about.title}")
    output.say(f"source: {_origin(preset.about)}")
    for line in (*_rules(preset), *_facts(preset.broker or preset.regulator), *_accounts(preset.broker)):
        output.say(line)
    for example in preset.examples:
        output.say(f"example       {example.says}")
        if example.at_reset is not None and example.of == "equity":
            output.say(f"              {_picture(example.at_reset.equity, example.breach)}")
    output.say(f'\nUse it: extends = ["{preset.name}"]. Verify with your firm, broker or regulator.')


def _origin(part: Sourced) -> str:
    return "not known" if part.grade == "unknown" else f"{part.source}, {part.date}, {part.grade}"


def _rules(preset: Preset) -> Iterator[str]:
    for rule in preset.rules:
        head = f"watched       {rule.limit}: " if rule.limit is not None else "not watched   "
        yield f"{head}{rule.says}{_effect(rule)}"
        if rule.not_watched is not None:
            yield f"              why: {rule.not_watched}"
        yield f"              source: {_origin(rule)}"


def _effect(rule: RuleSection) -> str:
    parts = [part for part in (rule.effect, rule.phase) if part is not None]
    return f" ({', '.join(parts)})" if parts else ""


def _facts(section: BrokerSection | RegulatorSection | None) -> Iterator[str]:
    if section is None:
        return
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Fact):
            yield f"{name:<{_WIDTH}}{_value(value.value)}   [{_origin(value)}]"
    for item in section.classes if isinstance(section, RegulatorSection) else ():
        rate = item.rate_pct.value
        shown = "not known" if rate is None else f"{rate:.4g} % (1:{100 / rate:.4g})"
        yield f"{item.asset_class + ', ' + item.name:<{_WIDTH}}{shown}: {item.definition}   [{_origin(item.rate_pct)}]"


def _accounts(broker: BrokerSection | None) -> Iterator[str]:
    for account in broker.accounts if broker is not None else ():
        facts = {name: getattr(account, name) for name in type(account).model_fields if name != "name"}
        shown = ", ".join(f"{name} {_value(fact.value)}" for name, fact in facts.items())
        yield f"account {account.name}: {shown}"


def _value(value: object) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "; ".join(_value(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(part)}" for key, part in value.items())
    if hasattr(value, "model_dump"):
        return _value({key: part for key, part in value.model_dump().items() if part is not None})
    return f"{value:g}" if isinstance(value, float) else str(value)


def _picture(start: float, floor: float) -> str:
    """Equity with the part of it that must stay: the empty end of the bar is what may be lost."""
    width = 40
    kept = output.bar(min(99.0, floor / start * 100.0), width)
    return f"{kept} equity {start:,.2f}, floor {floor:,.2f}: {start - floor:,.2f} may be lost"


def not_watched(found: Iterable[Preset]) -> list[str]:
    """The rules of the presets in force that this version does not watch, one a line."""
    return [
        f"not watched   {preset.name}: {rule.says} ({rule.not_watched})"
        for preset in found
        for rule in preset.not_watched
    ]
