"""The whole guard and its notifier: what leaves, hangs, is killed, is asked back, and what is never said."""

import json
import os
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from guard.app.outbox.look import channels, recent, waiting
from tests.launch import Running, guard, options, running
from tests.services import Web, smtp, web

BROKEN = [{"symbol": "EURUSD", "side": 1, "lots": 1.5, "sl": 0.0}]
TOKEN = "123456789:PLANTED-in-a-bots-token-abcdefghi"  # noqa: S105 - made up
HEAD = 'format = "guard.config/1"\n[notices]\ngroup_s = 0.2\nrepeat_s = 0.0\ndaily = "off"\nweekly = "off"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def service() -> Iterator[Web]:
    with web() as served:
        yield served


def config(home: Path, *names: str, more: str = "", head: str = HEAD) -> list[str]:
    path = home.parent / "guard.toml"
    entries = "".join(f'[[notify]]\nurl = "env:{name.upper()}"\nname = "{name}"\n' for name in names)
    path.write_text(head + entries + more, encoding="utf-8")
    return ["--config", str(path)]


def outbox(home: Path) -> Path:
    (folder,) = home.glob("state/*/")
    return folder / "outbox.db"


def eventually(found: Callable[[], Any], within_s: float = 20.0) -> Any:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.05)
    raise AssertionError(f"did not come true within {within_s} s")


def status(home: Path) -> dict[str, Any]:
    done = guard("status", "--json", home=home, account=None, root=False)
    document: dict[str, Any] = json.loads(done.stdout)["guards"][0]
    return document


def notifier_pid(home: Path) -> int:
    def found() -> int | None:
        try:
            document = json.loads(next(home.glob("state/*/status.json")).read_text(encoding="utf-8"))
        except (StopIteration, ValueError, OSError):
            return None
        pid: int | None = document["notifier"]["pid"]
        return pid

    pid: int = eventually(found)
    return pid


def test_a_breach_reaches_a_webhook_ntfy_telegram_and_a_mailbox(home: Path, service: Web) -> None:
    service.token = TOKEN
    words = config(home, "hook", "ntfy", "tele", "mail")
    with smtp() as mailbox:
        mail = f"mailto://me:planted@127.0.0.1:{mailbox.port}?from=guard@example.com&to=me@example.com&mode=insecure"
        with running(
            home, options(positions=BROKEN), *words, HOOK=service.url("json", "hook"),
            NTFY=service.url("ntfy", "topic"), TELE=f"tgram://{TOKEN}/4711/", MAIL=mail, GUARD_TEST_TELEGRAM=f"http://127.0.0.1:{service.port}",
        ) as guarded:  # fmt: skip
            hook = service.wait(lambda one: one.path == "/hook" and "BREACH" in one.body)
            service.wait(lambda one: one.path.endswith("/sendMessage") and "effective_leverage" in one.body)
            service.wait(lambda one: one.path in {"/topic", "/"} and "effective_leverage" in one.body)
            assert "effective_leverage" in mailbox.wait()
            guarded.interrupt()
    text = hook.json["message"]
    for word in ("How much: ", "Left: nothing", "Since: ", "Done: nothing; in mode warn", "guard ack "):
        assert word in text
    (breach,) = [row for row in recent(outbox(home), 99) if row["severity"] == "BREACH"]
    assert [sent["state"] for sent in breach["deliveries"]] == ["sent"] * 4
    assert sum("BREACH effective_leverage" in one.body for one in service.seen if one.path == "/hook") == 1


def late(path: Path) -> dict[str, float]:
    seconds = sorted(json.loads(path.read_text(encoding="utf-8")))
    return {
        "cycles": len(seconds),
        "median_ms": round(statistics.median(seconds) * 1000, 2),
        "p99_ms": round(seconds[int(len(seconds) * 0.99)] * 1000, 2),
        "worst_ms": round(seconds[-1] * 1000, 2),
    }


def watched_for(guarded: Running, seconds: float) -> None:
    time.sleep(seconds)
    guarded.interrupt()


