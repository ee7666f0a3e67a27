"""A request handed over together with a keyword mapping, even an empty one, is refused, as the vendor's package does.

Wrappers and executors do that without saying so. What each way of calling gives was seen with the package itself.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

from fakes import metatrader5

mt5: Any = metatrader5
REQUEST = {"action": 1, "symbol": "EURUSD", "volume": 1.0}
NO_LINK = (-10004, "No IPC connection")
REFUSED = (-2, "Unnamed arguments not allowed")
NOTHING: dict[str, Any] = {}
Call = Callable[..., Any]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    metatrader5.detach()
    yield
    metatrader5.detach()


def wrapper(call: Call) -> Call:
    def inner(*args: Any, **kwargs: Any) -> Any:
        return call(*args, **kwargs)

    return inner


def narrow_wrapper(call: Call) -> Call:
    def inner(*args: Any) -> Any:
        return call(*args)

    return inner


def in_pool(call: Call) -> Any:
    with ThreadPool(1) as pool:
        return pool.apply(call, (REQUEST,))


def submit(*given: Any) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(*given).result()


def in_thread(call: Call) -> None:
    thread = threading.Thread(target=call, args=(REQUEST,))
    thread.start()
    thread.join()


def in_loop(call: Call) -> Any:
    async def main() -> Any:
        return await asyncio.get_running_loop().run_in_executor(None, call, REQUEST)

    return asyncio.run(main())


REFUSED_WAYS: dict[str, Callable[[Call], Any]] = {
    "f(r, **{})": lambda f: f(REQUEST, **NOTHING),
    "f(*a, **k)": lambda f: f(*(REQUEST,), **NOTHING),
    "a wrapper": lambda f: wrapper(f)(REQUEST),
    "partial called with **{}": lambda f: partial(f, REQUEST)(**NOTHING),
    "__call__ with **{}": lambda f: f.__call__(*(REQUEST,), **NOTHING),  # type: ignore[operator]
    "executor.submit(f, r)": lambda f: submit(f, REQUEST),
    "executor.submit(partial)": lambda f: submit(partial(f, REQUEST)),
    "run_in_executor": in_loop,
    "Thread(target=f)": in_thread,
    "pool.apply": in_pool,
}
FINE_WAYS: dict[str, Callable[[Call], Any]] = {
    "f(r)": lambda f: f(REQUEST),
    "f(*a)": lambda f: f(*(REQUEST,)),
    "named": lambda f: f(**REQUEST),
    "a wrapper of positional arguments": lambda f: narrow_wrapper(f)(REQUEST),
    "partial": lambda f: partial(f, REQUEST)(),
    "map": lambda f: list(map(f, [REQUEST])),
    "starmap": lambda f: list(itertools.starmap(f, [(REQUEST,)])),
    "executor.submit(lambda)": lambda f: submit(lambda: f(REQUEST)),
    "asyncio.to_thread": lambda f: asyncio.run(asyncio.to_thread(f, REQUEST)),
}


@pytest.mark.parametrize("name", ["order_send", "order_check"])
@pytest.mark.parametrize("way", REFUSED_WAYS)
def test_a_request_beside_an_empty_mapping_is_refused(name: str, way: str) -> None:
    REFUSED_WAYS[way](getattr(mt5, name))
    assert mt5.last_error() == REFUSED


@pytest.mark.parametrize("name", ["order_send", "order_check"])
@pytest.mark.parametrize("way", FINE_WAYS)
def test_a_request_by_itself_is_read(name: str, way: str) -> None:
    FINE_WAYS[way](getattr(mt5, name))
    assert mt5.last_error() == NO_LINK


def test_an_empty_mapping_alone_is_a_request_of_zeros() -> None:
    assert mt5.order_send(**NOTHING) is None
    assert mt5.last_error() == NO_LINK
    assert mt5.order_send() is None
    assert mt5.last_error() == (-2, "Invalid number of arguments")


@pytest.mark.parametrize("name", ["positions_get", "symbols_get", "history_deals_get", "login"])
def test_other_functions_do_not_mind_an_empty_mapping(name: str) -> None:
    call = getattr(mt5, name)
    call()
    plain = mt5.last_error()
    wrapper(call)()
    assert mt5.last_error() == plain
