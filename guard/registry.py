"""Finding the one class a module defines. A broken one stops the start: no limit goes missing silently."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")

NOT_A_KIND = frozenset({"base", "registry"})


def discover(package: ModuleType, base: type[T]) -> dict[str, type[T]]:
    """Import every module of ``package`` and return its one subclass of ``base``, keyed by ``kind``.

    Modules named ``base`` or ``registry`` and names starting with an underscore are passed over.

    Raises:
        ValueError: A module defines no such class, more than one, or one whose ``kind`` is not the module's name.
    """
    found: dict[str, type[T]] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda item: item.name):
        if info.name in NOT_A_KIND or info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        classes = [
            value
            for _, value in inspect.getmembers(module, inspect.isclass)
            if issubclass(value, base) and value.__module__ == module.__name__
        ]
        if len(classes) != 1:
            message = f"{module.__name__} must define exactly one {base.__name__}, it defines {len(classes)}"
            raise ValueError(message)
        kind = getattr(classes[0], "kind", None)
        if kind != info.name:
            message = f"{module.__name__}.{classes[0].__name__}.kind is {kind!r}, it must be the module's name"
            raise ValueError(message)
        found[info.name] = classes[0]
    return found
