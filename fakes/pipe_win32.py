"""Named pipes of Windows: the few calls of kernel32 that a pipe server needs. Windows only."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

_DUPLEX, _FIRST = 0x3, 0x80000
_BYTES_WAIT_LOCAL = 0x8  # byte type, byte mode, blocking; no clients from other computers
_MOST_INSTANCES = 255
_BUFFER = 1 << 16
_INVALID = ctypes.c_void_p(-1).value
_PIPE_CONNECTED, _NOT_FOUND = 535, 2
_TAKEN = {5, 231}  # access denied, busy: as the first instance of a name that has one


@cache
def _kernel() -> Any:
    loader: Any = ctypes
    kernel = loader.WinDLL("kernel32", use_last_error=True)
    handle, number, data = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p
    out = ctypes.POINTER(number)
    kernel.CreateNamedPipeW.restype = handle
    kernel.CreateNamedPipeW.argtypes = [ctypes.c_wchar_p, *[number] * 6, data]
    for name, arguments in {
        "ConnectNamedPipe": [handle, data], "DisconnectNamedPipe": [handle], "CloseHandle": [handle],
        "ReadFile": [handle, data, number, out, data], "WriteFile": [handle, data, number, out, data],
        "FlushFileBuffers": [handle], "WaitNamedPipeW": [ctypes.c_wchar_p, number],
    }.items():  # fmt: skip
        getattr(kernel, name).argtypes = arguments
    return kernel


def _last_error() -> int:
    loader: Any = ctypes
    return int(loader.get_last_error())


class Pipe:
    """One instance of a named pipe: it serves one client.

    Raises:
        OSError: it cannot be made; with ``first`` also when another program serves the name already.
    """

    def __init__(self, name: str, *, first: bool = False) -> None:
        # Wine 8 makes another first instance all the same, so it is looked for too.
        if first and (_kernel().WaitNamedPipeW(name, 1) or _last_error() != _NOT_FOUND):
            raise OSError(f"The pipe {name}: another program serves this terminal already.")
        mode = _DUPLEX | (_FIRST if first else 0)
        made = _kernel().CreateNamedPipeW(name, mode, _BYTES_WAIT_LOCAL, _MOST_INSTANCES, _BUFFER, _BUFFER, 0, None)
        if made == _INVALID or made is None:
            code = _last_error()
            why = "another program serves this terminal already" if code in _TAKEN else "it cannot be made"
            raise OSError(f"The pipe {name}: {why} (Windows error {code}).")
        self._handle = made

    def wait(self) -> bool:
        """Wait until a client opens it; ``False`` when that one is gone already."""
        return bool(_kernel().ConnectNamedPipe(self._handle, None)) or _last_error() == _PIPE_CONNECTED

    def read(self, count: int) -> bytes | None:
        """So many bytes, however they come; ``None`` when the client is gone."""
        buffer, got = ctypes.create_string_buffer(count), ctypes.c_uint32()
        have = 0
        while have < count:
            at = ctypes.byref(buffer, have)
            if not _kernel().ReadFile(self._handle, at, count - have, ctypes.byref(got), None) or not got.value:
                return None
            have += got.value
        return buffer.raw

    def write(self, data: bytes) -> bool:
        """All of it in one write; ``False`` when the client is gone."""
        done = ctypes.c_uint32()
        return bool(_kernel().WriteFile(self._handle, data, len(data), ctypes.byref(done), None))

    def flush(self) -> None:
        """Wait until the client has read everything."""
        _kernel().FlushFileBuffers(self._handle)

    def drop(self) -> None:
        """End this instance at once: what the client has not read is lost."""
        _kernel().DisconnectNamedPipe(self._handle)
        _kernel().CloseHandle(self._handle)
