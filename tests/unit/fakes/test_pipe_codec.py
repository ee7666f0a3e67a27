"""The bytes of the terminal's pipe, read and written without any pipe."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import pipe_codec
from fakes.pipe_codec import COMMANDS, BrokenRequestError, read_request, reply, write_request
from fakes.pipe_names import final_path, pipe_name, pipe_names
from fakes.pipe_records import LAYOUTS, TABLE
from fakes.records import FIELDS

SIZES = {
    "TradePosition": 320, "TradeOrder": 340, "TradeDeal": 300, "TradeRequest": 232, "SymbolInfo": 2993,
    "OrderCheckResult": 252, "OrderSendResult": 260, "Tick": 60, "TerminalInfo": 3162, "AccountInfo": 851,
    "BookInfo": 28, "Rate": 60, "TickRow": 60,
}  # fmt: skip
OFFSETS = {
    ("TradePosition", "swap"): 112, ("TradePosition", "external_id"): 256, ("TradeOrder", "symbol"): 148,
    ("TradeDeal", "commission"): 76, ("TradeRequest", "position_by"): 224, ("SymbolInfo", "bid"): 145,
    ("SymbolInfo", "name"): 2929, ("AccountInfo", "margin_so_so"): 99, ("TerminalInfo", "tradeapi_disabled"): 3161,
    ("OrderSendResult", "retcode_external"): 256, ("OrderCheckResult", "comment"): 52, ("Tick", "flags"): 48,
}  # fmt: skip
LIMITS = {"u32": (0, 2**32 - 1), "i32": (-(2**31), 2**31 - 1), "u64": (0, 2**64 - 1), "i64": (-(2**63), 2**63 - 1)}


def kinds(name: str) -> dict[str, str]:
    pairs = (field.split() for field in TABLE["records"][name].split(", "))
    return {field: kind for field, kind in pairs if field != "-"}


def values(kind: str) -> st.SearchStrategy[Any]:
    if kind == "bool":
        return st.booleans()
    if kind == "f64":
        return st.floats(allow_nan=False)
    if kind.startswith("w"):
        units = int(kind[1:]) - 1
        fitting = st.text(st.characters(exclude_characters="\0"), max_size=units)
        return fitting.filter(lambda text: len(text.encode("utf-16-le", "surrogatepass")) <= 2 * units)
    return st.integers(*LIMITS[kind])


def some_record(name: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({field: values(kind) for field, kind in kinds(name).items()})


@pytest.mark.parametrize("name", SIZES)
def test_records_are_as_long_as_the_package_reads_them_and_have_its_fields(name: str) -> None:
    assert LAYOUTS[name].size == SIZES[name]
    if name in FIELDS:
        assert set(LAYOUTS[name].names) == {field for field, _ in FIELDS[name]} - {"request"}


@pytest.mark.parametrize("name,field", OFFSETS)
def test_a_field_stands_at_its_own_place(name: str, field: str) -> None:
    layout = LAYOUTS[name]
    zero: dict[str, Any] = {each: "" if kind.startswith("w") else 0 for each, kind in kinds(name).items()}
    different = layout.pack(zero | {field: "\x01" if isinstance(zero[field], str) else 1})
    empty = layout.pack(zero)
    changed = [i for i in range(layout.size) if different[i] != empty[i]]
    # One in floating point shows in its last two bytes.
    assert changed[0] - (6 if kinds(name)[field] == "f64" else 0) == OFFSETS[name, field]


@pytest.mark.parametrize("name", SIZES)
def test_every_value_that_fits_comes_back(name: str) -> None:
    @given(some_record(name))
    def check(record: dict[str, Any]) -> None:
        assert LAYOUTS[name].unpack(LAYOUTS[name].pack(record)) == record

    check()


def test_a_text_ends_within_its_field_whatever_its_length() -> None:
    zero: dict[str, Any] = {each: "" if kind.startswith("w") else 0 for each, kind in kinds("BookInfo").items()}
    assert LAYOUTS["BookInfo"].pack(zero) == bytes(28)
    position = {each: "" if kind.startswith("w") else 0 for each, kind in kinds("TradePosition").items()}
    packed = LAYOUTS["TradePosition"].pack(position | {"symbol": "Ω" * 40, "comment": "next"})
    assert LAYOUTS["TradePosition"].unpack(packed)["symbol"] == "Ω" * 31
    assert LAYOUTS["TradePosition"].unpack(packed)["comment"] == "next"


def test_a_number_that_does_not_fit_is_an_error_and_not_another_number() -> None:
    book = {"type": 2**32, "price": 1.0, "volume": 1, "volume_dbl": 1.0}
    with pytest.raises(struct.error):
        LAYOUTS["BookInfo"].pack(book)


def test_messages_stand_on_the_wire_byte_by_byte() -> None:
    hello = write_request(4, {"api": 3, "client": "Python"})
    assert hello == bytes.fromhex("18000000 04000000 03000000 06000000") + "Python".encode("utf-16-le")
    assert write_request(121, {}) == bytes.fromhex("04000000 79000000")
    assert (
        write_request(171, {"symbol": "É", "enable": 1}).hex() == "0b000000" + "ab000000" + "01000000" + "c900" + "01"
    )
    assert reply(120, 1, pipe_codec.number(7)).hex() == "0c000000" + "78000000" + "01000000" + "07000000"
    assert reply(120, -4, b"never sent").hex() == "08000000" + "78000000" + "fcffffff"
    assert pipe_codec.version((500, 5660, "16 Feb 2026"))[:12].hex() == "f40100001c1600000b000000"
    assert pipe_codec.amount(math.pi) == struct.pack("<d", math.pi)
    assert pipe_codec.rows("TradePosition", ()) == bytes(4)


@pytest.mark.parametrize("number", COMMANDS)
def test_every_request_is_read_as_it_was_written(number: int) -> None:
    command = COMMANDS[number]
    scalars = LIMITS | {"u8": (0, 1)}
    strategies: dict[str, st.SearchStrategy[Any]] = {}
    for name, kind in command.fields:
        if kind == "str":
            strategies[name] = st.text(max_size=40)
        elif kind in LAYOUTS:
            strategies[name] = some_record(kind)
        else:
            strategies[name] = st.floats(allow_nan=False) if kind == "f64" else st.integers(*scalars[kind])

    @given(st.fixed_dictionaries(strategies))
    def check(arguments: dict[str, Any]) -> None:
        sent = write_request(number, arguments)
        assert pipe_codec.read_length(sent[:4]) == len(sent) - 4
        found = read_request(sent[4:])
        assert (found.command, found.arguments) == (command, arguments)
        for broken in (sent[4:-1], sent[4:] + b"x"):
            with pytest.raises(BrokenRequestError):
                read_request(broken)

    check()


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_refused(body: bytes) -> None:
    try:
        found = read_request(body)
    except BrokenRequestError:
        return
    assert found.command.number == int.from_bytes(body[:4], "little")


def test_an_old_terminal_leaves_the_name_of_a_symbol_out() -> None:
    class Symbol:
        def _asdict(self) -> dict[str, Any]:
            return {each: "" if kind.startswith("w") else 0 for each, kind in kinds("SymbolInfo").items()}

    assert len(pipe_codec.one("SymbolInfo", Symbol(), 2364)) == 2993
    assert len(pipe_codec.one("SymbolInfo", Symbol(), 2363)) == 2929


def test_the_pipe_of_a_program_has_the_packages_name() -> None:
    path = "C:\\Ghost\\Terminal64.exe"
    # Seen by running the package: SHA-256 of the lower-cased path in UTF-16.
    assert pipe_name(path) == pipe_name(path.lower()) == pipe_name(path.upper())
    assert pipe_name("") == "\\\\.\\pipe\\MT5.Terminal.E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
    assert final_path(path) == "\\\\?\\" + path
    assert final_path("\\\\host\\share\\t.exe") == "\\\\?\\UNC\\host\\share\\t.exe"
    names = pipe_names("c:/ghost/x/../terminal64.exe")
    assert {pipe_name(path), pipe_name("\\\\?\\" + path), pipe_name("c:/ghost/x/../terminal64.exe")} <= set(names)
