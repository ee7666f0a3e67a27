"""``guard calc batch``: bad rows answer with a sentence, unreadable files end with 3."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from guard.cli import main

LEVEL = '{"equity": 1000, "margin": 250}'
LEVEL_RESULT = {"margin_level_pct": 400.0, "free_margin": 750.0}


def table(*rows: tuple[str, ...], header: tuple[str, ...] = ("id", "category", "inputs_json")) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def answers(capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str | bytes) -> list[dict[str, Any]]:
    file = tmp_path / "rows.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main.run(["calc", "batch", str(file)]) == 0
    return [json.loads(line, parse_constant=pytest.fail) for line in capsys.readouterr().out.splitlines()]


BAD_INPUTS = {
    "not JSON": "{equity: 1}",
    "empty": "",
    "a list": "[1, 2]",
    "a number": "5",
    "null": "null",
    "NaN": '{"equity": NaN, "margin": 1}',
    "Infinity": '{"equity": Infinity, "margin": 1}',
    "minus Infinity": '{"equity": -Infinity, "margin": 1}',
    "overflowing number": '{"equity": 1e999, "margin": 1}',
    "huge number": '{"equity": 1e300, "margin": 1}',
    "huge whole number": '{"equity": 1%s, "margin": 1}' % ("0" * 400),
    "whole number of too many digits": '{"equity": 1%s, "margin": 1}' % ("0" * 5000),
    "tiny number": '{"equity": 1, "margin": 1e-300}',
    "negative margin": '{"equity": 1, "margin": -1}',
    "true for a number": '{"equity": true, "margin": 1}',
    "text for a number": '{"equity": "1000", "margin": 1}',
    "list for a number": '{"equity": [1], "margin": 1}',
    "a name twice": '{"equity": 1, "equity": 2, "margin": 1}',
    "nested without end": "[" * 100_000,
}


@pytest.mark.parametrize("inputs", BAD_INPUTS.values(), ids=BAD_INPUTS)
def test_a_bad_row_answers_with_one_sentence_and_the_rest_goes_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, inputs: str
) -> None:
    before, bad, after = answers(
        capsys,
        tmp_path,
        table(("a", "margin_level", LEVEL), ("b", "margin_level", inputs), ("c", "margin_level", LEVEL)),
    )
    assert before == {"id": "a", "result": LEVEL_RESULT}
    assert after == {"id": "c", "result": LEVEL_RESULT}
    assert set(bad) == {"id", "result", "error"}
    assert bad["id"] == "b"
    assert bad["result"] is None
    assert bad["error"].endswith(".")
    assert "\n" not in bad["error"]
    assert len(bad["error"]) < 400


@pytest.mark.parametrize(
    "category, inputs",
    [
        ("margin", {"calc": "forex", "lots": -1, "contract_size": 1, "leverage": 1, "margin_ccy_to_account": 1}),
        ("margin", {"calc": "forex", "lots": 1, "contract_size": 1, "leverage": 0, "margin_ccy_to_account": 1}),
        ("margin", {"calc": "barter", "lots": 1}),
        ("margin", {"calc": 0, "lots": 1}),
        ("hedged_margin", {"buy": [[1]], "sell": []}),
        ("hedged_margin", {"buy": [["1", None]], "sell": []}),
        ("hedged_margin", {"buy": [[-1, None]], "sell": []}),
        ("hedged_margin", {"buy": "1", "sell": []}),
        ("hedged_margin", {"buy": {"1": 2}, "sell": []}),
        ("hedged_margin", {"buy": [], "sell": [], "use_leg": 1}),
        ("profit", {"side": "hold", "lots": 1, "contract_size": 1, "open": 1, "close": 2, "profit_ccy_to_account": 1}),
        ("position_size", {"balance": 1, "risk_pct": 1, "stop_pips": 0, "pip_value_per_lot": 1}),
        ("position_size", {"balance": 1, "risk_pct": -1, "stop_pips": 1, "pip_value_per_lot": 1}),
        ("position_size", {"risk_money": 1, "open": 1, "sl": 1, "contract_size": 1, "profit_ccy_to_account": 1}),
        ("weighted_price", {"fills": []}),
        ("daily_loss", {"anchor": "yesterday", "limit_money": 1}),
        ("daily_loss", {"anchor": "initial", "initial": 1, "basis": "hope", "limit_pct": 1}),
        ("trailing_drawdown", {"peak_equity": 1, "basis": "anchor", "limit_pct": 1}),
        ("trailing_drawdown", {"peak_equity": 1, "limit_money": 1, "lock_at_initial": "yes"}),
        ("swap", {"mode": "by feel"}),
        ("report_summary", {"file": "x"}),
        ("", {}),
    ],
)
def test_values_that_cannot_be_meant_make_an_error_row(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, category: str, inputs: dict[str, object]
) -> None:
    (answer,) = answers(capsys, tmp_path, table(("x", category, json.dumps(inputs))))
    assert answer["result"] is None
    assert answer["error"]


def test_a_result_whose_inputs_are_absent_is_left_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = [
        ("margin_level", {"equity": 5}, {}),
        ("position_size", {"balance": 1000, "risk_pct": 1}, {"risk_money": 10.0}),
        ("stop_out", {"margin": 200, "so_pct": 50}, {"so_equity": 100.0}),
        ("stop_out", {"margin": 200, "so_pct": 50, "balance": 300}, {"so_equity": 100.0, "loss_at_so": 200.0}),
        ("daily_loss", {"anchor_balance": 5, "closed": 1, "floating": 1}, {"equity": 7.0}),
        ("daily_loss", {"anchor": "balance@reset", "anchor_balance": 5, "limit_money": 1}, {"floor": 4.0}),
        ("hedged_margin", {"buy": [[1, None]], "sell": []}, {"uncovered_lots": 1.0, "side": "buy"}),
        ("trailing_drawdown", {"peak_equity": 9, "limit_money": 1, "lock_at_initial": True}, {"distance": 1.0}),
        ("margin", {"calc": "cfd", "lots": 1, "contract_size": 1, "price": None, "margin_ccy_to_account": 1}, {}),
        ("margin", {"calc": "futures", "lots": 1, "margin_initial": 0, "margin_ccy_to_account": 1}, {}),
        ("swap", {"mode": "points", "lots": 1}, {}),
        ("loss_at_stop", {"side": "buy", "lots": 1, "open": 2, "sl": 1}, {}),
    ]
    found = answers(capsys, tmp_path, table(*((str(n), c, json.dumps(i)) for n, (c, i, _) in enumerate(rows))))
    assert [answer["result"] for answer in found] == [result for _, _, result in rows]
    assert all("error" not in answer for answer in found)


def test_a_row_without_any_result_is_explained_on_standard_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(table(("r1", "margin_level", '{"equity": 5}')), encoding="utf-8")
    assert main.run(["calc", "batch", str(file)]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"id": "r1", "result": {}}
    assert "r1" in err
    assert "margin" in err


def test_no_margin_in_use_has_no_level_and_never_zero(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (answer,) = answers(capsys, tmp_path, table(("x", "margin_level", '{"equity": 5, "margin": 0}')))
    assert answer["result"] == {"margin_level_pct": None, "free_margin": 5.0}


def test_volume_step_and_minimum_default_to_a_hundredth(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = [
        ("a", "position_size", '{"risk_money": 1.99, "stop_pips": 1, "pip_value_per_lot": 100}'),
        ("b", "position_size", '{"risk_money": 0.99, "stop_pips": 1, "pip_value_per_lot": 100}'),
    ]
    first, second = answers(capsys, tmp_path, table(*rows))
    assert first["result"]["lots"] == 0.01
    assert second["result"]["lots"] == "none"


def test_column_order_further_columns_and_a_byte_order_mark_do_not_matter(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    content = table((LEVEL, "gold", "margin_level", "7"), header=("inputs_json", "title", "category", "id"))
    assert answers(capsys, tmp_path, b"\xef\xbb\xbf" + content.encode()) == [{"id": "7", "result": LEVEL_RESULT}]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_the_separators_spreadsheets_write_are_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, delimiter: str
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([("id", "category", "inputs_json"), ("1", "margin_level", LEVEL)])
    assert answers(capsys, tmp_path, text.getvalue()) == [{"id": "1", "result": LEVEL_RESULT}]


def test_inputs_over_several_lines_are_one_row(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    content = table(("1", "margin_level", LEVEL.replace(", ", ",\n")), ("2", "margin_level", LEVEL))
    assert [answer["result"] for answer in answers(capsys, tmp_path, content)] == [LEVEL_RESULT, LEVEL_RESULT]


def test_a_quote_left_open_spoils_its_own_row_only(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good = table(("1", "margin_level", LEVEL), ("3", "margin_level", LEVEL)).splitlines()
    content = "\n".join([good[0], good[1], '2,margin_level,"{""equity"": 1', good[2], ""])
    first, spoilt, last = answers(capsys, tmp_path, content)
    assert first["result"] == last["result"] == LEVEL_RESULT
    assert spoilt["id"] == "2"
    assert spoilt["result"] is None


def test_a_cell_beyond_all_measure_spoils_its_own_row_only(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    content = table(("1", "margin_level", "x" * 200_000), ("2", "margin_level", LEVEL))
    first, second = answers(capsys, tmp_path, content)
    assert first["id"] == "1"
    assert first["result"] is None
    assert second["result"] == LEVEL_RESULT


def test_short_rows_say_what_they_lack_and_blank_lines_are_passed_over(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    content = "id,category,inputs_json\n\nonly\n,,\n" + table(("2", "margin_level", LEVEL)).split("\n", 1)[1] + "\n\n"
    first, second = answers(capsys, tmp_path, content)
    assert first == {"id": "only", "result": None, "error": "the row has no category and no inputs_json."}
    assert second["result"] == LEVEL_RESULT


def test_a_header_without_rows_is_an_empty_answer(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert answers(capsys, tmp_path, "id,category,inputs_json\n") == []


def test_names_the_category_does_not_know_are_labels(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    inputs = '{"equity": 1000, "margin": 250, "symbol": "ÄÖ🤖", "account_ccy": "USC"}'
    assert answers(capsys, tmp_path, table(("1", "margin_level", inputs)))[0]["result"] == LEVEL_RESULT


UNREADABLE = {
    "empty": b"",
    "no such columns": b"a,b\n1,2\n",
    "a column missing": b"id,category\n1,margin\n",
    "a column twice": b"id,id,category,inputs_json\n",
    "UTF-16": "id,category,inputs_json\n".encode("utf-16"),
    "cp1252": "id,category,inputs_json\n1,margin_level,é\n".encode("cp1252"),
    "not text": bytes(range(256)),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_ends_with_3_and_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(content)
    assert main.run(["calc", "batch", str(file)]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "rows.csv" in err


def test_a_missing_file_and_a_folder_end_with_3(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main.run(["calc", "batch", str(tmp_path / "none.csv")]) == 3
    assert main.run(["calc", "batch", str(tmp_path)]) == 3
    assert capsys.readouterr().out == ""


def test_no_file_named_is_a_usage_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["calc", "batch"]) == 2
    assert capsys.readouterr().out == ""


def test_the_command_itself_answers_in_ascii_on_any_console(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(table(("é🤖", "margin_level", LEVEL), ("2", "ü", "{}")), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "guard", "calc", "batch", str(file), "--json"],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )
    assert done.returncode == 0
    assert done.stderr == b""
    first, second = (json.loads(line) for line in done.stdout.decode("ascii").splitlines())
    assert first == {"id": "é🤖", "result": LEVEL_RESULT}
    assert second["result"] is None


def test_of_two_bases_the_one_that_risks_less_is_taken(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = [
        ("a", "position_size", '{"balance": 1000, "equity": 800, "risk_pct": 1}'),
        ("b", "position_size", '{"balance": 800, "equity": 1000, "risk_pct": 1}'),
        ("c", "trailing_drawdown", '{"peak_equity": 1000, "peak_balance": 900, "limit_money": 100}'),
        ("d", "trailing_drawdown", '{"peak_equity": 900, "peak_balance": 1000, "limit_money": 100}'),
    ]
    found = answers(capsys, tmp_path, table(*rows))
    assert [answer["result"] for answer in found[:2]] == [{"risk_money": 8.0}, {"risk_money": 8.0}]
    assert [answer["result"]["floor"] for answer in found[2:]] == [900.0, 900.0]


def test_a_size_can_be_asked_by_prices_instead_of_pips(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    inputs = {"risk_money": 100, "open": 1.12, "sl": 1.115, "contract_size": 100000, "profit_ccy_to_account": 1}
    (answer,) = answers(capsys, tmp_path, table(("x", "position_size", json.dumps(inputs))))
    assert answer["result"] == {"lots": 0.2, "risk_money": 100.0}


@pytest.mark.parametrize(
    "inputs, expected",
    [
        ({"mode": "disabled"}, 0.0),
        ({"mode": "percent_open", "price": 100, "days_in_year": 360}, 2 * 10 * 100 * -3.6 / 100 / 360 * 2 * 0.5),
        ({"mode": "reopen_bid", "point": 0.01}, 2 * 10 * 0.01 * -3.6 * 2 * 0.5),
        ({"mode": "currency_symbol", "base_to_account": 1.5}, 2 * -3.6 * 2 * 1.5),
        ({"mode": "currency_margin", "margin_ccy_to_account": 1.5}, 2 * -3.6 * 2 * 1.5),
        ({"mode": "currency_profit"}, 2 * -3.6 * 2 * 0.5),
        ({"mode": "currency_deposit"}, 2 * -3.6 * 2),
    ],
)
def test_every_swap_mode_has_its_formula(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, inputs: dict[str, object], expected: float
) -> None:
    common = {"lots": 2, "contract_size": 10, "swap": -3.6, "nights": 2, "profit_ccy_to_account": 0.5}
    (answer,) = answers(capsys, tmp_path, table(("x", "swap", json.dumps({**common, **inputs}))))
    assert answer["result"]["swap"] == pytest.approx(expected)


@pytest.mark.parametrize(
    "inputs, floor",
    [
        ({"anchor": "equity@reset", "anchor_equity": 105000, "limit_pct": 4, "basis": "anchor"}, 100800),
        ({"anchor": "intraday_peak_equity", "peak_equity": 105000, "limit_money": 1000}, 104000),
        ({"anchor": "peak_eod_balance", "peak_balance": 105000, "limit_money": 1000}, 104000),
        ({"anchor": "initial", "initial": 100000, "limit_pct": 5, "basis": "initial"}, 95000),
        (
            {
                "anchor": "equity@reset", "anchor_equity": 101000, "anchor_balance": 100000, "closed": 2000,
                "limit_pct": 5, "basis": "current_balance",
            },
            101000 - 5100,
        ),
    ],
)  # fmt: skip
def test_every_anchor_and_basis_has_its_floor(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, inputs: dict[str, object], floor: float
) -> None:
    (answer,) = answers(capsys, tmp_path, table(("x", "daily_loss", json.dumps(inputs))))
    assert answer["result"]["floor"] == floor
