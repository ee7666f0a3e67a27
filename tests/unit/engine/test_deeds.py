"""Every return code on every deed, and what becomes of a deed until a snapshot proves it."""

from typing import Any

import pytest

from guard.engine.deeds import begun, finished, left_s, may_try
from guard.engine.requests import fill_modes, request_of
from guard.engine.retcodes import RETCODES
from guard.engine.settle import settle
from guard.model.enforcement import Try
from guard.model.intent import Deed, Sent
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from tests.books import NOON, account, deal, later, policy, position, snapshot, symbol

Dict = dict[str, Any]
CLOSE = Deed("i|flatten|t/close/1/0", "i|flatten|t", "close", 1, 1, "EURUSD", 0.1, why="because")
BY = Deed("i|flatten|t/close_by/1/0", "i|flatten|t", "close_by", 1, 1, "EURUSD", 0.1, by=2, why="because")
CANCEL = Deed("i|flatten|t/cancel/9/0", "i|flatten|t", "cancel", 9, None, "EURUSD", why="because")
STOP = Deed("i|set_stop|t/set_stop/1/0", "i|set_stop|t", "set_stop", 1, 1, "EURUSD", sl=1.09, tp=1.2, why="because")
DEEDS = {"close": CLOSE, "close_by": BY, "cancel": CANCEL, "set_stop": STOP}

# Written by hand from the table of return codes: what a guard does next. "proof" waits for the account to show it,
# "read" may have been executed, "soon" is sent again within a second or two, "fix" again with another request,
# "late" again after a wait of at least a minute, "open" not before a newer tick, "legs" never as a close-by.
NEXT = {
    10004: "soon", 10006: "soon", 10007: "late", 10008: "proof", 10009: "proof", 10010: "proof", 10011: "soon",
    10012: "read", 10013: "fix", 10014: "fix", 10015: "fix", 10016: "fix", 10017: "late", 10018: "open", 10019: "late",
    10020: "soon", 10021: "soon", 10022: "fix", 10023: "soon", 10024: "soon", 10025: "proof", 10026: "late",
    10027: "late", 10028: "soon", 10029: "soon", 10030: "fix", 10031: "soon", 10032: "late", 10033: "late",
    10034: "late", 10035: "fix", 10036: "proof", 10038: "fix", 10039: "soon", 10040: "late", 10041: "late",
    10042: "late", 10043: "late", 10044: "late", 10045: "fix", 10046: "late", 10099: "read", None: "read",
}  # fmt: skip
# Where a close-by, a deletion or a stop differs from a close.
OTHERWISE = {
    ("close_by", 10013): "legs", ("close_by", 10035): "legs", ("close_by", 10045): "legs",
    ("cancel", 10013): "soon", ("cancel", 10035): "soon", ("cancel", 10036): "soon",
}  # fmt: skip


def book(**over: Any) -> Dict:
    held = [position(1, 0.1), position(2, 0.1, "sell")]
    orders = [
        {"ticket": 9, "symbol": "EURUSD", "type": 4, "volume_current": 0.1, "price_open": 1.2, "sl": 0.0, "tp": 0.0}
    ]
    return snapshot(held, orders=orders, account=account(margin=0.0), **over)


def next_of(state: State, deed: Deed) -> str:
    """What the state says is next, in the words of the table above."""
    e = state.enforcing
    flight = e.flights.get(deed.ticket)
    if flight is not None:
        return "proof" if flight.phase == "accepted" else "read"
    tried = e.tries[f"{deed.kind}/{deed.ticket}"]
    if tried.given_up:
        return "legs"
    if tried.quote_s is not None:
        return "open"
    if tried.fix:
        return "fix"
    return "late" if tried.wait_s >= 60.0 else "soon"


