"""The server's clock, found from what advances: never assumed, and not moved by a jump of the PC's clock."""

from __future__ import annotations

from collections.abc import Mapping

QUARTER_S = 900.0
FIT_S = 120.0
STEADY_S = 5.0
AGAIN = 3
# After a longer silence something that changed need not have changed just now.
PROMPT_S = 60.0
# What is told later than this behind other sources is old news: delayed quotes of shares are 15 minutes late.
LATE_S = 60.0
TICK = "tick "
# No server is further from UTC: from the Baker Islands to Kiribati.
BEHIND_S, AHEAD_S = -12 * 3600.0, 14 * 3600.0


class ServerClock:
    """Estimates the offset of server wall-clock to UTC, rounded to 15 minutes.

    What stands still (a market that is closed, an old position) reads as an offset too, so an offset counts as
    confirmed only by an event that came between two readings: a symbol's newer tick, a position's newer update. Later
    another offset (the server's summer time, in either direction) is believed after three such events, unless the
    PC's clock itself has jumped against the monotonic one. A market that stands still unconfirms nothing.
    """

    def __init__(self) -> None:
        """Nothing known."""
        self.offset_s: float | None = None
        self.confirmed = False
        self.misfit_s: float | None = None
        self._seen: dict[str, float] = {}
        self._noted_at: float | None = None
        self._base: tuple[float, float] | None = None
        self._other: tuple[float, int] | None = None
        self._misfits = 0
        self._wall_less_mono: float | None = None

    def note(self, times: Mapping[str, float], utc_s: float, monotonic_s: float) -> None:
        """Take one reading.

        Args:
            times: The newest server time (seconds) each source told: a symbol's tick, a position's or order's update.
            utc_s: The PC's UTC at that moment.
            monotonic_s: The PC's monotonic clock at that moment.
        """
        now = None if self._base is None else self._base[0] + monotonic_s - self._base[1]
        news = [at for source, at in times.items() if self._is_news(source, at, now)]
        prompt = self._noted_at is not None and monotonic_s - self._noted_at <= PROMPT_S
        self._seen.update(times)
        self._noted_at = monotonic_s
        if news:
            self._base = max(news), monotonic_s
            if prompt:
                self._event(max(news), utc_s, monotonic_s)
        elif times and self._base is None:
            # What was opened before the server's clock was put back is dated later than now; ticks are not.
            ticks = [at for source, at in times.items() if source.startswith(TICK)]
            self._base = max(ticks if ticks else times.values()), monotonic_s
        if not self.confirmed and self._base is not None:
            self.offset_s = _plausible(_rounded(self._base[0] - utc_s + (monotonic_s - self._base[1])))

    def _is_news(self, source: str, at_s: float, now_s: float | None) -> bool:
        """Whether a source told something new that is of this moment: quotes that come late, minutes behind, are not.

        A clock that was put back shows itself by a source that goes backwards.
        """
        before = self._seen.get(source)
        if before is None or before == at_s:
            return False
        return at_s < before or now_s is None or now_s - at_s <= LATE_S

    def _event(self, at_s: float, utc_s: float, monotonic_s: float) -> None:
        raw = at_s - utc_s
        rounded = _rounded(raw)
        if abs(raw - rounded) > FIT_S:
            self._misfits += 1
            self.misfit_s = raw - rounded if self._misfits >= AGAIN else None
            return
        self._misfits, self.misfit_s = 0, None
        drift = utc_s - monotonic_s
        if not self.confirmed:
            if _plausible(rounded) is not None:
                self.offset_s, self.confirmed, self._wall_less_mono = rounded, True, drift
            return
        steady = self._wall_less_mono is not None and abs(drift - self._wall_less_mono) <= STEADY_S
        if rounded == self.offset_s:
            self._other, self._wall_less_mono = None, drift
        elif steady and _plausible(rounded) is not None:
            count = self._other[1] + 1 if self._other is not None and self._other[0] == rounded else 1
            self._other = (rounded, count)
            if count >= AGAIN:
                self.offset_s, self._other = rounded, None

    def now_msc(self, monotonic_s: float) -> float | None:
        """The server's clock now, in milliseconds: the newest event plus the monotonic time since it was seen."""
        if self._base is None:
            return None
        newest, seen_at = self._base
        return round((newest + max(0.0, monotonic_s - seen_at)) * 1000.0)


def _rounded(offset_s: float) -> float:
    return round(offset_s / QUARTER_S) * QUARTER_S


def _plausible(offset_s: float) -> float | None:
    return offset_s if BEHIND_S <= offset_s <= AHEAD_S else None
