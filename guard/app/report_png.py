"""The report's picture as PNG, by matplotlib: an extra, loaded only when a picture is asked for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from guard.app.report_data import Report
from guard.model.errors import InputError, UsageError


def write_png(report: Report, account: str, currency: str, to: Path) -> None:
    """Equity, balance and effective leverage over the period.

    Raises:
        UsageError: The library is not installed.
        InputError: The file cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import (  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415
            FigureCanvasAgg,
        )
        from matplotlib.figure import Figure  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415
    except ImportError as error:
        raise UsageError("a PNG needs another library: pip install mt5-guard[report]") from error
    figure = Figure(figsize=(10, 6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    money, leverage = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    zone = ZoneInfo(report.zone)
    when = [datetime.fromtimestamp(one.at, zone) for one in report.samples]
    nothing = float("nan")
    for name, style in (("equity", "-"), ("balance", "--")):
        values = [getattr(one, name) for one in report.samples]
        money.plot(when, [nothing if one is None else one for one in values], style, label=name)
    money.set_ylabel(currency)
    money.legend()
    leverage.plot(when, [nothing if one.leverage is None else one.leverage for one in report.samples])
    leverage.set_ylabel("leverage in use, × equity")
    money.set_title(f"{account}\n{report.title}")
    try:
        figure.savefig(to, format="png")
    except OSError as error:
        raise InputError(f"{to} cannot be written ({error.strerror}): choose another file with --png") from error
