"""A preset against what a real terminal of that broker printed. Each runs on the real account and on a twin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from guard.settings.load import default_policy
from guard.settings.presets import read_preset
from tests import books

TWIN = Path(__file__).resolve().parents[1] / "data" / "cent_account_twin.json"


def check_exness_cent(account: dict[str, Any]) -> None:
    """The call level the terminal tells is the preset's; the stop-out it tells as 0 is taken from the preset as 0."""
    broker = read_preset("brokers/exness").broker
    assert broker is not None
    cent = broker.account("Standard Cent")
    assert cent is not None
    assert cent.margin_call_pct.value == account["margin_so_call"]
    assert cent.stop_out_pct.value == account["margin_so_so"] == 0.0
    document = books.snapshot([], account={**account, "login": 5012345, "server": "Exness-MT5Real20"})
    policy = default_policy()
    m = books.run(document, *policy.limits, brokers=policy.brokers).metrics
    assert m.call_level == (60.0, "terminal")
    assert m.stop_out_level == (0.0, "brokers/exness")


def test_the_exness_preset_has_the_levels_of_a_real_cent_account(real_data: Path) -> None:
    path = real_data / "accounts_mt5" / "mt5_api_exness_cent_account.json"
    check_exness_cent(json.loads(path.read_text(encoding="utf-8")))


def test_the_exness_preset_has_the_levels_of_a_cent_account_of_our_own() -> None:
    check_exness_cent(json.loads(TWIN.read_text(encoding="utf-8"))["account"])
