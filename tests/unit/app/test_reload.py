"""A file that is edited while the guard runs: believed when two readings agree, and the last good one stays."""

from pathlib import Path

import pytest

from guard.app.reload import Change, ConfigWatch
from guard.settings.load import load_config

GOOD = 'format = "guard.config/1"\n[[limits]]\nkind = "effective_leverage"\nmax = {}\n'


class Edited:
    """A file under watch; each look is more than a second after the last."""

    def __init__(self, folder: Path, text: str = GOOD.format(10.0)) -> None:
        self.path = folder / "guard.toml"
        self.write(text)
        self.now = 0.0
        self.watch = ConfigWatch(load_config(self.path), self.now)

    def write(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")

    def look(self) -> Change | None:
        self.now += 1.1
        return self.watch.look(self.now)

    def looks(self, times: int = 4) -> list[Change]:
        return [found for found in (self.look() for _ in range(times)) if found is not None]


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    return Edited(tmp_path)


def test_nothing_is_said_of_a_file_that_stays(edited: Edited) -> None:
    assert edited.looks() == []


def test_a_changed_file_is_believed_at_the_second_reading_and_told_once(edited: Edited) -> None:
    edited.write(GOOD.format(8.0))
    assert edited.look() is None
    change = edited.look()
    assert change is not None
    assert change.loaded is not None
    assert change.loaded.policy.limits[0].max == 8.0
    assert edited.looks() == []


def test_it_is_looked_at_once_a_second_only(edited: Edited) -> None:
    edited.write(GOOD.format(8.0))
    assert [edited.watch.look(0.01 * number) for number in range(100)] == [None] * 100


def test_a_file_that_is_still_being_written_waits(edited: Edited) -> None:
    for length in (10, 30, 50):
        edited.write(GOOD.format(8.0)[:length])
        assert edited.look() is None
    edited.write(GOOD.format(8.0))
    (change,) = edited.looks()
    assert change.loaded is not None


@pytest.mark.parametrize("spoilt", ["half", "gone", "empty", "binary", "folder"])
def test_what_cannot_be_used_is_told_once_and_the_good_one_afterwards_is_taken(edited: Edited, spoilt: str) -> None:
    if spoilt in ("gone", "folder"):
        edited.path.unlink()
        if spoilt == "folder":
            edited.path.mkdir()
    elif spoilt == "binary":
        edited.path.write_bytes(bytes(range(256)))
    else:
        edited.write(GOOD.format(8.0)[:40] if spoilt == "half" else "\n")
    changes = edited.looks(6)
    assert [change.loaded for change in changes] == [None]
    assert "configuration" in changes[0].trouble
    if spoilt == "folder":
        edited.path.rmdir()
    edited.write(GOOD.format(8.0))
    (change,) = edited.looks()
    assert change.loaded is not None


def test_a_second_fault_is_another_one(edited: Edited) -> None:
    edited.write("x = 1\n")
    assert len(edited.looks()) == 1
    edited.write("y = 1\n")
    assert len(edited.looks()) == 1


def test_back_to_what_is_in_force_is_no_news(edited: Edited) -> None:
    edited.write("x = 1\n")
    edited.looks()
    edited.write(GOOD.format(10.0))
    assert edited.looks() == []
    edited.write("x = 1\n")
    assert len(edited.looks()) == 1


def test_a_file_it_extends_by_path_is_watched_too(tmp_path: Path) -> None:
    base = tmp_path / "base.toml"
    base.write_text(GOOD.format(10.0), encoding="utf-8")
    edited = Edited(tmp_path, 'format = "guard.config/1"\nextends = "base.toml"\n')
    base.write_text(GOOD.format(7.0), encoding="utf-8")
    (change,) = edited.looks()
    assert change.loaded is not None
    assert change.loaded.policy.limits[0].max == 7.0


def test_a_replaced_file_is_seen_although_its_size_and_time_are_the_same(edited: Edited, tmp_path: Path) -> None:
    import os  # noqa: PLC0415

    before = edited.path.stat()
    other = tmp_path / "other.toml"
    other.write_text(GOOD.format(20.0), encoding="utf-8")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(edited.path)
    (change,) = edited.looks()
    assert change.loaded is not None