def test_services_that_hang_refuse_or_fail_delay_no_cycle_and_deliver_later(
    home: Path, tmp_path: Path, service: Web
) -> None:
    with running(home, options(positions=BROKEN), GUARD_TEST_LATE=str(tmp_path / "calm.json")) as guarded:
        watched_for(guarded, 5.0)
    (tmp_path / "two").mkdir()
    words = config(tmp_path / "two", "hang", "busy", "broken", "wrong")
    service.token = TOKEN
    service.answers = [(500, {}, "{}"), (429, {"Retry-After": "2"}, "{}"), (500, {}, "{}")]
    with web() as slow:
        slow.hang_s = 60.0
        with running(
            tmp_path / "two", options(positions=BROKEN), *words, GUARD_TEST_LATE=str(tmp_path / "storm.json"),
            HANG=slow.url("json", "hang?rto=2"), BUSY=service.url("json", "busy"), BROKEN=service.url("json", "broken"),
            WRONG="tgram://987654321:PLANTED-wrong-token-abcdefghijkl/1/",
            GUARD_TEST_TELEGRAM=f"http://127.0.0.1:{service.port}",
        ) as guarded:  # fmt: skip
            path = outbox(tmp_path / "two")

            def both() -> dict[str, str] | None:
                found = {one["channel"]: one["why"] for one in channels(path) if one["failures"]}
                return found if found.keys() >= {"hang", "wrong"} else None

            failing = eventually(both)
            assert "no answer" in failing["hang"]
            assert "401" in failing["wrong"]
            said = guard("status", home=tmp_path / "two", account=None, root=False).stdout
            assert "MESSAGES FAIL: hang" in said
            assert "MESSAGES FAIL: wrong" in said
            queue = guard("notify", "queue", "--json", home=tmp_path / "two", account=None, root=False)
            (rows,) = json.loads(queue.stdout)["accounts"].values()
            assert {row["channel"] for row in rows} >= {"hang", "wrong"}
            for name in ("busy", "broken"):
                service.wait(lambda one, name=name: one.path == f"/{name}" and one.status == 200)  # type: ignore[misc]
            slow.hang_s = 0.0
            works = {"channel": "hang", "failures": 0}
            eventually(lambda: [one for one in channels(path) if works.items() <= one.items()], 40.0)
            assert {row["channel"] for row in waiting(path)} == {"wrong"}
            guarded.interrupt()
    calm, storm = late(tmp_path / "calm.json"), late(tmp_path / "storm.json")
    sys.stdout.write(f"\ncycle lateness without messages {calm}, with four failing channels {storm}\n")
    assert storm["median_ms"] < calm["median_ms"] + 20.0
    assert storm["p99_ms"] < calm["p99_ms"] + 250.0


def test_a_killed_notifier_is_started_again_and_loses_nothing(home: Path, service: Web) -> None:
    words = config(home, "hook", head=HEAD.replace("repeat_s = 0.0", "repeat_s = 1.0"))
    service.hang_s = 1.0
    with running(home, options(positions=BROKEN), *words, HOOK=service.url("json", "hook?rto=20")) as guarded:
        killed: set[int] = set()
        for _ in range(2):
            pid = eventually(lambda: (found := notifier_pid(home)) not in killed and found)
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            killed.add(pid)
        service.hang_s = 0.0
        eventually(lambda: [
            row for row in recent(outbox(home), 99)
            if row["severity"] == "BREACH" and row["deliveries"][0]["state"] == "sent"
        ])  # fmt: skip
        document = eventually(lambda: (found := status(home))["notifier"]["starts"] >= 2 and found)
        assert document["severity"] == "BREACH"
        assert guarded.interrupt() == 0
    titles = [one.json["title"] for one in service.accepted()]
    assert any("BREACH effective_leverage" in title for title in titles)
    rows = recent(outbox(home), 99)
    assert {sent["state"] for row in rows for sent in row["deliveries"]} <= {"sent", "merged", "over", "waiting"}
    assert all(row["deliveries"][0]["state"] in {"sent", "merged"} for row in rows)


