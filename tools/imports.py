"""Which libraries the programs in a folder ask Windows for: a folder that lacks one works here and fails elsewhere."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from typing import Final

# Parts of every 64-bit Windows 10 and 11. No C++ runtime is: msvcp140.dll comes with programs that install it.
WINDOWS_HAS: Final = frozenset({
    "advapi32.dll", "bcrypt.dll", "bcryptprimitives.dll", "cabinet.dll", "comctl32.dll", "crypt32.dll", "gdi32.dll",
    "iphlpapi.dll", "kernel32.dll", "msi.dll", "msvcrt.dll", "ntdll.dll", "ole32.dll", "oleaut32.dll", "pdh.dll",
    "powrprof.dll", "psapi.dll", "rpcrt4.dll", "secur32.dll", "shell32.dll", "shlwapi.dll", "user32.dll", "userenv.dll",
    "version.dll", "winmm.dll", "ws2_32.dll",
})  # fmt: skip
_API_SET: Final = re.compile(r"^(api|ext)-ms-win-")
_DIRECTORY_OF_IMPORTS: Final = 8


def missing_libraries(tree: Mapping[str, bytes]) -> list[str]:
    """The libraries that neither Windows nor the folder has, each with a program that asks for it."""
    programs = {name: data for name, data in tree.items() if name.lower().endswith((".exe", ".dll", ".pyd"))}
    here = {name.rsplit("/", 1)[-1].lower() for name in programs}
    absent: dict[str, str] = {}
    for name, data in programs.items():
        for library in imported(data):
            if library not in here and library not in WINDOWS_HAS and not _API_SET.match(library):
                absent.setdefault(library, name)
    return [f"{library} (asked for by {name})" for library, name in sorted(absent.items())]


def imported(program: bytes) -> Iterator[str]:
    """The names of the libraries that a 64-bit Windows program loads when it starts, in lower case.

    A program for 32 bits, of which packages bring installers, is none of ours and has none.
    """
    (header,) = struct.unpack_from("<I", program, 60)
    machine, sections = struct.unpack_from("<HH", program, header + 4)
    (size_of_optional,) = struct.unpack_from("<H", program, header + 20)
    optional = header + 24
    (magic,) = struct.unpack_from("<H", program, optional)
    if machine != 0x8664 or magic != 0x20B:
        return
    (table,) = struct.unpack_from("<I", program, optional + 112 + _DIRECTORY_OF_IMPORTS)
    places = [struct.unpack_from("<4I", program, optional + size_of_optional + 40 * i + 8) for i in range(sections)]

    def offset(address: int) -> int:
        for virtual_size, virtual, raw_size, raw in places:
            if virtual <= address < virtual + max(virtual_size, raw_size):
                return int(address - virtual + raw)
        raise ValueError(f"address {address:#x} lies in no section")

    if table == 0:
        return
    at = offset(table)
    while True:
        name = struct.unpack_from("<5I", program, at)[3]
        if name == 0:
            return
        start = offset(name)
        yield program[start : program.index(b"\0", start)].decode("ascii").lower()
        at += 20
