"""``guard config``: write, check, show, schema."""

from __future__ import annotations

import io
import json
import tomllib
from pathlib import Path

import pytest

from guard.cli import _config_ask as asking
from guard.cli import main
from guard.settings.extends import shipped_names

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
    found = asking.answers_from(asking.Options(prop="", broker=""), ask=True)
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


def typed(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Answers the questions of ``init`` as if typed; an empty answer takes the default. The questions as asked."""
    left, asked = iter(answers), []

    def prompt(question: str, default: str = "", **_: object) -> str:
        asked.append(question)
        return next(left) or default

    monkeypatch.setattr("typer.prompt", prompt)
    monkeypatch.setattr("sys.stdin", type("Terminal", (io.StringIO,), {"isatty": lambda _: True})())
    return asked


def test_init_answered_by_a_beginner(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    asked = typed(monkeypatch, "beginner", "", "justmarkets", "standard cent", "usc", "", "Europe/Berlin")
    assert main.run(["config", "init"]) == 0
    assert len(asked) == 7
    text = Path("guard.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    assert document["extends"] == ["profiles/beginner", "brokers/justmarkets"]
    assert document["account"] == {"currency": "USC", "type": "Standard Cent"}
    assert document["trading_day"]["tz"] == "Europe/Berlin"
    assert "[[loosened]]" not in text
    assert "9 limits of profiles/beginner, brokers/justmarkets" in capsys.readouterr().out
    assert main.run(["config", "check"]) == 0
    assert "effective_leverage: at most 5 x equity" in capsys.readouterr().out


def test_init_answered_by_a_prop_trader(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    asked = typed(monkeypatch, "prop-safe", "FTMO 2step 50k", "", "", "", "")
    assert main.run(["config", "init"]) == 0
    assert len(asked) == 6  # no account type without a broker
    out = capsys.readouterr().out
    assert "15 limits of profiles/prop-safe, prop/ftmo-2step-50k" in out
    assert "not watched   prop/ftmo-2step-50k: Positions close before the weekend" in out
    text = Path("guard.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["account"] == {"currency": "USD", "initial": "50000 USD"}
    assert "#   firm_day_loss: The day may cost 5 %" in text
    assert main.run(["config", "check"]) == 0
    checked = capsys.readouterr().out
    assert "firm_day_loss (day): at most 5 % of initial" in checked
    assert "not watched   prop/ftmo-2step-50k: No opening or closing" in checked


def test_init_of_a_prop_trader_in_another_currency_and_size_asks_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "", "fintokei", "", "eur", "80000", "")
    assert main.run(["config", "init"]) == 0
    document = tomllib.loads(Path("guard.toml").read_text(encoding="utf-8"))
    assert document["account"] == {"currency": "EUR", "initial": "80000 EUR"}


def test_init_takes_prop_broker_type_and_regulator_as_options() -> None:
    argv = ["config", "init", "--yes", "--prop", "ftmo-2step-100k", "--broker", "exness", "--type", "pro"]
    assert main.run([*argv, "--regulator", "esma", "--mode", "warn"]) == 0
    document = tomllib.loads(Path("guard.toml").read_text(encoding="utf-8"))
    assert document["extends"] == [
        "profiles/intermediate", "regulators/esma", "brokers/exness", "prop/ftmo-2step-100k",
    ]  # fmt: skip
    assert document["account"] == {"currency": "USD", "initial": "100000 USD", "type": "Pro"}


@pytest.mark.parametrize(
    "option, value, says",
    [
        ("--experience", "expert", "profile"),
        ("--prop", "ftmo", "there are: ftmo-1step-100k"),
        ("--prop", "nobody", "no prop program"),
        ("--broker", "exnss", "did you mean `exness`?"),
        ("--regulator", "bafin", "no regulator"),
        ("--type", "Pro", "--broker"),
        ("--mode", "trade", "no mode"),
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
    Path("bad.toml").write_text('format = "guard.config/1"\nmode = "enforced"\n[timing]\nstale = 1\n', encoding="utf-8")
    assert main.run(["config", "check", "bad.toml"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "mode: must be one of warn, rehearse, enforce, it is 'enforced'" in err
    assert "timing.stale: is not a field of timing" in err
    assert main.run(["config", "check", "bad.toml", "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert [fault["path"] for fault in document["faults"]] == ["mode", "timing.stale"]


def test_check_says_that_deeds_are_not_in_this_version_and_that_notices_need_an_address(capsys: Capture) -> None:
    Path("own.toml").write_text(
        'format = "guard.config/1"\n[[limits]]\nkind = "open_risk"\nmax = 5\n'
        'stages = [{ at_pct = 100, actions = ["warn", "flatten"] }]\n[notices]\nrepeat_s = 60.0\n',
        encoding="utf-8",
    )
    assert main.run(["config", "check", "own.toml"]) == 0
    out = capsys.readouterr().out
    assert "not carried out: flatten" in out
    assert "[notices] has no effect: there is no [[notify]] address" in out


def test_show_prints_a_configuration_with_its_fingerprint_and_only_references(capsys: Capture) -> None:
    text = 'format = "guard.config/1"\nextends = "profiles/beginner"\n[[notify]]\nurl = "env:MY_BOT"\n'
    Path("own.toml").write_text(text, encoding="utf-8")
    assert main.run(["config", "show", "own.toml"]) == 0
    shown = capsys.readouterr().out
    document = tomllib.loads(shown)
    assert [entry["url"] for entry in document["notify"]] == ["env:MY_BOT"]
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


def test_presets_are_listed_searched_and_shown_with_their_sources(capsys: Capture) -> None:
    assert main.run(["config", "presets"]) == 0
    assert f"{len(shipped_names())} presets." in capsys.readouterr().out
    assert main.run(["config", "presets", "prague", "quantum"]) == 2
    assert main.run(["config", "presets", "standard cent"]) == 0
    listed = capsys.readouterr().out
    assert "brokers/exness" in listed
    assert "brokers/xm" not in listed
    assert main.run(["config", "presets", "central european"]) == 0
    assert "prop/quantum-1step-100k" in capsys.readouterr().out
    assert main.run(["config", "presets", "prop/ftmo-2step-100k"]) == 0
    out = capsys.readouterr().out
    assert "watched       firm_day_loss: The day may cost 5 %" in out
    assert "why: needs a calendar of news: name one under [news] and add a news_window limit" in out
    assert "source: ftmo.oanda.com, 2026-11-24, official" in out
    assert "equity 100,000.00, floor 95,000.00: 5,000.00 may be lost" in out


@pytest.mark.parametrize("name", ["brokers/stptrading", "brokers/exness", "regulators/nfa-cftc", "profiles/scalper"])
def test_what_is_not_known_of_a_preset_is_said(name: str, capsys: Capture) -> None:
    assert main.run(["config", "presets", name]) == 0
    shown = capsys.readouterr().out
    assert ("not known   [not known]" in shown) == (not name.startswith("profiles"))
    assert "None" not in shown


def test_presets_as_json(capsys: Capture) -> None:
    assert main.run(["config", "presets", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in document["presets"]] == shipped_names()
    assert all(row["source"] and row["date"] and row["grade"] in document["grades"] for row in document["presets"])
    assert main.run(["config", "presets", "brokers/fbs", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["broker"]["stop_out_pct"]["value"] == 20.0
    assert shown["broker"]["regulation"] == {"source": None, "date": None, "grade": "unknown", "value": None}


def test_a_mistyped_preset_gets_a_hint(capsys: Capture) -> None:
    assert main.run(["config", "presets", "prop/ftmo-2stp-100k"]) == 2
    assert "did you mean `prop/ftmo-2step-100k`?" in capsys.readouterr().err
