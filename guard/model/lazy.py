"""A figure that is computed when first asked for and kept: ``functools.cached_property`` without its lock.

The standard one takes a lock on CPython 3.11, which costs more than most figures. An object of the core is used by one
thread only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801  # read like property
    """A method as an attribute that is computed once per object."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        """``compute`` is the method."""
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> lazy[T]: ...

    @overload
    def __get__(self, owner: object, kind: type) -> T: ...

    def __get__(self, owner: object | None, kind: type) -> lazy[T] | T:
        """The value; from the second time on Python finds it in the object itself."""
        if owner is None:
            return self
        value = owner.__dict__[self._name] = self._compute(owner)
        return value
