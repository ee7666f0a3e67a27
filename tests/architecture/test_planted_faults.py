"""One planted fault per mechanism of the architecture law, each in a copy of the tree: the law must turn red."""

import shutil
from pathlib import Path

import pytest

from tests.architecture import law
from tests.architecture.imports import ROOT, check_contracts

CONTRACTS = {
    "layers": "Imports go down only",
    "limits": "Limits do not know each other",
    "light": "reaches no table or array library",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for package in ("guard", "fakes"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(tree: Path, module: str, line: str) -> None:
    """Add ``line`` at the end of an existing module of the copy."""
    path = tree / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n\n{line}\n", encoding="utf-8")


def broken_contracts(tree: Path) -> set[str]:
    code, text = check_contracts(tree)
    rows = [row for row in text.splitlines() if " BROKEN" in row]
    broken = {key for key, name in CONTRACTS.items() if any(name in row for row in rows)}
    assert (code != 0) == bool(broken), text
    return broken


def faults(tree: Path) -> dict[str, list[str]]:
    """What each law says about the copy and not about the tree itself."""
    return {check.__name__: found for check in law.LAWS if (found := sorted({*check(tree)} - {*check(ROOT)}))}


def test_an_upward_import_is_red(tree: Path) -> None:
    plant(tree, "guard/model/fields.py", "from guard.metrics import value")

    assert broken_contracts(tree) == {"layers"}


def test_an_upward_import_inside_a_function_is_red(tree: Path) -> None:
    plant(tree, "guard/journal/port.py", "def reach() -> object:\n    import guard.app.home as home\n    return home")

    assert broken_contracts(tree) == {"layers"}


def test_a_new_room_that_no_layer_names_is_red(tree: Path) -> None:
    (tree / "guard" / "attic.py").write_text('"""Nobody said where this belongs."""\n', encoding="utf-8")

    code, text = check_contracts(tree)

    assert code != 0
    assert "attic" in text


def test_a_sibling_import_is_red(tree: Path) -> None:
    plant(tree, "guard/limits/margin_level.py", "from guard.limits import margin_usage")

    assert broken_contracts(tree) == {"limits"}


def test_pandas_reached_indirectly_by_the_daemon_is_red(tree: Path) -> None:
    (tree / "guard" / "app" / "tables.py").write_text('"""A table."""\n\nimport pandas\n', encoding="utf-8")
    plant(tree, "guard/app/files.py", "from guard.app import tables")
    plant(tree, "guard/app/daemon.py", "from guard.app import files")

    assert broken_contracts(tree) == {"light"}


def test_pandas_in_a_module_that_the_daemon_does_not_load_is_allowed(tree: Path) -> None:
    (tree / "guard" / "app" / "tables.py").write_text('"""A table."""\n\nimport pandas\n', encoding="utf-8")

    assert broken_contracts(tree) == set()


@pytest.mark.parametrize(
    "line",
    [
        "import datetime\nSTARTED = datetime.datetime.now(datetime.UTC)",
        "from datetime import date\nDAY = date.today()",
        "import datetime as d\nREAD = d.datetime.utcnow",
        "import datetime\nREAD = getattr(datetime.datetime, 'now')",
        "TEXT = open('limits.toml')",
        "VALUE = eval('1 + 1')",
        "print('breach')",
        "MODULE = __import__('time')",
    ],
)
def test_the_clock_files_console_or_eval_in_the_core_are_red(tree: Path, line: str) -> None:
    plant(tree, "guard/engine/policy.py", line)

    assert "core_reads_of_the_world" in faults(tree)


@pytest.mark.parametrize("module", ["time", "os", "pathlib", "random", "logging", "loguru", "pandas", "zoneinfo"])
def test_an_import_that_the_core_is_not_allowed_is_red(tree: Path, module: str) -> None:
    plant(tree, "guard/limits/margin_level.py", f"import {module}")

    assert set(faults(tree)) == {"core_imports_outside_the_allowed"}


@pytest.mark.parametrize(
    "line",
    [
        "import fakes",
        "def load() -> object:\n    from fakes import broker\n\n    return broker",
        "import importlib\nMODULE = importlib.import_module('fakes.metatrader5')",
        "MODULE = __import__('fakes')",
        "FLAGS = ['--module', 'fakes.metatrader5']",
    ],
)
def test_fakes_reached_by_a_statement_or_by_text_outside_the_demo_is_red(tree: Path, line: str) -> None:
    plant(tree, "guard/cli/output.py", line)

    assert "fakes_outside_the_demo" in faults(tree)


def test_an_import_by_a_text_that_is_put_together_is_red(tree: Path) -> None:
    plant(tree, "guard/app/home.py", "from importlib import import_module as load\nMODULE = load('fa' + 'kes')")

    assert set(faults(tree)) == {"dynamic_imports_outside_the_allowed"}


def test_the_vendor_package_outside_the_worker_is_red(tree: Path) -> None:
    plant(tree, "guard/app/home.py", "def load() -> object:\n    import MetaTrader5\n\n    return MetaTrader5")

    assert set(faults(tree)) == {"vendor_imports_outside_the_worker"}


def test_a_library_in_the_bootstrap_is_red(tree: Path) -> None:
    plant(tree, "guard/up.py", "import rich")

    assert "bootstrap_imports_outside_the_standard_library" in faults(tree)


def test_a_module_of_301_lines_is_red(tree: Path) -> None:
    (tree / "guard" / "app" / "long.py").write_text("# line\n" * 301, encoding="utf-8")

    assert set(faults(tree)) == {"modules_over_the_length_budget"}
