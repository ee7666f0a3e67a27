import pytest

from guard.model.verdict import Severity
from guard.notify import apprise as room
from guard.notify.base import ChannelError, Delivery, Message
from guard.notify.registry import channel, channel_kinds
from tests.services import smtp, web

MESSAGE = Message("17", Severity.BREACH, "BREACH day loss (5012345)", "Loss of the day is 400.00\nLeft: nothing")


def send(address: str, message: Message = MESSAGE) -> Delivery:
    return channel(address).send(message)


def test_the_kinds_are_found_by_scanning_the_folder() -> None:
    assert list(channel_kinds()) == ["apprise"]


def test_a_webhook_gets_title_text_and_severity() -> None:
    with web() as served:
        assert send(served.url("json", "hook")) == Delivery(done=True)
        (seen,) = served.seen
        assert seen.path == "/hook"
        assert seen.json["title"] == MESSAGE.title
        assert seen.json["message"] == MESSAGE.body
        assert seen.json["type"] == "failure"


def test_ntfy_gets_the_message() -> None:
    with web() as served:
        assert send(served.url("ntfy", "mytopic")).done
        assert "Loss of the day is 400.00" in served.seen[0].body


def test_an_e_mail_arrives_with_subject_and_text() -> None:
    with smtp() as served:
        address = f"mailto://me:hunter2x@127.0.0.1:{served.port}?from=guard@example.com&to=me@example.com&mode=insecure"
        assert send(address).done
        assert "BREACH day loss" in served.wait()
        assert "400.00" in served.messages[0]


def test_telegram_gets_the_message_in_the_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    with web() as served:
        served.token = "123456789:abcdefghijklmnopqrstuvwxyzABCDEFGHI"  # noqa: S105 - made up
        one = channel(f"tgram://{served.token}/4711/")
        monkeypatch.setattr(one._service, "notify_url", f"http://127.0.0.1:{served.port}/bot")
        assert one.send(MESSAGE).done
        assert served.seen[0].path.endswith("/sendMessage")
        assert "4711" in served.seen[0].body
        served.token = "another"  # noqa: S105 - the same
        refused = one.send(MESSAGE)
        assert not refused.done
        assert "401" in refused.why


def test_a_picture_goes_along_where_the_service_takes_one() -> None:
    with web() as served:
        one = channel(served.url("json", "hook"))
        assert one.takes_pictures
        assert one.send(Message("1", Severity.WARN, "t", "b", b"\x89PNG picture")).done
        attached = served.seen[0].json["attachments"]
        assert [part["filename"] for part in attached] == ["guard-1.png"]


@pytest.mark.parametrize(
    "status, headers, text, why, wait_s",
    [
        (429, {"Retry-After": "7"}, "{}", "too many", 7.0),
        (429, {}, '{"ok": false, "parameters": {"retry_after": 9}}', "too many", 9.0),
        (429, {}, '{"retry_after": 1.5}', "too many", 1.5),
        (429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, "{}", "too many", 0.0),
        (429, {"Retry-After": "999999"}, "{}", "too many", 3600.0),
        (429, {}, "no json", "too many", None),
        (500, {}, "{}", "has a fault (500)", None),
        (503, {"Retry-After": "3"}, "{}", "has a fault (503)", 3.0),
        (401, {}, "{}", "check the address", None),
        (403, {}, "{}", "check the address", None),
        (400, {}, "{}", "refused by the service (400)", None),
    ],
)
def test_a_refusal_says_why_and_how_long_to_wait(
    status: int, headers: dict[str, str], text: str, why: str, wait_s: float | None
) -> None:
    with web() as served:
        served.answers.append((status, headers, text))
        found = send(served.url("json", "hook/hunter2x"))
    assert not found.done
    assert why in found.why
    assert found.retry_after_s == wait_s
    assert "hunter2x" not in found.why


def test_a_service_that_is_not_there_is_a_failed_delivery() -> None:
    found = send("json://127.0.0.1:9/hook")
    assert not found.done
    assert "no answer" in found.why


def test_a_service_that_hangs_is_left_after_the_librarys_own_time_out() -> None:
    with web() as served:
        served.hang_s = 30.0
        found = send(served.url("json", "hook?rto=0.5"))
    assert not found.done
    assert "no answer" in found.why


@pytest.mark.parametrize("address", ["no address", "hunter2x://hunter2y", "tgram://hunter2z", "slack://hunter2z"])
def test_an_address_nothing_can_use_is_refused_without_being_shown(address: str) -> None:
    with pytest.raises(ChannelError) as found:
        channel(address)
    assert "hunter2y" not in str(found.value)
    assert "hunter2z" not in str(found.value)


def test_what_is_heard_in_one_thread_is_not_taken_for_anothers() -> None:
    with room._Ear() as outer:
        assert room._listening.ear is outer
    assert room._listening.ear is None
