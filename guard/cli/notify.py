"""``guard notify``: try the addresses, and see what has been sent and what waits."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from guard.app.connect import Options, load
from guard.app.home import Home, find_home
from guard.app.outbox.look import channels, recent, unacknowledged, waiting
from guard.cli import output
from guard.model.errors import InputError

Where = Annotated[Path | None, typer.Option("--home", help="The home the guard was started with.")]
Account = Annotated[str | None, typer.Option("--account", help="Only this login, or login@server.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_TEXT: Final = "This is a test of MT5 Guard. Notices about your account will come here."


def try_channels(
    config: Annotated[Path | None, typer.Option("--config", "-c", help="The configuration; else the home's.")] = None,
    home: Where = None,
    channel: Annotated[str | None, typer.Option("--channel", help="Only this one.")] = None,
    as_json: Json = False,
) -> None:
    """Send one message to every address of the configuration now, and say what became of it.

    Exit code 3: an address cannot be used, or a message did not leave.
    """
    _, loaded = load(Options(config, home))
    results = _try_all(loaded.document, channel)
    if as_json:
        output.print_json({"format": "guard.notify-test/1", "channels": results})
    else:
        for one in results:
            output.say(f"{one['channel']}: {'sent' if one['sent'] else one['why']} ({one['seconds']} s)")
    if not all(one["sent"] for one in results):
        raise typer.Exit(InputError.exit_code)


def _try_all(document: dict[str, Any], only: str | None) -> list[dict[str, Any]]:
    from loguru import logger  # noqa: PLC0415 - these load the library that sends

    from guard.app.logging import masked  # noqa: PLC0415
    from guard.app.outbox.courier import open_channel  # noqa: PLC0415
    from guard.app.outbox.rules import rules_of  # noqa: PLC0415
    from guard.model.verdict import Severity  # noqa: PLC0415
    from guard.notify.base import Message  # noqa: PLC0415

    logger.remove()
    rules = rules_of(document, "test")
    chosen = [one for one in rules.channels if only is None or one.name == only]
    if not chosen:
        names = ", ".join(one.name for one in rules.channels)
        known = f"known are: {names}" if names else "the configuration has no [[notify]] section"
        raise InputError(f"there is no address to try{'' if only is None else f' called {only!r}'}; {known}")
    results = []
    for one in chosen:
        began = time.monotonic()
        try:
            message = Message("test", Severity.OK, f"Test ({rules.label})", _TEXT)
            sent = open_channel(one).send(message)
            done, why = sent.done, masked(sent.why)
        except InputError as error:
            done, why = False, masked(str(error))
        seconds = round(time.monotonic() - began, 1)
        results.append({"channel": one.name, "sent": done, "why": None if done else why, "seconds": seconds})
    return results


def queue(home: Where = None, account: Account = None, as_json: Json = False) -> None:
    """List what has not left yet: to whom, since when it is due, and why it waits."""
    found = {key: waiting(path) for key, path in _outboxes(home, account).items()}
    if as_json:
        output.print_json({"format": "guard.notify-queue/1", "accounts": found})
        return
    for key, rows in found.items():
        output.say(f"{key}: {len(rows)} waiting")
        for row in rows:
            tried = f", tried {row['tries']} times: {row['why']}" if row["tries"] else ""
            output.say(f"  [{row['notice']}] {row['title']} to {row['channel']}, due {row['due']}{tried}")


def list_notices(
    home: Where = None,
    account: Account = None,
    most: Annotated[int, typer.Option("--last", min=1, help="How many notices.")] = 20,
    as_json: Json = False,
) -> None:
    """List the newest notices with what became of each on every channel, and how the channels are."""
    found: dict[str, dict[str, Any]] = {
        key: {"channels": channels(path), "unacknowledged": unacknowledged(path), "notices": recent(path, most)}
        for key, path in _outboxes(home, account).items()
    }
    if as_json:
        output.print_json({"format": "guard.notify-list/1", "accounts": found})
        return
    for key, one in found.items():
        output.say(key)
        for line in [*_channel_lines(one["channels"]), *_notice_lines(one["notices"])]:
            output.say(f"  {line}")


def _channel_lines(states: list[dict[str, Any]]) -> list[str]:
    lines = []
    for one in states:
        if one["failures"]:
            since = f" since {one['failing_since']}" if one["failing_since"] else ""
            lines.append(f"{one['channel']}: FAILS{since}, {one['failures']} times in a row: {one['why']}")
        else:
            lines.append(f"{one['channel']}: works, last sent {one['last_sent_at']}")
    return lines


def _notice_lines(notices: list[dict[str, Any]]) -> list[str]:
    lines = []
    for one in notices:
        state = ""
        if one["needs_ack"] and one["over_at"] is None:
            state = ", acknowledged" if one["acknowledged_at"] else f", NOT ACKNOWLEDGED: guard ack {one['notice']}"
        lines.append(f"[{one['notice']}] {one['at']} {one['severity']} {one['title']}{state}")
        lines += [
            f"    to {sent['channel']}: {sent['state']}{' ' + sent['sent_at'] if sent['sent_at'] else ''}"
            f"{': ' + sent['why'] if sent['why'] else ''}"
            for sent in one["deliveries"]
        ]  # fmt: skip
    return lines


def _outboxes(home: Path | None, account: str | None) -> dict[str, Path]:
    """The accounts of a home that have an outbox."""
    place: Home = find_home(home)
    found = {path.parent.name: path for path in sorted(place.states.glob("*/outbox.db"))}
    found = {key: path for key, path in found.items() if account is None or key.startswith(account)}
    if not found:
        raise InputError(
            f"nothing has been sent from {place.root}: the guard sends when its configuration has a [[notify]] section"
        )
    return found


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(no_args_is_help=True, help="Messages: try the addresses, see what was sent and what waits.")
    group.command("test")(try_channels)
    group.command("queue")(queue)
    group.command("list")(list_notices)
    app.add_typer(group, name="notify")
