"""Messages are bounded, and nonsense is refused."""

import contextlib
import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.terminal.messages import LARGEST, BrokenMessageError, Frames, pack, receive, send


def test_a_message_comes_back_as_it_was_sent() -> None:
    stream = io.BytesIO()
    send(stream, {"op": "hot", "text": "Größe", "value": 1.5})
    stream.seek(0)
    assert receive(stream) == {"op": "hot", "text": "Größe", "value": 1.5}


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00\x00", struct.pack(">I", 5) + b"ab", struct.pack(">I", LARGEST + 1), struct.pack(">I", 2) + b"[]",
     struct.pack(">I", 3) + b"{no", struct.pack(">I", 4) + b"{} x", struct.pack(">I", 4) + b"{}{}",
     struct.pack(">I", 9) + b'{"a":NaN}'],
)  # fmt: skip
def test_nonsense_is_refused(raw: bytes) -> None:
    with pytest.raises(BrokenMessageError):
        receive(io.BytesIO(raw))


@pytest.mark.parametrize("text", [b'{"a":1}', b' {"a":1}', b'{"a":1}\n', b'\t{"a": 1} '])
def test_white_space_around_a_message_is_allowed(text: bytes) -> None:
    assert receive(io.BytesIO(struct.pack(">I", len(text)) + text)) == {"a": 1}


def test_a_number_that_is_not_finite_is_never_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        send(io.BytesIO(), {"equity": float("nan")})


def test_messages_come_whole_however_the_bytes_arrive() -> None:
    sent = [{"n": number, "text": "Ω" * number} for number in range(5)]
    raw = b"".join(pack(message) for message in sent)
    for step in (1, 3, 7, len(raw)):
        frames, heard = Frames(), list[dict[str, object]]()
        for start in range(0, len(raw), step):
            message = frames.arrived(raw[start : start + step])
            while message is not None:
                heard.append(message)
                message = frames.next()
        assert heard == sent


@pytest.mark.parametrize("message", [
    {"op": "hot", "id": 7, "within_s": 1.0},
    {"op": "hot", "id": 7, "within_s": 0.30000000000000004},
    {"op": 'h"t', "id": 7, "within_s": 1.0},
    {"op": "hot", "id": True, "within_s": 1.0},
    {"op": "é", "id": 1, "within_s": 1.0},
    {"op": "hot", "id": 7, "within_s": 1},
    {"op": "hot", "id": None, "within_s": 1e300},
    {"op": "hot", "id": 7, "x": 1.0},
])  # fmt: skip
def test_a_plain_request_is_the_same_message_as_any_other(message: dict[str, object]) -> None:
    frames = Frames()
    assert frames.arrived(pack(message)) == message
    assert pack(message)[4:] == json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()


def test_both_ways_are_bounded_before_anything_is_kept() -> None:
    with pytest.raises(BrokenMessageError, match="larger"):
        pack({"text": "x" * 100}, largest=50)
    frames = Frames(largest=50)
    frames.feed(struct.pack(">I", 51))
    with pytest.raises(BrokenMessageError, match="larger"):
        frames.next()


@pytest.mark.parametrize("body", [b"NaN", b'{"a": Infinity}', b"[" * 100_000, b'"text"', b"\xff", b""])
def test_json_that_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(BrokenMessageError):
        receive(io.BytesIO(struct.pack(">I", len(body)) + body))


@given(st.binary(max_size=200))
def test_no_bytes_whatever_do_more_than_break_the_connection(raw: bytes) -> None:
    frames = Frames(largest=1000)
    frames.feed(raw)
    with contextlib.suppress(BrokenMessageError):
        while frames.next() is not None:
            pass
    with contextlib.suppress(BrokenMessageError):
        receive(io.BytesIO(raw), largest=1000)