@pytest.mark.parametrize("kind", list(DEEDS))
@pytest.mark.parametrize("code", list(NEXT))
def test_every_return_code_on_every_deed(code: int | None, kind: str) -> None:
    deed, seen = DEEDS[kind], read_snapshot(book())
    state = finished(begun(State(), deed, seen), deed, Sent(deed.id, code))
    assert next_of(state, deed) == OTHERWISE.get((kind, code if code is not None else 0), NEXT[code])
    if code is not None and deed.ticket not in state.enforcing.flights:
        assert str(code) in state.enforcing.tries[f"{deed.kind}/{deed.ticket}"].reason


def test_the_table_has_every_code_of_the_reference_and_a_reason_for_each() -> None:
    assert set(RETCODES) == {code for code in NEXT if code not in (None, 10099)}
    assert all(len(row.reason) > 10 for row in RETCODES.values())


def test_the_second_rejection_is_not_answered_at_once() -> None:
    seen = read_snapshot(book())
    state = State()
    for wanted in (1.0, 300.0):
        state = finished(begun(state, CLOSE, seen), CLOSE, Sent(CLOSE.id, 10006))
        assert state.enforcing.tries["close/1"].wait_s == wanted


def test_too_many_requests_are_answered_by_waits_that_double_up_to_a_minute() -> None:
    seen, state, waits = read_snapshot(book()), State(), []
    for _ in range(7):
        state = finished(begun(state, CLOSE, seen), CLOSE, Sent(CLOSE.id, 10024))
        waits.append(state.enforcing.tries["close/1"].wait_s)
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_a_request_that_never_left_is_not_in_flight() -> None:
    seen = read_snapshot(book())
    state = finished(begun(State(), CLOSE, seen), CLOSE, Sent(CLOSE.id, None, refused="no lease"))
    assert state.enforcing.flights == {}
    assert state.enforcing.tries["close/1"].reason == "no lease"


def test_an_answer_for_another_deed_changes_nothing() -> None:
    state = begun(State(), CLOSE, read_snapshot(book()))
    other = CLOSE._replace(id="other")
    assert finished(state, other, Sent("other", 10009)) is state


def test_a_close_by_keeps_both_tickets_in_flight() -> None:
    state = begun(State(), BY, read_snapshot(book()))
    assert set(state.enforcing.flights) == {1, 2}
    state = finished(state, BY, Sent(BY.id, 10004))
    assert state.enforcing.flights == {}


def looked(state: State, document: Dict, seconds: float, **over: Any) -> tuple[State, tuple[str, ...]]:
    """The state after a look some seconds later, and what it proved."""
    seen = read_snapshot(later(document, seconds, **over))
    found = settle(state.enforcing, seen, seen.taken_s, seen.taken_at.isoformat())
    return State(enforcing=found.enforcing), found.proved


def flown(code: int | None = 10009, deed: Deed = CLOSE, document: Dict | None = None, **over: Any) -> State:
    document = document if document is not None else book()
    return finished(begun(State(), deed, read_snapshot(document)), deed, Sent(deed.id, code, **over))


def test_done_is_not_proof_the_position_must_be_missing_twice() -> None:
    state, document = flown(), book()
    rest = [document["positions"][1]]
    state, proved = looked(state, document, 0.25, positions=rest)
    assert (proved, set(state.enforcing.flights)) == ((), {1})
    state, proved = looked(state, document, 0.5, positions=rest)
    assert ("no longer held" in proved[0], state.enforcing.flights) == (True, {})


def test_a_position_that_comes_back_between_two_looks_is_not_closed() -> None:
    state, document = flown(), book()
    state, _ = looked(state, document, 0.25, positions=[document["positions"][1]])
    state, _ = looked(state, document, 0.5)
    state, proved = looked(state, document, 0.75, positions=[document["positions"][1]])
    assert (proved, set(state.enforcing.flights)) == ((), {1})


