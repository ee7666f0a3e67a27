"""Budgets of the property tests: the same small set of examples every time, or others by option.

``--hypothesis-seed=N`` draws other examples, ``--hypothesis-profile=wide`` draws many more of them.
"""

import pytest
from hypothesis import HealthCheck, settings

CALM = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", CALM, derandomize=True)
settings.register_profile("seeded", CALM)
settings.register_profile("wide", CALM, max_examples=5_000)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the budget before the tests are read."""
    if config.getoption("--hypothesis-profile", None):
        return
    seeded = config.getoption("--hypothesis-seed", None) is not None
    settings.load_profile("seeded" if seeded else "same")
