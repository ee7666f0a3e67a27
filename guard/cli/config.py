"""``guard config``: write, check and show a configuration, and print its JSON schema."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from guard.cli import output
from guard.cli._config_ask import Options, answers_from
from guard.cli._config_presets import not_watched, presets
from guard.engine.banner import banner
from guard.model.errors import InputError, UsageError
from guard.settings.faults import ConfigError
from guard.settings.load import Loaded, default_loaded, load_config, load_text
from guard.settings.schema import json_schema
from guard.settings.starter import MODES, PROFILES, starter
from guard.settings.toml_text import dump

DEFAULT_FILE: Final = "guard.toml"
_File = Annotated[Path, typer.Argument(help="The configuration file.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def init(
    file: Annotated[Path, typer.Option("--output", "-o", help="Where to write it.")] = Path(DEFAULT_FILE),
    experience: Annotated[
        str | None, typer.Option("--experience", "--profile", help="A profile: " + ", ".join(PROFILES) + ".")
    ] = None,
    prop: Annotated[str | None, typer.Option(help="Prop firm and program, e.g. ftmo-2step-100k.")] = None,
    broker: Annotated[str | None, typer.Option(help="Broker, e.g. exness.")] = None,
    account_type: Annotated[str | None, typer.Option("--type", help="Account type at the broker.")] = None,
    regulator: Annotated[str | None, typer.Option(help="Regulator, e.g. esma.")] = None,
    currency: Annotated[str | None, typer.Option(help="Account currency, e.g. USD.")] = None,
    initial: Annotated[str | None, typer.Option(help="Initial balance, e.g. 100000.")] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone of your trading day, e.g. Europe/Prague.")] = None,
    mode: Annotated[str | None, typer.Option(help="Mode: " + ", ".join(MODES) + ".")] = None,
    login: Annotated[int | None, typer.Option(help="Account number to watch, and no other.")] = None,
    server: Annotated[str | None, typer.Option(help="Trade server, as the terminal shows it.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: take the options and the defaults.")] = False,
) -> None:
    """Write a commented configuration after a few questions; without a terminal nothing is asked."""
    if file.is_dir():
        message = f"{file} is a folder; name the file, such as {file / DEFAULT_FILE}"
        raise UsageError(message)
    if file.exists() and not force:
        message = f"{file} is there already; --force replaces it, -o writes another file"
        raise UsageError(message)
    ask = not yes and sys.stdin is not None and sys.stdin.isatty()
    if not ask and not yes:
        output.tell("guard: standard input is not a terminal: nothing is asked, options and defaults are taken.")
    answers = answers_from(
        Options(
            experience, prop, broker, account_type, regulator, currency, initial, zone, mode, login, server,
        ),
        ask=ask,
    )  # fmt: skip
    text = starter(answers)
    loaded = load_text(text, file)
    _write(file, text, force=force)
    output.say(f"Wrote {file}: {len(loaded.policy.limits)} limits of {', '.join(answers.presets)}.")
    for line in (*not_watched(loaded.presets), *(f"note    {remark}" for remark in loaded.remarks)):
        output.say(line)
    output.say(f"Check it with `guard config check {file}`, watch with `guard run --config {file}`.")


def _write(file: Path, text: str, *, force: bool) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w" if force else "x", encoding="utf-8", newline=os.linesep) as stream:
            stream.write(text)
    except FileExistsError as error:
        message = f"{file} is there already; --force replaces it"
        raise UsageError(message) from error
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror or error}"
        raise InputError(message) from error


def check(file: _File = Path(DEFAULT_FILE), as_json: _Json = False) -> None:
    """Check a file: every fault with its place (exit code 3), or what it arms (exit code 0)."""
    try:
        loaded = load_config(file)
    except ConfigError as error:
        if as_json:
            faults = [{"path": fault.path, "sentence": fault.sentence} for fault in error.faults]
            output.print_json({"format": "guard.config_check/1", "file": str(file), "ok": False, "faults": faults})
            raise typer.Exit(error.exit_code) from error
        raise
    lines = [
        *banner(loaded.policy, None),
        *not_watched(loaded.presets),
        *(f"note    {remark}" for remark in loaded.remarks),
    ]
    if as_json:
        output.print_json(
            {"format": "guard.config_check/1", "file": str(file), "ok": True, "faults": [], "armed": lines,
             "not_watched": not_watched(loaded.presets), "remarks": list(loaded.remarks), "sha256": loaded.sha256}
        )  # fmt: skip
        return
    output.say(f"{file} can be used.")
    for line in lines:
        output.say(line)
    output.say(f"sha256  {loaded.sha256}")


def show(
    file: Annotated[Path | None, typer.Argument(help="The file; without it the unconfigured defaults.")] = None,
    as_json: _Json = False,
) -> None:
    """Print the configuration in force, everything extended and every default written out; secrets stay references."""
    loaded: Loaded = default_loaded() if file is None else load_config(file)
    for remark in loaded.remarks:
        output.tell(f"guard: {remark}")
    if as_json:
        output.print_json({"sha256": loaded.sha256, "source": loaded.policy.source, "config": loaded.document})
        return
    output.say(f"# {loaded.policy.source}, sha256 {loaded.sha256}")
    output.say(dump(loaded.document).rstrip("\n"))


def schema() -> None:
    """Print the JSON schema of a configuration file, for editors."""
    output.print_json(json_schema())


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Write, check and show a configuration.")
    for command in (init, check, show, schema, presets):
        group.command()(command)
    app.add_typer(group, name="config")
