"""What the guard does when it may act: stories of one account, look by look."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guard.engine.arming import preview, with_confirmed, with_inherited
from guard.engine.locks import voluntary, with_lock, without_lock
from guard.engine.orders import FlattenScope, with_flatten
from guard.engine.step import CycleResult
from guard.limits.base import Limit
from guard.model.intent import TradingState
from guard.model.snapshot_json import read_snapshot
from tests.books import deal, limit, position, symbol
from tests.enforcing import Story, act

Dict = dict[str, Any]
LOSS = {"value": 5.0, "unit": "pct", "basis": "anchor"}
FRIDAY = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)


def day_loss(*actions: str | Dict, at: float = 90.0, **over: Any) -> Limit:
    return limit("period_loss", period="day", limit=LOSS, stages=act(*actions, at=at), **over)


def leverage(*actions: str | Dict, at: float = 100.0, **over: Any) -> Limit:
    return limit("effective_leverage", **{"max": 10.0, "stages": act(*actions, at=at), **over})


def losing(*limits: Limit, **over: Any) -> Story:
    """0.5 and 0.2 bought, then 150 pips down: 1,050 lost of 500 allowed."""
    story = Story(*limits, positions=[position(1, 0.5), position(2, 0.2)], **over)
    story.look()
    story.quote("EURUSD", 1.085)
    return story


def looks(story: Story, count: int, seconds: float = 0.5, **over: Any) -> CycleResult:
    """Several looks; the last one's result."""
    for _ in range(count - 1):
        story.look(seconds, **over)
    return story.look(seconds, **over)


def statuses(story: Story) -> dict[str, tuple[str, str]]:
    return {one.action: (one.status, one.why) for one in story.result.intents}


# ---- confirmation ------------------------------------------------------------------------------------------
def test_a_breach_is_acted_on_at_the_second_tick_not_at_the_first() -> None:
    story = losing(day_loss("flatten"))
    assert story.look(0.25).deeds == ()
    assert statuses(story)["flatten"] == ("waiting", "waits for prices to settle after a jump")
    assert story.look(0.25).deeds == ()
    assert [deed.ticket for deed in story.look(1.0).deeds] == [1, 2]


def test_one_bad_tick_closes_nothing() -> None:
    story = losing(day_loss("flatten"))
    story.look(0.5)
    story.quote("EURUSD", 1.1)
    for _ in range(8):
        assert story.look(0.5).deeds == ()
    assert story.state.enforcing.intents == ()
    assert story.state.enforcing.confirms == {}


def test_a_standing_price_confirms_after_a_second_of_an_open_session() -> None:
    rule = leverage("reduce")
    story = Story(rule, positions=[position(1, 1.5)])
    assert story.look(0.5).deeds == ()
    assert story.look(0.3, fresh=False).deeds == ()
    assert story.look(0.6, fresh=False).deeds == ()
    assert len(story.look(0.2, fresh=False).deeds) == 1


def test_a_quarter_of_a_second_apart_is_enough_less_is_not() -> None:
    story = Story(leverage("reduce"), positions=[position(1, 1.5)])
    assert story.look(0.5).deeds == ()
    assert story.look(0.2).deeds == ()
    assert len(story.look(0.06).deeds) == 1


def test_a_repeated_reading_sends_nothing() -> None:
    story = Story(leverage("reduce"), positions=[position(1, 1.5)])
    story.look()
    assert len(story.look().deeds) == 1
    assert story.look(0.0).deeds == ()


# ---- modes -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("mode,count", [("warn", 0), ("rehearse", 2), ("enforce", 2)])
def test_only_modes_that_act_have_deeds(mode: str, count: int) -> None:
    story = losing(day_loss("flatten", {"kind": "lock_until", "until": "reset"}), mode=mode)
    result = looks(story, 4, 1.0)
    assert len(result.deeds) == count
    assert bool(result.intents) == bool(count)
    assert bool(story.state.locks) == bool(count)


def test_a_deed_that_was_rehearsed_is_not_shown_again() -> None:
    from guard.engine.deeds import rehearsed  # noqa: PLC0415

    story = losing(day_loss("flatten"), mode="rehearse")
    result = looks(story, 3, 1.0)
    for deed in result.deeds:
        story.state = rehearsed(story.state, deed)
    assert story.look().deeds == ()
    story.restart()
    assert story.look().deeds == ()


