"""Everything periodic that is not the hot loop. Jobs run in another thread and only ask; the loop does the work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from queue import SimpleQueue
from typing import Any, Final

from loguru import logger

HEARTBEAT: Final = "heartbeat"
HOUSEKEEPING: Final = "housekeeping"
PERIODS_S: Final[Mapping[str, int]] = {HEARTBEAT: 60, HOUSEKEEPING: 3600}


class Schedule:
    """Asks for each kind of work once per period, by ``APScheduler``."""

    def __init__(self, periods_s: Mapping[str, int] = PERIODS_S) -> None:
        """``periods_s``: the kinds of work and their periods."""
        self._periods_s = dict(periods_s)
        self._asked: SimpleQueue[str] = SimpleQueue()
        self._scheduler: Any = None

    def start(self) -> None:
        """Start the scheduler's thread."""
        from apscheduler.events import (  # noqa: PLC0415 - after the first verdict, not before
            EVENT_JOB_ERROR,
            EVENT_JOB_MAX_INSTANCES,
            EVENT_JOB_MISSED,
        )
        from apscheduler.executors.pool import ThreadPoolExecutor  # noqa: PLC0415
        from apscheduler.schedulers.background import BackgroundScheduler  # noqa: PLC0415

        # A late job runs once, whatever the delay: the default drops it after one second.
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        # It swallows whatever a job raises, so its own events are the only sign.
        scheduler.add_listener(self._on_trouble, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        for kind, period_s in self._periods_s.items():
            scheduler.add_job(self._asked.put, "interval", seconds=period_s, args=(kind,), id=kind)
        scheduler.start()
        self._scheduler = scheduler

    def due(self) -> list[str]:
        """The kinds of work asked for since the last call, each once."""
        kinds: list[str] = []
        # Nobody else takes from it, so what is there stays there.
        while not self._asked.empty():
            kind = self._asked.get_nowait()
            if kind not in kinds:
                kinds.append(kind)
        return kinds

    def close(self) -> None:
        """Stop the thread."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    @staticmethod
    def _on_trouble(event: Any) -> None:  # noqa: ANN401 - the library publishes no types
        why = getattr(event, "exception", None)
        logger.warning("scheduler: job {} in trouble (code {}): {}", event.job_id, event.code, why)
