"""A small picture of equity against the floor, as a PNG. Pure: the standard library's zlib is all it takes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Final

WIDTH: Final = 480
HEIGHT: Final = 200
_EDGE: Final = 12
_PALETTE: Final = ((255, 255, 255), (225, 228, 232), (26, 115, 190), (200, 30, 40), (250, 226, 226))
_PAPER, _GRID, _EQUITY, _FLOOR, _BELOW = range(5)
_MOST_POINTS: Final = WIDTH - 2 * _EDGE


def equity_picture(equity: Sequence[float], floor: float | None) -> bytes | None:
    """Equity over time (oldest first, account currency) in blue, and the floor as a red line with its ground shaded.

    ``None`` with fewer than two points: there is nothing to see.
    """
    points = _thinned(equity)
    if len(points) < 2:
        return None
    values = points if floor is None else [*points, floor]
    low, high = min(values), max(values)
    spare = (high - low) * 0.08 or max(abs(high), 1.0) * 0.01
    low, high = low - spare, high + spare

    def row(value: float) -> int:
        return _EDGE + round((high - value) / (high - low) * (HEIGHT - 1 - 2 * _EDGE))

    canvas = [bytearray([_PAPER]) * WIDTH for _ in range(HEIGHT)]
    for quarter in range(5):
        _across(canvas, _EDGE + round(quarter / 4 * (HEIGHT - 1 - 2 * _EDGE)), _GRID)
    if floor is not None:
        for y in range(row(floor), HEIGHT - _EDGE):
            _across(canvas, y, _BELOW)
        for y in (row(floor), row(floor) + 1):
            _across(canvas, y, _FLOOR)
    step = (WIDTH - 1 - 2 * _EDGE) / (len(points) - 1)
    for number in range(len(points) - 1):
        _line(canvas, round(_EDGE + number * step), row(points[number]), round(_EDGE + (number + 1) * step),
              row(points[number + 1]))  # fmt: skip
    return _png(canvas)


def _thinned(values: Sequence[float]) -> list[float]:
    """At most one value a column: the lowest of each stretch, because a dip must not vanish."""
    if len(values) <= _MOST_POINTS:
        return list(values)
    size = len(values) / _MOST_POINTS
    return [min(values[int(n * size) : max(int((n + 1) * size), int(n * size) + 1)]) for n in range(_MOST_POINTS)]


def _across(canvas: list[bytearray], y: int, colour: int) -> None:
    canvas[y][_EDGE : WIDTH - _EDGE] = bytes([colour]) * (WIDTH - 2 * _EDGE)


def _line(canvas: list[bytearray], x0: int, y0: int, x1: int, y1: int) -> None:
    """A line two pixels thick."""
    steps = max(abs(x1 - x0), abs(y1 - y0), 1)
    for number in range(steps + 1):
        x = x0 + round((x1 - x0) * number / steps)
        y = y0 + round((y1 - y0) * number / steps)
        canvas[y][x] = canvas[min(y + 1, HEIGHT - 1)][x] = _EQUITY


def _png(canvas: list[bytearray]) -> bytes:
    """The picture as a PNG with a palette. Source: W3C PNG specification, chunks IHDR, PLTE, IDAT, IEND."""
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(row) for row in canvas)
    parts = ((b"IHDR", header), (b"PLTE", bytes(c for colour in _PALETTE for c in colour)),
             (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
