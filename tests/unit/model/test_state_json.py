"""The engine's memory goes to JSON and back without loss; what is not understood is refused with its place."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.model.enforcement import Confirm, Enforcement, Flight, Lock, Ordered, Quote, Try, Undone
from guard.model.errors import InputError
from guard.model.intent import Deed, Intent
from guard.model.state import Anchor, FirstSeen, Last, State, Timer
from guard.model.state_json import state_from_json, state_to_json

AT = "2026-11-20T12:00:00+00:00"
DEED = Deed("i/close/7/0", "i", "close", 7, 7, "EURUSD", 0.1, 8, 1.0, 1.2, "because", 1)
ENFORCING = Enforcement(
    intents=(Intent("i", "day", "period_loss", "flatten", 90.0, AT, AT, AT, "open", "why", (7, 8), 1.5, 2.5),),
    flights={7: Flight(DEED, 1.0, "accepted", 10009, 5, 0.1, 1.1, 1, 2.0)},
    tries={"close/7": Try(2, 1.0, 0.5, 10004, "requote", 1, 3.0, True, 4)},
    confirms={"day": Confirm(1.0, {"EURUSD": (1.0, 1.1, 1.2)}, True, True)},
    inherited={"day": 120.0},
    confirmed=("day",),
    ordered=(Ordered("u", AT, 1.0, "asked", {7: 0.1}, (9,), True),),
    undone=(Undone(1.0, 2.5, 42),),
    baskets=(42,),
    rehearsed=("i/close/7/0",),
    sends=(1.0, 2.0),
    day="2026-11-20",
    day_sends=3,
    quotes={"EURUSD": Quote(1.0, 2.0, (1.1, 1.2), 0.0002, ((0.0002, 1.2, 1.1),), 3.0)},
    sampled_s=4.0,
    countdown_s=5.0,
    doubt_s=6.0,
    peaks={"day": 10_500.0},
    slippage={"EURUSD": 0.0001},
)
FULL = State(
    anchors={
        "day|UTC|00:00": Anchor("day", AT, 10_000.0, None, "deals"),
        "life|shift": Anchor("life", AT, 10_000.0, 10_050.5, "first_seen", 10_100.0, 10_020.0, -250.0),
    },
    entry_equity={7: 9_999.99, -3: 1.0},
    first_stops={7: 0.0, 8: 1.09},
    unprotected_s={7: 12.5},
    timers={"leverage": Timer(3, 100.0, 1.5, 0.25, AT, True, 2.0, True), "other": Timer()},
    first_seen=FirstSeen(AT, 10_000.0, 10_000.0),
    last=Last(AT, 1_795_190_400.0, 81_234.117, "boot", 10_000.0, 9_990.0, 100.0, False, 1_795_190_399.5),
    locks=(Lock("day|1", "day", "the day's loss", AT, None, True, True, "{}", {7: -0.5}),),
    policy_sha256="ab",
    flow_gap_s=3.25,
    flow_gap_told=True,
    enforcing=ENFORCING,
)

number = st.floats(allow_nan=False, allow_infinity=False, width=64, min_value=-1e15, max_value=1e15)
seconds = st.floats(min_value=0.0, max_value=1e9)
maybe = st.none() | number
keys = st.text(min_size=1, max_size=12)
ids = st.integers(-(2**63), 2**63)
anchors = st.builds(
    Anchor, st.sampled_from(["day", "week", "month", "life"]), st.just(AT), maybe, maybe,
    st.sampled_from(["seen", "deals", "set", "first_seen"]), maybe, maybe, number,
)  # fmt: skip
timers = st.builds(
    Timer, st.integers(0, 3), st.none() | st.floats(1.0, 1000.0), seconds, seconds, st.none() | st.just(AT),
    st.booleans(), seconds, st.booleans(),
)  # fmt: skip
lasts = st.builds(
    Last, st.just(AT), number, maybe, st.none() | keys, number, number, number, st.booleans(), maybe, maybe, maybe,
)  # fmt: skip
states = st.builds(
    State,
    anchors=st.dictionaries(keys, anchors, max_size=3),
    entry_equity=st.dictionaries(ids, number, max_size=3),
    first_stops=st.dictionaries(ids, seconds, max_size=3),
    unprotected_s=st.dictionaries(ids, seconds, max_size=3),
    timers=st.dictionaries(keys, timers, max_size=3),
    first_seen=st.none() | st.builds(FirstSeen, st.just(AT), number, number),
    last=st.none() | lasts,
    policy_sha256=st.none() | keys,
    flow_gap_s=seconds,
    flow_gap_told=st.booleans(),
)


def test_a_full_state_comes_back_the_same() -> None:
    assert state_from_json(state_to_json(FULL)) == FULL
    assert state_from_json(json.loads(json.dumps(state_to_json(FULL), allow_nan=False))) == FULL


@given(state=states)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_any_state_comes_back_the_same(state: State) -> None:
    assert state_from_json(json.loads(json.dumps(state_to_json(state), allow_nan=False))) == state


def test_nothing_is_the_empty_state() -> None:
    assert state_from_json({}) == State()
    assert state_from_json(dict.fromkeys(("anchors", "timers", "first_seen", "last", "locks"))) == State()


def test_a_state_of_an_older_version_without_newer_fields_is_read() -> None:
    made = state_to_json(FULL)
    del made["last"]["trusted_s"], made["timers"]["leverage"]["unknown_told"]
    read = state_from_json(made)
    assert read.last is not None
    assert read.last.trusted_s is None
    assert read.timers["leverage"].unknown_told is False


BAD: list[tuple[tuple[str, ...], object]] = [
    ((), "text"), ((), []), (("anchors",), []), (("anchors", "life|shift"), None), (("anchors", "life|shift"), 3),
    (("anchors", "life|shift", "balance"), "10000"), (("anchors", "life|shift", "balance"), True),
    (("anchors", "life|shift", "balance"), float("nan")), (("anchors", "life|shift", "equity"), float("inf")),
    (("anchors", "life|shift", "at"), "yesterday"), (("anchors", "life|shift", "at"), "2026-11-20T12:00:00"),
    (("anchors", "life|shift", "at"), "0001-01-01T00:00:00+00:00"), (("anchors", "life|shift", "at"), 5),
    (("anchors", "life|shift", "flows"), None), (("anchors", "life|shift", "extra"), 1),
    (("timers", "leverage", "severity"), "BREACH"), (("timers", "leverage", "severity"), 4),
    (("timers", "leverage", "severity"), 1.5), (("timers", "leverage", "held_s"), -1.0),
    (("timers", "leverage", "held_s"), "0"), (("timers", "leverage", "inherited"), 1),
    (("timers", "leverage", "since"), 7), (("timers", "leverage", "stage_pct"), 0.0),
    (("timers", "leverage", "more"), 0), (("first_seen",), []), (("first_seen", "balance"), None),
    (("first_seen", "equity"), "1"), (("last", "taken_s"), None), (("last", "monotonic_s"), "1"),
    (("last", "boot_id"), 1), (("last", "believed"), None), (("last",), "x"),
    (("entry_equity", "seven"), 1.0), (("entry_equity", "7"), "1"), (("entry_equity", "7"), None),
    (("entry_equity", "7.5"), 1.0), (("first_stops", "7"), -1.0), (("unprotected_s", "7"), -0.5),
    (("unprotected_s", "7"), float("inf")), (("locks",), {}), (("locks",), ["day"]), (("policy_sha256",), 1),
    (("flow_gap_s",), "3"), (("flow_gap_s",), None), (("flow_gap_s",), -1.0), (("flow_gap_told",), "no"),
    (("surprise",), 1), (("locks",), [{"limit": "day"}]), (("locks",), [{"id": 1}]), (("enforcing",), []),
    (("enforcing", "flights"), {"x": {}}), (("enforcing", "flights", "7", "at_s"), "1"),
    (("enforcing", "tries", "close/7", "given_up"), 1), (("enforcing", "quotes", "EURUSD", "minutes"), [[1.0, 2.0]]),
    (("enforcing", "intents"), [{"id": "i"}]), (("enforcing", "surprise"), 1),
]  # fmt: skip


@pytest.mark.parametrize("path,value", BAD, ids=[f"{'.'.join(path)}={value!r}" for path, value in BAD])
def test_a_wrong_type_is_refused_with_its_place(path: tuple[str, ...], value: object) -> None:
    made: Any = copy.deepcopy(state_to_json(FULL))
    place = made
    for key in path[:-1]:
        place = place[key]
    if path:
        place[path[-1]] = value
    else:
        made = value
    with pytest.raises(InputError) as refused:
        state_from_json(made)
    assert str(refused.value).split(":")[0].startswith(".".join(("state", *path)))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "part,name",
    [("anchors.life|shift", "period"), ("anchors.life|shift", "at"), ("first_seen", "balance"), ("last", "credit")],
)
def test_a_missing_field_is_refused_with_its_name(part: str, name: str) -> None:
    made: Any = copy.deepcopy(state_to_json(FULL))
    place = made
    for key in part.split("."):
        place = place[key]
    del place[name]
    with pytest.raises(InputError, match=f"{name}: is missing"):
        state_from_json(made)
