"""Reads a MetaTrader5-shaped module into ``guard.snapshot/1``: a hot part each time, a cold part now and then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from guard.model.snapshot_json import FORMAT
from guard.terminal.boot import boot_id
from guard.terminal.needed import Needed
from guard.terminal.plain import ReadError, call, record
from guard.terminal.server_clock import ServerClock

Clock = Callable[[], tuple[datetime, float]]
Section = dict[str, Any]
COLD_EVERY_S = 5.0
RE_READS = 2
EARLIEST_S = 86_400
AHEAD_S = 2 * 86_400
STEADY = ("balance", "margin", "credit")


class Reader:
    """One connection's reader. Every section that cannot be read is absent and named in ``errors``: never empty."""

    def __init__(self, module: Any, clock: Clock, *, cold_every_s: float = COLD_EVERY_S) -> None:
        """``clock`` gives the PC's UTC and a monotonic reading in seconds."""
        self.module, self._clock, self._cold_every_s = module, clock, cold_every_s
        self._needed = Needed(module)
        self._server = ServerClock()
        self._boot = boot_id()
        self._cold: Section = {}
        self._cold_at: float | None = None
        self._mark: object = None
        self._read_at: dict[str, str] = {}
        self._errors: dict[str, str] = {}

    @property
    def read_at(self) -> dict[str, str]:
        """When each part was read, as ISO text."""
        return dict(self._read_at)

    @property
    def errors(self) -> dict[str, str]:
        """What could not be read last time, with the reason."""
        return dict(self._errors)

    def forget_errors(self) -> None:
        """Start a new list of what could not be read."""
        self._errors = {}

    def snapshot(self, deals_from_server_s: float | None = None) -> Section:
        """A whole document; ``deals_from_server_s`` is the server time from which deals are wanted.

        Raises:
            ReadError: The account cannot be read, or the link failed.
        """
        hot = self.hot()
        if self.cold_due(hot):
            self.cold(hot, deals_from_server_s)
            # The first cold read finds the conversion symbols, whose ticks belong to the same picture.
            self._add_ticks(hot)
        return {**hot, **self._cold, "read_at": dict(self._read_at), "errors": dict(self._errors)}

    def hot(self) -> Section:
        """What changes all the time: account, positions, orders, ticks; read again when the account moved meanwhile.

        Raises:
            ReadError: The account or the terminal cannot be read, or the link failed.
        """
        self._errors = {}
        out: Section = {}
        before = record(call(self.module, "account_info"))
        for _ in range(1 + RE_READS):
            out = {"terminal": record(call(self.module, "terminal_info"))}
            self._rows(out, "positions", "positions_get")
            self._rows(out, "orders", "orders_get")
            self._add_ticks(out)
            out["account"] = after = record(call(self.module, "account_info"))
            if all(before.get(name) == after.get(name) for name in STEADY):
                break
            before = after
        taken_at, monotonic_s = self._clock()
        stamp = _iso(taken_at)
        self._read_at["hot"] = stamp
        self._server.note(_told_times(out), taken_at.timestamp(), monotonic_s)
        if self._server.misfit_s is not None:
            self._errors["clock"] = (
                f"the server's clock is {abs(self._server.misfit_s):.0f} s off the PC's in every time zone: "
                "set the PC's clock (Windows: w32tm /resync)"
            )
        told = {"server_time_msc": self._server.now_msc(monotonic_s), "server_utc_offset_s": self._server.offset_s}
        return {
            "format": FORMAT, "taken_at": stamp, "monotonic_s": monotonic_s, "boot_id": self._boot,
            **{name: value for name, value in told.items() if value is not None},
            "offset_confirmed": self._server.confirmed, **out,
        }  # fmt: skip

    def cold_due(self, hot: Section) -> bool:
        """Whether the cold part should be read: at first, on a change of the book or balance, every few seconds."""
        mark = (
            hot["account"].get("balance"),
            hot["account"].get("credit"),
            sorted((row.get("ticket"), row.get("volume"), row.get("symbol")) for row in hot.get("positions", ())),
            sorted((row.get("ticket"), row.get("symbol")) for row in hot.get("orders", ())),
        )
        now = self._clock()[1]
        due = self._cold_at is None or mark != self._mark or now - self._cold_at >= self._cold_every_s
        if due:
            self._mark, self._cold_at = mark, now
        return due

    def cold(self, hot: Section, deals_from_server_s: float | None = None) -> Section:
        """Symbols, calculations asked, deals; a section that did not change stays the same object.

        Raises:
            ReadError: The link failed.
        """
        stamp = hot["taken_at"]
        used = self._in_use(hot)
        symbols = {name: info for name in used if (info := self._info(name)) is not None}
        for name in self._needed.conversions(list(symbols.values()), hot["account"].get("currency")):
            info = self._info(name) if name not in symbols else None
            if info is not None:
                symbols[name] = info
        self._keep("symbols", symbols, stamp)
        self._keep("asked", [self._ask(name, symbols[name], stamp) for name in used if name in symbols], stamp)
        start = EARLIEST_S if deals_from_server_s is None else max(EARLIEST_S, int(deals_from_server_s))
        server = hot.get("server_time_msc")
        # A market that stands still shows an old server time: the newest deals may be later than it says.
        now = [self._clock()[0].timestamp(), *([server / 1000.0] if isinstance(server, (int, float)) else [])]
        end = int(max(now)) + AHEAD_S
        try:
            deals = [record(row) for row in call(self.module, "history_deals_get", start, max(end, start + 1))]
        except ReadError as error:
            self._failed("deals", error)
            self._cold.pop("deals", None)
        else:
            self._keep("deals", deals, stamp)
        return self._cold

    def _keep(self, name: str, value: Any, stamp: str) -> None:
        self._read_at[name] = stamp
        old = self._cold.get(name)
        if old != value or name not in self._cold:
            self._cold[name] = value

    def _failed(self, name: str, error: ReadError) -> None:
        if error.ipc:
            raise error
        self._errors[name] = str(error)

    def _rows(self, out: Section, name: str, function: str) -> None:
        try:
            out[name] = [record(row) for row in call(self.module, function)]
        except ReadError as error:
            self._failed(name, error)

    def _in_use(self, hot: Section) -> list[str]:
        rows = [*hot.get("positions", ()), *hot.get("orders", ())]
        return list(dict.fromkeys(row["symbol"] for row in rows if isinstance(row.get("symbol"), str)))

    def _add_ticks(self, out: Section) -> None:
        names = dict.fromkeys([*self._in_use(out), *self._cold.get("symbols", {})])
        if not names:
            names = dict.fromkeys(self._needed.clock_symbols())
        ticks: Section = {}
        for name in names:
            try:
                ticks[name] = record(call(self.module, "symbol_info_tick", name))
            except ReadError as error:
                self._failed(f"ticks.{name}", error)
        out["ticks"] = ticks

    def _info(self, name: str) -> Section | None:
        try:
            return record(call(self.module, "symbol_info", name))
        except ReadError as error:
            self._failed(f"symbols.{name}", error)
            return None

    def _ask(self, name: str, info: Section, stamp: str) -> Section:
        """Ask the terminal what one lot gains over one percent of the price."""
        price = next((info[key] for key in ("bid", "ask", "last") if info.get(key)), None)
        question: Section = {"call": "order_calc_profit", "args": [], "result": None, "read_at": stamp}
        if price is None:
            return question
        step = info.get("volume_min") or 1.0
        lots = max(1.0, float(step))
        end = round(float(price) * 1.01, int(info["digits"]) if isinstance(info.get("digits"), int) else 5)
        question["args"] = [0, name, lots, float(price), end]
        try:
            question["result"] = float(call(self.module, "order_calc_profit", 0, name, lots, float(price), end))
        except ReadError as error:
            self._failed(f"asked.{name}", error)
        return question


def _told_times(out: Section) -> dict[str, float]:
    """The newest server time of every source, in seconds: ticks by symbol, positions and orders by ticket."""
    sources = [(f"tick {name}", tick.get("time_msc"), tick.get("time")) for name, tick in out["ticks"].items()]
    for section, field in (("positions", "time_update"), ("orders", "time_setup")):
        rows = out.get(section, ())
        sources += [(f"{section} {row.get('ticket')}", row.get(f"{field}_msc"), row.get(field)) for row in rows]
    found: dict[str, float] = {}
    for source, msc, seconds in sources:
        if isinstance(msc, (int, float)) and msc > 0:
            found[source] = msc / 1000.0
        elif isinstance(seconds, (int, float)) and seconds > 0:
            found[source] = float(seconds)
    return found


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