# ---- what ends, what stays ---------------------------------------------------------------------------------
def test_everything_is_closed_and_the_lock_holds_until_the_reset() -> None:
    story = losing(day_loss("flatten", {"kind": "lock_until", "until": "reset"}))
    assert [(deed.kind, deed.ticket) for deed in story.run()] == [("close", 1), ("close", 2)]
    assert statuses(story) == {"flatten": ("proved", ""), "lock_until": ("proved", "")}
    assert story.state.locks[0].until == "2026-11-21T00:00:00+00:00"
    assert story.result.trading_state is TradingState.HALTED


def test_a_restart_forgives_nothing() -> None:
    story = losing(day_loss("flatten", {"kind": "lock_until", "until": "reset"}))
    other = losing(day_loss("flatten", {"kind": "lock_until", "until": "reset"}))
    for _ in range(20):
        story.restart()
        one, two = story.look(0.5), other.look(0.5)
        assert one.deeds == two.deeds
        assert one.intents == two.intents
        if one.deeds:
            story.send(one.deeds[0])
            story.restart()
            other.send(two.deeds[0])
    assert story.positions == []
    assert story.state.enforcing == other.state.enforcing


def test_fridays_intent_does_not_meet_monday() -> None:
    story = losing(day_loss("flatten"))
    story.look(at=FRIDAY)
    result = story.look(at=FRIDAY + timedelta(seconds=1))
    first = result.intents[0]
    assert first.expires_at == "2026-11-21T00:00:00+00:00"
    # The market closes before anything was sent, and opens on Monday at the same price: the loss is Friday's.
    story.balance -= 1050.0
    for row in story.positions:
        row["profit"] = 0.0
    monday = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    out = deal(1, FRIDAY, kind=1, entry=1, profit=-1050.0)
    story.deals = [out]
    result = story.look(at=monday)
    assert [(one.id, one.status) for one in result.intents] == [(first.id, "expired")]
    for _ in range(6):
        assert story.look(1.0).deeds == ()


def test_a_latched_rule_goes_on_after_the_reset() -> None:
    story = losing(day_loss("flatten", latch=True))
    story.look(0.5)
    assert story.state.enforcing.intents[0].expires_at is None


def test_an_unknown_figure_keeps_the_intent_and_closes_nothing() -> None:
    story = losing(day_loss("flatten"))
    for _ in range(3):
        story.look(1.0)
    story.balance -= 500.0  # a withdrawal that no deal explains yet
    result = story.look(0.5)
    assert (result.deeds, statuses(story)["flatten"]) == ((), ("waiting", "the figure is not known now"))
    story.deals = [deal(77, datetime.fromisoformat(story.document["taken_at"]), kind=2, profit=-500.0)]
    assert len(story.look(0.5).deeds) == 2


def test_an_intent_ends_with_its_period_although_the_new_figure_is_not_known() -> None:
    story = losing(day_loss("flatten"))
    story.look(at=FRIDAY)
    assert story.look(at=FRIDAY + timedelta(seconds=1)).intents
    account = {**story.account(), "equity": None}
    result = story.look(at=datetime(2026, 11, 23, 7, 0, tzinfo=UTC), account=account)
    assert [one.status for one in result.intents] == ["expired"]
    assert story.state.enforcing.intents == ()


def test_a_withdrawal_that_is_seen_before_its_deal_is_no_loss() -> None:
    story = Story(day_loss("flatten"), positions=[position(1, 0.1)])
    story.look()
    story.balance -= 900.0
    for _ in range(6):
        assert story.look(1.0).deeds == ()


# ---- who can act -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "section,field,value,words",
    [("terminal", "trade_allowed", False, "AlgoTrading"), ("terminal", "tradeapi_disabled", True, "Python"),
     ("account", "trade_allowed", False, "investor"), ("account", "trade_expert", False, "broker forbids")],
)  # fmt: skip
def test_a_guard_that_cannot_act_says_so(section: str, field: str, value: bool, words: str) -> None:
    story = losing(day_loss("flatten"))
    known = story.account() if section == "account" else story.document[section]
    over: Dict = {section: {**known, field: value}}
    result = looks(story, 3, 1.0, **over)
    assert result.deeds == ()
    assert statuses(story)["flatten"][0] == "blocked"
    assert words in statuses(story)["flatten"][1]


