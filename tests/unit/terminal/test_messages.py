"""Messages are bounded, and nonsense is refused."""

import io
import struct

import pytest

from guard.terminal.messages import LARGEST, BrokenMessageError, receive, send


def test_a_message_comes_back_as_it_was_sent() -> None:
    stream = io.BytesIO()
    send(stream, {"op": "hot", "text": "Größe", "value": 1.5})
    stream.seek(0)
    assert receive(stream) == {"op": "hot", "text": "Größe", "value": 1.5}


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00\x00", struct.pack(">I", 5) + b"ab", struct.pack(">I", LARGEST + 1), struct.pack(">I", 2) + b"[]",
     struct.pack(">I", 3) + b"{no"],
)  # fmt: skip
def test_nonsense_is_refused(raw: bytes) -> None:
    with pytest.raises(BrokenMessageError):
        receive(io.BytesIO(raw))


def test_a_number_that_is_not_finite_is_never_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        send(io.BytesIO(), {"equity": float("nan")})
