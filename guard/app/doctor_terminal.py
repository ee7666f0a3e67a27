"""``guard doctor``: the terminal, its account, its clock, its history, and what the guard can do with them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from guard.app.conditions import CLOCK, conditions
from guard.app.findings import Level, Report
from guard.engine.step import step
from guard.model.snapshot import Snapshot
from guard.model.state import State
from guard.model.verdict import Severity
from guard.settings.load import Loaded

TERMINAL, ACCOUNT, PERMISSION, TIME, SYMBOLS, HISTORY, ABILITY = (
    "terminal", "account", "permission", "time", "symbols", "history", "ability",
)  # fmt: skip
SLOW_HOT_MS: Final = 500.0
_HOT: Final = ("account_info", "terminal_info", "positions_get", "orders_get", "symbol_info_tick")
_QUIET_S: Final = 60.0
_VENDOR: Final = "MetaTrader5"
_MODES: Final = {0: "demo", 1: "contest", 2: "real"}
_BOOKS: Final = {0: "netting", 1: "exchange", 2: "hedging"}
# What to do about an error code of the package's ``last_error()``.
REMEDIES: Final = {
    -2: "check [terminal] path and [account] login: one of them is not what the package takes",
    -5: "update the terminal: it is too old for this package (Help, Check for updates)",
    -6: "check [account] login and server and the password: the broker refuses them",
    -7: "log in to the terminal by hand: this account wants a one-time password or a certificate",
    -10001: "start the terminal again: it has ended",
    -10002: "start the terminal again: it has ended",
    -10003: "set [terminal] path to the terminal64.exe of your terminal, and start it once by hand",
    -10004: "start the terminal and log in",
    -10005: "log in to the account in the terminal once by hand and tick 'Save password'",
}
_CODE: Final = re.compile(r"\((-\d+):")


def remedy_of(sentence: str) -> str:
    """What to do about a failure to reach the terminal; without an error code the sentence itself says it."""
    found = _CODE.search(sentence)
    if found is None:
        return "do what it says, then run this again"
    return REMEDIES.get(int(found[1]), "start the terminal, log in, and run this again")


def examine_snapshot(report: Report, snapshot: Snapshot, document: Mapping[str, Any], loaded: Loaded) -> None:
    """Everything one good reading tells."""
    _account(report, snapshot)
    _permissions(report, snapshot, document, loaded)
    _clock(report, snapshot, document)
    _symbols(report, snapshot)
    _abilities(report, snapshot, loaded)


def examine_answers(report: Report, answers: Mapping[str, Any], snapshot: Snapshot | None) -> None:
    """What the worker counted and timed."""
    version = answers.get("terminal")
    build = version[1] if isinstance(version, list) and len(version) > 1 and version[1] else None
    package = answers.get("package")
    what = f"module {answers.get('module')} {package if package is not None else '(version not told)'}"
    report.add(TERMINAL, Level.OK, f"{what}, terminal build {build if build is not None else 'not told'}")
    if answers.get("module") != _VENDOR:
        way = "check some figures against the terminal's own window before you rely on it"
        report.add(TERMINAL, Level.NOTE, f"another module than {_VENDOR} answers: {answers.get('module')}", way)
    _calls(report, answers.get("calls", []))
    total = answers.get("symbols_total")
    if total is None:
        report.add(SYMBOLS, Level.NOTE, "how many symbols the broker offers is not told")
    else:
        report.add(SYMBOLS, Level.OK, f"the broker offers {total} symbols; only those in use are read")
    _history(report, answers.get("deals"), snapshot)


def _calls(report: Report, calls: Sequence[Mapping[str, Any]]) -> None:
    report.calls = [dict(one) for one in calls]
    for one in calls:
        if one["failed"]:
            what = f"{one['call']} failed {one['failed']} of {one['count']} times ({one['why']})"
            way = "what needs it is unknown to the guard; the lines under 'ability' say what"
            report.add(TERMINAL, Level.PROBLEM, what, way)
    hot = [one["p99_ms"] for one in calls if one["call"] in _HOT and not one["failed"]]
    if not hot:
        return
    what = f"one look takes about {sum(hot):.1f} ms (99 of 100 looks take no longer)"
    if sum(hot) > SLOW_HOT_MS:
        way = "close other programs that use the terminal, and charts and robots you do not need"
        report.add(TERMINAL, Level.PROBLEM, what, way)
    else:
        report.add(TERMINAL, Level.OK, what)


def _account(report: Report, snapshot: Snapshot) -> None:
    a, terminal = snapshot.account, snapshot.terminal
    parts = [f"{a.login} at {a.server}", _MODES.get(-1 if a.trade_mode is None else a.trade_mode, "kind not told")]
    parts += [_BOOKS.get(-1 if a.margin_mode is None else a.margin_mode, "netting or hedging not told")]
    parts += [a.currency if a.currency is not None else "currency not told"]
    parts += [f"leverage 1:{a.leverage}" if a.leverage else "leverage not told"]
    report.add(ACCOUNT, Level.OK, "account " + ", ".join(parts))
    if terminal is None or terminal.connected is None:
        report.add(TERMINAL, Level.UNKNOWN, "the terminal does not say whether it has its trade server")
    elif terminal.connected:
        report.add(TERMINAL, Level.OK, "the terminal is connected to its trade server")
    else:
        way = "check the network and the login: figures are those of some time ago until it is connected"
        report.add(TERMINAL, Level.PROBLEM, "the terminal is not connected to its trade server", way)
    if a.so_so == 0.0:
        way = "set [margin] stop_out_level: your broker's page or contract has it"
        report.add(ACCOUNT, Level.NOTE, "the terminal shows a stop-out level of 0: the real one is not told", way)


def _permissions(report: Report, snapshot: Snapshot, document: Mapping[str, Any], loaded: Loaded) -> None:
    errors = document.get("errors")
    judged = conditions(snapshot, errors if isinstance(errors, Mapping) else {})
    judged.pop(CLOCK, None)
    standing = [condition for condition in judged.values() if condition is not None]
    watching = loaded.policy.mode == "warn"
    for condition in standing:
        what, _, way = condition.sentence.partition(": ")
        report.add(PERMISSION, Level.NOTE if watching else Level.PROBLEM, what, way)
    missing = 4 - len(judged)
    if missing:
        report.add(PERMISSION, Level.NOTE, f"{missing} of 4 switches that allow trading are not shown by this terminal")
    elif not standing:
        report.add(PERMISSION, Level.OK, "terminal, package and broker would allow the guard to act")


def _clock(report: Report, snapshot: Snapshot, document: Mapping[str, Any]) -> None:
    errors = document.get("errors")
    told = errors.get(CLOCK) if isinstance(errors, Mapping) else None
    if isinstance(told, str):
        what, _, way = told.partition(": ")
        report.add(TIME, Level.PROBLEM, what, way)
        return
    offset = snapshot.server_utc_offset_s
    if snapshot.offset_confirmed and offset is not None and snapshot.server_time_s is not None:
        off = snapshot.server_time_s - offset - snapshot.taken_s
        what = f"the server's clock is UTC{offset / 3600:+g} h, confirmed by what came; it is {off:+.1f} s off the PC's"
        report.add(TIME, Level.OK, what)
        return
    ticks = [tick.time for tick in snapshot.ticks.values() if tick.time is not None]
    if not ticks:
        way = "show a liquid symbol such as EURUSD in Market Watch: its ticks tell the server's clock"
        report.add(TIME, Level.UNKNOWN, "no symbol ticks, so the server's clock is not known", way)
        return
    way = "nothing: the first tick of the open market confirms it; until then limits by the day may be unknown"
    report.add(TIME, Level.UNKNOWN, "no symbol has ticked meanwhile, so the server's clock is not confirmed", way)


def _symbols(report: Report, snapshot: Snapshot) -> None:
    used = sorted({p.symbol for p in snapshot.positions or () if p.symbol is not None})
    if snapshot.positions is None:
        report.add(SYMBOLS, Level.PROBLEM, "the list of positions cannot be read", "nothing can be guarded without it")
    elif used:
        report.add(SYMBOLS, Level.OK, f"{len(snapshot.positions)} positions in {', '.join(used)}")
    else:
        report.add(SYMBOLS, Level.OK, "no positions are open")
    newest = max((t.time for t in snapshot.ticks.values() if t.time is not None), default=None)
    for name in used:
        info, tick = snapshot.symbols.get(name), snapshot.ticks.get(name)
        if info is None:
            report.add(SYMBOLS, Level.PROBLEM, f"{name} cannot be read", f"show {name} in Market Watch")
        elif tick is None or tick.time is None:
            report.add(SYMBOLS, Level.PROBLEM, f"{name} shows no price", f"show {name} in Market Watch")
        elif newest is not None and newest - tick.time > _QUIET_S:
            what = f"{name} has not ticked for {newest - tick.time:,.0f} s: its market may be closed"
            report.add(SYMBOLS, Level.NOTE, what)
    what = "trading sessions are not shown to Python: whether a market is open is judged by its ticks"
    report.add(SYMBOLS, Level.NOTE, what)


def _history(report: Report, deals: object, snapshot: Snapshot | None) -> None:
    if not isinstance(deals, Mapping):
        what = "the history of deals cannot be read: limits on losses of a period are unknown"
        report.add(HISTORY, Level.PROBLEM, what, "open the terminal's History tab, right-click, All History")
        return
    count, oldest, newest = deals.get("count"), deals.get("oldest_s"), deals.get("newest_s")
    balance = snapshot.account.balance if snapshot is not None else None
    if not count:
        what = "the history has no deals"
        if balance:
            what += ", although there is money on the account: it is not loaded"
            report.add(HISTORY, Level.PROBLEM, what, "open the terminal's History tab, right-click, All History")
        else:
            report.add(HISTORY, Level.NOTE, what)
        return
    if not isinstance(oldest, (int, float)) or not isinstance(newest, (int, float)):
        report.add(HISTORY, Level.UNKNOWN, f"{count} deals, without usable times")
        return
    report.add(HISTORY, Level.OK, f"{count} deals over {(newest - oldest) / 86400:,.0f} days")


def _abilities(report: Report, snapshot: Snapshot, loaded: Loaded) -> None:
    """Every limit on this very reading, with an empty memory."""
    result = step(snapshot, State(), loaded.policy)
    known = [verdict for verdict in result.verdicts if verdict.severity is not Severity.UNKNOWN]
    report.add(ABILITY, Level.OK, f"{len(known)} of {len(result.verdicts)} limits can be told right now")
    for verdict in result.verdicts:
        if verdict.severity is Severity.UNKNOWN:
            report.add(ABILITY, Level.UNKNOWN, f"{verdict.limit}: {verdict.sentence}")
    if loaded.policy.mode == "warn":
        report.add(ABILITY, Level.NOTE, "mode is warn: the guard says what is wrong, and closes nothing")
