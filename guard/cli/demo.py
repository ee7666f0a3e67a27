"""``guard demo``: a scripted market in which a trader grows too big, watched by the guard. Nothing real is touched."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

import guard
from fakes import metatrader5
from fakes.broker import Broker
from fakes.scenarios import SCENARIOS, Scenario
from guard.app.home import Account, Home, find_home
from guard.app.ledger import DealLedger
from guard.app.web_access import PORT
from guard.cli import _demo_report as report
from guard.cli import output
from guard.cli._demo_pace import Pace, read_speed
from guard.cli._demo_play import Event, Frame, Play
from guard.cli._demo_view import View
from guard.cli._demo_web import Ward
from guard.journal.sqlite import SqliteJournal, open_journal
from guard.model.errors import UsageError
from guard.settings.load import load_config
from guard.settings.places import config_dir
from guard.terminal.reader import Reader

DEFAULT_SEED: Final = 7
_WARM_UP_S: Final = 60.0
_SMALLEST: Final = (76, 20)
_HISTORY_S: Final = 35 * 86_400.0


class _Stage:
    """A scenario, its broker and the reader through which the guard sees it. Its clock is the broker's."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.name, self.title, self.lesson = scenario.name, scenario.title, scenario.lesson
        self.duration_s, self.step_s = scenario.duration_s, scenario.step_s
        self._scenario = scenario
        self._broker: Broker = scenario.start(seed)
        self._start = self._broker.now_utc
        self._from_s = self._broker.server_now_s - _HISTORY_S
        self._ledger = DealLedger()
        metatrader5.attach(self._broker)
        metatrader5.initialize()
        told = metatrader5.account_info()
        self.account = Account(told.login, told.server)
        self._reader = Reader(metatrader5, self._clock)
        # The server's clock is believed only after a price has moved: look twice before the play.
        self._reader.hot()
        self.begin_s = _WARM_UP_S
        scenario.tick(self._broker, self.begin_s)

    def _clock(self) -> tuple[datetime, float]:
        now = self._broker.now_utc
        return now, (now - self._start).total_seconds()

    def advance(self, t_s: float) -> list[str]:
        """See ``Market.advance``."""
        return self._scenario.tick(self._broker, t_s)

    def read(self) -> Mapping[str, object]:
        """See ``Market.read``."""
        return self._ledger.merge(self._reader.snapshot(self._from_s))

    def close(self) -> None:
        """Let go of the simulated terminal."""
        metatrader5.detach()


def demo(
    scenario: Annotated[str, typer.Option(help="Which market: " + ", ".join(SCENARIOS) + ".")] = "overleverage",
    speed: Annotated[
        str | None, typer.Option(help="Times real time, such as 600, or max. Without it: about 40 seconds.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another number moves the instants; the same gives the same market.")] = (
        DEFAULT_SEED
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON event a line.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="Limits to play against; without it the demo's own.", show_default=False)
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="Where the demo's journal goes (in its folder demo).", show_default=False)
    ] = None,
    web: Annotated[bool, typer.Option("--web", help="Also show it in a browser, until Ctrl-C.")] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Where --web listens; 0: a free one.")] = PORT,
) -> None:
    """Play a simulated market and watch the guard catch a trader's mistakes. Nothing real is touched."""
    if scenario not in SCENARIOS:
        raise UsageError(f"there is no scenario {scenario!r}; there are: {', '.join(SCENARIOS)}")
    pace_speed = read_speed(speed)
    rules = config if config is not None else config_dir() / "demo.toml"
    loaded = load_config(rules)
    with ExitStack() as opened:
        stage = opened.enter_context(closing(_Stage(SCENARIOS[scenario], seed)))
        path = new_file(home, scenario, seed)
        own = Home(path.with_suffix("")) if web else None
        journal = opened.enter_context(closing(open_journal(own.journal(stage.account) if own is not None else path)))
        play = Play(stage, loaded.policy, journal, seed)
        ward = None
        if own is not None:
            ward = opened.enter_context(Ward(play, stage.account, own, journal, loaded))
            ward.open(port, find_home(home), home, as_json=as_json)
        show = _json if as_json else _live if _fits() else _plain
        if pace_speed is None and show is not _live and ward is None:
            pace_speed = float("inf")
        pace = Pace(pace_speed, stage.duration_s, sleep=time.sleep if ward is None else ward.sleep)
        try:
            show(play, pace, seed, ward)
        except KeyboardInterrupt:
            summary, ward = play.summary(stopped_early=True), None
        else:
            summary = play.summary(stopped_early=False)
        if as_json:
            _print_event(summary)
        else:
            report.closing(summary, output.console())
        _where(journal, rules, summary, to_stderr=as_json)
        if ward is not None:
            ward.stand()


