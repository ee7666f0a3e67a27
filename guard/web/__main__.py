"""The web process: ``python -m guard.web``, told by one line of JSON on standard input what to do.

It answers with one line, ``{"url": …}`` or ``{"why": …}``, and ends when standard input does. The token is not told: it
is read from the environment or the home's file.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from pathlib import Path
from typing import IO, Any, Final

import uvicorn
from loguru import logger

from guard.app.home import Home
from guard.app.logging import hide, start_logging, stop_logging
from guard.app.web_access import Listen, read_token
from guard.model.errors import GuardError, InputError, UsageError
from guard.web.app import build_app
from guard.web.security import access_of
from guard.web.source import Source

_HEADERS_BYTES: Final = 16_384
_CONNECTIONS: Final = 200


def listen_of(told: dict[str, Any]) -> Listen:
    """Where to listen."""
    certificate, key = (Path(told[name]) if told[name] is not None else None for name in ("certificate", "key"))
    return Listen(str(told["host"]), int(told["port"]), tuple(told["names"]), certificate, key)


def bind(listen: Listen) -> socket.socket:
    """The socket, bound.

    Raises:
        UsageError: The address cannot be had.
    """
    host = "127.0.0.1" if listen.host.lower() == "localhost" else listen.host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, listen.port), family=family, backlog=64)
    except (OSError, OverflowError) as error:
        raise UsageError(f"{listen.host} port {listen.port} cannot be had ({error}): choose another --port") from error


def serve(told: dict[str, Any], stream: IO[bytes]) -> int:
    """Listen until standard input ends; the exit code."""
    home, listen = Home(Path(told["home"])), listen_of(told)
    start_logging(home.text, "web")
    try:
        token = read_token(Home(Path(told["token_home"])), exposed=not listen.loopback)
        hide(token)
        bound = bind(listen)
        port = int(bound.getsockname()[1])
        source = Source(home, Path(told["locks"]) if told["locks"] is not None else None)
        source.start()
        config = uvicorn.Config(
            build_app(source, access_of(listen, port, token)), log_config=None, access_log=False, server_header=False,
            lifespan="off", timeout_graceful_shutdown=1, h11_max_incomplete_event_size=_HEADERS_BYTES, loop="asyncio",
            http="h11", ws="none", proxy_headers=False, limit_concurrency=_CONNECTIONS,
            ssl_certfile=listen.certificate, ssl_keyfile=listen.key,
        )  # fmt: skip
        server = uvicorn.Server(config)
        try:
            config.load()
        except (OSError, ValueError) as error:
            raise InputError(f"the certificate or its key cannot be used ({error}): check both files") from error
        host = f"[{listen.host}]" if ":" in listen.host else listen.host
        _tell({"url": f"{'https' if listen.secure else 'http'}://{host}:{port}/"})
        logger.info("dashboard of {} at port {}", home.root, port)
        threading.Thread(target=_until_told, args=(stream, server), name="parent", daemon=True).start()
        server.run(sockets=[bound])
        source.close()
        logger.info("dashboard ended")
    finally:
        stop_logging()
    return 0


def _until_told(stream: IO[bytes], server: uvicorn.Server) -> None:
    while stream.readline():
        pass
    server.should_exit = True


def _tell(words: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Entry of the process."""
    stream = sys.stdin.buffer
    told: dict[str, Any] = json.loads(stream.readline())
    try:
        return serve(told, stream)
    except GuardError as error:
        _tell({"why": str(error)})
        return error.exit_code
    except OSError as error:
        _tell({"why": f"{error}"})
        return InputError.exit_code


if __name__ == "__main__":
    sys.exit(main())