def test_an_account_that_contradicts_itself_is_not_acted_on_for_five_seconds() -> None:
    story = Story(leverage("reduce"), positions=[position(1, 1.5)])
    wrong = {**story.account(), "equity": 10_500.0, "margin": 1650.0}
    for _ in range(4):
        assert story.look(1.0, account=wrong).deeds == ()
    result = looks(story, 3, 1.0, account=wrong)
    assert len(result.deeds) == 1


def test_a_blind_reading_sends_nothing_and_proves_nothing() -> None:
    story = Story(leverage("flatten"), positions=[position(1, 1.5)])
    story.look()
    deed = story.look().deeds[0]
    story.send(deed, done=False)
    for _ in range(4):
        result = story.look(0.5, positions=[])
        assert (result.deeds, bool(result.blind)) == ((), True)
    assert set(story.state.enforcing.flights) == {1}


# ---- good moments ------------------------------------------------------------------------------------------
def test_a_wide_spread_is_waited_out_for_three_minutes_at_most() -> None:
    story = Story(leverage("reduce"), positions=[position(1, 0.5)])
    for _ in range(140):
        story.look(6.0)
    story.positions = [position(1, 1.5)]
    story.quote("EURUSD", 1.1, 0.0011)
    waited = 0.0
    for _ in range(400):
        if story.look(0.5).deeds:
            break
        waited += 0.5
        assert "spread" in story.state.enforcing.intents[0].why or waited < 2.0
    assert 178.0 <= waited <= 184.0


def test_a_rule_that_ends_the_account_does_not_wait_for_a_better_spread() -> None:
    story = Story(leverage("reduce", ends_account=True), positions=[position(1, 0.5)])
    for _ in range(140):
        story.look(6.0)
    story.positions = [position(1, 1.5)]
    story.quote("EURUSD", 1.1, 0.0011)
    found = [len(story.look(0.5).deeds) for _ in range(6)]
    assert found[-1] == 1


def test_rollover_is_waited_out() -> None:
    story = Story(leverage("reduce"), positions=[])
    night = datetime(2026, 11, 20, 21, 58, tzinfo=UTC)  # 23:58 at the server
    story.look(at=night)
    story.positions = [position(1, 1.5)]
    for _ in range(5):
        assert story.look(1.0).deeds == ()
    assert "rollover" in statuses(story)["reduce"][1]


def test_a_symbol_without_a_fresh_quote_waits_and_does_not_hold_up_the_others() -> None:
    two = {"EURUSD": symbol(), "GBPUSD": symbol("GBPUSD", 1.3)}
    held = [position(1, 0.5), position(2, 0.3, symbol="GBPUSD", price_open=1.3, price_current=1.3)]
    story = Story(day_loss("flatten"), positions=held, symbols=two)
    story.look()
    story.quote("EURUSD", 1.085)
    for _ in range(4):
        story.ticks = {**story.ticks, "GBPUSD": {**story.ticks["GBPUSD"]}}
        before = story.ticks["GBPUSD"]
        result = story.look(70.0, fresh=True)
        story.ticks["GBPUSD"] = before
    story.ticks["EURUSD"] = {**story.ticks["EURUSD"]}
    now = datetime.fromisoformat(story.document["taken_at"]) + timedelta(seconds=1)
    stamp = {"time": int(now.timestamp()) + 7200, "time_msc": (int(now.timestamp()) + 7200) * 1000}
    story.ticks["EURUSD"].update(stamp)
    result = story.look(at=now, fresh=False)
    assert [deed.symbol for deed in result.deeds] == ["EURUSD"]
    assert "without a fresh quote: GBPUSD" in result.deeds[0].why


# ---- exposure may not end worse ----------------------------------------------------------------------------
def test_one_leg_of_a_hedge_is_not_closed_alone() -> None:
    rule = limit("position_volume", max=0.4, stages=act("close_offending"))
    story = Story(rule, positions=[position(1, 0.5), position(2, 0.4, "sell")])
    result = looks(story, 3)
    assert result.deeds == ()
    assert statuses(story)["close_offending"][0] == "blocked"
    assert "net exposure in EURUSD would grow to 0.4 lots" in statuses(story)["close_offending"][1]


def test_a_rule_that_ends_the_account_closes_all_the_same_and_says_so() -> None:
    rule = limit("position_volume", max=0.4, stages=act("close_offending"), ends_account=True)
    story = Story(rule, positions=[position(1, 0.5), position(2, 0.4, "sell")])
    result = looks(story, 3)
    assert [deed.ticket for deed in result.deeds] == [1]
    assert "least bad" in statuses(story)["close_offending"][1]


