"""``guard calc`` for a person: sentences, JSON, usage faults, and the guide's own examples."""

import json
import re
import shlex
from pathlib import Path

import pytest

from guard.app.calc.table import CATEGORIES
from guard.cli import main

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "calculators.md"
SIZE = ["--balance", "100", "--risk-pct", "1", "--stop-pips", "50", "--pip-value-per-lot", "10"]


def guide_examples() -> list[tuple[str, str]]:
    blocks = re.findall(r"```console\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
    examples = re.findall(r"^\$ guard (.*)\n((?:(?!\$ ).*\n)*)", "".join(blocks), flags=re.MULTILINE)
    assert len(examples) >= 14
    return [(command, output) for command, output in examples]


@pytest.mark.parametrize("command, expected", guide_examples())
def test_the_guide_shows_what_the_command_prints(
    capsys: pytest.CaptureFixture[str], command: str, expected: str
) -> None:
    assert main.run(shlex.split(command)) == 0
    assert capsys.readouterr() == (expected, "")


@pytest.mark.parametrize("command, expected", guide_examples())
def test_every_calculator_answers_in_json_alone(
    capsys: pytest.CaptureFixture[str], command: str, expected: str
) -> None:
    assert main.run([*shlex.split(command), "--json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert err == ""
    assert document["category"] in CATEGORIES
    assert document["sentences"] == expected.splitlines()


def test_the_guide_names_every_category_and_all_its_results_and_inputs() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for name, category in CATEGORIES.items():
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        assert all(f"`{result}`" in row for result in category.results), name
        if name not in {"hedged_margin", "loss_at_stop", "swap", "daily_loss"}:
            assert all(f"`{value}`" in row for value in category.inputs), name


def test_calc_answering_none_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["calc", "size", *SIZE]) == 0
    assert capsys.readouterr().out.startswith("none:")
    assert main.run(["calc", "size", *SIZE, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["result"] == {"lots": "none", "risk_money": 1.0}


@pytest.mark.parametrize(
    "command, sentence",
    [
        ("margin-level --equity 5 --margin 0", "No margin is in use, so there is no margin level."),
        ("leverage --notional 5 --equity -1",
         "Effective leverage is beyond any bound: positions are open and equity is 0 or below."),
        ("leverage --notional 100000 --margin 2000", "This margin implies a leverage of 1:50.00."),
        ("hedged-margin --buy 0.1 --buy 0.2 --sell 0.3", "Every lot is covered by an opposite one."),
        ("loss --side buy --lots 1 --contract-size 100 --open 10 --sl 11 --profit-ccy-to-account 1",
         "At the stop this position loses nothing: the stop is at or beyond the opening price."),
        ("loss --side buy --lots 1 --contract-size 1 --open 11 --sl 10 --equity -1",
         "At the stop this position loses 1.00, with no equity to lose it from."),
        ("stop-out --balance 100 --margin 1000 --so-pct 50", "Stop-out at equity 500.00: already reached."),
        ("daily-loss --anchor initial --initial 100 --limit-money 5 --equity 95",
         "Equity has reached it: the rule is broken."),
    ],
)  # fmt: skip
def test_answers_at_the_edges_are_sentences(capsys: pytest.CaptureFixture[str], command: str, sentence: str) -> None:
    assert main.run(["calc", *shlex.split(command)]) == 0
    assert sentence in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    "command, part",
    [
        ("margin --calc forex --lots 1", "--contract-size and --leverage and --margin-ccy-to-account"),
        ("size --balance 100 --risk-pct 1", "--stop-pips and --pip-value-per-lot"),
        ("margin-level", "--equity and --margin"),
        ("stop-out", "--mc-pct"),
        ("hedged-margin --buy 1 --calc forex", "--contract-size"),
        ("margin --lots -1 --calc forex", "--lots must be above 0"),
        ("margin --lots nan --calc forex", "--lots"),
        ("margin --lots inf --calc forex", "--lots"),
        ("margin --calc barter", "--calc must be a calculation mode"),
        ("hedged-margin --buy one", "--buy one is not written as LOTS@PRICE"),
        ("hedged-margin --buy 0", "--buy lots must be above 0"),
        ("price", "--fills"),
        ("nothing", "nothing"),
    ],
)
def test_a_usage_fault_is_one_sentence_naming_the_option_and_ends_with_2(
    capsys: pytest.CaptureFixture[str], command: str, part: str
) -> None:
    assert main.run(["calc", *shlex.split(command)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert part in err
    assert err.count("\n") == 1


def test_the_help_lists_every_calculator(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["calc", "--help"]) == 0
    shown = capsys.readouterr().out
    for name in ("margin", "hedged-margin", "profit", "pip", "size", "leverage", "stop-out", "batch"):
        assert f"\n  {name} " in shown