def test_its_out_deal_proves_a_close_at_the_first_look() -> None:
    document = book()
    out = deal(501, NOON, kind=1, entry=1, position_id=1, symbol="EURUSD", volume=0.1, price=1.0995)
    state, proved = looked(flown(deal=501), document, 0.25, positions=[document["positions"][1]], deals=[out])
    assert "OUT deal" in proved[0]
    assert state.enforcing.flights == {}
    # Bought at bid 1.1, filled at 1.0995: 5 pips worse than expected.
    assert state.enforcing.slippage == {"EURUSD": pytest.approx(0.0005)}


def test_a_partial_fill_is_proved_by_less_volume_and_the_rest_is_free_to_be_planned() -> None:
    document = book()
    less = [{**document["positions"][0], "volume": 0.07}, document["positions"][1]]
    state, proved = looked(flown(10010), document, 0.25, positions=less)
    assert "reduced to 0.07" in proved[0]
    assert state.enforcing.flights == {}
    # The next deed on the ticket has an id of its own.
    assert state.enforcing.tries["close/1"] == Try(made=1)


@pytest.mark.parametrize("code,patience", [(10009, 10.0), (10008, 30.0), (None, 5.0), (10012, 5.0)])
def test_an_unchanged_position_is_waited_for_before_anything_is_sent_again(code: int | None, patience: float) -> None:
    document, state = book(), flown(code)
    state, _ = looked(state, document, patience - 0.1)
    assert set(state.enforcing.flights) == {1}
    state, proved = looked(state, document, patience + 0.1)
    assert (state.enforcing.flights, proved) == ({}, ())
    assert "no effect" in state.enforcing.tries["close/1"].reason


def test_a_guard_killed_between_begin_and_answer_waits_like_after_a_lost_reply() -> None:
    document, state = book(), begun(State(), CLOSE, read_snapshot(book()))
    state, _ = looked(state, document, 4.9)
    assert set(state.enforcing.flights) == {1}
    state, _ = looked(state, document, 5.1)
    assert state.enforcing.flights == {}


def test_a_ticket_renumbered_at_rollover_is_still_the_same_position() -> None:
    document, state = book(), flown()
    renumbered = [{**document["positions"][0], "ticket": 77}, document["positions"][1]]
    for at in (0.25, 0.5, 0.75):
        state, proved = looked(state, document, at, positions=renumbered)
        assert (proved, set(state.enforcing.flights)) == ((), {1})


def test_an_order_that_is_gone_twice_is_deleted() -> None:
    document, state = book(), flown(deed=CANCEL)
    state, proved = looked(state, document, 0.25, orders=[])
    assert proved == ()
    state, proved = looked(state, document, 0.5, orders=[])
    assert "no longer pending" in proved[0]


def test_a_stop_is_proved_by_the_position_that_has_it() -> None:
    document, state = book(), flown(deed=STOP)
    state, proved = looked(state, document, 0.25)
    assert proved == ()
    state, proved = looked(state, document, 0.5, positions=[{**document["positions"][0], "sl": 1.09}])
    assert "has its stop at 1.09" in proved[0]


def test_a_reversal_we_caused_is_a_fault_and_is_closed_first() -> None:
    document = book()
    turned = [{**document["positions"][0], "type": 1, "volume": 0.1}]
    seen = read_snapshot(later(document, 0.25, positions=turned))
    found = settle(flown().enforcing, seen, seen.taken_s, "t")
    assert "reversed it" in found.faults[0]
    assert found.enforcing.ordered[0].lots == {1: 0.0}


def test_a_position_that_its_trader_turned_around_meanwhile_is_no_fault_of_ours() -> None:
    document = book()
    turned = [{**document["positions"][0], "type": 1, "volume": 0.1}]
    for magic, faults in ((0, 0), (770_077, 1)):
        deals = [deal(50, NOON, kind=1, entry=2, position_id=1, symbol="EURUSD", volume=0.2, magic=magic)]
        seen = read_snapshot(later(document, 0.25, positions=turned, deals=deals))
        found = settle(flown().enforcing, seen, seen.taken_s, "t", 770_077)
        assert (len(found.faults), len(found.enforcing.ordered)) == (faults, faults)


