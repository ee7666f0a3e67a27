"""``guard evaluate``: a snapshot file to verdicts and an exit code."""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest

from guard.cli import main

Capture = pytest.CaptureFixture[str]
BASE = Path(__file__).parents[1] / "config_errors" / "snapshot.json"


def changed(folder: Path, **account: object) -> str:
    document = copy.deepcopy(json.loads(BASE.read_text(encoding="utf-8")))
    document["account"].update(account)
    path = folder / "snapshot.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def as_json(capsys: Capture, *argv: str) -> tuple[int, dict[str, Any]]:
    code = main.run(["evaluate", *argv, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_everything_ok_is_zero(capsys: Capture) -> None:
    code, result = as_json(capsys, str(BASE))
    assert code == 0
    assert result["format"] == "guard.evaluation/1"
    assert {verdict["severity"] for verdict in result["verdicts"]} == {"OK"}
    assert len(result["verdicts"]) == 9


def test_a_warning_is_ten(tmp_path: Path, capsys: Capture) -> None:
    code, result = as_json(capsys, changed(tmp_path, margin=4000.0, margin_free=6005.0, margin_level=250.125))
    assert (code, result["severity"]) == (10, "WARN")


def test_unknown_is_eleven(tmp_path: Path, capsys: Capture) -> None:
    code, result = as_json(capsys, changed(tmp_path, equity=None))
    assert (code, result["severity"]) == (11, "UNKNOWN")


def test_a_breach_is_twelve(tmp_path: Path, capsys: Capture) -> None:
    code, result = as_json(capsys, changed(tmp_path, margin=8000.0, margin_free=2005.0, margin_level=125.0625))
    assert (code, result["severity"]) == (12, "BREACH")
    breached = {verdict["kind"] for verdict in result["verdicts"] if verdict["severity"] == "BREACH"}
    assert "margin_level" in breached


def test_a_configuration_replaces_the_defaults(tmp_path: Path, capsys: Capture) -> None:
    config = tmp_path / "own.toml"
    config.write_text('format = "guard.config/1"\n[[limits]]\nkind = "effective_leverage"\nmax = 1\n', encoding="utf-8")
    code, result = as_json(capsys, str(BASE), "--config", str(config))
    assert code == 12
    assert [verdict["kind"] for verdict in result["verdicts"]] == ["effective_leverage"]


def test_without_a_configuration_the_home_and_the_folder_are_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "guard.toml").write_text("broken", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUARD_HOME", str(tmp_path))
    code, result = as_json(capsys, str(BASE))
    assert code == 0
    assert result["policy"]["source"] == "unconfigured defaults"


def test_limits_in_another_currency_than_the_account_are_refused(tmp_path: Path, capsys: Capture) -> None:
    config = tmp_path / "own.toml"
    config.write_text(
        'format = "guard.config/1"\n[[limits]]\nkind = "period_loss"\nlimit = { value = "50 EUR", unit = "money" }\n',
        encoding="utf-8",
    )
    assert main.run(["evaluate", str(BASE), "--config", str(config)]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "written for an account in EUR, this one is in USD" in err


def test_standard_input_is_a_dash(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(BASE.read_bytes()), encoding="utf-8"))
    assert as_json(capsys, "-")[0] == 0


def test_a_file_as_powershell_writes_it_is_read(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "wide.json"
    path.write_bytes(BASE.read_text(encoding="utf-8").encode("utf-16"))
    assert as_json(capsys, str(path))[0] == 0


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr("guard.settings.snapshot_file.MAX_BYTES", 100)
    assert main.run(["evaluate", changed(tmp_path)]) == 3
    assert "larger than" in capsys.readouterr().err


def test_a_person_sees_figures_with_units_bars_and_gaps(tmp_path: Path, capsys: Capture) -> None:
    assert main.run(["evaluate", changed(tmp_path, equity=None)]) == 11
    out = capsys.readouterr().out
    for part in (
        "balance                   10,000.00 USD",
        "equity                    unknown",
        "UNKNOWN ?????",
        "OK      ",
        "not known:",
        "account.equity",
        "worst: UNKNOWN",
    ):
        assert part in out


def test_negative_equity_with_positions_is_beyond_any_bound(tmp_path: Path, capsys: Capture) -> None:
    path = changed(tmp_path, equity=-5.0, margin_level=-4.5)
    code, result = as_json(capsys, path)
    assert code == 12
    leverage = next(verdict for verdict in result["verdicts"] if verdict["kind"] == "effective_leverage")
    assert leverage["utilization_pct"] == "inf"
    assert main.run(["evaluate", path]) == 12
    assert "beyond" in capsys.readouterr().out
