"""From the terminal's structures to values: what is bad is left out with a gap, never turned into 0."""

from typing import Any

import pytest

from guard.model.errors import InputError
from guard.model.snapshot_json import SnapshotReader, read_snapshot
from guard.model.trading import BUY, SELL
from tests.books import NOON, account, deal, position, snapshot, symbol


def paths(document: dict[str, Any]) -> list[str]:
    return [gap.path for gap in read_snapshot(document).gaps]


@pytest.mark.parametrize(
    "document,word",
    [
        ([], "JSON object"), ({}, "format"), ({"format": "guard.snapshot/2"}, "update"),
        ({"format": "guard.snapshot/1"}, "account"), ({**snapshot(), "account": None}, "account"),
        ({**snapshot(), "account": []}, "account"), ({**snapshot(), "taken_at": None}, "taken_at"),
        ({**snapshot(), "taken_at": "2026-11-20"}, "taken_at"), ({**snapshot(), "taken_at": 1795190602}, "taken_at"),
        ({**snapshot(), "taken_at": "2026-11-20T12:00:00"}, "taken_at"),
        ({**snapshot(), "taken_at": "0001-01-01T00:00:00+23:00"}, "taken_at"),
        ({**snapshot(), "taken_at": "9999-12-31T23:59:59-23:00"}, "taken_at"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_snapshot_is_refused_in_one_sentence(document: Any, word: str) -> None:
    with pytest.raises(InputError, match=word) as refused:
        read_snapshot(document)
    assert "\n" not in str(refused.value)


def test_a_good_document_has_no_gaps() -> None:
    assert paths(snapshot([position()])) == []


@pytest.mark.parametrize("bad", [None, "1", True, float("nan"), float("inf"), 10**400, [], {}, 1e19])
@pytest.mark.parametrize("name", ["balance", "equity", "margin", "margin_so_so"])
def test_a_bad_number_is_nothing_and_a_gap_that_names_it(name: str, bad: object) -> None:
    document = snapshot([position()], account={**account(margin=110.0), name: bad})
    read = read_snapshot(document)
    field = {"margin_so_so": "so_so"}.get(name, name)
    assert getattr(read.account, field) is None
    assert [gap.path for gap in read.gaps] == [f"account.{name}"]
    assert len(read.gaps[0].sentence) < 200


def test_a_negative_margin_or_volume_is_out_of_range() -> None:
    assert paths(snapshot([position()], account=account(margin=-1.0))) == ["account.margin"]
    assert paths(snapshot([position(lots=0.0)])) == ["positions[0].volume"]
    assert paths(snapshot([position(type=2)])) == ["positions[0].type"]


def test_an_absent_section_is_unknown_and_an_empty_one_is_none() -> None:
    document = snapshot([])
    del document["positions"], document["orders"], document["deals"]
    read = read_snapshot(document)
    assert (read.positions, read.orders, read.deals) == (None, None, None)
    assert {"positions", "orders", "deals"} <= {gap.path for gap in read.gaps}
    assert read_snapshot(snapshot([])).positions == ()


@pytest.mark.parametrize("rows", ["none", 7, {"ticket": 1}, [3], [None], [{"symbol": "EURUSD"}], [{"ticket": True}]])
def test_one_broken_row_makes_the_whole_list_of_positions_unknown(rows: object) -> None:
    document = {**snapshot([position()]), "positions": rows}
    assert read_snapshot(document).positions is None


def test_a_repeated_ticket_counts_once_and_a_contradicting_one_makes_the_list_unknown() -> None:
    twice = read_snapshot(snapshot([position(1), position(1)]))
    assert twice.positions is not None
    assert len(twice.positions) == 1
    assert read_snapshot(snapshot([position(1, 0.1), position(1, 0.2)])).positions is None


@pytest.mark.parametrize(
    "text",
    ["2026-11-20T14:03:22.123456+00:00", "2026-11-20T14:03:22.000000+00:00", "2026-11-20T14:03:22.123+00:00",
     "2026-11-20T14:03:22+00:00", "2026-11-20T14:03:22Z", "2026-11-20T16:03:22.123456+02:00",
     "2026-W47-5T14:03:22.123456+00:00", "2026-11-20 14:03:22.123456+00:00", "2026-11-20T14:03:22,123456+00:00",
     "2026-11-20T140322.12345678+00:00", "2026-11-20T14:03:22.1234567+0000", "2026-11-20T14:03:22.000001+00:00",
     "20261120T14:03:22.12345678+00:00", "2026-11-20T14:03:22.123456-00:00"],
)  # fmt: skip
def test_the_time_s_text_is_what_would_be_written_anew(text: str) -> None:
    read = read_snapshot({**snapshot([]), "taken_at": text})
    assert read.taken_iso == read.taken_at.isoformat()
    assert read.taken_iso_ms == read.taken_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_sides_and_times() -> None:
    read = read_snapshot(snapshot([position(1), position(2, side="sell")], deals=[deal(5, NOON)]))
    assert read.positions is not None
    assert [row.side for row in read.positions] == [BUY, SELL]
    assert read.deals is not None
    assert read.deals[0].time == pytest.approx(NOON.timestamp() + 7200.0)
    without_msc = {**deal(5, NOON), "time_msc": None}
    again = read_snapshot(snapshot(deals=[without_msc])).deals
    assert again is not None
    assert again[0].time == pytest.approx(NOON.timestamp() + 7200.0)


@pytest.mark.parametrize("kind,side", [(0, BUY), (1, SELL), (2, BUY), (3, SELL), (4, BUY), (5, SELL), (6, BUY),
                                       (7, SELL), (8, None)])  # fmt: skip
def test_the_side_of_every_order_type(kind: int, side: int | None) -> None:
    order = {"ticket": 9, "symbol": "EURUSD", "type": kind, "volume_current": 0.1, "price_open": 1.1, "sl": 0.0}
    read = read_snapshot(snapshot(orders=[order])).orders
    assert read is not None
    assert read[0].side == side


@pytest.mark.parametrize("offset", [90_000, -90_000, "7200", float("nan")])
def test_a_server_clock_more_than_a_day_away_is_no_clock(offset: object) -> None:
    read = read_snapshot(snapshot(server_utc_offset_s=offset))
    assert read.server_utc_offset_s is None
    assert [gap.path for gap in read.gaps] == ["snapshot.server_utc_offset_s"]


def test_calculations_with_numbers_no_machine_holds_are_left_out() -> None:
    asked = [{"call": "order_calc_profit", "args": [0, "EURUSD", 1.0, 1.1, 10**400], "result": 1.0},
             {"call": "order_calc_profit", "args": [0, "EURUSD", 1.0, 1.1, float("nan")], "result": 1.0},
             {"call": "order_calc_profit", "args": [0, "EURUSD", 1.0, 1.1, 1.2], "result": float("inf")},
             {"call": "order_calc_profit", "args": [0, "EURUSD", 1.0, 1.1, 1.2], "result": None},
             {"call": 1},
             {"call": "order_calc_profit", "args": [0, "EURUSD", 1, 1.1, 1.2], "result": 10_000.0}]  # fmt: skip
    read = read_snapshot(snapshot(asked=asked))
    assert [row.result for row in read.asked] == [None, 10_000.0]
    assert {gap.path for gap in read.gaps} == {"asked[0].args", "asked[1].args", "asked[2].result", "asked[4]"}


def test_unused_vendor_fields_never_matter() -> None:
    row = {**position(), "external_id": 5, "reason": "x", "brand_new": float("nan")}
    assert paths(snapshot([row], symbols={"EURUSD": symbol(swap_long="x", isin=None)})) == []


def test_the_reader_keeps_what_is_the_same_object_and_its_gaps() -> None:
    reader = SnapshotReader()
    first = snapshot([position()], symbols={"EURUSD": symbol(trade_contract_size=-1.0)})
    one = reader.read(first)
    two = reader.read({**snapshot([position()]), "symbols": first["symbols"]})
    assert two.symbols is one.symbols
    assert [gap.path for gap in two.gaps] == ["symbols.EURUSD.trade_contract_size"]
    three = reader.read(snapshot([position()]))
    assert three.symbols is not one.symbols
    assert three.gaps == ()
