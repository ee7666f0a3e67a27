import pytest

from guard.metrics.stopout_calc import pips_to_loss, stopped_out_as_printed


@pytest.mark.parametrize(
    "loss, pip, expected",
    [(2997.426, 1, 2997), (300, 0.1, 3000), (0.7 - 0.4, 0.1, 3), (0, 1, 0), (-0.5, 1, -1), (-2, 1, -2)],
)
def test_pips_are_whole_and_rounded_down(loss: float, pip: float, expected: int) -> None:
    assert pips_to_loss(loss, pip) == expected


@pytest.mark.parametrize(
    "equity, margin, expected",
    [
        (15.0, 25.2, True),  # 59.5 %
        (60.0, 100.0, True),  # exactly at the level
        (25.9, 43.1, True),  # 60.09 % as printed, 59.9 % possible
        (25.93, 43.1, False),  # two digits are not rounded to 0.1
        (1.3, 2.0, False),  # 65 %, 61.0 % at best
        (30.0, 25.0, False),
        (-5.0, 25.0, True),
        (5.0, 0.0, False),  # no margin, no level
    ],
)
def test_a_printed_stop_out_allows_for_rounding_to_a_tenth(equity: float, margin: float, expected: bool) -> None:
    assert stopped_out_as_printed(equity, margin, 60) is expected