def test_a_loss_rule_never_stands_in_the_way_of_an_exit() -> None:
    # The day's loss is at 80 %; closing the loser turns floating into lost money, which changes no equity.
    story = Story(day_loss("warn", at=80.0), leverage("reduce"), positions=[position(1, 1.5, profit=-400.0)])
    result = looks(story, 3)
    assert [deed.kind for deed in result.deeds] == ["close"]


# ---- netting, FIFO, small accounts -------------------------------------------------------------------------
def test_the_last_small_position_is_left_and_told() -> None:
    story = Story(leverage("reduce"), positions=[position(1, 0.01)], balance=100.0)
    result = looks(story, 4)
    assert result.deeds == ()
    assert "last position of the smallest volume" in statuses(story)["reduce"][1]


def test_a_protective_sell_stop_of_a_netting_account_stays() -> None:
    orders = [{"ticket": 9, "symbol": "EURUSD", "type": 5, "volume_current": 1.2, "price_open": 1.09, "sl": 0.0,
               "tp": 0.0, "magic": 0},
              {"ticket": 10, "symbol": "EURUSD", "type": 4, "volume_current": 0.1, "price_open": 1.2, "sl": 0.0,
               "tp": 0.0, "magic": 0}]  # fmt: skip
    story = Story(leverage("block_new", "cancel_pending"), positions=[position(1, 1.2)], margin_mode=0)
    story.orders = orders
    result = looks(story, 2)
    assert [(deed.kind, deed.ticket) for deed in result.deeds] == [("cancel", 10)]


def test_after_a_fifo_refusal_the_oldest_position_goes_first() -> None:
    held = [position(1, 0.9), position(2, 0.9)]
    held[1]["time"], held[1]["time_msc"] = held[1]["time"] - 900, held[1]["time_msc"] - 900_000
    story = Story(leverage({"kind": "reduce", "order": "newest"}), positions=held)
    story.look()
    deed = story.look().deeds[0]
    assert deed.ticket == 1
    story.send(deed, 10045, done=False)
    assert [one.ticket for one in story.look().deeds] == [2]


def test_where_the_oldest_goes_first_a_hedge_is_closed_leg_by_leg_in_that_order() -> None:
    held = [position(1, 0.1, "sell"), position(2, 0.5)]
    held[0]["time"], held[0]["time_msc"] = held[0]["time"] - 900, held[0]["time_msc"] - 900_000
    story = Story(limit("position_count", max=1, stages=act("flatten")), positions=held, fifo=True)
    story.look()
    deed = story.look().deeds[0]
    assert (deed.kind, deed.ticket) == ("close", 1)


def test_where_the_oldest_goes_first_a_newer_one_is_not_even_asked_for() -> None:
    held = [position(1, 0.1, "sell"), position(2, 0.5)]
    held[0]["time"], held[0]["time_msc"] = held[0]["time"] - 900, held[0]["time_msc"] - 900_000
    rule = limit("position_volume", max=0.4, stages=act("close_offending"))
    story = Story(rule, positions=held, fifo=True)
    assert looks(story, 4).deeds == ()
    assert "which is 1: this one must wait" in statuses(story)["close_offending"][1]
    story.positions = held[1:]
    assert [deed.ticket for deed in looks(story, 3).deeds] == [2]


def test_the_second_fill_mode_is_tried_when_the_first_is_refused() -> None:
    story = Story(leverage("reduce"), positions=[position(1, 1.5)])
    story.look()
    deed = story.look().deeds[0]
    assert deed.filling is None
    story.send(deed, 10030, done=False)
    assert story.look().deeds[0].filling == 0


# ---- deeds in flight ---------------------------------------------------------------------------------------
def test_while_a_close_is_in_flight_nothing_else_is_sent_for_its_ticket() -> None:
    story = losing(day_loss("flatten"))
    result = looks(story, 3, 1.0)
    first, second = result.deeds
    story.send(first, None, done=False)
    assert [deed.ticket for deed in story.look(0.5).deeds] == [second.ticket]
    for _ in range(8):
        assert first.ticket not in [deed.ticket for deed in story.look(0.5).deeds]
    later = story.look(1.5).deeds
    assert first.ticket in [deed.ticket for deed in later]
    assert first.id not in [deed.id for deed in later]


