"""Everything the apprise library can send to: Telegram, Discord, Slack, e-mail, ntfy, Pushover, webhooks, toasts.

The library says only whether a message left. What the service answered, and how long it wants to be left alone, is
heard on the way: every request of the library goes through one function of ``requests``.
"""

from __future__ import annotations

import logging
import threading
import time
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Final, Self

import apprise
import requests
from apprise.attachment.memory import AttachMemory

from guard.model.verdict import Severity
from guard.notify.base import Channel, ChannelError, Delivery, Message

_TYPES: Final = {
    Severity.OK: apprise.NotifyType.SUCCESS,
    Severity.WARN: apprise.NotifyType.WARNING,
    Severity.UNKNOWN: apprise.NotifyType.WARNING,
    Severity.BREACH: apprise.NotifyType.FAILURE,
}
_LONGEST_WAIT_S: Final = 3600.0


class Apprise(Channel):
    """An apprise address."""

    kind: ClassVar[str] = "apprise"

    @classmethod
    def takes(cls, address: str) -> bool:
        """Whether it looks like one."""
        return "://" in address

    def __init__(self, address: str) -> None:
        """See ``Channel``."""
        asset = apprise.AppriseAsset(
            app_id="MT5 Guard", app_desc="MT5 Guard", app_url="", secure_logging=True, plugin_paths=[]
        )
        with _Ear():  # what the library says of it holds the address
            service = apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
        if service is None:
            scheme = address.split("://", 1)[0][:20]
            raise ChannelError(f"apprise cannot use it as a {scheme}:// address: something in it is missing")
        self._service: Any = service
        self.takes_pictures = bool(getattr(service, "attachment_support", False))

    def send(self, message: Message) -> Delivery:
        """See ``Channel``."""
        more: dict[str, Any] = {}
        if message.picture is not None and self.takes_pictures:
            name = f"guard-{message.id}.png"
            picture = AttachMemory(content=message.picture, name=name, mimetype="image/png")  # type: ignore[no-untyped-call]
            more["attach"] = apprise.AppriseAttachment(picture)
        with _Ear() as ear:
            try:
                done = self._service.notify(
                    body=message.body, title=message.title, notify_type=_TYPES[message.severity], **more
                )
            except TypeError as error:
                # What the library raises on purpose: a message it cannot shape for this service.
                return Delivery(done=False, why=f"the message does not fit the service ({error})")
        return Delivery(done=True) if done else ear.failure()


class _Ear:
    """Hears, in this thread, what the services answer while the library sends."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.wait = ""
        self.said: list[str] = []

    def __enter__(self) -> Self:
        _listening.ear = self
        return self

    def __exit__(self, *_: object) -> None:
        _listening.ear = None

    def failure(self) -> Delivery:
        """The failed delivery in words, from what was heard."""
        status = self.status
        if status is None or status < 400:
            said = f" ({self.said[-1]})" if self.said else ""
            return Delivery(done=False, why=f"no answer from the service{said}")
        if status == 429:
            return Delivery(done=False, why="too many messages, says the service (429)", retry_after_s=self._wait())
        if status in (401, 403, 404):
            return Delivery(done=False, why=f"refused by the service ({status}): check the address and its token")
        if status < 500:
            return Delivery(done=False, why=f"refused by the service ({status})")
        return Delivery(done=False, why=f"the service has a fault ({status})", retry_after_s=self._wait())

    def _wait(self) -> float | None:
        text = self.wait.strip()
        if text.replace(".", "", 1).isdigit():
            return min(float(text), _LONGEST_WAIT_S)
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, TypeError, IndexError):
            return None
        return min(max(seconds, 0.0), _LONGEST_WAIT_S)


class _Listening(threading.local):
    ear: _Ear | None = None


_listening = _Listening()


class _LogEar(logging.Handler):
    """Keeps the library's warnings for the ear of this thread."""

    def emit(self, record: logging.LogRecord) -> None:
        ear = _listening.ear
        if ear is not None:
            ear.said.append(" ".join(record.getMessage().split())[:300])


def _told(response: requests.Response) -> str:
    """Telegram and Discord write the wait into the answer: ``parameters.retry_after`` or ``retry_after``."""
    if response.status_code != 429:
        return ""
    try:
        answer = response.json()
    except ValueError:
        return ""
    for part in (answer, answer.get("parameters")) if isinstance(answer, dict) else ():
        if isinstance(part, dict) and isinstance(part.get("retry_after"), (int, float)):
            return str(part["retry_after"])
    return ""


def _hear_everything() -> None:
    send = requests.Session.send

    def heard(self: requests.Session, request: requests.PreparedRequest, **how: Any) -> requests.Response:  # noqa: ANN401
        response = send(self, request, **how)
        ear = _listening.ear
        if ear is not None:
            ear.status, ear.wait = response.status_code, response.headers.get("Retry-After") or _told(response)
        return response

    requests.Session.send = heard  # type: ignore[method-assign]  # the library hands out neither status nor headers
    library = logging.getLogger("apprise")
    library.addHandler(_LogEar(level=logging.WARNING))


_hear_everything()
