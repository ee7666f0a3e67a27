"""What is usual for a symbol, when now is a bad moment, and when a breach counts as seen."""

from typing import Any

import pytest

from guard.engine import market
from guard.engine.confirm import confirmed
from guard.engine.market import bad_moment, hour_range, jumped, median_spread, sampled, stale
from guard.metrics.account import Context
from guard.metrics.compute import Metrics
from guard.model.enforcement import Confirm, Enforcement, Quote
from guard.model.snapshot import Snapshot
from guard.model.snapshot_json import read_snapshot
from guard.model.trading import Tick
from tests.books import NOON, account, later, msc, policy, position, snapshot, symbol

Dict = dict[str, Any]
MINUTE = (0.0002, 1.1010, 1.1000)


def at(
    seconds: float, *, bid: float = 1.1, spread: float = 0.0002, tick_at: float | None = None, **over: Any
) -> Snapshot:
    document = later(snapshot([position(1)]), seconds, **over)
    stamp = msc(NOON) / 1000 + (seconds if tick_at is None else tick_at)
    document["ticks"] = {
        "EURUSD": {"bid": bid, "ask": bid + spread, "last": 0.0, "time": int(stamp), "time_msc": int(stamp * 1000)}
    }
    return read_snapshot(document)


def run(seconds: int, step: int = 5, **over: Any) -> Enforcement:
    e = Enforcement()
    for second in range(0, seconds + 1, step):
        seen = at(second, **over)
        e = sampled(e, seen, seen.taken_s)
    return e


def test_quotes_are_sampled_every_five_seconds_and_not_in_between() -> None:
    first = at(0)
    e = sampled(Enforcement(), first, first.taken_s)
    seen = at(4.9)
    assert sampled(e, seen, seen.taken_s) is e
    seen = at(5)
    assert len(sampled(e, seen, seen.taken_s).quotes["EURUSD"].mids) == 2


def test_the_usual_spread_is_known_after_ten_minutes_and_the_range_after_an_hour() -> None:
    assert median_spread(run(590).quotes["EURUSD"]) is None
    assert median_spread(run(605).quotes["EURUSD"]) == pytest.approx(0.0002)
    assert hour_range(run(3590, 10).quotes["EURUSD"]) is None
    assert hour_range(run(3610, 10).quotes["EURUSD"]) == 0.0
    assert len(run(7300, 10).quotes["EURUSD"].minutes) == 60
    assert hour_range(Quote(0.0, 0.0, minutes=((0.1, 1.3, 1.2),) * 59 + ((0.1, 1.25, 1.1),))) == pytest.approx(0.2)


@pytest.mark.parametrize(
    "mid,leapt", [(1.1050 + 0.0040, False), (1.1050 + 0.0041, True), (1.1050 - 0.0041, True)]
)  # fmt: skip
def test_a_jump_is_more_than_five_spreads_and_three_ranges_of_a_minute(mid: float, leapt: bool) -> None:
    # 5 x 0.0002 + 3 x 0.0010 = 0.0040 from the last sample at 1.1050.
    quote = Quote(0.0, 0.0, (1.1050,), 0.0002, (MINUTE,) * 10)
    assert jumped(quote, Tick(mid - 0.0001, mid + 0.0001, None, 1.0)) is leapt


def test_without_a_sample_nothing_is_called_a_jump() -> None:
    assert not jumped(None, Tick(2.0, 2.1, None, 1.0))
    assert not jumped(Quote(0.0, 0.0), Tick(2.0, 2.1, None, 1.0))
    assert not jumped(Quote(0.0, 0.0, (1.0,)), None)


def test_a_spread_above_three_times_the_usual_one_is_a_bad_moment() -> None:
    e = Enforcement(quotes={"EURUSD": Quote(0.0, 0.0, (1.1,), 0.0002, (MINUTE,) * 10)})
    assert bad_moment(e, at(0, spread=0.0006), "EURUSD", 0.0) == ""
    assert "3.5 times its usual one" in bad_moment(e, at(0, spread=0.0007), "EURUSD", 0.0)


