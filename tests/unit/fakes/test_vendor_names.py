"""Names, values, argument families and record layouts of the simulated module are those of the vendor's package."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from typing import Any

import pytest

from fakes import metatrader5
from tests.vendor.tables import FOLDER
from tests.vendor.wheel import Wheel

mt5: Any = metatrader5
FACTS: dict[str, Any] = json.loads((FOLDER / "names.json").read_text(encoding="utf-8"))
FUNCTIONS = [(name, family) for family, names in FACTS["families"].items() for name in names]
OWN = {"SIMULATED", "attach", "detach"}


def test_the_constants_are_those_of_the_package_in_value_and_order() -> None:
    found = {name: value for name, value in vars(mt5).items() if name in FACTS["constants"]}
    assert found == FACTS["constants"]
    assert all(type(value) is int for value in found.values())
    assert list(found) == list(FACTS["constants"])


@pytest.mark.parametrize("name", FACTS["absent"])
def test_a_constant_that_the_package_lacks_is_lacking(name: str) -> None:
    with pytest.raises(AttributeError):
        getattr(mt5, name)


def test_a_star_import_brings_the_packages_names_and_three_of_our_own() -> None:
    public = {name for name in FACTS["helpers"] if not name.startswith("_")}
    functions = {name for name, _ in FUNCTIONS}
    assert set(mt5.__all__) - OWN == {*FACTS["constants"], *FACTS["records"], *functions, *public}
    assert {name for name in dir(mt5) if not name.startswith("_")} == set(mt5.__all__)
    assert mt5.__version__ == FACTS["version"]


@pytest.mark.parametrize("name,fields", FACTS["records"].items(), ids=FACTS["records"])
def test_a_record_has_the_packages_fields_in_order(name: str, fields: list[str]) -> None:
    kind = getattr(mt5, name)
    made = kind(range(len(fields)))
    assert list(kind.__match_args__) == fields
    assert (kind.n_fields, kind.n_sequence_fields, kind.n_unnamed_fields) == (len(fields), len(fields), 0)
    assert list(made._asdict()) == fields
    assert [getattr(made, field) for field in fields] == list(made) == list(range(len(fields)))
    assert kind.__mro__ == (kind, tuple, object)
    assert repr(made).startswith(f"{name}({fields[0]}=0, ")


@pytest.mark.parametrize("name,family", FUNCTIONS)
def test_a_function_takes_its_arguments_as_its_family_does(name: str, family: str) -> None:
    call = getattr(mt5, name)
    said = f"MetaTrader5._core.{name}" if family == "none" else name
    if family == "keywords":
        call(no_such_argument=1)
    else:
        with pytest.raises(TypeError, match=rf"^{said}\(\) takes no keyword arguments$"):
            call(no_such_argument=1)
    if family == "none":
        with pytest.raises(TypeError, match=rf"^{said}\(\) takes no arguments \(1 given\)$"):
            call(1)
    elif family == "positional":
        assert not call()
        assert mt5.last_error() == (-2, "Invalid arguments")


@pytest.mark.parametrize("name,parameters", FACTS["helpers"].items(), ids=FACTS["helpers"])
def test_a_helper_has_the_packages_parameters(name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(mt5, name)).parameters) == parameters


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    """The wheel itself, fetched by name; it is read as a file and never run."""
    folder = tmp_path_factory.mktemp("wheel")
    named = f"MetaTrader5=={FACTS['version']}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--platform", "win_amd64", "--python-version", "311", "--dest", str(folder), named]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=100)
    except (subprocess.SubprocessError, OSError) as fault:
        pytest.skip(f"{named} cannot be fetched here ({type(fault).__name__}); the copied facts were tested")
    return Wheel(next(folder.glob("*.whl")))


@pytest.mark.network
def test_the_wheel_itself_says_the_same(wheel: Wheel) -> None:
    told = wheel.constants()
    assert told.pop("__version__") == mt5.__version__
    assert {name: getattr(mt5, name) for name in told if name.isupper()} == {
        name: value for name, value in told.items() if name.isupper()
    }
    assert len([name for name in told if name.isupper()]) == len(FACTS["constants"])
    assert wheel.helpers() == {
        name: list(inspect.signature(getattr(mt5, name)).parameters) for name in FACTS["helpers"]
    }
    families = wheel.families()
    assert families.pop("_asdict") == "none"
    assert families == dict(FUNCTIONS)
    layouts = wheel.layouts()
    assert [name for name in FACTS["records"] if getattr(mt5, name).__match_args__ not in layouts] == []
