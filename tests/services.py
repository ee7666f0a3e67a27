"""Local stand-ins for the services that messages go to: a web server (hooks, ntfy, Telegram) and an SMTP server."""

import contextlib
import json
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Seen:
    """One request."""

    at: float
    path: str
    body: str
    headers: dict[str, str]
    status: int

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Web:
    """A web server. ``answers`` are used up first to last, then every request is answered with 200."""

    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    hang_s: float = 0.0
    updates: list[dict[str, Any]] = field(default_factory=list)
    token: str = ""

    def url(self, scheme: str, rest: str) -> str:
        return f"{scheme}://127.0.0.1:{self.port}/{rest}"

    def accepted(self) -> list[Seen]:
        return [one for one in self.seen if one.status == 200]

    def wait(self, wanted: Callable[[Seen], bool], within_s: float = 20.0) -> Seen:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            for one in list(self.seen):
                if wanted(one):
                    return one
            time.sleep(0.05)
        paths = [(one.path, one.status, one.body[:200]) for one in self.seen]
        raise AssertionError(f"not seen within {within_s} s; seen: {paths}")

    def telegram(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The Bot API, as far as it is used."""
        _, bot, method = path.split("/", 2)
        if bot != f"bot{self.token}":
            return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        if method == "getUpdates":
            deadline = time.monotonic() + min(float(body.get("timeout", 0)), 1.0)
            while time.monotonic() < deadline:
                due = [one for one in self.updates if one["update_id"] >= body.get("offset", 0)]
                if due:
                    return 200, {"ok": True, "result": due}
                time.sleep(0.02)
            return 200, {"ok": True, "result": []}
        return 200, {"ok": True, "result": {"message_id": len(self.seen), "chat": {"id": body.get("chat_id")}}}

    def say(self, number: int, chat: int, text: str, age_s: float = 0.0) -> None:
        """Somebody writes to the bot."""
        message = {"message_id": number, "chat": {"id": chat}, "date": int(time.time() - age_s), "text": text}
        self.updates.append({"update_id": number, "message": message})


@contextlib.contextmanager
def web() -> Iterator[Web]:
    served = Web()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("utf-8", "replace")
            if served.hang_s:
                time.sleep(served.hang_s)
            status, text = 200, "{}"
            headers: dict[str, str] = {}
            if self.path.startswith("/bot"):
                asked = json.loads(body) if body.startswith("{") else {}
                status, document = served.telegram(self.path, asked)
                text = json.dumps(document)
            if served.answers and "getUpdates" not in self.path and status == 200:
                status, headers, text = served.answers.pop(0)
            served.seen.append(Seen(time.time(), self.path, body, dict(self.headers.items()), status))
            with contextlib.suppress(OSError):
                self.send_response(status)
                sent = {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}
                for name, value in sent.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names http.server looks for

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Mail:
    """An SMTP server; ``refuse`` is said instead of taking a message, that many times."""

    port: int = 0
    messages: list[str] = field(default_factory=list)
    refuse: int = 0

    def wait(self, within_s: float = 20.0) -> str:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if self.messages:
                return self.messages[-1]
            time.sleep(0.05)
        raise AssertionError("no mail came")


@contextlib.contextmanager
def smtp() -> Iterator[Mail]:
    served = Mail()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 stand-in")
            while line := self.rfile.readline():
                verb = line.decode("utf-8", "replace").strip().upper()
                if verb.startswith("EHLO"):
                    self.say("250-stand-in")
                    self.say("250 AUTH PLAIN LOGIN")
                elif verb.startswith("AUTH"):
                    self.say("235 ok")
                elif verb.startswith("MAIL") and served.refuse:
                    served.refuse -= 1
                    self.say("451 try again later")
                elif verb == "DATA":
                    self.say("354 go on")
                    text = b""
                    while (part := self.rfile.readline()) not in (b".\r\n", b""):
                        text += part
                    served.messages.append(text.decode("utf-8", "replace"))
                    self.say("250 taken")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