def test_a_close_executed_although_its_answer_was_lost_is_not_sent_again() -> None:
    story = losing(day_loss("flatten"))
    result = looks(story, 3, 1.0)
    story.send(result.deeds[0], None, done=True)
    for _ in range(20):
        assert [deed.ticket for deed in story.look(0.5).deeds] in ([2], [])


def test_a_partial_fill_leaves_the_rest_to_be_closed() -> None:
    story = losing(day_loss("flatten"))
    result = looks(story, 3, 1.0)
    deed = result.deeds[0]
    story.begin(deed)
    story.execute(deed._replace(lots=0.15))
    story.answer(deed, 10010)
    rest = story.look(0.5).deeds[0]
    assert (rest.ticket, rest.lots, rest.id == deed.id) == (1, 0.35, False)


def test_a_close_by_the_trader_in_the_same_second_holds_one_look() -> None:
    story = losing(day_loss("flatten"))
    result = looks(story, 3, 1.0)
    assert len(result.deeds) == 2
    # The trader's deal is there, the position is still listed.
    now = datetime.fromisoformat(story.document["taken_at"])
    story.deals = [deal(88, now, kind=1, entry=1, position_id=1, symbol="EURUSD", volume=0.5, price=1.085)]
    held = story.look(0.25)
    assert [deed.ticket for deed in held.deeds] == [2]
    story.positions = story.positions[1:]
    story.balance -= 750.0
    story.deals[0]["profit"] = -750.0
    assert [deed.ticket for deed in story.look(0.25).deeds] == [2]


def test_a_requote_storm_ends_with_the_position_closed() -> None:
    story = losing(day_loss("flatten"))
    for count in range(30):
        result = story.look(0.5)
        if result.deeds:
            story.send(result.deeds[0], 10004 if count < 20 else 10009, done=count >= 20)
    assert story.positions == []


def test_the_requests_of_a_minute_are_bounded() -> None:
    story = losing(day_loss("flatten"), requests_per_minute=5)
    sent = 0
    for _ in range(40):
        result = story.look(0.5)
        if result.deeds:
            story.send(result.deeds[0], 10004, done=False)
            sent += 1
    assert sent == 5
    assert "requests of this minute" in statuses(story)["flatten"][1]


def test_a_share_of_the_requests_is_kept_for_exits() -> None:
    bare = limit("missing_stop", max=1.0, stages=act({"kind": "trail_stop", "distance_points": 10.0}))
    story = Story(bare, positions=[position(1, 0.1, sl=0.0, profit=50.0, price_current=1.105)], requests_per_minute=4,
                  exit_reserve_pct=50.0)  # fmt: skip
    story.quote("EURUSD", 1.105)
    sent = 0
    for _ in range(12):
        result = story.look(1.0)
        if result.deeds:
            assert result.deeds[0].kind == "set_stop"
            story.send(result.deeds[0], 10004, done=False)
            sent += 1
    assert sent == 2


# ---- first start, arming -----------------------------------------------------------------------------------
def grid() -> list[Dict]:
    return [position(ticket, 0.1, magic=5) for ticket in range(1, 41)]


def test_a_grid_found_at_the_first_start_is_only_warned_of() -> None:
    story = Story(leverage("flatten"), calm=False)
    story.positions = grid()
    for _ in range(5):
        result = story.look()
        assert (result.deeds, result.intents) == ((), ())
    assert "effective_leverage" in story.state.enforcing.inherited


def test_an_inherited_breach_is_acted_on_once_confirmed_or_ten_percent_worse() -> None:
    story = Story(leverage("flatten"), calm=False)
    story.positions = grid()
    story.look()
    story.state = with_confirmed(story.state, "effective_leverage")
    story.look()
    assert len(story.look().deeds) > 0
    other = Story(leverage("flatten"), calm=False)
    other.positions = grid()
    other.look()
    other.positions = [*grid(), *(position(ticket, 0.1, magic=5) for ticket in range(41, 44))]
    other.look()
    assert other.look().deeds == ()
    other.positions += [position(ticket, 0.1, magic=5) for ticket in range(44, 46)]
    other.look()
    assert len(other.look().deeds) > 0


def test_an_inherited_breach_that_goes_away_is_forgotten() -> None:
    story = Story(leverage("flatten"), calm=False)
    story.positions = grid()
    story.look()
    story.positions = []
    story.look()
    assert story.state.enforcing.inherited == {}


