"""Deadlines, replacing and backing off, on a clock of the test's own: how long a call may take before it is a hang."""

from collections.abc import Callable
from typing import Any

import pytest

from guard.model.errors import TerminalError
from guard.terminal.link import BACK_OFF_S, Link


class Time:
    """A clock that moves only while someone waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Slow:
    """A worker that takes its time for every answer, or never gives one."""

    def __init__(self, time: Time, takes_s: Callable[[str], float], replies: Callable[[str], dict[str, Any]]) -> None:
        self.time, self.takes_s, self.replies = time, takes_s, replies
        self.ready_at = 0.0
        self.waiting: dict[str, Any] | None = None
        self.killed_at: float | None = None

    @property
    def pid(self) -> int | None:
        return None

    def ask(self, request: dict[str, Any]) -> None:
        self.waiting = {"id": request["id"], **self.replies(request["op"])}
        self.ready_at = self.time.now + self.takes_s(request["op"])

    def reply(self, timeout_s: float) -> dict[str, Any] | None:
        if self.time.now + timeout_s < self.ready_at:
            self.time.now += timeout_s
            return None
        self.time.now = max(self.time.now, self.ready_at)
        answer, self.waiting = self.waiting, None
        return answer

    def kill(self) -> None:
        self.killed_at = self.time.now


class Bench:
    """A link whose workers are slow as told."""

    def __init__(self) -> None:
        self.time, self.workers = Time(), list[Slow]()
        self.takes: dict[str, float] = {}
        self.says: dict[str, dict[str, Any]] = {}
        self.link = Link(self.start, {"op": "open"}, 170.0, self.time)

    def start(self) -> Slow:
        def takes(operation: str) -> float:
            return self.takes.get(operation, 0.001)

        def says(operation: str) -> dict[str, Any]:
            return self.says.get(operation, {"body": {"instance": "1"}})

        self.workers.append(Slow(self.time, takes, says))
        return self.workers[-1]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_an_order_of_eight_seconds_is_waited_for_and_told_at_two(bench: Bench) -> None:
    bench.link.open()
    bench.takes["send"] = 8.0
    told: list[float] = []
    bench.link.ask({"op": "send"}, 30.0, (2.0, lambda: told.append(round(bench.time.now, 1))))
    assert (told, round(bench.time.now, 1), len(bench.workers)) == ([2.0], 8.0, 1)


def test_a_quick_order_is_not_told_as_slow(bench: Bench) -> None:
    bench.link.open()
    bench.link.ask({"op": "send"}, 30.0, (2.0, lambda: pytest.fail("it was quick")))


def test_an_initialize_of_a_minute_is_waited_for_at_the_start_and_while_running(bench: Bench) -> None:
    bench.takes["open"] = 60.0
    bench.link.open()
    assert (round(bench.time.now), len(bench.workers)) == (60, 1)
    with pytest.raises(TerminalError, match="hang"):
        bench.link.replace("hang")
    began, said = bench.time.now, list[str]()
    while not bench.link.ready:
        try:
            bench.link.be_ready()
        except TerminalError as error:
            said.append(str(error))
    assert set(said) == {"waiting for the terminal to answer"}
    assert bench.time.now - began == pytest.approx(60.0, abs=0.1)
    assert len(bench.workers) == 2
    assert len(said) > 1000, "each look waited only a moment, so that the core stays awake"


def test_an_initialize_that_never_ends_is_given_up(bench: Bench) -> None:
    bench.takes["open"] = 1e9
    with pytest.raises(TerminalError, match="running and logged in"):
        bench.link.open()
    assert bench.time.now == pytest.approx(170.0)
    assert bench.workers[0].killed_at == pytest.approx(170.0)


def test_a_hung_reading_is_seen_at_its_deadline_and_the_worker_replaced_at_once(bench: Bench) -> None:
    bench.link.open()
    bench.takes["hot"] = 10.0
    began = bench.time.now
    with pytest.raises(TerminalError, match="did not answer within 1 s"):
        bench.link.ask({"op": "hot"}, 1.0)
    assert bench.time.now - began == pytest.approx(1.0)
    assert len(bench.workers) == 2
    assert bench.workers[0].killed_at == pytest.approx(bench.time.now)


def test_the_first_restart_is_at_once_further_ones_back_off_and_a_good_reading_forgives(bench: Bench) -> None:
    bench.link.open()
    bench.takes["hot"] = 1e9
    pauses: list[float] = []
    for _ in range(8):
        with pytest.raises(TerminalError, match="did not answer"):
            bench.link.ask({"op": "hot"}, 1.0)
        began = bench.time.now
        while not bench.link.ready:
            try:
                bench.link.be_ready()
            except TerminalError:
                bench.time.now += 0.01
        pauses.append(round(bench.time.now - began))
    assert pauses == [*BACK_OFF_S, 30, 30]
    bench.link.well()
    with pytest.raises(TerminalError, match="did not answer"):
        bench.link.ask({"op": "hot"}, 1.0)
    bench.link.be_ready()


@pytest.mark.parametrize("says", [{"error": "IPC recv failed", "ipc": True}, {"error": "simulated", "final": True}])
def test_after_an_error_of_the_link_nothing_more_is_believed(bench: Bench, says: dict[str, Any]) -> None:
    bench.link.open()
    bench.says["hot"] = says
    with pytest.raises(TerminalError, match=str(says["error"])):
        bench.link.ask({"op": "hot"}, 1.0)
    assert bench.workers[0].killed_at is not None


def test_an_error_of_one_call_leaves_the_worker_alone(bench: Bench) -> None:
    bench.link.open()
    bench.says["hot"] = {"error": "Call failed", "ipc": False}
    with pytest.raises(TerminalError, match="Call failed"):
        bench.link.ask({"op": "hot"}, 1.0)
    assert bench.workers[0].killed_at is None
    assert bench.link.ready


def test_a_late_answer_never_answers_the_next_question(bench: Bench) -> None:
    bench.link.open()
    bench.says["hot"] = {"id": 1, "body": {"account": "of another question"}}
    with pytest.raises(TerminalError, match="did not answer"):
        bench.link.ask({"op": "hot"}, 1.0)
    assert len(bench.workers) == 2
