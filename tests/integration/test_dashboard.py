"""The dashboard over the network: who is let in, what it answers, and that nothing it is asked breaks it."""

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.dashboards import TOKEN, Dashboard, demo_with_dashboard, guard_with_dashboard


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with demo_with_dashboard(tmp_path_factory.mktemp("dashboard"), "--speed", "max") as found:
        # The market ends at once; from then on the last look stands still.
        deadline = time.monotonic() + 60
        while "market has ended" not in found.said.read_text(encoding="utf-8"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield found


def raw(dashboard: Dashboard, lines: list[str], body: bytes = b"") -> int:
    """The status that bytes sent as they are get; 0 when the connection is closed without an answer."""
    with socket.create_connection(("127.0.0.1", dashboard.port), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        answer = connection.recv(64)
    return int(answer.split()[1]) if answer else 0


GOOD = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    "path, headers, status",
    [
        ("/v1/status", GOOD, 200),
        ("/v1/status", {}, 401),
        ("/", {}, 401),
        ("/static/app.js", {}, 401),
        ("/openapi.json", {}, 401),
        ("/no/such/page", {}, 401),
        ("/v1/status", {"Authorization": "Bearer an-old-token-of-last-year"}, 401),
        ("/v1/status", {"Authorization": f"Basic {TOKEN}"}, 401),
        ("/v1/status", {"Authorization": f"Bearer {TOKEN}x"}, 401),
        ("/v1/status", {"Cookie": f"guard_PORT={TOKEN}"}, 401),
        ("/v1/status", {"Cookie": "guard_PORT=9999999999.00"}, 401),
        ("/v1/status", {**GOOD, "Host": "evil.com"}, 421),
        ("/v1/status", {**GOOD, "Host": "127.evil.com:PORT"}, 421),
        ("/v1/status", {**GOOD, "Host": "127.0.0.1.evil.com:PORT"}, 421),
        ("/v1/status", {**GOOD, "Host": "127.0.0.1"}, 421),
        ("/v1/status", {**GOOD, "Host": "127.0.0.1:1"}, 421),
        ("/v1/status", {**GOOD, "Host": ""}, 421),
        ("/v1/status", {**GOOD, "Host": "LOCALHOST:PORT"}, 200),
        ("/v1/status", {**GOOD, "Origin": "https://evil.com"}, 403),
        ("/v1/status", {**GOOD, "Origin": "null"}, 403),
        ("/v1/status", {**GOOD, "Origin": "https://127.0.0.1:PORT"}, 403),
        ("/v1/status", {**GOOD, "Origin": "http://127.0.0.1:PORT.evil.com"}, 403),
        ("/v1/status", {**GOOD, "Origin": "http://127.0.0.1:PORT"}, 200),
        # The order of refusal: name, page, token.
        ("/v1/status", {"Host": "evil.com", "Origin": "https://evil.com"}, 421),
        ("/v1/status", {"Origin": "https://evil.com"}, 403),
        ("/healthz", {}, 200),
        ("/metrics", {}, 200),
        ("/healthz", {"Host": "evil.com"}, 421),
        ("/metrics", {"Origin": "https://evil.com"}, 403),
    ],
)
def test_who_may_ask_and_who_is_refused_how(
    dashboard: Dashboard, path: str, headers: Mapping[str, str], status: int
) -> None:
    own = {"Host": f"127.0.0.1:{dashboard.port}", **headers}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in own.items()), "Connection: close"]
    assert raw(dashboard, [line.replace("PORT", str(dashboard.port)) for line in lines]) == status


@pytest.mark.parametrize("number", [0, 2])
def test_a_request_without_exactly_one_host_is_refused(dashboard: Dashboard, number: int) -> None:
    lines = ["GET /healthz HTTP/1.1", *[f"Host: 127.0.0.1:{dashboard.port}"] * number, "Connection: close"]
    assert raw(dashboard, lines) in {400, 421}


@pytest.mark.parametrize("verb", ["lock", "ack", "tighten", "flatten", "session", "logout"])
def test_getting_a_page_changes_nothing(dashboard: Dashboard, verb: str) -> None:
    before = dashboard.ask("/v1/status").json["guards"][0]["locks"]
    for method in ("GET", "HEAD"):
        assert dashboard.ask(f"/v1/{verb}?for_s=60&reason=x&limit=period_loss&value=1", method=method).status == 405
    assert dashboard.ask("/v1/status").json["guards"][0]["locks"] == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing_and_no_other_site_is_let_in(dashboard: Dashboard, method: str) -> None:
    found = dashboard.ask("/v1/lock", method=method)
    assert found.status == 405
    assert not [name for name in found.headers if name.startswith("access-control-")]


