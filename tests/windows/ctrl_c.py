"""Presses Ctrl-C as a person does, on Windows: ``python -m tests.windows.ctrl_c WORD PROGRAM ...``.

Runs the program in this process's console, passes its output on, raises the console's Ctrl-C once a line holds the
word, and ends with the program's exit code. Start it with a console of its own: every program in it gets the Ctrl-C.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

CTRL_C_EVENT = 0  # signal.CTRL_C_EVENT, which only Windows has
PRESSED = "--- Ctrl-C\r\n"


def main(word: str, command: list[str]) -> int:
    """Run, press, wait; the program's exit code."""
    # This process is in the console too. A handler, not SIG_IGN: being deaf to Ctrl-C is inherited by the program.
    signal.signal(signal.SIGINT, lambda *_: None)
    out, pressed = sys.stdout.buffer, False
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            out.write(line)
            if word.encode() in line and not pressed:
                pressed = True
                out.write(PRESSED.encode())
                out.flush()
                os.kill(0, CTRL_C_EVENT)
        return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
