"""The same worker over a socket of this computer: the guard proves the token, and has a worker of its own."""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from guard.model.errors import InputError, TerminalError
from guard.model.snapshot_json import read_snapshot
from guard.terminal.client import WorkerTerminal
from guard.terminal.greeting import PROTOCOL, make_token, own_address, proof, proves, read_token
from guard.terminal.messages import Frames, pack
from guard.terminal.port import Connection, Known, Refused
from tests.terminals import closing, lease, listening, read_at_last, read_often

BOOK = [{"symbol": "EURUSD", "side": "buy", "lots": 0.5, "sl": 1.0}, {"symbol": "USDJPY", "side": "sell", "lots": 0.2}]
OPTIONS = json.dumps({"balance": 10_000.0, "positions": BOOK})
TOKEN = "t" * 40
Address = tuple[str, str]


def over(address: Address, *, may_send: bool = False) -> WorkerTerminal:
    connection = Connection(address=address[0], token=address[1])
    return WorkerTerminal(connection, allow_simulated=True, may_send=may_send)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Address]:
    with listening(tmp_path, options=OPTIONS) as (address, token, _):
        yield address, token


def test_a_snapshot_comes_over_a_socket_as_over_a_pipe(served: Address) -> None:
    terminal = over(served)
    try:
        terminal.connect()
        first = terminal.read_snapshot()
        snapshot = read_snapshot(first)
        assert snapshot.gaps == ()
        assert snapshot.positions is not None
        assert len(snapshot.positions) == 2
        assert terminal.read_snapshot()["symbols"] is first["symbols"]
    finally:
        terminal.close()


def test_without_the_token_nobody_is_served(served: Address) -> None:
    with pytest.raises(TerminalError, match="both must use the same token file"):
        over((served[0], TOKEN)).connect()
    with pytest.raises(TerminalError, match="token is missing"):
        WorkerTerminal(Connection(address=served[0]), allow_simulated=True).connect()


def test_who_does_not_know_the_token_is_not_believed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as fake:
        address = f"127.0.0.1:{fake.getsockname()[1]}"

        def impostor() -> None:
            link, _ = fake.accept()
            with link:
                link.sendall(pack({"protocol": PROTOCOL, "nonce": "00"}))
                link.recv(4096)
                link.sendall(pack({"proof": "0" * 64}))
                link.recv(4096)

        thread = threading.Thread(target=impostor)
        thread.start()
        with pytest.raises(TerminalError, match="did not prove"):
            over((address, TOKEN)).connect()
        thread.join(10)


def test_a_wrong_proof_is_answered_with_nothing_and_starts_no_worker(tmp_path: Path) -> None:
    with listening(tmp_path, options=OPTIONS) as (address, _, process):
        with socket.create_connection(own_address(address), timeout=10) as stranger:
            stranger.sendall(pack({"nonce": "00", "proof": proof(TOKEN, "core", "00", "00")}))
            heard = b""
            while data := stranger.recv(4096):
                heard += data
        assert b"proof" not in heard
        assert process.stderr is not None
        assert "did not prove that it knows the token" in process.stderr.readline()
        assert psutil.Process(process.pid).children() == []


def test_where_nobody_listens_one_sentence_says_how_to_start_the_worker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(TerminalError, match=r"no worker listens at .*--listen"):
        over((address, TOKEN)).connect()


@pytest.mark.parametrize("text", ["192.168.1.5:18500", "example.com:18500", "0.0.0.0:1", "127.0.0.1", "127.0.0.1:x",
                                  "127.evil.com:1", ":1", "127.0.0.1:99999"])  # fmt: skip
def test_only_addresses_of_this_computer_are_taken(text: str) -> None:
    with pytest.raises(InputError, match="no address of this computer"):
        own_address(text)


def test_addresses_of_this_computer_are_taken() -> None:
    assert own_address("127.0.0.1:18500") == ("127.0.0.1", 18500)
    assert own_address("localhost:1") == ("127.0.0.1", 1)
    assert own_address("[::1]:7") == ("::1", 7)


