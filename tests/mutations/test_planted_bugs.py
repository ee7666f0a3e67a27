"""Bugs planted on purpose: each turns a test red. A formula whose breaking no test notices is not tested."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMITS = "tests/unit/limits"
COLUMNS = "tests/property/test_columns_equal_rows.py"
ANCHORS = "tests/unit/engine/test_anchors.py"
EXPOSURE = "tests/unit/metrics/test_exposure.py"
FLOWS = "tests/unit/metrics/test_flows.py"
LEVELS = "tests/unit/metrics/test_account_levels.py"
OFFSET = "tests/unit/engine/test_server_offset.py"
PC_CLOCK = "tests/unit/engine/test_pc_clock.py"
RISK = "tests/unit/metrics/test_risk.py"
STATE = "tests/unit/model/test_state_json.py"
STEP = "tests/unit/engine/test_step.py"
STRESS = "tests/unit/metrics/test_stress.py"
TIMING = "tests/unit/engine/test_debounce.py"
TRADING_DAY = "tests/unit/model/test_tradingday.py"
VALUE = "tests/unit/metrics/test_value_of_a_move.py"


class Bug(NamedTuple):
    """What is broken: ``old`` becomes ``new`` in ``file``; ``suite`` must notice."""

    what: str
    file: str
    old: str
    new: str
    suite: str


BUGS = (
    Bug("a franc pair converts at the present price", "guard/metrics/value.py", "k * price_now * (to - frm) / to",
        "k * (to - frm)", VALUE),
    Bug("the smaller of two contradicting values is used", "guard/metrics/value.py", "own if own is not None else high",
        "own if own is not None else low", VALUE),
    Bug("futures use their contract size", "guard/metrics/facts.py",
        "mode is not None and mode not in FUTURES_MODES and", "mode is not None and", VALUE),
    Bug("a cent account counts in dollars", "guard/metrics/convert.py", "inner[0] * 100.0, inner[1] * 100.0",
        "inner[0], inner[1]", VALUE),
    Bug("a hedge is counted net", "guard/metrics/book.py", "by_base * (buys - sells), by_base * (buys + sells)",
        "by_base * (buys - sells), by_base * abs(buys - sells)", EXPOSURE),
    Bug("with a hole in the book a sale counts as a purchase", "guard/metrics/book.py", "signed += value * side",
        "signed += value", EXPOSURE),
    Bug("a column's loss is counted from the present price", "guard/metrics/block.py",
        "map(sub, columns[OPENED], columns[STOP])", "map(sub, columns[NOW], columns[STOP])", COLUMNS),
    Bug("an earlier swap is used", "guard/metrics/block.py", "kept.key == key:", "kept.key[:6] == key[:6]:", COLUMNS),
    Bug("flat leverage with equity used up", "guard/metrics/leverage.py", "return math.inf", "return 0.0",
        EXPOSURE),
    Bug("a level is reached only below it", "guard/metrics/levels.py", "return equity <= level",
        "return equity < level", LEVELS),
    Bug("a stop-out of 0 is believed", "guard/metrics/account.py",
        "told = self.account.so_so\n        if told is not None and told > 0.0:",
        "told = self.account.so_so\n        if told is not None:", LEVELS),
    Bug("money mode is read as percent", "guard/metrics/levels.py", "    if so_mode == MONEY:\n        return level\n",
        "", LEVELS),
    Bug("the price at stop-out forgets the profit already made", "guard/metrics/price_level.py",
        "amount = (price - held.opened)", "amount = (price - held.closes)", LEVELS),
    Bug("exit commission is not estimated", "guard/metrics/trade_risk.py", "+ 2.0 * cost - swap", "+ cost - swap",
        RISK),
    Bug("a target does not uncover a hedge", "guard/metrics/trade_risk.py", "p.tp is None or p.tp > 0.0 or",
        "p.tp is None or", RISK),
    Bug("any stop order protects any side", "guard/metrics/trade_risk.py", "pools.get((p.symbol, -p.side), [])",
        "[pool for (name, _), found in pools.items() if name == p.symbol for pool in found]", RISK),
    Bug("each bare position counts the stop-out", "guard/metrics/trade_risk.py",
        "        total += max(0.0, substitute)",
        "        total += max(0.0, substitute) * sum(1 for row in rows if row.unprotected)", RISK),
    Bug("a fee is a withdrawal", "guard/metrics/flows.py", "return not any(pattern in words for pattern in NOT_A_FLOW)",
        "return True", FLOWS),
    Bug("an unknown symbol is a harmless shock", "guard/metrics/outlook.py",
        "    elif symbol is None and target != entry.name:\n        return None\n", "", STRESS),
    Bug("a second of two local times", "guard/model/tradingday.py", "datetime.combine(day, at, tzinfo=zone)",
        "datetime.combine(day, at, tzinfo=zone).replace(fold=1)", TRADING_DAY),
    Bug("text passes as a number in the state", "guard/model/state_json.py",
        '_N: Final = (f.finite, "a finite number")',
        '_N: Final = (lambda value: value, "a finite number")', STATE),
    Bug("a missing list of positions is an empty one", "guard/model/records_json.py",
        '_unique(rows, "positions", gaps) if rows is not None else None',
        '_unique(rows, "positions", gaps) if rows is not None else []',
        STEP),
    Bug("caps break at the touch", "guard/engine/debounce.py", "if at_pct == 100.0 and not limit.touch:",
        "if False:", TIMING),
    Bug("not knowing clears a breach", "guard/engine/debounce.py",
        "breach is None and severity is not Severity.BREACH", "breach is None", TIMING),
    Bug("the hold time runs on over a gap", "guard/engine/debounce.py",
        "if timer.held_s > 0.0 and passed_s <= stale_after_s", "if timer.held_s > 0.0", TIMING),
    Bug("a breach clears at once below its limit", "guard/engine/debounce.py",
        "used / (1.0 - limit.clear_margin_pct / 100.0)", "used", TIMING),
    Bug("a clock that jumps back reopens a day", "guard/engine/anchors.py", "start.timestamp() > _utc_s(old.at)",
        "start.timestamp() != _utc_s(old.at)", ANCHORS),
    Bug("the PC's clock alone begins a day", "guard/engine/elapsed.py",
        "return last is None or trusted_s(last, snapshot) >=",
        "return last is None or snapshot.taken_s >=", ANCHORS),
    Bug("a jumped clock is believed from the second look on", "guard/engine/memory.py",
        "        trusted_s=trusted,\n        server_s=", "        trusted_s=snapshot.taken_s,\n        server_s=",
        ANCHORS),
    Bug("a PC clock that was set is believed", "guard/engine/elapsed.py",
        "agrees and pc_clock_set_by_s(last, snapshot) is None", "agrees", PC_CLOCK),
    Bug("a server's summer time is a PC clock that was set", "guard/engine/elapsed.py",
        "abs(wall) > AGREE_S and abs(moved) <= AGREE_S", "abs(moved - wall) > AGREE_S", PC_CLOCK),
    Bug("today's offset serves for every start", "guard/engine/server_offset.py",
        "return tuple(sorted({now, *(now + change for change in changes)})) if changes else (now,)", "return (now,)",
        OFFSET),
    Bug("the offset of the anchor's own instant is forgotten", "guard/engine/server_offset.py",
        "if known is not None:", "if False:", OFFSET),
    Bug("a deposit becomes a peak before its deal", "guard/engine/anchors.py",
        "    if gap:\n        moved = old\n", "    if False:\n        moved = old\n", ANCHORS),
    Bug("credit counts in loss rules", "guard/metrics/account.py",
        "return None if a.equity is None or a.credit is None else a.equity - a.credit", "return a.equity",
        ANCHORS),
    Bug("risk follows the present equity", "guard/engine/memory.py", "        known = earlier.get(key)\n",
        "        known = None\n", STEP),
    Bug("a link that is down is no reason to doubt", "guard/engine/step.py", "if not unlinked else", "if True else",
        STEP),
    Bug("time without a stop stands still while blind", "guard/engine/memory.py",
        "{key: held + passed for key, held in state.unprotected_s.items()}", "dict(state.unprotected_s)",
        STEP),
    Bug("an absent initial balance is 0", "guard/limits/max_drawdown.py",
        'return None, "account.initial is not set in the configuration", ""', 'return 0.0, "", "initial balance"',
        ANCHORS),
    Bug("margin level utilization upside down", "guard/limits/margin_level.py", "self.min / value * 100.0",
        "value / self.min * 100.0", LIMITS),
    Bug("a bare position breaks at once", "guard/limits/risk_per_trade.py", "at_most_warn=firm <= 100.0 < worst[1]",
        "at_most_warn=False", LIMITS),
    Bug("an unknown volume is no volume", "guard/limits/position_volume.py", "if hole is not None and not over:",
        "if False:", LIMITS),
    Bug("an unknown notional is no exposure", "guard/limits/symbol_exposure.py", "if holes and value <= self.max:",
        "if False:", LIMITS),
    Bug("an unknown stop is a stop", "guard/limits/missing_stop.py", "if holes and longest < self.max:", "if False:",
        LIMITS),
)  # fmt: skip


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the suites need."""
    room = tmp_path_factory.mktemp("planted")
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("guard", "fakes", "config", "tests/unit", "tests/property"):
        shutil.copytree(ROOT / name, room / name, ignore=ignore)
    for name in ("pyproject.toml", "tests/books.py", "tests/builders.py", "tests/conftest.py"):
        shutil.copy2(ROOT / name, room / name)
    # Compiled once for all suites. A compiled file names its source's hash, so that a planted bug is never overlooked.
    compiling = ["-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "guard", "fakes", "tests"]
    subprocess.run([sys.executable, *compiling], cwd=room, check=True)
    return room


def suite(room: Path, path: str) -> int:
    """The exit code of a suite in the copy."""
    # Schemathesis, which no suite here uses, takes a third of the time of a start.
    quick = ("-p", "no:cacheprovider", "-p", "no:schemathesis")
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", *quick, path]
    return subprocess.run(command, cwd=room, capture_output=True, check=False, timeout=100).returncode


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted({bug.suite for bug in BUGS}))
def test_each_suite_is_green_without_a_bug(copied: Path, path: str) -> None:
    assert suite(copied, path) == 0


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.what)
def test_a_planted_bug_turns_its_suite_red(copied: Path, bug: Bug) -> None:
    place = copied / bug.file
    good = place.read_text(encoding="utf-8")
    assert good.count(bug.old) == 1, f"{bug.file} has {good.count(bug.old)} places like {bug.old!r}"
    place.write_text(good.replace(bug.old, bug.new), encoding="utf-8")
    try:
        assert suite(copied, bug.suite) == 1, "no test noticed"
    finally:
        place.write_text(good, encoding="utf-8")