@pytest.mark.parametrize("minute,bad", [(-6, False), (-5, True), (0, True), (5, True), (6, False)])
def test_five_minutes_around_the_servers_midnight_are_a_bad_moment(minute: int, bad: bool) -> None:
    midnight = 10 * 3600  # noon UTC is 14:00 at the server
    seen = at(midnight + minute * 60)
    assert ("rollover" in bad_moment(Enforcement(), seen, "EURUSD", seen.taken_s)) is bad


def test_two_minutes_after_an_open_are_a_bad_moment() -> None:
    e = run(60)
    seen = at(60 + 1900)
    e = sampled(e, seen, seen.taken_s)
    assert "opened" in bad_moment(e, seen, "EURUSD", seen.taken_s + 119.0)
    assert bad_moment(e, seen, "EURUSD", seen.taken_s + 121.0) == ""


def test_a_symbol_is_stale_a_minute_after_its_last_tick() -> None:
    assert stale(at(60, tick_at=0), "EURUSD", policy()) == ""
    assert "no quote for 61 s" in stale(at(61, tick_at=0), "EURUSD", policy())
    assert stale(at(0), "GBPUSD", policy()) == "GBPUSD has no quote"
    assert stale(at(0), None, policy()) == "None has no quote"
    assert market.stale_symbols(at(61, tick_at=0), policy()) == ("EURUSD",)


def seen_at(e: Enforcement, known: Confirm | None, seconds: float, **over: Any) -> tuple[Confirm, str]:
    seen = at(seconds, **over)
    return confirmed(known, Metrics(seen, Context()), ["EURUSD"], e, policy(), seen.taken_s)


def test_two_different_ticks_a_quarter_of_a_second_apart() -> None:
    first, why = seen_at(Enforcement(), None, 0.0)
    assert why
    assert seen_at(Enforcement(), first, 0.24)[1]
    assert seen_at(Enforcement(), first, 0.25) == (first._replace(done=True), "")
    assert seen_at(Enforcement(), first, 0.99, tick_at=0.0)[1]
    assert seen_at(Enforcement(), first, 1.0, tick_at=0.0)[1] == ""


def test_without_a_fresh_quote_nothing_is_confirmed() -> None:
    first, _ = seen_at(Enforcement(), None, 0.0, tick_at=-100.0)
    assert seen_at(Enforcement(), first, 5.0, tick_at=-100.0)[1]


def test_after_a_jump_a_second_more_unless_the_stop_out_is_near() -> None:
    e = Enforcement(quotes={"EURUSD": Quote(0.0, 0.0, (1.2,), 0.0002)})
    first, why = seen_at(e, None, 0.0)
    assert (first.jumped, why) == (True, "prices to settle after a jump")
    assert seen_at(e, first, 1.24)[1]
    assert seen_at(e, first, 1.25)[1] == ""
    near, _ = seen_at(e, None, 0.0, account=account(margin=17_000.0))
    assert not near.jumped


def test_a_clock_that_went_back_begins_anew() -> None:
    first, _ = seen_at(Enforcement(), None, 10.0)
    again, why = seen_at(Enforcement(), first, 5.0)
    assert (again.since_s < first.since_s, bool(why)) == (True, True)


def test_one_symbols_bad_tick_is_not_confirmed_by_another_symbols_next_one() -> None:
    two = {"EURUSD": symbol(), "GBPUSD": symbol("GBPUSD", 1.3)}
    document = snapshot([position(1), position(2, symbol="GBPUSD")], symbols=two)
    seen = read_snapshot(document)
    first, _ = confirmed(None, Metrics(seen, Context()), list(two), Enforcement(), policy(), seen.taken_s)
    next_tick = later(document, 0.5)
    next_tick["ticks"] = {**document["ticks"], "GBPUSD": {**document["ticks"]["GBPUSD"], "bid": 1.31, "ask": 1.3102}}
    seen = read_snapshot(next_tick)
    assert confirmed(first, Metrics(seen, Context()), list(two), Enforcement(), policy(), seen.taken_s)[1]
    next_tick["ticks"]["EURUSD"] = {**document["ticks"]["EURUSD"], "bid": 1.09}
    seen = read_snapshot(next_tick)
    assert not confirmed(first, Metrics(seen, Context()), list(two), Enforcement(), policy(), seen.taken_s)[1]
