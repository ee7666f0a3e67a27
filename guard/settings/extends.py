"""``extends``: the files a configuration starts from, found, read and laid over each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from guard.settings.faults import ConfigError, Fault, did_you_mean, place
from guard.settings.places import config_dir
from guard.settings.toml_file import read_toml

MAX_DEPTH: Final = 8
SHOCKS: Final = "shocks"
"""The folder of historical price moves, which are no configuration."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a configuration; ``label`` is empty for the user's own, else how ``extends`` names it.

    ``file`` is where an extended one lies.
    """

    label: str
    document: dict[str, Any]
    file: Path | None = None

    def path(self, *location: str | int) -> str:
        """A place in this file as shown to the user."""
        where = place(location)
        return f"{self.label}: {where}" if self.label else where


# What a file says about itself: it does not carry over to a file that extends it.
OWN: Final = ("limits", "extends", "without", "loosened", "preset", "rules", "examples", "broker", "regulator")


def shipped_names() -> list[str]:
    """The names ``extends`` knows without a path, such as ``profiles/beginner``."""
    root = config_dir()
    found = (path.relative_to(root).with_suffix("").as_posix() for path in root.glob("*/*.toml"))
    return sorted(name for name in found if not name.startswith(f"{SHOCKS}/"))


def shipped_file(name: str) -> Path:
    """Where a shipped file lies."""
    return config_dir() / f"{name}.toml"


def gather(path: Path, name: str, faults: list[Fault]) -> list[Source]:
    """The file and everything it extends, the farthest base first, the file itself last.

    Raises:
        ConfigError: The file itself cannot be read; faults of extended files are added to ``faults``.
    """
    return with_bases(read_toml(path, name), path, faults)


def with_bases(document: dict[str, Any], path: Path, faults: list[Fault]) -> list[Source]:
    """A document that stands or will stand at ``path``, after everything it extends."""
    own = Source("", document)
    return [*_bases(own, path, (_key(path),), faults), own]


def _bases(source: Source, path: Path, above: tuple[str, ...], faults: list[Fault]) -> list[Source]:
    names = source.document.get("extends", [])
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list):
        return []  # the wrong type is reported with the section's other faults
    found: list[Source] = []
    for number, name in enumerate(names):
        where = source.path("extends", number)
        if not isinstance(name, str):
            continue
        try:
            base_path = _find(name, path)
            if _key(base_path) in above:
                raise ValueError(f"'{name}' extends itself in a circle.")  # noqa: TRY301 - one place for all
            if len(above) > MAX_DEPTH:
                raise ValueError(f"more than {MAX_DEPTH} files extend each other.")  # noqa: TRY301 - as above
            base = Source(name, read_toml(base_path, name), base_path)
        except ConfigError as error:
            faults.extend(Fault(where, f"'{name}': {fault}") for fault in error.faults)
        except ValueError as error:
            faults.append(Fault(where, str(error)))
        else:
            found += [*_bases(base, base_path, (*above, _key(base_path)), faults), base]
    return found


def _key(path: Path) -> str:
    return str(path.resolve()).casefold()


def _find(name: str, beside: Path) -> Path:
    if name.endswith(".toml"):
        return beside.parent / Path(name).expanduser()
    if name in shipped_names():
        return shipped_file(name)
    hint = f"{did_you_mean(name, shipped_names())} A file of yours ends in .toml."
    message = f"'{name}' is not shipped with this version; {hint}"
    raise ValueError(message)


def merged(sources: list[Source]) -> dict[str, Any]:
    """The sections of all files but ``limits``: a later file wins name by name, lists are replaced whole."""
    result: dict[str, Any] = {}
    for source in sources:
        for key, value in source.document.items():
            if key in OWN:
                continue
            held = result.get(key)
            if isinstance(held, dict) and isinstance(value, dict):
                result[key] = {**held, **value}
            else:
                result[key] = value
    return result
