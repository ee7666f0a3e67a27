from guard.metrics.loss_rules import equity_now, is_breached, limit_money, locked_floor, loss_floor, room


def test_the_limit_is_percent_of_its_basis_and_the_floor_lies_below_the_anchor() -> None:
    assert limit_money(5, 200000) == 10000
    assert loss_floor(205000, limit_money(5, 200000)) == 195000


def test_daily_loss_exactly_at_the_limit_is_a_breach() -> None:
    assert is_breached(95000, 95000)
    assert is_breached(94999.99, 95000)
    assert not is_breached(95000.01, 95000)


def test_equity_is_balance_at_the_reset_plus_closed_plus_floating() -> None:
    assert equity_now(200000, 4000, -13000) == 191000


def test_room_is_negative_below_the_floor() -> None:
    assert room(191000, 190000) == 1000
    assert room(94800, 95000) == -200


def test_a_trailing_floor_stops_at_its_lock() -> None:
    assert locked_floor(loss_floor(103000, 6000), 100000) == 97000
    assert locked_floor(loss_floor(109000, 6000), 100000) == 100000
