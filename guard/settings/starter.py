"""The commented configuration that ``guard config init`` writes from a few answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, get_args

from guard.settings.presets import read_preset
from guard.settings.schema import FORMAT, ConfigFile
from guard.settings.toml_text import inline

PROFILES: Final = (
    "beginner", "intermediate", "advanced", "conservative", "scalper", "small-account", "prop-safe",
)  # fmt: skip
MODES: Final = get_args(ConfigFile.model_fields["mode"].annotation)


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked; ``None`` means not answered, and the line stands as a comment.

    ``prop``, ``broker`` and ``regulator`` are names of presets without their folder.
    """

    experience: str = "intermediate"
    prop: str | None = None
    broker: str | None = None
    regulator: str | None = None
    account_type: str | None = None
    mode: str = "warn"
    currency: str | None = None
    initial: str | None = None
    zone: str | None = None
    login: int | None = None
    server: str | None = None


    @property
    def presets(self) -> list[str]:
        """What the file extends: the profile, the regulator, the broker, and last the firm's rules."""
        named = (("regulators", self.regulator), ("brokers", self.broker), ("prop", self.prop))
        return [f"profiles/{self.experience}", *(f"{folder}/{name}" for folder, name in named if name is not None)]


def starter(answers: Answers) -> str:
    """The file's text: it is complete and can be used as it is."""
    lines = [
        "# MT5 Guard. Check this file with `guard config check`, see what it does with `guard config show`.",
        "# All fields: guard.example.toml, `guard limits --kinds` and `guard explain KIND`.",
        f'format = "{FORMAT}"',
        "",
        "# What to start from; a later one wins. `guard config presets` lists them all, with their sources.",
        f"extends = {inline(answers.presets)}",
        *(_firm_words(answers.prop) if answers.prop is not None else []),
        "# Limits of the profile you do not want, by name:",
        '# without = ["missing_stop"]',
        "",
        f"# {ConfigFile.model_fields['mode'].description}",
        f"mode = {inline(answers.mode)}",
        "",
        "[account]",
        *_line("login", answers.login, 5012345, "absent: the first start takes the account of the terminal"),
        *_line("server", answers.server, "Broker-Demo", "as the terminal shows it"),
        *_line("currency", answers.currency, "USD", "account currency; amounts below must be in it"),
        *_line("initial", answers.initial, "100000 USD", "initial balance, only for limits that count from it"),
        *_line("type", answers.account_type, "Standard Cent", "account type, as your broker's preset names it"),
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


def _firm_words(name: str) -> list[str]:
    """What a trader must know of the firm's rules that the file takes over, as comments."""
    preset = read_preset(f"prop/{name}")
    watched = [rule for rule in preset.rules if rule.limit is not None]
    lines = [f"# {preset.about.title}. Verify with your firm; the preset never changes by itself.", "# Watched:"]
    lines += [f"#   {rule.limit}: {rule.says} [{rule.grade}]" for rule in watched] or ["#   none of its rules"]
    if preset.not_watched:
        lines.append("# Not watched by this version:")
        lines += [f"#   {rule.says} ({rule.not_watched})" for rule in preset.not_watched]
    return [
        *lines,
        "# A firm's rule is loosened only when it is said twice:",
        "# [[loosened]]",
        '# limit = "firm_day_loss"',
        '# because = "…"',
    ]


def _line(name: str, answer: object, sample: object, words: str) -> list[str]:
    text = f"{name} = {inline(sample if answer is None else answer)}"
    return [f"# {text}   # {words}" if answer is None else f"{text}   # {words}"]
