"""How a person reads a what-if: figures side by side, a bar a limit on both sides, room for more, remarks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from guard.cli import output
from guard.model.verdict import Severity
from guard.settings.shocks import read_shock, shock_names

_FIGURES: Final = (
    ("balance", "balance", "$"),
    ("equity", "equity", "$"),
    ("owed", "owed below zero", "$"),
    ("used_margin", "used margin", "$"),
    ("free_margin", "free margin", "$"),
    ("margin_level_pct", "margin level", "%"),
    ("leverage_setting", "leverage setting", "1:"),
    ("effective_leverage", "effective leverage", "x equity"),
    ("effective_leverage_net", "effective leverage, net", "x equity"),
    ("open_risk", "open risk", "$"),
    ("loss_to_margin_call", "loss to margin call", "$"),
    ("loss_to_stop_out", "loss to stop-out", "$"),
    ("adverse_move_to_stop_out_pct", "adverse move to stop-out", "%"),
    ("required_by_regulator", "margin by the regulator", "$"),
    ("regulator_level_pct", "level by the regulator", "%"),
)
_MAX_GAPS: Final = 12
_WAYS: Final = (
    ("equity", "equity"), ("used_margin", "used margin"), ("margin_level_pct", "margin level %"),
    ("effective_leverage", "leverage"), ("effective_leverage_net", "net"),
    ("spread_to_stop_out", "spreads to stop-out"),
)  # fmt: skip


def show(found: Mapping[str, Any]) -> None:
    """Print the answer."""
    from rich.text import Text  # noqa: PLC0415 - a JSON answer does not pay for it

    out = output.console()
    currency = found["currency"] if found["currency"] is not None else ""
    out.print(f"{found['from']}, {found['taken_at']}; limits: {found['policy']['source']}")
    out.print(f"What if: {'; then '.join(found['moves'])}" if found["moves"] else "Nothing is changed.")
    out.print()
    out.print(f"  {'':<26}{'before':>16}{'after':>16}")
    for row in _figure_lines(found, str(currency)):
        out.print(row)
    if found["margin_by"] == "estimate":
        out.print("  (used margin afterwards is an estimate)")
    for sentence in _stop_out(found):
        out.print(Text(sentence, style="bold red"))
    out.print()
    for row in found["limits"]:
        style = output.STYLES[Severity[row["after"]["severity"]]]
        line = Text(f"{row['after']['severity']:<8}", style=style)
        line.append(f"{output.bar(_number(row['before']['utilization_pct']), 10)} {_pct(row['before'])} -> ")
        line.append(f"{output.bar(_number(row['after']['utilization_pct']), 10)} {_pct(row['after'])}", style=style)
        line.append(f"  {row['limit']}{'  FIRES' if row['fires'] else ''}", style="bold" if row["fires"] else "")
        out.print(line)
        if row["fires"] or row["after"]["severity"] != "OK":
            out.print(f"        {row['sentence']}{_lasting(row)}")
    out.print()
    for row in (*_ways(found), *_room(found), *_remarks(found)):
        out.print(row)


def _figure_lines(found: Mapping[str, Any], currency: str) -> list[str]:
    rows = []
    for key, words, unit in _FIGURES:
        if key not in found["before"] or (key == "owed" and found["after"]["owed"] in (0.0, None)):
            continue
        cells = [_cell(found[side], key, unit) for side in ("before", "after")]
        shown = {"$": f" {currency}", "1:": ""}.get(unit, f" {unit}") if cells != ["-", "-"] else ""
        rows.append(f"  {words:<26}{cells[0]:>16}{cells[1]:>16}{shown}".rstrip())
    names = dict.fromkeys([*found["before"]["price_at_stop_out"], *found["after"]["price_at_stop_out"]])
    for name in names:
        cells = [_price(found[side]["price_at_stop_out"].get(name)) for side in ("before", "after")]
        rows.append(f"  {name + ' at stop-out':<26}{cells[0]:>16}{cells[1]:>16}")
    return rows


def _cell(side: Mapping[str, Any], key: str, unit: str) -> str:
    value = side[key]
    if key == "margin_level_pct" and value is None and side["used_margin"] == 0.0:
        return "no margin"
    if key == "adverse_move_to_stop_out_pct" and value is None:
        return "-"
    if unit == "1:" and value is not None:
        return f"1:{value:.0f}"
    return "no bound" if value == "inf" else output.figure(value)


def _price(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else "-"


def _number(used: object) -> float | None:
    return float("inf") if used == "inf" else used if isinstance(used, float) else None


def _pct(side: Mapping[str, Any]) -> str:
    used = _number(side["utilization_pct"])
    if used is None:
        return "      ?"
    return " beyond" if used > 99_999.0 else f"{used:5.0f} %"


def _lasting(row: Mapping[str, Any]) -> str:
    asked = [word for word in row["actions"] if word != "warn"]
    told = [f"once it lasts {row['for_s']:g} s"] if row["for_s"] else []
    told += [f"asks for {', '.join(asked)}"] if asked else []
    return f" ({'; '.join(told)})" if told else ""


def _stop_out(found: Mapping[str, Any]) -> list[str]:
    after, before = found["after"], found["before"]
    if after["stop_out_reached"] is not True or before["stop_out_reached"] is True:
        return []
    return ["  THE BROKER'S STOP-OUT WOULD BE REACHED: it closes positions until the level is above it again."]


def _ways(found: Mapping[str, Any]) -> list[str]:
    if not found["rescue"]:
        return []
    rows = [f"hedging beside the other ways   {''.join(f'{words:>20}' for _, words in _WAYS)}"]
    for way in found["rescue"]:
        flat = way["used_margin"] == 0.0 and way["margin_level_pct"] is None
        cells = ["no margin" if key == "margin_level_pct" and flat else output.figure(way[key]) for key, _ in _WAYS]
        if way["spread_to_stop_out"] is None:
            cells[-1] = "-"
        rows.append(f"  {way['way']:<30}{''.join(f'{cell:>20}' for cell in cells)}")
    return [*rows, ""]


def _room(found: Mapping[str, Any]) -> list[str]:
    rows = []
    for name, both in found["room"].items():
        for word in ("buy", "sell"):
            told, margin = both[word], both[word]["margin"]
            lots = "not known" if told["lots"] is None else f"{told['lots']:g} lots"
            if told["lots"] is None and told["binds"] == "no limit binds":
                lots = "any volume"
            carries = "not known" if margin["lots"] is None else f"{margin['lots']:g} lots ({margin['binds']})"
            rows.append(f"  {word:<5}{name:<12}{lots:>14}, then {told['binds']}; the margin carries {carries}")
    return ["room for more afterwards, within the limits", *rows, ""] if rows else []


def _remarks(found: Mapping[str, Any]) -> list[str]:
    rows = [f"- {note}" for note in found["notes"]]
    gaps = [f"  {gap['path']}: {gap['sentence']}" for gap in found["gaps"]]
    if found["blind"]:
        rows.append(f"- The positions cannot be believed: {found['blind']}.")
    if gaps:
        rows += ["not known:", *gaps[:_MAX_GAPS]]
        if len(gaps) > _MAX_GAPS:
            rows.append(f"  and {len(gaps) - _MAX_GAPS} more; --json lists them all")
    return rows


def shocks_document() -> dict[str, Any]:
    """The historical shocks with every source."""
    return {"format": "guard.shocks/1",
            "shocks": [read_shock(name).model_dump(mode="json") for name in shock_names()]}  # fmt: skip


def show_shocks() -> None:
    """Print the historical shocks with their sources."""
    for name in shock_names():
        shock = read_shock(name)
        output.say(f"{shock.name}  {shock.title}, {shock.day}")
        output.say(f"  {shock.says}")
        for move in shock.moves:
            where = f"{move.source}, looked up {move.date} ({move.grade})"
            moved = f"{move.before:>10g} -> {move.after:<10g}{(move.factor - 1) * 100:+7.2f} %"
            output.say(f"  {move.symbol:<8}{moved}  {where}")
