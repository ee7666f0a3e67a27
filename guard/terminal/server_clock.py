"""The server's clock, found from advancing ticks: never assumed, and not moved by a jump of the PC's clock."""

from __future__ import annotations

QUARTER_S = 900.0
FIT_S = 120.0
STEADY_S = 5.0
AGAIN = 3


class ServerClock:
    """Estimates the offset of server wall-clock to UTC, rounded to 15 minutes.

    A stale tick reads as an offset too, so an offset counts as confirmed only after ticks advanced in two reads and fit
    the rounding. Later another offset (the server's summer time) is believed after three advancing reads, unless the
    PC's clock itself has jumped against the monotonic one.
    """

    def __init__(self) -> None:
        """Nothing known."""
        self.offset_s: float | None = None
        self.confirmed = False
        self._newest: float | None = None
        self._seen_at: float | None = None
        self._other: tuple[float, int] | None = None
        self._wall_less_mono: float | None = None

    def note(self, newest_tick_s: float | None, utc_s: float, monotonic_s: float) -> None:
        """Take one reading: the newest tick's server time, and both clocks of the PC at that moment."""
        if newest_tick_s is None or (self._newest is not None and newest_tick_s <= self._newest):
            return
        advanced = self._newest is not None
        self._newest, self._seen_at = newest_tick_s, monotonic_s
        raw = newest_tick_s - utc_s
        rounded = round(raw / QUARTER_S) * QUARTER_S
        fits = abs(raw - rounded) <= FIT_S
        if not advanced or not fits:
            if not self.confirmed:
                self.offset_s = rounded
            return
        drift = utc_s - monotonic_s
        if not self.confirmed:
            self.offset_s, self.confirmed, self._wall_less_mono = rounded, True, drift
            return
        steady = self._wall_less_mono is not None and abs(drift - self._wall_less_mono) <= STEADY_S
        if rounded == self.offset_s:
            self._other, self._wall_less_mono = None, drift
        elif steady:
            count = self._other[1] + 1 if self._other is not None and self._other[0] == rounded else 1
            self._other = (rounded, count)
            if count >= AGAIN:
                self.offset_s, self._other = rounded, None

    def now_msc(self, monotonic_s: float) -> float | None:
        """The server's clock now, in milliseconds: the newest tick plus the monotonic time since it was seen."""
        if self._newest is None or self._seen_at is None:
            return None
        return round((self._newest + max(0.0, monotonic_s - self._seen_at)) * 1000.0)