def test_a_guard_that_is_killed_is_missed(home: Path, service: Web) -> None:
    words = config(home, "hook")
    account = options(positions=BROKEN)
    with running(home, account, *words, HOOK=service.url("json", "hook")) as guarded:
        service.wait(lambda one: "BREACH" in one.body)
        guarded.kill()
        service.wait(lambda one: "ended without being asked to" in one.body)
    with running(home, account, *words, HOOK=service.url("json", "hook")):
        service.wait(lambda one: "The guard watches again." in one.body)


def test_telegram_answers_its_chats_and_acknowledges(home: Path, service: Web) -> None:
    service.token = TOKEN
    words = config(home, "hook", more='[telegram]\nbot = "env:BOT"\nchats = [4711]\n')
    with running(
        home, options(positions=BROKEN), *words, HOOK=service.url("json", "hook"), BOT=TOKEN,
        GUARD_TEST_TELEGRAM=f"http://127.0.0.1:{service.port}",
    ) as guarded:  # fmt: skip
        service.wait(lambda one: one.path == "/hook" and "BREACH" in one.body)
        service.say(1, 666, "/status")
        service.say(2, 4711, "/status")
        answer = service.wait(lambda one: one.path.endswith("sendMessage") and "mode warn" in one.body).json
        assert answer["chat_id"] == 4711
        service.say(3, 4711, "/headroom")
        service.wait(lambda one: "effective_leverage: 0.00 % left" in one.body)
        service.say(4, 4711, "/lock 30m calm down")
        service.wait(lambda one: one.path.endswith("sendMessage") and "cannot lock" in one.body)
        (breach,) = [row for row in recent(outbox(home), 99) if row["severity"] == "BREACH"]
        service.say(5, 4711, f"/ack {breach['notice']}")
        service.wait(lambda one: one.path.endswith("sendMessage") and "is acknowledged" in one.body)
        eventually(lambda: [row for row in recent(outbox(home), 99) if row["acknowledged_at"]])
        assert all(one.json["chat_id"] == 4711 for one in service.seen if one.path.endswith("sendMessage"))
        guarded.interrupt()


def test_ack_at_the_command_line_is_journaled_and_ends_the_repeating(home: Path, service: Web) -> None:
    words = config(home, "hook", head=HEAD.replace("repeat_s = 0.0", "repeat_s = 1.0"))
    with running(home, options(positions=BROKEN), *words, HOOK=service.url("json", "hook")) as guarded:
        service.wait(lambda one: "message 2" in one.body)
        wrong = guard("ack", "999999", home=home, account=None, root=False)
        assert (wrong.returncode, "there is no notice 999999" in wrong.stdout) == (3, True)
        done = guard("ack", "--json", home=home, account=None, root=False)
        assert done.returncode == 0
        assert json.loads(done.stdout)["answers"][0]["done"] is True
        eventually(lambda: status(home)["messages"]["unacknowledged"] == [])
        before = len(service.seen)
        time.sleep(2.5)
        assert len(service.seen) - before <= 1
        guarded.interrupt()
    assert guard("ack", home=home, account=None, root=False).returncode == 5


def test_the_heartbeat_goes_out_while_the_account_is_seen(home: Path, service: Web) -> None:
    words = config(home, more='[heartbeat]\nurl = "env:PING"\nevery_s = 5.0\n')
    with running(home, options(), *words, PING=service.url("http", "ping/PLANTED")) as guarded:
        service.wait(lambda one: one.path == "/ping/PLANTED", 30.0)
        guarded.interrupt()


