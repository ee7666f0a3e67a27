"""The guards' figures for Prometheus by its conventions: base units, ratios for percent, ``_total`` for counts.

The label ``guard`` is a number in the order of the accounts' folders: no name of an account, and no money, is told to
a reader who needs no token. Source: prometheus.io/docs/practices/naming.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from guard.app.live import Seen
from guard.model.verdict import Severity
from guard.web.source import Source

_PREFIX: Final = "mt5_guard"
_BY_GUARD: Final = ("guard",)
_BY_LIMIT: Final = ("guard", "limit", "kind")


class Figures(Collector):
    """Reads the source when asked."""

    def __init__(self, source: Source) -> None:
        """``source`` is looked at in each collection."""
        self._source = source

    def collect(self) -> Iterator[Metric]:
        """Every family, whether or not it has samples now."""
        guards = sorted(self._source.guards(), key=lambda seen: seen.account.key)
        families = _Families()
        for number, seen in enumerate(guards, 1):
            self._one(families, str(number), seen)
        yield from families.all()

    def _one(self, to: _Families, name: str, seen: Seen) -> None:
        beat, document = self._source.beat(seen), seen.document
        healthy = self._source.holds(seen) and beat is not None and not beat.late
        to.up.add_metric([name], float(healthy))
        if beat is not None:
            to.age.add_metric([name], beat.age_s)
            to.period.add_metric([name], beat.period_s)
            to.blind.add_metric([name], float(beat.blind))
            to.looks.add_metric([name], float(beat.looks))
        to.read.add_metric([name], float(document["read_ms"]) / 1000.0)
        to.writable.add_metric([name], float(document["journal"]["writable"]))
        if document["journal"]["last_row"] is not None:
            to.rows.add_metric([name], float(document["journal"]["last_row"]))
        notifier = document.get("notifier")
        if notifier is not None:
            to.notifier.add_metric([name], float(notifier["pid"] is not None))
        to.locks.add_metric([name], float(len(document.get("locks", ()))))
        figures: Mapping[str, Any] = document["figures"]
        for family, figure, scale in (
            (to.leverage, "effective_leverage", 1.0), (to.margin, "margin_level_pct", 0.01),
            (to.risk, "open_risk_pct", 0.01), (to.positions, "positions", 1.0),
        ):  # fmt: skip
            value = _number(figures.get(figure))
            if value is not None:
                family.add_metric([name], value * scale)
        for verdict in document["verdicts"]:
            labels = [name, str(verdict["limit"]), str(verdict["kind"])]
            used = _number(verdict["utilization_pct"])
            if used is not None:
                to.used.add_metric(labels, used * 0.01)
            to.severity.add_metric(labels, float(Severity[str(verdict["severity"])]))


class _Families:
    """One family a figure."""

    def __init__(self) -> None:
        def gauge(name: str, text: str, labels: tuple[str, ...] = _BY_GUARD) -> GaugeMetricFamily:
            return GaugeMetricFamily(f"{_PREFIX}_{name}", text, labels=labels)

        self.up = gauge("up", "Whether the guard runs and finishes its looks in time.")
        self.age = gauge("look_age_seconds", "Seconds since the last finished look.")
        self.period = gauge("look_period_seconds", "Seconds between two looks, as planned.")
        self.blind = gauge("blind", "Whether the last look did not see the account.")
        self.looks = CounterMetricFamily(f"{_PREFIX}_looks", "Looks finished since the start.", labels=_BY_GUARD)
        self.read = gauge("read_duration_seconds", "How long the terminal took for the last reading.")
        self.writable = gauge("journal_writable", "Whether the journal can be written.")
        self.rows = gauge("journal_last_row", "Number of the journal's last row.")
        self.notifier = gauge("notifier_up", "Whether the process that sends messages runs.")
        self.locks = gauge("locks", "Locks in force.")
        self.leverage = gauge("effective_leverage_ratio", "Value of everything held, in times of equity.")
        self.margin = gauge("margin_level_ratio", "Equity over used margin.")
        self.risk = gauge("open_risk_ratio", "What is lost if every stop is reached, over equity.")
        self.positions = gauge("positions", "Open positions.")
        self.used = gauge("limit_utilization_ratio", "How much of a limit is used; 1 is the limit.", _BY_LIMIT)
        self.severity = gauge("limit_severity", "0 OK, 1 WARN, 2 UNKNOWN, 3 BREACH.", _BY_LIMIT)

    def all(self) -> Iterator[Metric]:
        """The families, in the order they were made."""
        yield from vars(self).values()


def _number(value: object) -> float | None:
    if value == "inf":
        return float("inf")
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