def test_a_clock_that_goes_back_never_makes_a_wait_longer() -> None:
    assert left_s(100.0, 10.0, 104.0) == 6.0
    assert left_s(100.0, 10.0, 111.0) == 0.0
    assert left_s(100.0, 10.0, 50.0) == 10.0


def test_a_closed_market_is_asked_again_only_after_a_newer_tick() -> None:
    tried = Try(1, 100.0, 1.0, 10018, "the market is closed", quote_s=100.0)
    assert may_try(tried, 200.0, 99.0) == "the market is closed"
    assert may_try(tried, 200.0, None) == "the market is closed"
    assert may_try(tried, 100.5, 150.0) == "the market is closed"
    assert may_try(tried, 200.0, 150.0) == ""


def test_requests_have_every_field_and_nothing_that_could_open() -> None:
    seen, rules = read_snapshot(book()), policy(magic=4711, deviation_points=20)
    assert request_of(CLOSE, seen, rules) == {
        "action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 1, "position": 1, "price": 1.1, "deviation": 20,
        "type_filling": 1, "type_time": 0, "magic": 4711, "comment": "guard i",
    }  # fmt: skip
    sold = CLOSE._replace(ticket=2, identifier=2, filling=2)
    assert [request_of(sold, seen, rules)[name] for name in ("type", "price", "type_filling")] == [0, 1.1002, 2]
    assert request_of(BY, seen, rules) == {
        "action": 10, "symbol": "EURUSD", "position": 1, "position_by": 2, "magic": 4711, "comment": "guard i",
    }  # fmt: skip
    assert request_of(CANCEL, seen, rules) == {"action": 8, "order": 9, "magic": 4711, "comment": "guard i"}
    assert request_of(STOP, seen, rules) == {
        "action": 6, "symbol": "EURUSD", "position": 1, "sl": 1.09, "tp": 1.2, "magic": 4711, "comment": "guard i",
    }  # fmt: skip


@pytest.mark.parametrize(
    "deed,words",
    [(CLOSE._replace(ticket=3), "not in this snapshot"), (CLOSE._replace(lots=0.2), "not 0.2 lots"),
     (BY._replace(by=None), "two positions"), (STOP._replace(tp=None), "both prices")],
)  # fmt: skip
def test_a_request_that_could_do_something_else_is_not_made(deed: Deed, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        request_of(deed, read_snapshot(book()), policy())


def test_the_comment_is_cut_to_what_the_package_takes() -> None:
    long = CANCEL._replace(intent="a_limit_with_a_very_long_name_indeed|flatten|t")
    assert len(request_of(long, read_snapshot(book()), policy())["comment"]) == 29


@pytest.mark.parametrize(
    "flags,execution,modes",
    [(3, 2, (1, 0, 2)), (1, 2, (0, 1, 2)), (2, 2, (1, 0, 2)), (0, 2, (1, 0, 2)), (1, 3, (0, 2, 1)), (0, 0, (2, 1, 0))],
)  # fmt: skip
def test_fill_modes_come_from_the_symbols_flags(flags: int, execution: int, modes: tuple[int, ...]) -> None:
    spec = read_snapshot(
        snapshot(symbols={"EURUSD": symbol(filling_mode=flags, trade_exemode=execution)})
    ).symbols["EURUSD"]  # fmt: skip
    assert fill_modes(spec) == modes


def test_only_a_refused_fill_mode_is_answered_with_another_one() -> None:
    seen = read_snapshot(book())
    for code, fill in ((10045, 0), (10015, 0), (10030, 1)):
        state = finished(begun(State(), CLOSE, seen), CLOSE, Sent(CLOSE.id, code))
        assert state.enforcing.tries["close/1"].fill == fill, code