def test_arming_makes_what_stands_inherited_and_shows_what_would_be_done() -> None:
    story = Story(leverage("flatten"), positions=[position(1, 1.5)], mode="warn")
    result = story.look()
    armed = Story(leverage("flatten"), positions=[position(1, 1.5)], state=result.state, calm=False)
    armed.state = with_inherited(result.state, result, armed.policy)
    for _ in range(4):
        assert armed.look().deeds == ()
    shown = preview(armed.result, armed.policy)
    assert [(one.action, one.reached, [wish.ticket for wish in one.wishes]) for one in shown] == [
        ("flatten", True, [1])
    ]
    with pytest.raises(ValueError, match="nothing of 'x' is inherited"):
        with_confirmed(armed.state, "x")


# ---- before the limit --------------------------------------------------------------------------------------
def test_a_rule_that_ends_the_account_acts_before_its_stage_by_what_leaving_costs() -> None:
    # 500 may be lost; 2 lots: one spread of 2 pips is 40, so the stage at 450 is reached at 410.
    rule = day_loss("flatten", ends_account=True)
    story = Story(rule, positions=[position(1, 2.0)])
    story.look()
    story.quote("EURUSD", 1.09798)
    assert looks(story, 6, 1.0).deeds == ()
    story.quote("EURUSD", 1.09790)
    result = looks(story, 6, 1.0)
    assert len(result.deeds) == 1
    assert "counting what leaving costs" in result.deeds[0].why


def test_an_assumed_stop_out_level_never_closes_anything() -> None:
    rule = limit("stop_out_distance", min=80.0, stages=act("flatten"))
    story = Story(rule, positions=[position(1, 5.0)])
    untold = {**story.account(), "margin_so_so": 0.0, "margin_so_call": 0.0}
    result = looks(story, 5, 0.5, account=untold)
    assert result.deeds == ()
    assert result.verdicts[0].acting


# ---- orders of a person ------------------------------------------------------------------------------------
def test_a_flatten_that_was_ordered_needs_no_breach_and_spares_what_came_later() -> None:
    story = Story(leverage("warn"), positions=[position(1, 0.2), position(2, 0.1, profit=-5.0)])
    story.look()
    story.state = with_flatten(story.state, FlattenScope(), read_snapshot(story.document), "u1")
    story.state = with_flatten(story.state, FlattenScope(), read_snapshot(story.document), "u1")
    story.positions.append(position(3, 0.1))
    assert sorted(deed.ticket for deed in story.run()) == [1, 2]
    assert [row["ticket"] for row in story.positions] == [3]
    assert story.state.enforcing.ordered == ()


@pytest.mark.parametrize(
    "scope,tickets",
    [(FlattenScope(losers=True), [2]), (FlattenScope(winners=True), [3]), (FlattenScope(side="sell"), [3]),
     (FlattenScope(magic=7), [2]), (FlattenScope(symbol="GBPUSD"), []), (FlattenScope(oldest_first=True), [1, 2, 3])],
)  # fmt: skip
def test_a_flatten_closes_its_scope(scope: FlattenScope, tickets: list[int]) -> None:
    held = [position(1, 0.2), position(2, 0.1, profit=-5.0, magic=7), position(3, 0.3, "sell", profit=4.0)]
    story = Story(leverage("warn"), positions=held)
    story.look()
    story.state = with_flatten(story.state, scope, read_snapshot(story.document), "u1")
    assert sorted(deed.ticket for deed in story.run()) == tickets


def test_half_of_each_position_is_closed_when_half_was_ordered() -> None:
    story = Story(leverage("warn"), positions=[position(1, 0.2), position(2, 0.05)])
    story.look()
    story.state = with_flatten(story.state, FlattenScope(pct=50.0), read_snapshot(story.document), "u1")
    assert [(deed.ticket, deed.lots) for deed in story.run()] == [(1, 0.1), (2, 0.03)]


# ---- locks -------------------------------------------------------------------------------------------------
def locked(positions: list[Dict] | None = None, **over: Any) -> Story:
    """A lock of the trader's, without end, on an account that holds 0.5 bought unless told otherwise."""
    story = Story(leverage("warn"), positions=positions if positions is not None else [position(1, 0.5)], **over)
    story.look()
    lock = voluntary(read_snapshot(story.document), "u1", None, "calm down")
    story.state = with_lock(story.state, lock)
    return story


