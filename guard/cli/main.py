"""The ``guard`` command: loads only the named command's module, and turns every error into one sentence and a code.

A module of this package that defines ``register(app: typer.Typer) -> None`` is a command; it is named like the file.
"""

from __future__ import annotations

import errno
import os
import pkgutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any, Final

import typer

import guard
from guard.cli import output
from guard.cli._lean import keep_openssl_out
from guard.model.errors import GuardError

INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141
_OWN: Final = frozenset({"main", "output"})
# Windows reports a closed pipe as EINVAL when flushing.
_PIPE_ERRNOS: Final = frozenset({errno.EPIPE, errno.ESHUTDOWN, *((errno.EINVAL,) if os.name == "nt" else ())})
# typer keeps its own copy of click, or uses the package, depending on its version: take the class from its public one.
_CLICK_ERROR: Final[type[Exception]] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")


def command_names() -> list[str]:
    """The modules that may hold commands, in alphabetical order."""
    package = import_module("guard.cli")
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(name for name in names if name not in _OWN and not name.startswith("_"))


def build_app(argv: Sequence[str]) -> typer.Typer:
    """The application with the command ``argv`` names, or with all of them when it names none."""
    app = typer.Typer(
        name="guard", no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="MT5 Guard watches a MetaTrader 5 account and says when a risk limit is near or broken.",
    )  # fmt: skip

    @app.callback()
    def root(
        version: Annotated[
            bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
        ] = False,
    ) -> None:
        """MT5 Guard watches a MetaTrader 5 account and says when a risk limit is near or broken."""

    names = command_names()
    named = next((arg.replace("-", "_") for arg in argv if not arg.startswith("-")), None)
    if named not in names or not _register(app, named, alone=True):
        for name in names:
            if name != named:
                _register(app, name)
    return app


def _register(app: typer.Typer, name: str, *, alone: bool = False) -> bool:
    if alone and name == "run":
        keep_openssl_out()
    register = getattr(import_module(f"guard.cli.{name}"), "register", None)
    if register is None:
        return False
    register(app)
    return True


def _version(asked: bool) -> None:
    if asked:
        output.say(f"guard {guard.__version__}")
        raise typer.Exit


def run(argv: Sequence[str]) -> int:
    """Carry out one command line and return its exit code; nothing is raised but ``SystemExit`` of a command."""
    output.prepare_streams()
    try:
        code = _invoke(argv)
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except GuardError as error:
        output.tell(f"guard: {error}")
        return error.exit_code
    except OSError as error:
        if error.errno in _PIPE_ERRNOS and error.filename is None:
            _discard_stdout()
            return BROKEN_PIPE
        return _unexpected(error)
    except Exception as error:  # noqa: BLE001 - the outermost edge: said in one sentence, with the details in the log
        return _unexpected(error)
    return code


def _invoke(argv: Sequence[str]) -> int:
    command: Any = typer.main.get_command(build_app(argv))
    try:
        with command.make_context("guard", list(argv)) as context:
            command.invoke(context)
    except typer.Exit as done:
        return int(done.exit_code)
    except typer.Abort:
        return INTERRUPTED
    except _CLICK_ERROR as error:
        return _usage(error)
    return 0


def _usage(error: Exception) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "guard"
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    if type(error).__name__ == "NoArgsIsHelpError":
        output.tell(message)
        return 2
    sentence = " ".join(message.split())
    sentence = sentence if sentence.endswith((".", "?", "!")) else sentence + "."
    output.tell(f"guard: {sentence} See `{path} --help`.")
    return 2


def _unexpected(error: Exception) -> int:
    where = _log(error)
    what = " ".join(str(error).split()) or "no further text"
    output.tell(f"guard: an internal fault, please report it: {type(error).__name__}: {what} ({where}).")
    return 1


def _log(error: Exception) -> str:
    """Hand the details to the log file that the command has opened, if any; never to the console."""
    if _trace(error):
        return "details above"
    if "loguru" in sys.modules:
        from loguru import logger  # noqa: PLC0415 - only when the command has loaded it already

        with suppress(ValueError):
            logger.remove(0)  # the library's own console output, there until a log file is opened
        logger.opt(exception=error).critical("internal fault")
    return "details are in the log if one is open; GUARD_TRACEBACK=1 shows them"


def _trace(error: Exception) -> bool:
    if os.environ.get("GUARD_TRACEBACK") != "1":
        return False
    import traceback  # noqa: PLC0415 - only for a developer who asked

    output.tell("".join(traceback.format_exception(error)))
    return True


def _discard_stdout() -> None:
    """Point standard output to nowhere, so that the interpreter's last flush does not complain."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        sys.stdout = None  # no descriptor behind it: nothing left to flush


def main() -> None:
    """The console entry point."""
    if "_GUARD_COMPLETE" in os.environ:
        build_app([])()
        return
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
