"""Seeds over several processes: the simulated vendor module serves one broker a process."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.simulation import plants
from tests.simulation.run import Ran, run
from tests.simulation.script import draw

CHUNK = 4


def some(seeds: list[int], cycles: int, planted: str | None) -> list[Ran]:
    """Some seeds one after the other, in whatever process."""
    warnings.simplefilter("ignore")
    plants.plant(planted)
    return [run(draw(seed, cycles)) for seed in seeds]


def every(seeds: range, cycles: int, planted: str | None, jobs: int) -> Iterator[Ran]:
    """All seeds, as they are done."""
    if jobs <= 1 or len(seeds) == 1:
        for seed in seeds:
            yield from some([seed], cycles, planted)
        return
    size = max(1, min(CHUNK, len(seeds) // jobs))
    parts = [list(seeds[at : at + size]) for at in range(0, len(seeds), size)]
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        for done in as_completed([pool.submit(some, part, cycles, planted) for part in parts]):
            yield from done.result()