def test_an_oversized_body_is_refused_with_its_length_and_without(dashboard: Dashboard) -> None:
    large = b" " * 200_000
    assert dashboard.ask("/v1/lock", large).status == 413
    connection = http.client.HTTPConnection("127.0.0.1", dashboard.port, timeout=10)
    headers = {**GOOD, "Content-Type": "application/json"}
    connection.request("POST", "/v1/lock", iter([large]), headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()
    lines = ["POST /v1/lock HTTP/1.1", f"Host: 127.0.0.1:{dashboard.port}", f"Authorization: Bearer {TOKEN}"]
    assert raw(dashboard, [*lines, "Content-Length: 99999999999999"]) in {400, 413}
    assert raw(dashboard, [*lines, "Content-Length: -1"]) in {400, 413}
    assert raw(dashboard, [*lines, f"X-Long: {'x' * 1_000_000}"]) in {0, 400, 431}


def test_a_form_of_another_page_is_no_order(dashboard: Dashboard) -> None:
    found = dashboard.ask("/v1/lock", b"for_s=60", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert found.status == 422
    sent = dashboard.ask("/v1/lock", b'{"for_s": 60}', headers={"Content-Type": "text/plain"})
    assert sent.status == 422


def test_the_cookie_is_for_this_site_and_no_script_and_dies_with_the_token(dashboard: Dashboard) -> None:
    found = dashboard.ask("/v1/session", method="POST")
    cookie = found.headers["set-cookie"]
    assert found.status == 204
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    assert TOKEN not in cookie
    session = {"Cookie": cookie.split(";")[0]}
    ours = {"Origin": dashboard.url.rstrip("/")}

    assert dashboard.bare("/v1/status", session).status == 200
    assert dashboard.bare("/v1/ack", {**session, "Content-Type": "application/json"}, "POST").status == 403
    assert dashboard.bare("/v1/logout", {**session, **ours}, "POST").status == 204
    tampered = {"Cookie": session["Cookie"][:-1] + ("0" if session["Cookie"][-1] != "0" else "1")}
    assert dashboard.bare("/v1/status", tampered).status == 401


def test_every_answer_carries_the_policy_that_lets_nothing_else_in(dashboard: Dashboard) -> None:
    for path, headers in (("/", {}), ("/v1/status", {}), ("/", {"Authorization": ""}), ("/healthz", {})):
        found = dashboard.ask(path, headers={"Accept": "text/html", **headers})
        assert "default-src 'self'" in found.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in found.headers["content-security-policy"]
        assert "unsafe" not in found.headers["content-security-policy"]
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["cache-control"] == "no-store"
        assert "server" not in found.headers
        assert not [name for name in found.headers if name.startswith("access-control-")]


def test_without_a_token_a_browser_gets_a_page_that_asks_for_it_and_names_no_account(dashboard: Dashboard) -> None:
    found = dashboard.bare("/", {"Accept": "text/html"})
    assert found.status == 401
    assert b'type="password"' in found.body
    assert b"5012345" not in found.body


def test_the_open_pages_name_no_account_and_no_money(dashboard: Dashboard) -> None:
    guard = dashboard.ask("/v1/status").json["guards"][0]
    for path in ("/healthz", "/metrics"):
        text = dashboard.bare(path).body.decode()
        assert str(guard["account"]["login"]) not in text
        assert guard["account"]["server"] not in text
        assert f"{guard['figures']['equity']:g}" not in text


def test_the_status_is_that_of_guard_status(dashboard: Dashboard) -> None:
    found = dashboard.ask("/v1/status").json
    guard = found["guards"][0]
    assert found["format"] == "guard.status-list/1"
    assert {"figures", "verdicts", "positions", "locks", "intents", "gaps", "account", "mode"} <= guard.keys()
    assert guard["pulse"]["late"] is False


@pytest.mark.parametrize(
    "verb, body, done",
    [
        ("lock", {"for_s": 60, "reason": "tired"}, True),
        ("ack", {}, True),
        ("ack", {"notice": 1}, False),
        ("tighten", {"limit": "period_loss", "value": 1.5}, False),
        ("flatten", {"symbol": "EURUSD", "losers": True}, False),
        ("flatten", {}, False),
    ],
)
def test_what_is_asked_goes_through_the_inbox_and_is_answered_in_the_journal(
    dashboard: Dashboard, verb: str, body: dict[str, object], done: bool
) -> None:
    found = dashboard.ask(f"/v1/{verb}", body)
    assert found.status == 202
    assert dashboard.until_answered(found.json["uid"])["done"] is done


def test_a_lock_appears_with_its_countdown_and_a_row_in_the_journal(dashboard: Dashboard) -> None:
    dashboard.until_answered(dashboard.ask("/v1/lock", {"for_s": 30.0, "reason": "countdown test"}).json["uid"])
    lock = next(one for one in dashboard.ask("/v1/status").json["guards"][0]["locks"] if "countdown" in one["reason"])
    assert 0.0 < lock["remaining_s"] <= 30.0
    time.sleep(1.2)
    later = next(one for one in dashboard.ask("/v1/status").json["guards"][0]["locks"] if one["id"] == lock["id"])
    assert later["remaining_s"] < lock["remaining_s"]
    assert any("countdown test" in row["text"] for row in dashboard.ask("/v1/journal?kind=command").json["rows"])


@pytest.mark.parametrize(
    "verb, body",
    [
        ("lock", {}), ("lock", {"for_s": 0}), ("lock", {"for_s": -1}), ("lock", {"for_s": 1e9}),
        ("lock", {"for_s": "60"}), ("lock", {"for_s": True}), ("lock", {"for_s": 60, "until": "never"}),
        ("lock", {"for_s": 60, "reason": "x" * 201}), ("lock", []), ("lock", None), ("ack", {"notice": 0}),
        ("tighten", {"limit": "period_loss"}), ("tighten", {"limit": "", "value": 1}), ("flatten", {"pct": 101}),
        ("flatten", {"side": "both"}), ("flatten", {"everything": True}),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_meant_is_refused_and_not_repeated(
    dashboard: Dashboard, verb: str, body: object
) -> None:
    found = dashboard.ask(f"/v1/{verb}", b"null" if body is None else body)
    assert found.status == 422
    assert found.json["error"]
    assert b"x" * 50 not in found.body


def test_the_journal_can_be_filtered_and_read_page_by_page_and_shows_its_proof(dashboard: Dashboard) -> None:
    first = dashboard.ask("/v1/journal?count=5").json
    second = dashboard.ask(f"/v1/journal?count=5&before={first['before']}").json
    numbers = [row["seq"] for row in (*first["rows"], *second["rows"])]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 10
    breaches = dashboard.ask("/v1/journal?kind=notice&severity=BREACH&text=leverage").json["rows"]
    assert breaches
    assert all(row["kind"] == "notice" and "everage" in row["text"] for row in breaches)
    proof = dashboard.ask(f"/v1/journal/{breaches[0]['snapshot']}/snapshot").json
    assert proof["format"] == "guard.snapshot/1"
    assert dashboard.ask("/v1/journal/999999/snapshot").status == 422
    assert dashboard.ask("/v1/journal?since=yesterday").status == 422


def test_a_what_if_says_what_one_more_trade_would_break(dashboard: Dashboard) -> None:
    symbol = "EURUSD"
    small = dashboard.ask(f"/v1/whatif?symbol={symbol}&side=buy&lots=0.01&stop=1.0").json
    large = dashboard.ask(f"/v1/whatif?symbol={symbol}&side=buy&lots=50").json
    before = {one["limit"]: one["utilization_pct"] for one in large["limits"]}
    after = {one["limit"]: one["utilization_after_pct"] for one in large["limits"]}
    assert after["effective_leverage"] > before["effective_leverage"]
    assert large["binds"] is not None
    assert small["trade"]["lots"] == 0.01
    assert dashboard.ask("/v1/whatif?symbol=NOSUCH&side=buy&lots=1").status == 422


def test_the_calculators_answer_as_on_the_command_line(dashboard: Dashboard) -> None:
    assert "margin" in dashboard.ask("/v1/calc").json
    inputs = {"calc": "forex", "lots": 1, "contract_size": 100000, "price": 1.1, "leverage": 100}
    found = dashboard.ask("/v1/calc", {"category": "margin", "inputs": {**inputs, "margin_ccy_to_account": 1.1}})
    assert found.status == 200
    assert dashboard.ask("/v1/calc", {"category": "no such", "inputs": {}}).status == 422
    assert dashboard.ask("/v1/calc", {"category": "margin", "inputs": {**inputs, "lots": -1}}).status == 422


def test_metrics_are_text_that_prometheus_reads_by_its_conventions(dashboard: Dashboard) -> None:
    found = dashboard.bare("/metrics")
    assert found.headers["content-type"].startswith("text/plain; version=")
    families = list(text_string_to_metric_families(found.body.decode()))
    names = [family.name for family in families]
    assert len(names) == len(set(names)) >= 15
    for family in families:
        assert re.fullmatch(r"mt5_guard_[a-z_]+", family.name)
        assert family.documentation.endswith(".")
        assert family.type in {"gauge", "counter"}
        assert not family.name.endswith(("_pct", "_percent", "_ms"))
        assert all(sample.name.endswith("_total") == (family.type == "counter") for sample in family.samples)
    used = next(family for family in families if family.name == "mt5_guard_limit_utilization_ratio")
    assert {"guard", "limit", "kind"} == set(used.samples[0].labels)


def test_events_are_sent_when_something_changes(dashboard: Dashboard) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", dashboard.port, timeout=10)
    connection.request("GET", "/v1/events", headers=GOOD)
    answer = connection.getresponse()
    assert answer.headers["content-type"].startswith("text/event-stream")
    seen: set[str] = set()
    while len(seen) < 3:
        line = answer.readline().decode()
        if line.startswith("data: "):
            seen.add(json.loads(line.removeprefix("data: "))["guards"][0]["at"])
    connection.close()


def test_the_token_is_in_no_answer_and_in_no_file(dashboard: Dashboard) -> None:
    for path in ("/v1/status", "/openapi.json", "/v1/journal?inner=true&count=500", "/", "/metrics", "/healthz"):
        assert TOKEN.encode() not in dashboard.ask(path).body
    kept = [path for path in dashboard.home.rglob("*") if path.is_file()]
    assert len(kept) > 4
    assert [path.name for path in kept if TOKEN.encode() in path.read_bytes()] == []
    assert TOKEN not in dashboard.said.read_text(encoding="utf-8")


def test_a_port_that_is_taken_is_one_sentence(dashboard: Dashboard, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="choose another --port"), demo_with_dashboard(
        tmp_path, "--port", str(dashboard.port)
    ):
        pass


def test_health_is_red_within_a_second_and_a_period_of_a_guard_that_hangs(tmp_path: Path) -> None:
    with demo_with_dashboard(tmp_path) as found:
        assert found.bare("/healthz").status == 200
        process = psutil.Process(found.process.pid)
        process.suspend()
        began = time.monotonic()
        try:
            while (answer := found.bare("/healthz")).status == 200:
                assert time.monotonic() - began < 5.0
                time.sleep(0.02)
            red_s = time.monotonic() - began
        finally:
            process.resume()
        assert answer.json["status"] == "late"
        # max(2 periods, 1 s), and the slowness of a busy computer.
        assert red_s < 2.0
        deadline = time.monotonic() + 10
        while found.bare("/healthz").status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_running_guard_is_shown_and_a_limit_is_tightened_at_once_and_never_loosened(tmp_path: Path) -> None:
    with guard_with_dashboard(tmp_path) as found:

        def threshold() -> float:
            verdicts = found.ask("/v1/status").json["guards"][0]["verdicts"]
            return float(next(one["threshold"] for one in verdicts if one["limit"] == "effective_leverage"))

        assert threshold() == 10.0
        assert found.bare("/healthz").status == 200
        order = {"limit": "effective_leverage", "value": 50.0}
        loosened = found.until_answered(found.ask("/v1/tighten", order).json["uid"])
        assert (loosened["done"], "would loosen it" in loosened["answer"]) == (False, True)
        tightened = found.until_answered(found.ask("/v1/tighten", {**order, "value": 4.0}).json["uid"])
        assert tightened["done"], tightened
        deadline = time.monotonic() + 15
        while threshold() != 4.0:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        loss = {"limit": "period_loss", "value": 1e6}
        assert found.until_answered(found.ask("/v1/tighten", loss).json["uid"])["done"] is False
        assert found.until_answered(found.ask("/v1/tighten", {**loss, "limit": "no such"}).json["uid"])["done"] is False
