"""Programs that nobody here wrote, unmodified from PyPI, trade on the simulated terminal; the guard reads it too.

They are installed with ``pip install --no-deps`` and these versions; where one is missing its test is left out.
"""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.launch import guard
from tests.pipe_terminal import needs_package, terminal

pytestmark = [needs_package, pytest.mark.timeout(300)]
TELL = """
import json, sys
import MetaTrader5 as mt5
account = mt5.account_info()
held = [[p.ticket, p.symbol, p.type, p.volume, p.sl, p.profit] for p in mt5.positions_get()]
print(json.dumps({"equity": account.equity, "balance": account.balance, "margin": account.margin, "held": held}))
sys.stdout.flush()
sys.stdin.read()
"""
ADAPTER = """
import pymt5adapter as adapter
from pymt5adapter.trade import Trade
with adapter.connected(path=PATH, ensure_trade_enabled=True, raise_on_errors=True) as context:
    trade = Trade("EURUSD")
    done = trade.buy(0.1)
    print(done.retcode, done.order)
    assert done.retcode == 10009, done
    bid = adapter.symbol_info_tick("XAUUSD").bid
    done = adapter.order_send(action=1, symbol="XAUUSD", volume=0.02, type=1, price=bid, type_filling=1)
    assert done.retcode == 10009, done
    assert len(adapter.copy_rates_from_pos("EURUSD", 1, 0, 10)) == 10
""" + TELL.replace("\n", "\n    ")
PYTRADER = """
from MT5pytrader import Trader
with Trader(path=PATH) as trader:
    bought = trader.open_buy("EURUSD", 0.3)
    print(bought)
    assert bought.retcode == 10009, bought
    for each in trader.close_partial_buy(0.5, "EURUSD"):
        print(each)
    tick = trader.mt5.symbol_info_tick("EURUSD")
    print(trader.modify_sl("EURUSD", sl=round(tick.bid - 0.005, 5)))
    price = round(trader.mt5.symbol_info_tick("GBPUSD").bid + 0.01, 5)
    print(trader.open_sell_limit("GBPUSD", price, lot=0.1))
    print(trader.get_open_positions())
""" + TELL.replace("\n", "\n    ")
BOTS = {("pymt5adapter", "0.4.4"): ADAPTER, ("mt5py", "2.0.1"): PYTRADER}


def installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


@pytest.mark.parametrize("bot", BOTS, ids=lambda bot: bot[0])
def test_a_bot_trades_while_the_guard_reads_the_same_account(bot: tuple[str, str], tmp_path: Path) -> None:
    name, version = bot
    if installed(name) != version:
        pytest.skip(f"needs {name}=={version}: pip install --no-deps {name}=={version}")
    exe = tmp_path / "Terminal é" / "terminal64.exe"
    exe.parent.mkdir()
    exe.write_bytes(b"")
    with terminal(path=str(exe), speed=0) as running:
        script = f"PATH = {str(exe)!r}\n" + BOTS[bot]
        with subprocess.Popen(
            [sys.executable, "-u", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
        ) as process:  # fmt: skip
            assert process.stdout is not None
            said = []
            for line in process.stdout:
                said.append(line)
                if line.startswith('{"equity"'):
                    break
            told: dict[str, Any] = json.loads(said[-1]) if said and said[-1].startswith("{") else {}
            assert told, "".join(said)
            seen = looked(tmp_path, str(exe))
        print(f"\n{name} {version}: {''.join(said[:-1])}{told}")
        assert seen["account"]["equity"] == told["equity"]
        assert seen["account"]["balance"] == told["balance"]
        assert seen["account"]["margin"] == told["margin"]
        rows = [[p["ticket"], p["symbol"], p["type"], p["volume"], p["sl"], p["profit"]] for p in seen["positions"]]
        assert rows == told["held"]
        assert len(running.of("request")) >= 2
        assert {event["retcode"] for event in running.of("request")} <= {10008, 10009}


def looked(folder: Path, exe: str) -> dict[str, Any]:
    """What ``guard check`` and ``guard snapshot`` read, with the permission that only tests have."""
    home = folder / "home"
    home.mkdir()
    config = folder / "guard.toml"
    config.write_text(f"format = \"guard.config/1\"\n[terminal]\npath = '{exe}'\n", encoding="utf-8")
    words = ("--config", str(config))
    more: dict[str, Any] = {"GUARD_TEST_MODULE": "MetaTrader5"}
    check = guard("check", "--json", *words, home=home, account=None, **more)
    evaluation = json.loads(check.stdout)
    snapshot = guard("snapshot", "--with-identity", *words, home=home, account=None, **more)
    seen: dict[str, Any] = json.loads(snapshot.stdout)
    refused = guard("check", *words, home=home, account=None, root=False)
    assert refused.returncode == 5
    assert "SIMULATED" in refused.stderr
    for name in ("equity", "balance", "credit"):
        assert evaluation["metrics"][name] == seen["account"][name]
    return seen
