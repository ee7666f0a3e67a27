"""How a person reads an evaluation: figures with units, a bar a limit, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from guard.cli import output
from guard.model.verdict import Severity

if TYPE_CHECKING:
    from rich.text import Text

# name in the document: words, unit ("$" is the account's currency)
_FIGURES: Final = (
    ("balance", "balance", "$"),
    ("equity", "equity", "$"),
    ("credit", "credit", "$"),
    ("floating", "floating P/L", "$"),
    ("used_margin", "used margin", "$"),
    ("free_margin", "free margin", "$"),
    ("margin_level_pct", "margin level", "%"),
    ("effective_leverage", "effective leverage", "x equity"),
    ("effective_leverage_net", "effective leverage, net", "x equity"),
    ("notional_gross", "notional, gross", "$"),
    ("open_risk", "open risk", "$"),
    ("loss_to_margin_call", "loss to margin call", "$"),
    ("loss_to_stop_out", "loss to stop-out", "$"),
    ("adverse_move_to_stop_out_pct", "adverse move to stop-out", "%"),
)
_MAX_GAPS: Final = 20


def show(result: Mapping[str, Any], document: Mapping[str, Any], source: str) -> None:
    """Print the evaluation; ``source`` says where the limits come from."""
    from rich.text import Text  # noqa: PLC0415 - a JSON answer does not pay for it

    out = output.console()
    account = document["account"]
    currency = result["metrics"]["currency"] or ""
    login = account.get("login")
    who = f"account {login} at {account.get('server')}" if login else "account not named"
    out.print(f"{who}, {result['taken_at']}; limits: {source}")
    out.print()
    for key, words, unit in _FIGURES:
        value = result["metrics"].get(key)
        if key == "margin_level_pct" and value is None:
            text = "no margin in use" if result["metrics"].get("used_margin") == 0.0 else "unknown"
        else:
            text = output.figure(value)
            text += f" {currency if unit == '$' else unit}" if isinstance(value, float) else ""
        out.print(f"  {words:<26}{text.rstrip()}")
    out.print()
    for verdict in result["verdicts"]:
        out.print(line(verdict, Text))
    for gap in _gaps(result["gaps"]):
        out.print(gap)
    if result.get("blind"):
        out.print(f"blind: {result['blind']}")
    last = Text("worst: ")
    last.append(result["severity"], style=output.STYLES[Severity[result["severity"]]])
    last.append(f"; trading state {result['trading_state']} (advice: this version sends no orders)")
    out.print(last)


def line(verdict: Mapping[str, Any], text: type[Text]) -> Text:
    """One verdict: severity, bar, utilization, name, then its sentence on the next line."""
    style = output.STYLES[Severity[verdict["severity"]]]
    used = verdict["utilization_pct"]
    number = float("inf") if used == "inf" else used
    shown = "   beyond" if number == float("inf") else "         " if used is None else f"{number:7.0f} %"
    row = text(f"{verdict['severity']:<8}", style=style)
    row.append(output.bar(number), style=style)
    row.append(f"{shown}  {verdict['limit']}", style="bold" if verdict["severity"] != "OK" else "")
    note = " (already so when the guard first saw it)" if verdict.get("inherited") else ""
    row.append(f"\n        {verdict['sentence']}{note}", style="")
    return row


def _gaps(gaps: list[Mapping[str, str]]) -> list[str]:
    if not gaps:
        return []
    lines = ["", "not known:"]
    lines += [f"  {gap['path']}: {gap['sentence']}" for gap in gaps[:_MAX_GAPS]]
    if len(gaps) > _MAX_GAPS:
        lines.append(f"  and {len(gaps) - _MAX_GAPS} more; --json lists them all")
    return [*lines, ""]
