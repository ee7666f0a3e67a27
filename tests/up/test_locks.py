import re

import pytest

from tests.up.checkout import ROOT

PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)(?: ; (?P<marker>[^\\]+?))? \\$")


def pins(which: str) -> set[tuple[str, str, str | None]]:
    text = (ROOT / "config" / f"lock-{which}.txt").read_text(encoding="utf-8")
    return {(m["name"], m["version"], m["marker"]) for line in text.splitlines() if (m := PIN.match(line))}


@pytest.mark.parametrize("which", ["run", "test"])
def test_every_pin_has_hashes_and_no_line_names_a_host(which: str) -> None:
    text = (ROOT / "config" / f"lock-{which}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    packages = [index for index, line in enumerate(lines) if not line.startswith(" ")]

    assert len(packages) == len(pins(which))
    assert all("--hash=sha256:" in lines[index + 1] for index in packages)
    assert "://" not in text
    assert not re.search(r"^\s*-(-index|i|-find-links|f|-extra)", text, re.MULTILINE)


def test_the_test_set_holds_the_run_set_so_that_its_environment_serves_both() -> None:
    assert pins("run") <= pins("test")


def test_on_python_311_numpy_and_pandas_are_the_ones_that_run_under_wine() -> None:
    old = "python_full_version < '3.12'"

    assert {("numpy", "1.26.4", old), ("pandas", "3.0.6", old)} <= pins("run")


def test_the_vendor_package_is_for_windows_only() -> None:
    assert [marker for name, _, marker in pins("run") if name == "metatrader5"] == ["sys_platform == 'win32'"]