def test_a_planted_secret_is_nowhere_after_a_whole_run(home: Path, service: Web) -> None:
    service.token = "another"  # noqa: S105 - so that Telegram refuses
    service.answers = [(500, {}, "{}"), (401, {}, "{}"), (404, {}, "{}")]
    words = config(
        home, "hook", "tele", "nowhere", "nonsense", "mail",
        more='[heartbeat]\nurl = "env:PING"\nevery_s = 5.0\n[telegram]\nbot = "env:BOT"\nchats = [1]\n',
    )  # fmt: skip
    secrets = {
        "HOOK": service.url("json", "PLANTED-path?+X-Key=PLANTED-header").replace("//", "//user:PLANTED-password@"),
        "TELE": f"tgram://{TOKEN}/1/", "NOWHERE": "json://user:PLANTED-two@127.0.0.1:9/PLANTED-three",
        "NONSENSE": "slack://PLANTED-four", "PING": "http://127.0.0.1:9/PLANTED-five", "BOT": TOKEN,
        "MAIL": "mailto://me:PLANTED-six@127.0.0.1:9?from=guard@example.com&to=me@example.com&mode=insecure",
    }  # fmt: skip
    said = []
    with running(
        home, options(positions=BROKEN), *words, GUARD_TEST_TELEGRAM=f"http://127.0.0.1:{service.port}", **secrets
    ) as guarded:  # fmt: skip
        eventually(lambda: len([one for one in channels(outbox(home)) if one["failures"]]) >= 6, 40.0)
        for command in (["status"], ["status", "--json"], ["notify", "list"], ["notify", "queue", "--json"]):
            done = guard(*command, home=home, account=None, root=False)
            said += [done.stdout, done.stderr]
        tried = guard("notify", "test", *words, home=home, account=None, cwd=None, root=False, **secrets)
        assert tried.returncode == 3
        said += [tried.stdout, tried.stderr]
        guarded.interrupt()
        said += [json.dumps(guarded.rest()), guarded.errors()]
    files = [path for path in home.parent.rglob("*") if path.is_file()]
    assert len(files) > 6
    for path in files:
        data = path.read_bytes()
        assert b"PLANTED" not in data, (path, data[max(0, data.find(b"PLANTED") - 200) :][:400])
    assert "PLANTED" not in "".join(said)
    log = next(home.glob("text/*.notify.log")).read_text(encoding="utf-8")
    assert "not sent to hook" in log
    assert "***" in log or "refused" in log


def test_a_service_that_never_lets_go_costs_a_notifier_and_nothing_else(home: Path, service: Web) -> None:
    words = config(home, "stuck", "hook")
    with web() as never:
        never.hang_s = 60.0
        with running(
            home, options(positions=BROKEN), *words, HOOK=service.url("json", "hook"),
            STUCK=never.url("json", "stuck?rto=300"), GUARD_TEST_TELEGRAM="http://127.0.0.1:9", GUARD_TEST_STUCK="2.0",
        ) as guarded:  # fmt: skip
            service.wait(lambda one: "BREACH" in one.body)
            document = eventually(lambda: (found := status(home))["notifier"]["starts"] >= 2 and found)
            assert document["state"] == "watching"
            assert guarded.interrupt() == 0
    assert "the notifier hangs" in next(home.glob("text/*.notify.log")).read_text(encoding="utf-8")


def test_the_guard_itself_never_loads_what_sends(home: Path, tmp_path: Path, service: Web) -> None:
    words = config(home, "hook", more='[telegram]\nbot = "env:BOT"\nchats = [1]\n')
    with running(
        home, options(positions=BROKEN), *words, HOOK=service.url("json", "hook"), BOT=TOKEN,
        GUARD_TEST_MODULES=str(tmp_path / "modules"), GUARD_TEST_TELEGRAM=f"http://127.0.0.1:{service.port}",
    ) as guarded:  # fmt: skip
        service.wait(lambda one: one.path == "/hook")
        guarded.interrupt()
    loaded = set((tmp_path / "modules").read_text(encoding="utf-8").splitlines())
    assert "guard.app.outbox.child" in loaded
    assert not {"apprise", "requests", "keyring", "guard.notify", "guard.app.outbox.sender"} & loaded


def test_a_planted_secret_is_nowhere_after_a_whole_demo(home: Path, tmp_path: Path) -> None:
    hook = "json://user:PLANTED-demo@127.0.0.1:9/PLANTED-path"
    words = ["demo", "--speed", "max", "--json", *config(home, "hook")]
    done = guard(*words, home=home, account=None, root=False, HOOK=hook)
    assert done.returncode == 0
    assert "PLANTED" not in done.stdout + done.stderr
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "journal.db" or path.suffix == ".db" for path in files)
    assert all(b"PLANTED" not in path.read_bytes() for path in files)