def test_what_is_opened_under_a_lock_is_closed_again() -> None:
    story = locked()
    story.positions.append(position(2, 0.1))
    assert [(deed.ticket, deed.lots) for deed in story.run()] == [(2, 0.1)]


def test_a_hedge_under_a_lock_is_an_exit_and_its_surplus_is_not() -> None:
    story = locked()
    story.positions.append(position(2, 0.3, "sell"))
    assert story.run() == []
    story.positions.append(position(3, 0.4, "sell"))
    assert [(deed.kind, deed.ticket, deed.lots) for deed in story.run()] == [("close", 3, 0.2)]


def test_volume_added_to_a_netting_position_is_taken_off_again() -> None:
    story = locked(margin_mode=0)
    story.positions[0]["volume"] = 0.8
    assert [(deed.ticket, deed.lots) for deed in story.run()] == [(1, 0.3)]


def test_what_was_closed_under_a_lock_may_not_come_back() -> None:
    story = locked(margin_mode=0)
    story.positions[0]["volume"] = 0.2
    story.look()
    story.positions[0]["volume"] = 0.5
    assert [(deed.ticket, deed.lots) for deed in story.run()] == [(1, 0.3)]


def test_tickets_renumbered_at_midnight_are_nothing_new() -> None:
    story = locked()
    story.positions[0]["ticket"] = 4711
    assert story.run() == []


def test_a_robot_that_reopens_every_second_is_closed_once_and_then_slowed_down() -> None:
    story = locked(positions=[position(1, 0.3, magic=8)])
    undone: list[float] = []
    told: list[str] = []
    for count in range(200):
        if not any(row["ticket"] > 100 for row in story.positions):
            story.positions.append(position(1000 + count, 0.1, magic=8))
        result = story.look(1.0)
        told += [notice.sentence for notice in result.notices]
        if result.deeds:
            deed = result.deeds[0]
            story.send(deed)
            undone.append(float(count))
    assert any("Switch this robot off" in text for text in told)
    assert all(row["ticket"] != 1 for row in story.positions)  # its basket was closed once
    assert len(undone) <= 5 + 3 + 4  # five, the basket, then one a minute


def test_a_trade_made_by_hand_loses_only_what_was_opened_under_the_lock() -> None:
    story = locked()
    for count in range(60):
        if not any(row["ticket"] > 100 for row in story.positions):
            story.positions.append(position(1000 + count, 0.1))
        result = story.look(1.0)
        if result.deeds:
            story.send(result.deeds[0])
    assert story.positions[0]["ticket"] == 1


def test_positions_found_under_a_lock_after_the_guard_was_away_are_closed_after_a_minute() -> None:
    story = locked()
    story.look()
    story.positions.append(position(2, 0.1))
    story.restart()
    result = story.look(3600.0)
    assert any("while the guard was away" in notice.sentence for notice in result.notices)
    for _ in range(11):
        assert story.look(5.0).deeds == ()
    assert [deed.ticket for deed in story.look(6.0).deeds] == [2]


def test_a_lock_without_override_cannot_be_lifted() -> None:
    story = Story(leverage("warn"))
    end = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    lock = voluntary(read_snapshot(story.document), "u1", end, "four hours off", no_override=True)
    story.state = with_lock(story.state, lock)
    with pytest.raises(ValueError, match="without override"):
        without_lock(story.state, lock.id)
    assert len(story.look(at=end - timedelta(seconds=1)).state.locks) == 1
    result = story.look(at=end + timedelta(seconds=1))
    assert result.state.locks == ()
    assert any("Lock ended" in notice.sentence for notice in result.notices)


def test_the_pcs_clock_alone_ends_no_lock() -> None:
    story = Story(leverage("warn"))
    end = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    story.state = with_lock(story.state, voluntary(read_snapshot(story.document), "u1", end, "off"))
    server = story.document["server_time_msc"]
    ahead = {"monotonic_s": story.document["monotonic_s"] + 1.0, "server_time_msc": server + 1000}
    story.look(at=end + timedelta(hours=1), **ahead)
    assert len(story.state.locks) == 1


def test_a_block_ends_with_its_stage_a_lock_does_not() -> None:
    story = Story(leverage("block_new"), positions=[position(1, 1.5)])
    story.look()
    assert [lock.id for lock in story.state.locks] == ["effective_leverage|block_new"]
    story.positions = [position(1, 0.5)]
    story.look()
    assert story.state.locks == ()


