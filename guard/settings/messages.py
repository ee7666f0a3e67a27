"""Faults of the sections about messages that a model cannot see alone."""

from __future__ import annotations

from guard.settings.checks import zone_fault
from guard.settings.faults import Fault
from guard.settings.schema import ConfigFile


def channel_names(sections: ConfigFile) -> list[str]:
    """What the channels are called, in the order of the file."""
    return [f"channel-{number}" if one.name is None else one.name for number, one in enumerate(sections.notify, 1)]


def check_messages(sections: ConfigFile) -> list[Fault]:
    """Names that stand twice, a zone that does not exist, hours without length, and channels that all wait."""
    faults: list[Fault] = []
    names = channel_names(sections)
    for number, name in enumerate(names):
        if name in names[:number]:
            faults.append(Fault(f"notify[{number}].name", f"'{name}' stands twice; give each address its own name."))
    quiet = sections.notices.quiet
    if quiet is not None:
        if quiet.tz is not None and (found := zone_fault(quiet.tz)) is not None:
            faults.append(Fault("notices.quiet.tz", found))
        if quiet.begin == quiet.end:
            faults.append(Fault("notices.quiet.end", "is the same as begin: the hours would have no length."))
    if sections.notify and all(one.after_s > 0.0 for one in sections.notify):
        sentence = "is above 0 for every address: nobody would be told at once; leave it out for one of them."
        faults.append(Fault("notify[0].after_s", sentence))
    return faults
