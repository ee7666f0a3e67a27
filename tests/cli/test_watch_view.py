import pytest

from guard.cli.watch import fitted

LONG = "  WARN    ########..     85 %  period_loss: Loss of the day is 850.00 of 1,000.00 allowed; its floor 9,000.00"
LINES = [("Account 1 at X, mode warn: WARN ACTIVE", ""), *[(LONG, "yellow")] * 6, ("Ctrl-C ends this view.", "dim")]


@pytest.mark.parametrize("width, height", [(80, 24), (80, 10), (80, 6), (200, 50), (40, 24)])
def test_every_picture_fits_the_screen(width: int, height: int) -> None:
    shown = fitted(LINES, width, height)
    assert len(shown) < height
    assert max(len(text) for text, _ in shown) <= width


def test_with_room_nothing_is_cut_and_a_sentence_goes_on_below_itself() -> None:
    shown = [text for text, _ in fitted(LINES, 80, 24)]
    assert not any("…" in text for text in shown)
    second = next(text for text in shown if text.lstrip().startswith("1,000.00") or "floor" in text)
    assert second.startswith(" " * 28)


def test_without_room_lines_are_cut_then_counted() -> None:
    assert sum("…" in text for text, _ in fitted(LINES, 80, 10)) == 6
    assert fitted(LINES, 80, 6)[-1][0] == "and 4 more lines: `guard status` shows all"
    assert [text for text, _ in fitted(LINES, 200, 50)] == [text for text, _ in LINES]