def test_a_lock_stays_when_its_limit_is_no_longer_configured() -> None:
    story = losing(day_loss({"kind": "lock_until", "until": "manual"}))
    story.look(1.0)
    edited = Story(leverage("warn"), state=story.state, calm=False)
    edited.state = story.state
    edited.look(2.0, at=datetime.fromisoformat(story.document["taken_at"]) + timedelta(seconds=2))
    assert [lock.id for lock in edited.state.locks] == ["period_loss|lock_until"]


def test_pendings_that_raise_exposure_are_deleted_under_a_lock() -> None:
    story = locked()
    story.orders = [{"ticket": 9, "symbol": "EURUSD", "type": 4, "volume_current": 0.1, "price_open": 1.2, "sl": 0.0,
                     "tp": 0.0, "magic": 0}]  # fmt: skip
    assert [(deed.kind, deed.ticket) for deed in story.run()] == [("cancel", 9)]


# ---- what is told, and what is followed ------------------------------------------------------------------------------
def test_when_all_is_closed_the_notice_says_how_far_the_loss_went() -> None:
    story = losing(day_loss("flatten"))
    told: list[str] = []
    for _ in range(12):
        result = story.look(1.0)
        told += [notice.sentence for notice in result.notices]
        if result.deeds:
            story.send(result.deeds[0])
    assert any("flatten is proved: Loss of the day is 1,050.00 of 500.00 allowed" in text for text in told)


def test_the_equity_trail_closes_below_the_peak_and_begins_anew_when_flat() -> None:
    gain = limit("effective_leverage", max=1.0, stages=act({"kind": "equity_trail", "distance_pct": 2.0}, at=1.0))
    story = Story(gain, positions=[position(1, 0.5)])
    story.look()
    story.quote("EURUSD", 1.106)
    looks(story, 6)
    story.quote("EURUSD", 1.103)
    assert looks(story, 6).deeds == ()
    story.quote("EURUSD", 1.1015)  # 10,300 at the peak; 10,075 is 2.2 % below it
    assert [deed.ticket for deed in story.run()] == [1]
    story.positions = [position(2, 0.5)]
    assert looks(story, 6).deeds == ()


def test_a_floor_of_equity_counts_what_leaving_costs() -> None:
    # One spread of 2 lots is 40: 9,530 are 9,490 once out, of which 9,025 are 95.1 %; of 9,530 they are 94.7 %.
    rule = limit("equity_floor", min=9_025.0, stages=act("flatten", at=95.0), ends_account=True)
    story = Story(rule, positions=[position(1, 2.0)])
    story.look()
    story.quote("EURUSD", 1.09775)
    assert looks(story, 6, 1.0).deeds == ()
    story.quote("EURUSD", 1.09765)
    assert len(looks(story, 6, 1.0).deeds) == 1


def test_a_streak_of_losses_does_not_keep_a_loser_open() -> None:
    # Two losses of three are counted; closing the third position makes it the third.
    streak = limit("loss_streak", max=3, stages=act("block_new"))
    story = Story(streak, leverage("reduce"), positions=[position(1, 1.5)])
    noon = datetime.fromisoformat(story.document["taken_at"])
    for number in (1, 2):
        opened, closed = noon - timedelta(minutes=20 * number), noon - timedelta(minutes=10 * number)
        common: Dict = {"position_id": 70 + number, "symbol": "EURUSD", "volume": 0.1, "price": 1.1}
        story.deals += [deal(700 + number, opened, kind=0, entry=0, **common),
                        deal(800 + number, closed, kind=1, entry=1, profit=-20.0, **common)]  # fmt: skip
    story.deals.sort(key=lambda row: row["time_msc"])
    story.deals.append(deal(900, noon, kind=0, entry=0, position_id=1, symbol="EURUSD", volume=1.5, price=1.1))
    story.quote("EURUSD", 1.0995)
    result = looks(story, 6, 1.0)
    by_name = {verdict.limit: verdict.value for verdict in result.verdicts}
    assert by_name["loss_streak"] == 2.0
    assert [(one.kind, one.ticket) for one in result.deeds] == [("close", 1)]


def test_a_flatten_comes_before_a_reduction_of_the_same_positions() -> None:
    story = Story(leverage("reduce"), day_loss("flatten"), positions=[position(1, 1.5)])
    story.look()
    story.quote("EURUSD", 1.0965)
    assert [deed.lots for deed in looks(story, 6, 1.0).deeds] == [1.5]
