"""A recording gives back what was read, failures included, and says where it is damaged."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from guard.model.errors import InputError, TerminalError
from guard.terminal.recording import FORMAT, Recorder, Recording
from tests.builders import document, position


def recorded(folder: Path, *entries: Any) -> Path:
    stream = io.StringIO()
    recorder = Recorder(stream)
    for entry in entries:
        if isinstance(entry, str):
            recorder.failure(entry)
        else:
            recorder.reading(entry)
    path = folder / "session.jsonl"
    path.write_text(stream.getvalue(), encoding="utf-8")
    return path


def test_every_reading_comes_back_as_it_was_in_its_order(tmp_path: Path) -> None:
    readings = [document(0.0), document(1.0, positions=[position(1), position(2)]), document(2.0)]
    recording = Recording(recorded(tmp_path, *readings))
    told = recording.connect()
    assert told["account"] == readings[0]["account"]
    assert [recording.read_snapshot() for _ in readings] == readings
    with pytest.raises(TerminalError, match="ends here"):
        recording.read_snapshot()


def test_a_section_that_did_not_change_is_written_once_and_stays_the_same_object(tmp_path: Path) -> None:
    path = recorded(tmp_path, document(0.0), document(1.0))
    second = json.loads(path.read_text(encoding="utf-8").splitlines()[2])
    assert "symbols" not in second["set"]
    recording = Recording(path)
    recording.connect()
    assert recording.read_snapshot()["symbols"] is recording.read_snapshot()["symbols"]


def test_a_section_that_was_missing_stays_missing(tmp_path: Path) -> None:
    without = {name: value for name, value in document(1.0).items() if name != "positions"}
    recording = Recording(recorded(tmp_path, document(0.0), without, document(2.0)))
    recording.connect()
    assert ["positions" in recording.read_snapshot() for _ in range(3)] == [True, False, True]


def test_a_failed_reading_fails_again_at_its_place(tmp_path: Path) -> None:
    recording = Recording(recorded(tmp_path, "no answer", document(0.0), "the link broke", document(1.0)))
    recording.connect()
    with pytest.raises(TerminalError, match="no answer"):
        recording.read_snapshot()
    recording.read_snapshot()
    with pytest.raises(TerminalError, match="the link broke"):
        recording.read_snapshot()
    assert recording.read_snapshot()["monotonic_s"] == 1001.0


def test_it_can_be_played_again(tmp_path: Path) -> None:
    recording = Recording(recorded(tmp_path, document(0.0)))
    for _ in range(2):
        recording.connect()
        recording.read_snapshot()
        recording.close()
        with pytest.raises(TerminalError):
            recording.read_snapshot()


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = recorded(tmp_path, document(0.0), document(1.0))
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    recording = Recording(path)
    recording.connect()
    recording.read_snapshot()
    with pytest.raises(TerminalError, match="ends here"):
        recording.read_snapshot()


HEAD = json.dumps({"format": FORMAT})


@pytest.mark.parametrize(
    "text, words",
    [
        ('{"format": "guard.recording/2"}\n', "this version reads guard.recording/1"),
        ("not json\n{}\n", "line 1: no JSON"),
        (f"{HEAD}\n[]\n", "line 2: must be an object"),
        (f"{HEAD}\n" + '{"set": {}}\n', "line 2: lacks"),
        (f"{HEAD}\n" + '{"set": {}, "names": ["account"]}\n', "line 2: names a section"),
        (f"{HEAD}\n" + '{"set": {}, "names": [[]]}\n', "line 2: names a section"),
        (f"{HEAD}\n" + "{broken\n" + "{}\n", "line 2: no JSON"),
    ],
)
def test_a_damaged_recording_says_its_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        Recording(path).connect()


def test_a_recording_without_a_reading_or_without_a_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TerminalError, match="holds no reading"):
        Recording(recorded(tmp_path)).connect()
    with pytest.raises(InputError, match="cannot be read"):
        Recording(tmp_path / "none.jsonl").connect()
