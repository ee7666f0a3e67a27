"""``guard web``: the dashboard of the guards of this home, in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from guard.app.home import find_home
from guard.app.web_access import LOOPBACK, PORT, Listen, check_listen, read_token
from guard.app.web_child import Web, work
from guard.cli import output

HomeFolder = Annotated[Path | None, typer.Option("--home", help="The home the guard was started with.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen at; 0 takes a free one.")]


def web(
    context: typer.Context,
    home: HomeFolder = None,
    port: Port = PORT,
    host: Annotated[str, typer.Option(help="Address to listen at; any but this computer's own needs TLS.")] = LOOPBACK,
    expose: Annotated[bool, typer.Option("--expose", help="Yes, let other computers in.")] = False,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A further host name to answer to; may be repeated.")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", help="Certificate, PEM.", show_default=False)] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Its key, PEM.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what the guards of this home see, in a browser, until Ctrl-C. The guards themselves are not touched.

    Exit code 2: the address cannot be had or is not safe; 3: home, token or certificate.
    """
    if context.invoked_subcommand is not None:
        return
    listen = check_listen(Listen(host, port, tuple(name or ()), tls_cert, tls_key), exposed=expose)
    where = find_home(home)
    read_token(where, exposed=not listen.loopback)
    serve = Web(work(where, listen))
    try:
        url = serve.begin()
        if as_json:
            output.print_event({"event": "web", "url": url})
        else:
            for line in opening(url, home):
                output.say(line)
            output.say("Ctrl-C ends the dashboard; the guard goes on.")
            sys.stdout.flush()
        serve.wait()
    except KeyboardInterrupt:
        output.tell("guard: the dashboard has ended.")
    finally:
        serve.close()


def opening(url: str, home: Path | None) -> list[str]:
    """Where it is and how to get in. The token itself is printed only when it is asked for."""
    at = f' --home "{home}"' if home is not None else ""
    return [f"Dashboard: {url}", f"Its token:  guard web token{at}    (with --link: an address that opens it at once)"]


def token(
    home: HomeFolder = None,
    link: Annotated[bool, typer.Option("--link", help="As an address that opens the dashboard at once.")] = False,
    port: Port = PORT,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the dashboard's token; it is made when there is none yet."""
    found = read_token(find_home(home))
    if as_json:
        output.print_json({"format": "guard.web-token/1", "token": found})
    else:
        output.say(f"http://{LOOPBACK}:{port}/#token={found}" if link else found)


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(help="The dashboard, in a browser.", context_settings={"help_option_names": ["-h", "--help"]})
    group.callback(invoke_without_command=True)(web)
    group.command("token")(token)
    app.add_typer(group, name="web")
