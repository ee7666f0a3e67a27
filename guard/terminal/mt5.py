"""Finds and connects the module that speaks to the terminal: the vendor's, or one of the same shape. Worker only."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import Any

from guard.model.errors import TerminalError
from guard.terminal.plain import ReadError, last_error
from guard.terminal.simulated import REFUSAL, says_simulated

VENDOR = "MetaTrader5"
# Everything of the vendor's ``initialize``, and what it takes for absent.
_ALL: dict[str, Any] = {"path": "", "login": 0, "password": "", "server": "", "timeout": 0, "portable": False}


def load_module(name: str, *, allow_simulated: bool) -> Any:
    """Import the module.

    Raises:
        TerminalError: It is not there, fails while it is imported, or is a simulated terminal.
    """
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        if name != VENDOR:
            way = "install it into the guard's own Python"
            raise TerminalError(f"the module {name} cannot be imported ({error}): {way}") from error
        if sys.platform == "win32":
            way = "install it with: python -m pip install MetaTrader5"
        else:
            way = "it exists for Windows only: run the guard there, next to the terminal"
        raise TerminalError(f"the MetaTrader5 package is not installed: {way}") from error
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise TerminalError(f"the module {name} fails while it is imported ({what}): ask its author") from error
    if says_simulated(module) and not allow_simulated:
        raise TerminalError(f"{name} is a simulated terminal: {REFUSAL}")
    return module


def initialize(module: Any, request: Mapping[str, Any]) -> None:
    """Connect to the terminal as ``request`` says: path, login, password, server, portable, timeout_s, each optional.

    A module of another hand may want every argument of the vendor's ``initialize``; it is given them when it says so.

    Raises:
        ReadError: The terminal cannot be reached, with the module's own reason.
    """
    timeout_s = request.get("timeout_s")
    given = {name: request[name] for name in ("login", "password", "server") if request.get(name) is not None}
    if isinstance(timeout_s, (int, float)):
        given["timeout"] = int(timeout_s * 1000)
    if request.get("portable") is True:
        given["portable"] = True
    path = request.get("path")
    try:
        done = module.initialize(*(() if path is None else (str(path),)), **given)
    except TypeError:
        done = _with_everything(module, {**given, **({} if path is None else {"path": str(path)})})
    except (ValueError, SystemError, RuntimeError, OSError, AttributeError) as error:
        raise ReadError("initialize", -1, f"{type(error).__name__}: {error}") from error
    if not done:
        code, text = last_error(module)
        raise ReadError("initialize", code, text if text else "no reason given")


def _with_everything(module: Any, given: dict[str, Any]) -> Any:
    try:
        return module.initialize(**{**_ALL, **given})
    except (TypeError, ValueError, SystemError, RuntimeError, OSError, AttributeError) as error:
        raise ReadError("initialize", -1, f"{type(error).__name__}: {error}") from error
