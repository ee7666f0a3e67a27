"""The folder for traders without Python: what is in it, and that the same inputs give the same bytes."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from tools.imports import imported, missing_libraries
from tools.portable import MODULE_PATH, PortableError, add, own_files, tree_of, zipped
from tools.signatures import SignatureError, judge

ROOT = Path(__file__).resolve().parents[2]
GOOD = """\
Current message digest    : {0}
Calculated message digest : {1}

Signer's certificate:
\t------------------
\tSigner #0:
\t\tSubject: /C=US/O={2}/CN={2}
"""


def program(*libraries: str, machine: int = 0x8664) -> bytes:
    """A Windows program that does nothing but ask for libraries."""
    names = b"".join(name.encode() + b"\0" for name in libraries)
    table_size = 20 * (len(libraries) + 1)
    table, at = b"", 0x1000 + table_size
    for name in libraries:
        table += struct.pack("<5I", 0, 0, 0, at, 0)
        at += len(name) + 1
    section = table.ljust(table_size, b"\0") + names
    directories = struct.pack("<4I", 0, 0, 0x1000 if libraries else 0, table_size) + bytes(14 * 8)
    optional = struct.pack("<H", 0x20B).ljust(112, b"\0") + directories
    coff = struct.pack("<2H3I2H", machine, 1, 0, 0, 0, len(optional), 0)
    place = struct.pack("<8s4I", b".idata", len(section), 0x1000, len(section), 0x400).ljust(40, b"\0")
    head = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0" + coff + optional + place
    return head.ljust(0x400, b"\0") + section


def wheel(folder: Path) -> Path:
    path = folder / "thing-1.0-cp311-cp311-win_amd64.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("thing/core.pyd", program("python311.dll", "KERNEL32.dll"))
    return path


PYTHON = {"python.exe": program("python311.dll"), "python311.dll": program("ntdll.dll"), "python311._pth": b"old"}


def test_the_folder_holds_python_packages_the_guard_its_configuration_and_what_a_person_starts(tmp_path: Path) -> None:
    tree = tree_of(ROOT, PYTHON, [wheel(tmp_path)], "1.2.3")
    assert {"Guard Demo.cmd", "Start Guard.cmd", "Guard Shell.cmd", "README.txt", "LICENSE.txt", "bin/guard.cmd",
            "python/python.exe", "packages/thing/core.pyd", "packages/guard/cli/main.py", "packages/fakes/broker.py",
            "packages/guard/_config/demo.toml"} <= {*tree}  # fmt: skip
    assert tree["python/python311._pth"].decode() == MODULE_PATH
    assert not [name for name in tree if "__pycache__" in name or name.endswith(".pyc")]


def test_the_same_inputs_give_the_same_bytes_and_another_byte_gives_others(tmp_path: Path) -> None:
    tree = tree_of(ROOT, PYTHON, [wheel(tmp_path)], "1.2.3")
    again = dict(reversed(tree_of(ROOT, PYTHON, [wheel(tmp_path)], "1.2.3").items()))
    assert zipped(tree, "x") == zipped(again, "x")
    assert zipped({**tree, "README.txt": b"other"}, "x") != zipped(tree, "x")
    with zipfile.ZipFile(io.BytesIO(zipped(tree, "x"))) as archive:
        assert archive.testzip() is None
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {name: archive.read(f"x/{name}") for name in tree} == tree


def test_what_a_person_starts_has_windows_line_ends_and_ascii_only() -> None:
    for name, data in own_files(ROOT, "1.2.3").items():
        assert data.count(b"\n") == data.count(b"\r\n") > 0, name
        if name.endswith(".cmd"):
            assert data.isascii()
    assert b"1.2.3" in own_files(ROOT, "1.2.3")["README.txt"]


def test_a_library_that_nobody_brings_is_told_with_who_asks_for_it(tmp_path: Path) -> None:
    broken = {**PYTHON, "extra.pyd": program("MSVCP140.dll", "api-ms-win-crt-heap-l1-1-0.dll")}
    assert missing_libraries(broken) == ["msvcp140.dll (asked for by extra.pyd)"]
    with pytest.raises(PortableError, match=r"msvcp140\.dll \(asked for by python/extra\.pyd\)"):
        tree_of(ROOT, broken, [wheel(tmp_path)], "1.2.3")


def test_a_program_without_imports_and_one_for_32_bits_ask_for_nothing() -> None:
    assert [*imported(program())] == []
    assert [*imported(program("x.dll", machine=0x14C))] == []


def test_two_packages_that_bring_different_files_of_one_name_are_refused() -> None:
    tree = {"packages/x.py": b"1"}
    add(tree, "packages/x.py", b"1")
    with pytest.raises(PortableError, match="one name"):
        add(tree, "packages/x.py", b"2")


def told(current: str = "A" * 64, calculated: str = "A" * 64, who: str = "Python Software Foundation") -> str:
    return GOOD.format(current, calculated, who)


def test_a_program_of_python_s_makers_is_believed_and_the_c_runtime_is_microsoft_s() -> None:
    judge("python.exe", told(), trusted=True)
    judge("vcruntime140.dll", told(who="Microsoft Corporation"), trusted=False)


@pytest.mark.parametrize(
    "name,words,trusted,why",
    [("python.exe", told(calculated="B" * 64), True, "was changed"),
     ("python.exe", told(who="Somebody"), True, "not by"), ("python.exe", told(), False, "no root"),
     ("python.exe", "No signature found", False, "not signed"),
     ("vcruntime140.dll", told(), True, "not by Microsoft")],
)  # fmt: skip
def test_a_program_that_is_not_what_its_maker_signed_is_refused(name: str, words: str, trusted: bool, why: str) -> None:
    with pytest.raises(SignatureError, match=why):
        judge(name, words, trusted=trusted)
