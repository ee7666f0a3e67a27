"""``guard calc``: calculators for margin, profit, size, leverage, stop-out, loss rules and planning, or a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from guard.app.calc.batch import COLUMNS, read_batch
from guard.cli import _calc_account as account
from guard.cli import _calc_holding as holding
from guard.cli import _calc_planning as planning
from guard.cli import _calc_position as position
from guard.cli import output

_COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "margin": position.margin,
    "hedged-margin": position.hedged_margin,
    "margin-level": account.margin_level,
    "profit": position.profit,
    "pip": position.pip,
    "size": account.size,
    "loss": position.loss,
    "leverage": account.leverage,
    "stop-out": account.stop_out,
    "price": position.price,
    "daily-loss": account.daily_loss,
    "drawdown": account.drawdown,
    "swap": position.swap,
    "plan": planning.plan,
    "max-lots": planning.max_lots,
    "return-on-margin": planning.return_on_margin,
    "compare": planning.compare,
    "pips": planning.pips,
    "to-level": planning.to_level,
    "cost": holding.cost,
    "tiers": holding.tiers,
    "regulator": holding.regulator,
}


def register(app: typer.Typer) -> None:
    """Add ``guard calc`` and its commands."""
    told = "Calculate margin, profit, size, leverage, stop-out, loss rules and plans."
    calc = typer.Typer(no_args_is_help=True, help=told)
    for name, command in _COMMANDS.items():
        calc.command(name)(command)
    calc.command("batch")(batch)
    app.add_typer(calc, name="calc")


def batch(
    file: Annotated[Path, typer.Argument(help=f"CSV file, UTF-8, with the columns {', '.join(COLUMNS)}.")],
    as_json: Annotated[bool, typer.Option("--json", help="Always on: a batch answers in JSON.")] = True,  # noqa: ARG001
) -> None:
    """Answer every row of a CSV file with one JSON object a line.

    A bad row answers with its sentence and the others go on.
    """
    for row in read_batch(file):
        output.print_json(row.document(), indent=None)
        if row.result == {}:
            output.tell(
                f"guard: row {row.id} has no result, because these inputs are absent: {', '.join(row.missing)}."
            )