def test_the_token_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "token.txt"
    token = make_token(file)
    assert len(token) >= 40
    assert (make_token(file), read_token(file)) == (token, token)
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o077 == 0
        file.chmod(0o640)
        with pytest.raises(InputError, match="chmod 600"):
            read_token(file)
        file.chmod(0o600)
    file.write_text("short", encoding="utf-8")
    with pytest.raises(InputError, match="shorter than"):
        read_token(file)
    with pytest.raises(InputError, match="start the worker first"):
        read_token(tmp_path / "absent")


def test_a_proof_is_of_one_side_one_token_and_these_nonces() -> None:
    right = proof(TOKEN, "core", "a", "b")
    assert proves(right, right)
    others = [proof("u" * 40, "core", "a", "b"), proof(TOKEN, "worker", "a", "b"), proof(TOKEN, "core", "x", "b"),
              proof(TOKEN, "core", "a", "x"), "", None, 5]  # fmt: skip
    assert not any(proves(other, right) for other in others)


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.1\r\n\r\n", b"\x00\x00\x00\x02[]", b"\xff\xff\xff\xff", b""])
def test_junk_before_the_proof_is_cut_off_and_the_next_guard_is_served(served: Address, junk: bytes) -> None:
    host, port = own_address(served[0])
    with socket.create_connection((host, port), timeout=10) as stranger:
        stranger.sendall(junk)
        stranger.shutdown(socket.SHUT_WR)
        heard = b""
        while data := stranger.recv(4096):
            heard += data
        frames = Frames()
        frames.feed(heard)
        hello = frames.next()
        assert hello is not None
        assert set(hello) == {"protocol", "nonce"}
        assert frames.next() is None
    terminal = over(served)
    try:
        terminal.connect()
    finally:
        terminal.close()


def test_a_hang_over_the_socket_is_seen_in_a_second_and_the_worker_replaced(tmp_path: Path) -> None:
    hang = {"call": "positions_get", "nth": 3, "seconds": 30, "gil": True, "once": str(tmp_path / "once")}
    with listening(tmp_path, options=json.dumps({"positions": BOOK, "hang": hang})) as (address, token, process):
        terminal = over((address, token))
        try:
            terminal.connect()
            terminal.read_snapshot()
            (old,) = psutil.Process(process.pid).children()
            began = time.monotonic()
            with pytest.raises(TerminalError, match="did not answer within 1 s"):
                read_often(terminal)
            assert time.monotonic() - began < 5.0
            assert len(read_at_last(terminal)["positions"]) == 2
            assert not old.is_running() or old.status() == psutil.STATUS_ZOMBIE
        finally:
            terminal.close()


def test_a_guard_that_goes_takes_its_worker_with_it_and_others_keep_theirs(tmp_path: Path) -> None:
    with listening(tmp_path, options=OPTIONS) as (address, token, process):
        first, second = over((address, token)), over((address, token))
        try:
            first.connect()
            second.connect()
            server = psutil.Process(process.pid)
            assert len(server.children()) == 2
            first.close()
            deadline = time.monotonic() + 10.0
            while len(server.children()) != 1:
                assert time.monotonic() < deadline, "its worker was left"
                time.sleep(0.02)
            assert len(second.read_snapshot()["positions"]) == 2
        finally:
            first.close()
            second.close()


def test_orders_go_over_the_socket_only_where_both_sides_allow_it(tmp_path: Path) -> None:
    with listening(tmp_path, options=OPTIONS) as (address, token, _):
        terminal = over((address, token), may_send=True)
        try:
            terminal.connect()
            with pytest.raises(TerminalError, match="watching only"):
                lease(terminal)
            assert isinstance(terminal.send(closing(terminal.read_snapshot())), Refused)
        finally:
            terminal.close()
    with listening(tmp_path, "--may-send", options=OPTIONS) as (address, token, _):
        terminal = over((address, token), may_send=True)
        try:
            terminal.connect()
            lease(terminal)
            assert isinstance(terminal.send(closing(terminal.read_snapshot())), Known)
        finally:
            terminal.close()


def test_a_simulated_terminal_is_refused_over_the_socket_too(served: Address) -> None:
    terminal = WorkerTerminal(Connection(address=served[0], token=served[1]))
    terminal.connect()
    with pytest.raises(TerminalError, match="SIMULATED"):
        terminal.read_snapshot()
    terminal.close()
