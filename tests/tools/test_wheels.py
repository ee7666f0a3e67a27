"""Windows packages from a lock, on any machine."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tools.wheels import WheelsError, contents, for_windows, unpack

ROOT = Path(__file__).resolve().parents[2]
HASHES = ("a" * 64, "b" * 64)
LOCK = f"""\
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:{HASHES[0]} \\
    --hash=sha256:{HASHES[1]}
    # via click
jeepney==0.9.0 ; sys_platform == 'linux' \\
    --hash=sha256:{HASHES[0]}
numpy==1.26.4 ; python_full_version < '3.12' \\
    --hash=sha256:{HASHES[0]}
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:{HASHES[0]}
ruff==0.17.6 \\
    --hash=sha256:{HASHES[0]}
"""


def wheel(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_windows_gets_its_own_packages_and_not_those_of_linux() -> None:
    chosen = for_windows(LOCK, without={"ruff"})
    assert [(each.name, each.version) for each in chosen] == [("colorama", "0.4.6"), ("numpy", "1.26.4")]
    assert chosen[0].hashes == HASHES


def test_every_package_of_the_shipped_lock_keeps_a_hash_and_the_terminal_s_package_is_among_them() -> None:
    chosen = for_windows((ROOT / "config" / "lock-run.txt").read_text(encoding="utf-8"))
    names = [each.name for each in chosen]
    assert all(each.hashes for each in chosen)
    assert {"metatrader5", "pydantic-core", "tzdata", "win32-setctime"} <= {*names}
    assert not {"jeepney", "secretstorage", "cryptography"} & {*names}
    assert len(names) == len({*names})


def test_a_wheel_is_unpacked_without_its_scripts(tmp_path: Path) -> None:
    made = wheel(tmp_path, {"thing/__init__.py": b"1", "thing-1.0.data/platlib/deep/x.pyd": b"2",
                            "thing-1.0.data/scripts/thing.exe": b"3"})  # fmt: skip
    unpack([made], tmp_path / "site")
    site = tmp_path / "site"
    found = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert found == {"thing/__init__.py", "deep/x.pyd"}


@pytest.mark.parametrize("name", ["../evil.py", "/evil.py", "a\\b.py", "C:/evil.py", "thing-1.0.data/purelib/../../x"])
def test_a_wheel_that_leads_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WheelsError, match="leads out"):
        contents(wheel(tmp_path, {name: b""}))
