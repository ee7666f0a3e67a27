"""``guard service``: have the guard started with your session, and again when it fails."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guard.app.connect import Options, load
from guard.app.home import find_home
from guard.app.live import look
from guard.app.service import guard_command, plan, run
from guard.app.service import install as put
from guard.app.service import remove as take
from guard.cli import output

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Limits to apply, as for `guard run`.")]
HomeFolder = Annotated[Path | None, typer.Option("--home", help="Where the guard keeps its files.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def install(
    config: Config = None,
    home: HomeFolder = None,
    web: Annotated[bool, typer.Option("--web", help="With the dashboard.")] = False,
    dry_run: Annotated[bool, typer.Option("--print", help="Only print what would be written.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start `guard run` when you log on, and again when it fails.

    Windows: a scheduled task; Linux: a systemd user unit with a watchdog; macOS: a launchd agent.
    Exit code 3: the configuration has faults; 1: the system refused.
    """
    where = find_home(home)
    load(Options(config, home))
    words = ["run", "--home", str(where.root), *(["--config", str(config.resolve())] if config is not None else [])]
    made = plan(guard_command([*words, *(["--web"] if web else [])]), where.root)
    if dry_run:
        text = made.data.decode("utf-16" if made.system == "win32" else "utf-8")
        if as_json:
            document = {"format": "guard.service-plan/1", "file": str(made.path), "text": text,
                        "commands": [list(one) for one in made.install]}  # fmt: skip
            output.print_json(document)
        else:
            output.say(f"# {made.path}")
            output.say(text.rstrip("\n"))
            for one in made.install:
                output.say(f"# then: {' '.join(one)}")
        return
    put(made)
    if as_json:
        output.print_json({"format": "guard.service/1", "installed": True, "file": str(made.path)})
    else:
        output.say(f"Installed: {made.path}")
        output.say("The guard starts when you log on, and runs now. See `guard service status`.")


def remove(home: HomeFolder = None, as_json: AsJson = False) -> None:
    """Stop the service and take it away. The home, its journal and its locks stay."""
    made = plan(guard_command(["run"]), find_home(home).root)
    there = take(made)
    if as_json:
        output.print_json({"format": "guard.service/1", "installed": False, "removed": there, "file": str(made.path)})
    else:
        output.say(f"Removed: {made.path}" if there else f"There was no service: {made.path} is not there.")


def status(home: HomeFolder = None, as_json: AsJson = False) -> None:
    """Say whether the service is installed, what the system says of it, and whether a guard runs."""
    where = find_home(home)
    made = plan(guard_command(["run"]), where.root)
    there = made.path.is_file()
    _, said = run(made.status) if there else (0, "")
    running = [str(seen.account) for seen in look(where) if seen.running]
    if as_json:
        document = {"format": "guard.service-status/1", "installed": there, "file": str(made.path), "system": said,
                    "running": running}  # fmt: skip
        output.print_json(document)
        return
    output.say(f"installed: {made.path}" if there else "not installed: `guard service install` does it")
    if there:
        output.say(f"the system says: {said}")
    output.say(f"guards running: {', '.join(running) or 'none'}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(no_args_is_help=True, help="Have the guard started with your session.")
    group.command("install")(install)
    group.command("remove")(remove)
    group.command("status")(status)
    app.add_typer(group, name="service")
