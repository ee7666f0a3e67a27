"""What every test may ask for."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

REAL_DATA = "GUARD_REAL_DATA"


def pytest_addoption(parser: pytest.Parser) -> None:
    """What the live contract may do on a demo account."""
    parser.addoption("--may-trade", action="store_true", help="live tests may place and delete one order, on demo only")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real account data named by ``GUARD_REAL_DATA``; skips where it is not set.

    Where the variable is set the data must be there: a run that was told to use it never skips in silence.
    """
    named = os.environ.get(REAL_DATA)
    if not named:
        pytest.skip(f"{REAL_DATA} names no folder of real account data; the synthetic twin of this test runs")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"{REAL_DATA} is {named}, which is no folder")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip of a real-data test into a failure where the data was promised."""
    report = yield
    asked = "real_data" in getattr(item, "fixturenames", ())
    if report.skipped and asked and os.environ.get(REAL_DATA):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped although {REAL_DATA} is set: {report.longrepr}"
    return report
