"""``guard limits``: what is armed and how much room each limit has, or every kind of limit there is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from guard.app.connect import CONFIG_NAME
from guard.app.home import find_home
from guard.app.live import Seen, look
from guard.cli import output
from guard.cli._config_presets import not_watched
from guard.cli._kinds import list_kinds
from guard.cli._limits_view import Row, row_json, rows, show
from guard.cli.evaluate import cycle_of
from guard.settings.load import Loaded, default_loaded, load_config
from guard.settings.snapshot_file import read_document

_NOTHING: Final = "none yet; start a guard, or give a file that `guard snapshot` wrote with --snapshot"


def limits(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Limits to show, not the home's guard.toml or the defaults.")
    ] = None,
    snapshot: Annotated[
        str | None, typer.Option("--snapshot", "-s", help="Figures from a file of `guard snapshot`.")
    ] = None,
    home: Annotated[Path | None, typer.Option("--home", help="The home the guard was started with.")] = None,
    kinds: Annotated[bool, typer.Option("--kinds", help="List every kind of limit there is instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show each limit as armed, or why not, with the room it leaves.

    The figures come from --snapshot, else from the running guard.
    """
    if kinds:
        list_kinds(as_json=as_json)
        return
    loaded = _loaded(config, home)
    found, origin = _rows(loaded, snapshot, home)
    unwatched = not_watched(loaded.presets)
    if as_json:
        output.print_json(
            {
                "format": "guard.armed/1", "source": loaded.policy.source, "sha256": loaded.sha256, "figures": origin,
                "limits": [row_json(row) for row in found], "not_watched": unwatched, "remarks": list(loaded.remarks),
            }
        )  # fmt: skip
        return
    output.say(f"Limits of {loaded.policy.source}; figures: {origin}.")
    for line in (*show(found), *unwatched, *(f"note    {remark}" for remark in loaded.remarks)):
        output.say(line)
    output.say("`guard limits --kinds` lists every kind of limit, `guard explain KIND` one of them.")


def _loaded(config: Path | None, home: Path | None) -> Loaded:
    own = find_home(home).root / CONFIG_NAME
    if config is None and own.is_file():
        config = own
    return default_loaded() if config is None else load_config(config)


def _rows(loaded: Loaded, snapshot: str | None, home: Path | None) -> tuple[list[Row], str]:
    """The rows, and in words where their figures come from."""
    if snapshot is not None:
        document, gaps = read_document(snapshot)
        name = "standard input" if snapshot == "-" else snapshot
        result, reading = cycle_of(document, loaded.policy, gaps, name)
        return rows(loaded, result=result), f"{name}, taken {reading.taken_at:%Y-%m-%d %H:%M:%S} UTC"
    seen = _running(home)
    if seen is None:
        return rows(loaded), _NOTHING
    origin = f"the guard of account {seen.account}, {seen.age_s:.0f} s old"
    return rows(loaded, verdicts=seen.document["verdicts"]), origin


def _running(home: Path | None) -> Seen | None:
    return next((seen for seen in look(find_home(home)) if seen.running), None)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(limits)
