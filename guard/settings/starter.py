"""The commented configuration that ``guard config init`` writes from a few answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from guard.settings.schema import FORMAT
from guard.settings.toml_text import inline

PROFILES: Final = ("beginner", "intermediate", "advanced", "conservative")


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked; ``None`` means not answered, and the line stands as a comment."""

    experience: str = "intermediate"
    currency: str | None = None
    initial: str | None = None
    zone: str | None = None
    login: int | None = None
    server: str | None = None


def starter(answers: Answers) -> str:
    """The file's text: it is complete and can be used as it is."""
    lines = [
        "# MT5 Guard. Check this file with `guard config check`, see what it does with `guard config show`.",
        "# All fields: guard.example.toml, `guard limits` and `guard explain KIND`.",
        f'format = "{FORMAT}"',
        "",
        "# The limits to start from: " + ", ".join(f"profiles/{name}" for name in PROFILES) + ".",
        f'extends = ["profiles/{answers.experience}"]',
        "# Limits of that profile you do not want, by name:",
        '# without = ["missing_stop"]',
        "",
        "# This version watches and warns; it never sends an order.",
        'mode = "warn"',
        "",
        "[account]",
        *_line("login", answers.login, 5012345, "absent: the first start takes the account of the terminal"),
        *_line("server", answers.server, "Broker-Demo", "as the terminal shows it"),
        *_line("currency", answers.currency, "USD", "account currency; amounts below must be in it"),
        *_line("initial", answers.initial, "100000 USD", "initial balance, only for limits that count from it"),
        "",
        "# When your trading day begins: your firm's or broker's time zone.",
        *(
            ["[trading_day]", f"tz = {inline(answers.zone)}", 'time = "00:00"']
            if answers.zone is not None
            else ["# [trading_day]", '# tz = "Europe/Prague"   # absent: 00:00 UTC', '# time = "00:00"']
        ),
        "",
        "# A limit here replaces the profile's limit of the same name (id, or the kind where no id stands).",
        "# [[limits]]",
        '# kind = "effective_leverage"',
        "# max = 8.0                  # times equity",
        "",
        "# [[limits]]",
        '# kind = "period_loss"       # the day; the week of the profiles is period_loss_week',
        '# limit = { value = 2.5, unit = "pct", basis = "anchor" }',
        "",
        "# [[limits]]",
        '# kind = "symbol_exposure"',
        "# max = 500.0                # percent of equity",
    ]
    return "\n".join(lines) + "\n"


def _line(name: str, answer: object, sample: object, words: str) -> list[str]:
    text = f"{name} = {inline(sample if answer is None else answer)}"
    return [f"# {text}   # {words}" if answer is None else f"{text}   # {words}"]
