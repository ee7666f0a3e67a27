"""``guard config``: write, check, show, schema."""

from __future__ import annotations

import io
import json
import tomllib
from pathlib import Path

import pytest

from guard.cli import _config_ask as asking
from guard.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_init_writes_a_file_that_check_accepts(capsys: Capture) -> None:
    assert main.run(["config", "init", "--yes"]) == 0
    assert main.run(["config", "check", "guard.toml"]) == 0
    out = capsys.readouterr().out
    assert "guard.toml can be used." in out
    assert "effective_leverage: at most 10 x equity" in out
    assert "profiles/intermediate" in Path("guard.toml").read_text(encoding="utf-8")


def test_init_takes_every_answer_as_an_option() -> None:
    argv = [
        "config",
        "init",
        "--yes",
        "-o",
        "sub/own.toml",
        "--experience",
        "beginner",
        "--currency",
        "eur",
        "--initial",
        "25,000",
        "--zone",
        "Europe/Prague",
        "--login",
        "77",
        "--server",
        "Broker-Live",
    ]
    assert main.run(argv) == 0
    document = tomllib.loads(Path("sub/own.toml").read_text(encoding="utf-8"))
    assert document["extends"] == ["profiles/beginner"]
    assert document["account"] == {"login": 77, "server": "Broker-Live", "currency": "EUR", "initial": "25000 EUR"}
    assert document["trading_day"] == {"tz": "Europe/Prague", "time": "00:00"}


def test_init_never_replaces_a_file_without_force(capsys: Capture) -> None:
    Path("guard.toml").write_text("mine", encoding="utf-8")
    assert main.run(["config", "init", "--yes"]) == 2
    assert "there already" in capsys.readouterr().err
    assert Path("guard.toml").read_text(encoding="utf-8") == "mine"
    assert main.run(["config", "init", "--yes", "--force"]) == 0
    assert Path("guard.toml").read_text(encoding="utf-8") != "mine"


def test_init_without_a_terminal_says_that_it_asks_nothing(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main.run(["config", "init"]) == 0
    assert "nothing is asked" in capsys.readouterr().err


def test_init_asks_again_until_an_answer_can_be_taken(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    answers = iter(["expert", "advanced", "usd", "lots", "5000", "Europe/Prag", "Europe/Prague"])
    monkeypatch.setattr("typer.prompt", lambda *_args, **_kwargs: next(answers))
    found = asking.answers_from(None, None, None, None, None, None, ask=True)
    assert (found.experience, found.currency, found.initial, found.zone) == (
        "advanced",
        "USD",
        "5000 USD",
        "Europe/Prague",
    )
    err = capsys.readouterr().err
    assert "there is no profile 'expert'" in err
    assert "'lots' is not an amount" in err
    assert "did you mean `Europe/Prague`?" in err


@pytest.mark.parametrize(
    "option, value, says",
    [
        ("--experience", "expert", "profile"),
        ("--currency", "dollars!", "currency code"),
        ("--initial", "1000", "currency"),
        ("--initial", "x", "not an amount"),
        ("--zone", "CEST+1", "time zone"),
        ("--login", "0", "above 0"),
    ],
)
def test_init_refuses_an_answer_it_cannot_take(option: str, value: str, says: str, capsys: Capture) -> None:
    assert main.run(["config", "init", "--yes", option, value]) == 2
    assert says in capsys.readouterr().err
    assert not Path("guard.toml").exists()


def test_check_prints_every_fault_with_its_place_and_ends_with_three(capsys: Capture) -> None:
    Path("bad.toml").write_text('format = "guard.config/1"\nmode = "enforce"\n[timing]\nstale = 1\n', encoding="utf-8")
    assert main.run(["config", "check", "bad.toml"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "mode: 'enforce' is not in this version" in err
    assert "timing.stale: is not a field of timing" in err
    assert main.run(["config", "check", "bad.toml", "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert [fault["path"] for fault in document["faults"]] == ["mode", "timing.stale"]


def test_check_says_that_deeds_and_addresses_are_not_in_this_version(capsys: Capture) -> None:
    Path("own.toml").write_text(
        'format = "guard.config/1"\n[[limits]]\nkind = "open_risk"\nmax = 5\n'
        'stages = [{ at_pct = 100, actions = ["warn", "flatten"] }]\n[[notify]]\nurl = "keyring:guard/telegram"\n',
        encoding="utf-8",
    )
    assert main.run(["config", "check", "own.toml"]) == 0
    out = capsys.readouterr().out
    assert "not carried out: flatten" in out
    assert "address is not used" in out


def test_show_prints_a_configuration_with_its_fingerprint_and_only_references(capsys: Capture) -> None:
    text = 'format = "guard.config/1"\nextends = "profiles/beginner"\n[[notify]]\nurl = "env:MY_BOT"\n'
    Path("own.toml").write_text(text, encoding="utf-8")
    assert main.run(["config", "show", "own.toml"]) == 0
    shown = capsys.readouterr().out
    document = tomllib.loads(shown)
    assert document["notify"] == [{"url": "env:MY_BOT"}]
    assert len(document["limits"]) == 9
    assert main.run(["config", "show", "own.toml", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["config"] == document
    assert again["sha256"] in shown


def test_show_without_a_file_shows_the_defaults(capsys: Capture) -> None:
    assert main.run(["config", "show"]) == 0
    assert "unconfigured defaults" in capsys.readouterr().out


def test_schema_is_json(capsys: Capture) -> None:
    assert main.run(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "guard.config/1"
