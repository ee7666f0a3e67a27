"""Every route of the OpenAPI document, asked with anything: refused or answered, never an internal fault."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case

from tests.dashboards import Dashboard, demo_with_dashboard

ROUTES = {
    "GET /healthz", "GET /metrics", "GET /v1/calc", "GET /v1/commands/{uid}", "GET /v1/history", "GET /v1/journal",
    "GET /v1/journal/{seq}/snapshot", "GET /v1/status", "GET /v1/whatif", "POST /v1/ack", "POST /v1/calc",
    "POST /v1/flatten", "POST /v1/lock", "POST /v1/tighten",
}  # fmt: skip


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with demo_with_dashboard(tmp_path_factory.mktemp("openapi"), "--scenario", "calm", "--speed", "max") as found:
        yield found


def test_no_route_fails_whatever_it_is_asked(dashboard: Dashboard) -> None:
    schema = schemathesis.openapi.from_dict(dashboard.ask("/openapi.json").json)
    asked: Counter[str] = Counter()
    statuses: Counter[int] = Counter()

    def anything(case: "Case[Any]") -> None:
        headers = {"Authorization": f"Bearer {dashboard.token}"}
        answer = case.call(base_url=dashboard.url.rstrip("/"), headers=headers)
        name = f"{case.method.upper()} {case.operation.path}"
        asked[name] += 1
        statuses[answer.status_code] += 1
        assert answer.status_code < 500, (name, answer.text)

    few = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    for found in schema.get_all_operations():
        few(given(case=found.ok().as_strategy())(anything))()
    assert set(asked) == ROUTES
    assert {200, 202, 422} <= set(statuses)
