import csv
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dashboards import ROOT


def guard(*words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "guard", *words]
    return subprocess.run(command, cwd=cwd, env=_environment(), capture_output=True, encoding="utf-8", check=False)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("journal")
    done = guard("demo", "--speed", "max", "--json", "--home", str(folder), cwd=folder)
    assert done.returncode == 0, done.stderr
    return next((folder / "demo").glob("*.db"))


def rows(journal: Path, *words: str) -> list[dict[str, object]]:
    done = guard("journal", "list", "--journal", str(journal), "--json", *words, cwd=journal.parent)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_list_can_be_narrowed_by_kind_severity_words_limit_and_time(journal: Path) -> None:
    everything = rows(journal)
    loud = rows(journal, "--kind", "notice", "--severity", "breach")
    assert 0 < len(loud) < len(everything)
    assert {row["severity"] for row in loud} == {"BREACH"}
    about = rows(journal, "--kind", "notice", "--limit", "period_loss")
    assert about
    assert all("oss of the day" in str(row["text"]) or "period_loss" in str(row["text"]) for row in about)
    assert rows(journal, "--text", "no such words") == []
    middle = str(everything[len(everything) // 2]["at"])
    early, late = rows(journal, "--until", middle), rows(journal, "--since", middle)
    assert len(early) + len(late) == len(everything)
    assert early
    assert late


def test_a_date_or_severity_that_is_none_is_a_sentence(journal: Path) -> None:
    for words in (("--since", "soon"), ("--severity", "LOUD")):
        done = guard("journal", "list", "--journal", str(journal), *words, cwd=journal.parent)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_csv_and_json_hold_the_rows_of_the_list(journal: Path, tmp_path: Path) -> None:
    listed = rows(journal, "--kind", "notice")
    for name in ("out.csv", "out.json"):
        to = tmp_path / name
        done = guard("journal", "export", "--journal", str(journal), "--kind", "notice", "-o", str(to), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert [int(row["seq"]) for row in table] == [row["seq"] for row in listed]
    assert [row["text"] for row in table] == [row["text"] for row in listed]
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == [
        {name: row[name] for name in ("seq", "at", "kind", "severity", "snapshot", "text")} for row in listed
    ]


def test_parquet_is_written_or_the_missing_library_is_named(journal: Path, tmp_path: Path) -> None:
    to = tmp_path / "out.parquet"
    done = guard("journal", "export", "--journal", str(journal), "-o", str(to), cwd=tmp_path)
    if done.returncode == 0:
        assert to.read_bytes()[:4] == b"PAR1"
    else:
        assert (done.returncode, "mt5-guard[parquet]" in done.stderr) == (2, True)
    assert guard("journal", "export", "--journal", str(journal), "-o", "x.xls", cwd=tmp_path).returncode == 2


def test_verify_finds_a_row_that_somebody_changed(journal: Path, tmp_path: Path) -> None:
    good = guard("journal", "verify", "--journal", str(journal), "--json", cwd=tmp_path)
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)["rows"] == rows(journal, "--all")[-1]["seq"]
    forged = tmp_path / "forged.db"
    with sqlite3.connect(journal) as source, sqlite3.connect(forged) as target:
        source.backup(target)
        target.execute("DROP TRIGGER row_no_update")
        target.execute("UPDATE row SET body = replace(body, 'BREACH', 'WARN') WHERE kind = 'notice'")
    source.close()
    target.close()
    bad = guard("journal", "verify", "--journal", str(forged), cwd=tmp_path)
    assert bad.returncode == 3
    assert "is damaged: row" in bad.stderr


def test_the_service_can_be_looked_at_before_it_is_installed(tmp_path: Path) -> None:
    done = guard("service", "install", "--print", "--web", "--json", "--home", str(tmp_path / "home"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert "--web" in document["text"]
    assert document["commands"]
    assert not Path(document["file"]).is_relative_to(tmp_path) or not Path(document["file"]).exists()


def test_a_configuration_with_faults_is_not_installed(tmp_path: Path) -> None:
    broken = tmp_path / "guard.toml"
    broken.write_text("format = 'guard.config/1'\nmode = 'bold'\n", encoding="utf-8")
    done = guard("service", "install", "--print", "-c", str(broken), "--home", str(tmp_path / "home"), cwd=tmp_path)
    assert done.returncode == 3
    assert "mode" in done.stderr


def test_the_web_token_is_made_once_for_its_owner_only_and_printed_only_when_asked(tmp_path: Path) -> None:
    first, again = (guard("web", "token", "--home", str(tmp_path), cwd=tmp_path) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == again.stdout
    assert len(first.stdout.strip()) >= 32
    if sys.platform != "win32":
        assert (tmp_path / "web-token").stat().st_mode & 0o077 == 0
        (tmp_path / "web-token").chmod(0o644)
        refused = guard("web", "token", "--home", str(tmp_path), cwd=tmp_path)
        assert (refused.returncode, "chmod 600" in refused.stderr) == (3, True)


@pytest.mark.parametrize(
    "words, said",
    [
        (("--host", "0.0.0.0"), "add --expose"),  # noqa: S104 - it is refused
        (("--host", "0.0.0.0", "--expose"), "needs TLS"),  # noqa: S104 - it is refused
        (("--host", "127.evil.com"), "add --expose"),
        (("--tls-cert", "x.pem"), "go together"),
    ],
)
def test_an_address_that_lets_others_in_needs_to_be_said_aloud_and_encrypted(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = guard("web", *words, "--home", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
