from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.imports import ROOT, check_contracts
from tests.architecture.law import LAWS


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_source_tree_has_no(law: Callable[[Path], list[str]]) -> None:
    assert law(ROOT) == []


def test_imports_go_down_only_siblings_do_not_meet_and_the_daemon_loads_no_tables() -> None:
    code, text = check_contracts(ROOT)

    assert code == 0, text
