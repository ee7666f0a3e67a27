from collections.abc import Iterator

import pytest

from guard.app import logging as guard_logging
from guard.app.outbox.chat import Question
from guard.app.outbox.secrets import conceal
from guard.app.outbox.telegram import Telegram, TelegramError
from tests.services import Web, web

TOKEN = "123456789:planted-SECRET-of-a-bot"  # noqa: S105 - made up


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setattr(guard_logging, "_known", set[str]())
    with web() as served:
        served.token = TOKEN
        conceal(TOKEN)
        yield served


def bot(served: Web, answer: object = None, token: str = TOKEN) -> Telegram:
    def echo(question: Question) -> str:
        return f"heard {question.text}"

    return Telegram(lambda: token, [7], answer or echo, f"http://127.0.0.1:{served.port}", 1)  # type: ignore[arg-type]


def sent(served: Web) -> list[tuple[int, str]]:
    return [(one.json["chat_id"], one.json["text"]) for one in served.seen if one.path.endswith("/sendMessage")]


def test_a_question_of_a_configured_chat_is_answered_once(service: Web) -> None:
    one = bot(service)
    service.say(11, 7, "/status")
    one.once()
    service.updates.clear()
    one.once()
    assert sent(service) == [(7, "heard /status")]
    assert service.seen[-1].json["offset"] == 12


def test_other_chats_are_passed_over_and_not_answered(service: Web) -> None:
    one = bot(service)
    service.say(11, 666, "/flatten")
    service.say(12, 7, "/status")
    one.once()
    assert sent(service) == [(7, "heard /status")]
    assert one._strangers == {666}


@pytest.mark.parametrize("update", [{"update_id": 5}, {"update_id": 5, "message": {"chat": {"id": 7}, "date": 1}},
                                    {"update_id": 5, "message": {"chat": {"id": "7"}, "date": 1, "text": "x"}},
                                    {"update_id": 5, "message": "x"}])  # fmt: skip
def test_what_is_no_text_message_is_passed_over(service: Web, update: dict[str, object]) -> None:
    one = bot(service)
    service.updates.append(update)
    one.once()
    assert sent(service) == []
    assert one._offset == 6


def test_a_fault_in_answering_ends_nothing(service: Web) -> None:
    def fails(_: Question) -> str:
        raise KeyError("x")

    one = bot(service, fails)
    service.say(11, 7, "/status")
    one.once()
    assert "I could not answer that" in sent(service)[0][1]


def test_an_answer_that_did_not_leave_is_tried_again_with_the_same_number(service: Web) -> None:
    one = bot(service)
    service.say(11, 7, "/ack")
    service.answers.append((500, {}, "{}"))
    with pytest.raises(TelegramError):
        one.once()
    one.once()
    assert sent(service) == [(7, "heard /ack")] * 2
    assert one._offset == 12


@pytest.mark.parametrize(
    "status, text, why, wait_s",
    [
        (429, '{"parameters": {"retry_after": 3}}', "429", 3.0), (429, "no json", "429", None),
        (500, "{}", "500", None), (409, "{}", "another program", None), (401, "{}", "token is refused", None),
    ],
)  # fmt: skip
def test_a_refusal_says_why_and_never_the_token(
    service: Web, status: int, text: str, why: str, wait_s: float | None
) -> None:
    service.say(1, 7, "x")
    service.answers.append((status, {}, text))
    with pytest.raises(TelegramError, match=why) as found:
        bot(service).once()
    assert found.value.wait_s == wait_s
    assert "SECRET" not in repr(found.value)


def test_a_wrong_token_and_a_dead_service_are_said_without_the_token(service: Web) -> None:
    with pytest.raises(TelegramError, match="token is refused"):
        bot(service, token="1:wrong").once()  # noqa: S106 - made up
    dead = Telegram(lambda: TOKEN, [7], lambda _: "", "http://127.0.0.1:9", 0)
    with pytest.raises(TelegramError, match="no answer") as found:
        dead.once()
    assert "SECRET" not in str(found.value)
    assert found.value.__cause__ is None