def _paced(play: Play, pace: Pace, ward: Ward | None) -> Iterator[Frame]:
    for frame in play.frames():
        if ward is not None:
            ward.show(frame)
        yield frame
        pace.wait(play.market.step_s, frame.events)


def _json(play: Play, pace: Pace, seed: int, ward: Ward | None) -> None:  # noqa: ARG001 - the three ways to show are called alike
    for frame in _paced(play, pace, ward):
        for event in frame.events:
            _print_event(event)
        if frame.events:
            sys.stdout.flush()


def _print_event(event: Event) -> None:
    sys.stdout.write(json.dumps(event, sort_keys=True, allow_nan=False) + "\n")


def _plain(play: Play, pace: Pace, seed: int, ward: Ward | None) -> None:  # noqa: ARG001 - see _json
    console = output.console()
    for frame in _paced(play, pace, ward):
        for event in frame.events:
            if event["event"] == "start":
                report.opening(event, console)
            line = report.line(event)
            if line is not None:
                console.print(line)


def _live(play: Play, pace: Pace, seed: int, ward: Ward | None) -> None:
    with View(play, seed, Console(file=sys.stdout, highlight=False, emoji=False, markup=False)) as view:
        for frame in _paced(play, pace, ward):
            view.show(frame)


def _fits() -> bool:
    """Whether standard output is a terminal that can hold the live picture."""
    if not sys.stdout.isatty():
        return False
    console = Console(file=sys.stdout)
    return not console.is_dumb_terminal and console.width >= _SMALLEST[0] and console.height >= _SMALLEST[1]


def new_file(home: Path | None, scenario: str, seed: int) -> Path:
    """A journal file of its own, apart from every real account."""
    logs = Path(guard.__file__).resolve().parent.parent / "logs"
    own = find_home(home)
    checkout = home is None and own.root == find_home(None, {}).root and (logs / "README.md").is_file()
    folder = (logs if checkout else own.root) / "demo"
    stem = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{scenario}-seed{seed}"
    path, number = folder / f"{stem}.db", 1
    while path.exists() or path.with_suffix("").exists():
        number += 1
        path = folder / f"{stem}-{number}.db"
    return path


def _where(journal: SqliteJournal, rules: Path, summary: Event, *, to_stderr: bool) -> None:
    """Where the journal is and how to look a verdict up."""
    tell = output.tell if to_stderr else output.say
    tell("" if not to_stderr else "SIMULATED: no terminal, no money, nothing was traded.")
    tell(f"Journal of this run: {journal.path}")
    first: Any = summary.get("first")
    if first is None:
        return
    tell("Look a verdict up (here the first one), and derive it again:")
    tell(f"  guard journal list --journal {_quoted(journal.path)}")
    tell(f"  guard journal snapshot --journal {_quoted(journal.path)} {first['snapshot']} -o snapshot.json")
    tell(f"  guard evaluate snapshot.json --config {_quoted(rules)}")


def _quoted(path: Path) -> str:
    here = Path.cwd()
    text = str(path.relative_to(here) if path.is_relative_to(here) else path)
    return f'"{text}"' if " " in text else text


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)
