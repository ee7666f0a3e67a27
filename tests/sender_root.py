"""The notifier process with Telegram's service at another address: ``GUARD_TEST_TELEGRAM``. Only tests start it.

``GUARD_TEST_STUCK``: seconds after which a channel that hangs costs the process its life.
"""

import functools
import os
import sys

from guard.app.outbox import process
from guard.app.outbox.telegram import Telegram


def main() -> int:
    from apprise.plugins.telegram import NotifyTelegram  # noqa: PLC0415 - slow, and only for this

    address = os.environ["GUARD_TEST_TELEGRAM"]
    NotifyTelegram.notify_url = f"{address}/bot"
    if "GUARD_TEST_STUCK" in os.environ:
        process._STUCK_S = float(os.environ["GUARD_TEST_STUCK"])  # type: ignore[misc]
    stream = sys.stdin.buffer
    work = process.read_work(stream)
    telegram = functools.partial(Telegram, api=address, poll_s=1)
    return process.run(work, process.Parent(stream), telegram=telegram)


if __name__ == "__main__":
    sys.exit(main())
