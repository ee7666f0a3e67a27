"""Finding the one class a module defines. A broken one is an error where it is asked for: nothing is passed over."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Generic, TypeVar

T = TypeVar("T")

NOT_A_KIND = frozenset({"base", "registry"})


class Kinds(Mapping[str, type[T]], Generic[T]):
    """The kinds of a package by name; a kind's module is loaded when the kind is first asked for.

    A running guard holds the kinds its configuration names, not all there are.
    """

    def __init__(self, package: ModuleType, base: type[T]) -> None:
        """Names only; nothing is loaded yet."""
        self._package, self._base = package, base
        names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
        self._held: dict[str, type[T] | None] = {
            name: None for name in names if name not in NOT_A_KIND and not name.startswith("_")
        }

    def __getitem__(self, kind: str) -> type[T]:
        """The class of ``kind``.

        Raises:
            KeyError: There is no such kind.
            ValueError: Its module defines no such class, more than one, or one whose ``kind`` is not the module's name.
        """
        held = self._held[kind]
        if held is None:
            held = self._held[kind] = _class_of(f"{self._package.__name__}.{kind}", kind, self._base)
        return held

    def __contains__(self, kind: object) -> bool:
        """Whether there is such a kind; loads nothing."""
        return kind in self._held

    def __iter__(self) -> Iterator[str]:
        """The names in alphabetical order; loads nothing."""
        return iter(self._held)

    def __len__(self) -> int:
        """How many kinds there are."""
        return len(self._held)


def discover(package: ModuleType, base: type[T]) -> Kinds[T]:
    """The subclasses of ``base`` in ``package``: one a module, keyed by ``kind``, which is the module's name.

    Modules named ``base`` or ``registry`` and names starting with an underscore are passed over.
    """
    return Kinds(package, base)


def _class_of(path: str, name: str, base: type[T]) -> type[T]:
    module = importlib.import_module(path)
    classes = [
        value
        for _, value in inspect.getmembers(module, inspect.isclass)
        if issubclass(value, base) and value.__module__ == module.__name__
    ]
    if len(classes) != 1:
        message = f"{module.__name__} must define exactly one {base.__name__}, it defines {len(classes)}"
        raise ValueError(message)
    kind = getattr(classes[0], "kind", None)
    if kind != name:
        message = f"{module.__name__}.{classes[0].__name__}.kind is {kind!r}, it must be the module's name"
        raise ValueError(message)
    return classes[0]
