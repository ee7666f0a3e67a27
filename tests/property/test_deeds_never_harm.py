"""Whatever the book, the prices and the answers: no deed opens, reverses, or closes more than is open."""

import copy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.engine.policy import Policy
from guard.engine.step import CycleResult, step
from guard.limits.base import Limit
from guard.model.snapshot_json import read_snapshot
from guard.model.state import State
from guard.model.state_json import state_from_json, state_to_json
from tests.books import limit, position, symbol
from tests.enforcing import Story, act

Dict = dict[str, Any]
NAMES = ("EURUSD", "GBPUSD")
CODES = (10009, 10009, 10009, 10010, 10004, 10006, 10018, 10024, 10030, 10036, None)
RULES: tuple[Limit, ...] = (
    limit("period_loss", period="day", limit={"value": 5.0, "unit": "pct", "basis": "anchor"},
          stages=[{"at_pct": 80.0, "actions": ["block_new"]},
                  {"at_pct": 90.0, "actions": ["flatten", {"kind": "lock_until", "until": "reset"}]}]),
    limit("effective_leverage", max=10.0, stages=act("cancel_pending", "reduce")),
    limit("position_volume", max=0.8, stages=act("close_offending")),
    limit("missing_stop", max=1.0, stages=act({"kind": "breakeven", "start_points": 50.0})),
)  # fmt: skip

lots = st.integers(1, 120).map(lambda steps: round(steps * 0.01, 2))
legs = st.tuples(
    st.sampled_from(NAMES), st.sampled_from(["buy", "sell"]), lots, st.sampled_from([0, 0, 7]), st.booleans()
)
moves = st.tuples(st.sampled_from(NAMES), st.integers(-150, 150), st.sampled_from(CODES), st.integers(0, 9))


def held(ticket: int, leg: tuple[str, str, float, int, bool]) -> Dict:
    name, side, volume, magic, bare = leg
    price = 1.1 if name == "EURUSD" else 1.3
    over: Dict = {"symbol": name, "magic": magic, "price_open": price, "price_current": price}
    return position(ticket, volume, side, **over, **({"sl": 0.0} if bare else {}))


def told(book: list[tuple[str, str, float, int, bool]], mode: str = "enforce", netting: bool = False) -> Story:
    rows = [held(ticket, leg) for ticket, leg in enumerate(book, 1)]
    if netting:
        rows = list({row["symbol"]: row for row in rows}.values())
    two = {"EURUSD": symbol(), "GBPUSD": symbol("GBPUSD", 1.3)}
    return Story(*RULES, positions=rows, symbols=two, mode=mode, margin_mode=0 if netting else 2)


def net(rows: list[Dict]) -> dict[str, float]:
    out = dict.fromkeys(NAMES, 0.0)
    for row in rows:
        out[row["symbol"]] += row["volume"] * (1 if row["type"] == 0 else -1)
    return out


def check(story: Story, result: CycleResult) -> None:
    """What holds of every list of deeds."""
    by_ticket = {row["ticket"]: row for row in story.positions}
    pendings = {row["ticket"] for row in story.orders}
    closed: dict[int, float] = {}
    for deed in result.deeds:
        if deed.kind == "cancel":
            assert deed.ticket in pendings
            continue
        row = by_ticket[deed.ticket]
        assert deed.ticket not in result.state.enforcing.flights
        if deed.kind == "set_stop":
            assert deed.tp == row["tp"]
            continue
        assert deed.lots is not None
        assert deed.lots > 0.0
        assert abs(round(deed.lots / 0.01) * 0.01 - deed.lots) < 1e-9
        closed[deed.ticket] = closed.get(deed.ticket, 0.0) + deed.lots
        if deed.by is not None:
            other = by_ticket[deed.by]
            assert (other["symbol"], other["type"]) == (row["symbol"], 1 - row["type"])
            closed[deed.by] = closed.get(deed.by, 0.0) + deed.lots
        assert deed.why
    for ticket, volume in closed.items():
        assert volume <= by_ticket[ticket]["volume"] + 1e-9
    after = copy.deepcopy(story.positions)
    for row in after:
        row["volume"] -= closed.get(row["ticket"], 0.0)
    before, then = net(story.positions), net(after)
    for name in NAMES:
        assert abs(then[name]) <= abs(before[name]) + 1e-9, (name, before, then)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(legs, min_size=1, max_size=7), st.lists(moves, min_size=3, max_size=14), st.booleans())
def test_no_deed_opens_reverses_or_closes_more_than_is_open(
    book: list[tuple[str, str, float, int, bool]], path: list[tuple[str, int, int | None, int]], netting: bool
) -> None:
    story = told(book, netting=netting)
    story.look()
    opened = 500
    for name, pips, code, new in path:
        story.quote(name, round(story.ticks[name]["bid"] + pips * 0.0001, 5))
        if new == 0 and not netting:
            opened += 1
            price = story.ticks[name]["bid"]
            story.positions.append(position(opened, 0.2, symbol=name, price_open=price, price_current=price))
        result = story.look(0.5)
        check(story, result)
        if result.deeds:
            deed = result.deeds[0]
            story.send(deed, code, done=code in (10009, 10010, None) and new != 1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(legs, min_size=1, max_size=6), st.lists(moves, min_size=3, max_size=10))
def test_in_mode_warn_there_is_never_a_deed(
    book: list[tuple[str, str, float, int, bool]], path: list[tuple[str, int, int | None, int]]
) -> None:
    story = told(book, mode="warn")
    for name, pips, _, _ in path:
        story.quote(name, round(story.ticks[name]["bid"] + pips * 0.0001, 5))
        result = story.look(1.0)
        assert (result.deeds, result.intents, story.state.locks) == ((), (), ())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(legs, min_size=1, max_size=6), st.lists(moves, min_size=3, max_size=12))
def test_a_restart_between_any_two_looks_changes_no_deed(
    book: list[tuple[str, str, float, int, bool]], path: list[tuple[str, int, int | None, int]]
) -> None:
    story = told(book)
    story.look()
    for name, pips, code, _ in path:
        story.quote(name, round(story.ticks[name]["bid"] + pips * 0.0001, 5))
        before, rules = story.state, story.policy
        result = story.look(0.5)
        again = stepped(story, state_from_json(state_to_json(before)), rules)
        assert (again.deeds, again.intents) == (result.deeds, result.intents)
        assert state_to_json(again.state) == state_to_json(result.state)
        if result.deeds:
            story.send(result.deeds[0], code, done=code in (10009, 10010, None))


def stepped(story: Story, state: State, rules: Policy) -> CycleResult:
    return step(read_snapshot(story.document), state, rules)
