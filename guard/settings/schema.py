"""The configuration's sections as models, and its JSON schema. Limits come from the registry: no edit for a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from guard.actions.registry import action_kinds
from guard.limits.base import Data, NotNegative, Positive
from guard.limits.registry import limit_kinds
from guard.settings.notices import HeartbeatSection, NoticesSection, NotifySection, TelegramSection
from guard.settings.patterns import TIME_PATTERN, Reference

FORMAT: Final = "guard.config/1"
MODULE_PATTERN: Final = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$"
VENDOR: Final = "MetaTrader5"
CURRENCY_PATTERN: Final = r"^[A-Z][A-Z0-9]{2,9}$"
MONEY_PATTERN: Final = r"^\d+(\.\d+)? [A-Z][A-Z0-9]{2,9}$"

_LOWER: Final[dict[str, Any]] = {"tighter": "lower"}
_HIGHER: Final[dict[str, Any]] = {"tighter": "higher"}


class AccountSection(Data):
    """Which account is watched. What is absent is taken from the terminal."""

    login: Annotated[int, Field(gt=0)] | None = Field(None, description="account number; another one is never watched")
    server: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="trade server, as the terminal shows it"
    )
    currency: Annotated[str, Field(pattern=CURRENCY_PATTERN)] | None = Field(
        None, description="account currency, e.g. USD"
    )
    initial: Annotated[str, Field(pattern=MONEY_PATTERN)] | None = Field(
        None, description='initial balance of the account, e.g. "100000 USD"; typed by you, never guessed'
    )
    type: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="account type at your broker, as its preset names it, e.g. Standard Cent"
    )
    stage: Literal["evaluation", "funded"] | None = Field(
        None, description="stage of a prop account; limits of the other stage are left out, absent: all are in force"
    )
    convert: bool = Field(False, description="take amounts in USD on a cent account (USC) times 100, and the reverse")


class TerminalSection(Data):
    """Where the account is read from."""

    kind: Literal["mt5", "remote"] = Field(
        "mt5", description="mt5: the terminal of this computer; remote: a worker that listens at address"
    )
    path: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="terminal64.exe, in single quotes; absent: the one that runs"
    )
    portable: bool = Field(False, description="start the terminal in portable mode, if the guard has to start it")
    password: Reference | None = Field(
        None, description="env:NAME or keyring:SERVICE/USER; absent (best): the terminal's own login is used"
    )
    timeout_s: Annotated[float, Field(ge=1.0, le=600.0, allow_inf_nan=False)] = Field(
        60.0, description="seconds the terminal may take to start and connect"
    )
    module: Annotated[str, Field(pattern=MODULE_PATTERN)] = Field(
        VENDOR, description="another module shaped like MetaTrader5; what it answers is not checked against a terminal"
    )
    address: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="kind remote: where the worker listens, 127.0.0.1:PORT"
    )
    token_file: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="kind remote: the file with the secret that the worker made"
    )


class TimingSection(Data):
    """How long the guard waits before it says that it cannot see."""

    stale_after_s: Positive = Field(
        3.0, description="seconds without a good reading until the guard says it is blind", json_schema_extra=_LOWER
    )
    unknown_for_s: NotNegative = Field(
        60.0, description="seconds a verdict stays UNKNOWN until you are told", json_schema_extra=_LOWER
    )
    flow_grace_s: NotNegative = Field(
        60.0, description="seconds a deposit's deal may come later than the money", json_schema_extra=_LOWER
    )


class TradingDaySection(Data):
    """When day, week and month begin for every limit that has no ``reset`` of its own."""

    tz: Annotated[str, Field(min_length=1)] = Field("UTC", description="IANA zone, e.g. Europe/Prague; absent: UTC")
    time: Annotated[str, Field(pattern=TIME_PATTERN)] = Field("00:00", description="local time HH:MM")


class NewsSection(Data):
    """Scheduled news for news_window limits, from a file that you or a program keeps up to date."""

    calendar: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="CSV or JSON file; a relative path counts from the folder of this file"
    )


class MarginSection(Data):
    """Margin levels, used only where the terminal does not tell its own."""

    call_level: NotNegative | None = Field(
        None, description="margin call level, percent (or money on such accounts)", json_schema_extra=_HIGHER
    )
    stop_out_level: NotNegative | None = Field(
        None, description="stop-out level, percent (or money on such accounts)", json_schema_extra=_HIGHER
    )
    target_level_pct: Positive = Field(
        200.0, description="margin level that deposit_to_level and lots_to_close aim at", json_schema_extra=_HIGHER
    )


class LevelsSection(Data):
    """Margin levels that are assumed where the terminal and [margin] tell none; ``guard config show`` writes them."""

    name: Annotated[str, Field(min_length=1)] = Field(description="preset they come from")
    servers: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (), description="beginnings of the server names they are for; none: any"
    )
    call_pct: NotNegative | None = Field(None, description="margin call level, percent")
    stop_out_pct: NotNegative | None = Field(None, description="stop-out level, percent")


class ShockSection(Data):
    """One what-if move of prices for the stress figures."""

    target: Annotated[str, Field(min_length=1)] = Field(
        "*", description="* (all), a symbol, a currency or an asset class"
    )
    pct: Annotated[float, Field(allow_inf_nan=False)] = Field(description="percent of the price; * moves against you")
    name: str = Field("", description="how the figure is called")


class WorstCaseSection(Data):
    """What the worst case adds to the open risk."""

    gap_beyond_stop_pct: NotNegative = Field(
        0.0, description="percent of the price by which a stop fills worse", json_schema_extra=_HIGHER
    )


class EnforcementSection(Data):
    """How the guard trades in modes rehearse and enforce, and how long a looser configuration has to wait."""

    magic: Annotated[int, Field(gt=0, le=2**31 - 1)] = Field(
        770077, description="magic number of the guard's own requests"
    )
    deviation_points: Annotated[int, Field(ge=0, le=100000)] = Field(
        50, description="points a fill may be from the price asked, where the broker executes at a price"
    )
    requests_per_minute: Annotated[int, Field(ge=4, le=1000)] = Field(
        30, description="requests to the trade server in a minute, at most"
    )
    requests_per_day: Annotated[int, Field(ge=20, le=100000)] = Field(
        2000, description="requests to the trade server in a day, at most; firms count them"
    )
    exit_reserve_pct: Annotated[float, Field(ge=10.0, le=90.0, allow_inf_nan=False)] = Field(
        50.0, description="percent of both that are kept for closing"
    )
    fresh_s: Annotated[float, Field(ge=5.0, le=600.0, allow_inf_nan=False)] = Field(
        60.0, description="a symbol without a quote for so many seconds is not traded in"
    )
    loosen_after_h: Annotated[float, Field(ge=12.0, le=720.0, allow_inf_nan=False)] = Field(
        12.0, description="hours a looser configuration waits at least, once armed", json_schema_extra=_HIGHER
    )
    override_after_s: Annotated[float, Field(ge=60.0, le=86400.0, allow_inf_nan=False)] = Field(
        900.0, description="seconds between asking for an override and its effect", json_schema_extra=_HIGHER
    )


class ConfigFile(Data):
    """A file of format guard.config/1, without its limits and without what only presets hold (``PresetFile``)."""

    format: Literal["guard.config/1"] = Field(description="always this text")
    extends: str | tuple[str, ...] = Field(
        (), description="files to start from: shipped ones such as profiles/beginner, or paths"
    )
    without: tuple[str, ...] = Field((), description="names of limits from the extended files that are left out")
    mode: Literal["warn", "rehearse", "enforce"] = Field(
        "warn", description="warn: says; rehearse: writes down what it would do; enforce: does it, after `guard arm`"
    )
    account: AccountSection = AccountSection()
    terminal: TerminalSection = TerminalSection()
    trading_day: TradingDaySection = TradingDaySection()
    timing: TimingSection = TimingSection()
    margin: MarginSection = MarginSection()
    worst_case: WorstCaseSection = WorstCaseSection()
    enforcement: EnforcementSection = EnforcementSection()
    news: NewsSection = NewsSection()
    shocks: tuple[ShockSection, ...] = Field((), description="price moves of the stress figures; absent: 1 % and 5 %")
    notify: tuple[NotifySection, ...] = Field((), description="where messages go")
    notices: NoticesSection = NoticesSection()
    heartbeat: HeartbeatSection | None = Field(None, description="calls outside while the guard sees the account")
    telegram: TelegramSection | None = Field(None, description="questions and commands by Telegram")
    levels: tuple[LevelsSection, ...] | None = Field(
        None, description="margin levels assumed where the terminal tells none; absent: those of the brokers' presets"
    )


def json_schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of a configuration file, limits included."""
    from guard.settings.preset_file import PresetFile  # noqa: PLC0415 - the running guard needs none of it

    schema = PresetFile.model_json_schema()
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    choices = []
    for kind, limit in limit_kinds().items():
        own = limit.model_json_schema()
        definitions.update(own.pop("$defs", {}))
        own["properties"] = {"kind": {"const": kind, "description": limit.title}, **own["properties"]}
        own["required"] = ["kind", *own.get("required", [])]
        own["title"] = kind
        definitions[f"limit_{kind}"] = own
        choices.append({"$ref": f"#/$defs/limit_{kind}"})
    schema["properties"]["limits"] = {
        "type": "array", "items": {"oneOf": choices}, "minItems": 1, "description": "what is watched",
    }  # fmt: skip
    definitions.pop("ActionSpec", None)
    definitions["Stage"]["properties"]["actions"]["items"] = {"anyOf": [{"enum": list(action_kinds())}, *_actions()]}
    for definition in definitions.values():
        _allow_money(definition.get("properties", {}))
    schema["title"] = FORMAT
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _actions() -> list[dict[str, Any]]:
    """The actions as tables with their own settings."""
    out = []
    for kind, action in action_kinds().items():
        own = action.model_json_schema()
        properties = {"kind": {"const": kind, "description": action.title}, **own.get("properties", {})}
        out.append({"title": kind, "type": "object", "properties": properties, "required": ["kind"],
                    "additionalProperties": False})  # fmt: skip
    return out


def takes_money(names: Mapping[str, object]) -> bool:
    """Whether a table has a ``value`` whose ``unit`` may be money: then an amount with a currency stands there."""
    return "value" in names and "unit" in names


def _allow_money(properties: dict[str, Any]) -> None:
    for entry in properties.values():
        if isinstance(entry, dict) and entry.get("money") is True:
            parts = [part for part in entry.get("anyOf", []) if part.get("type") != "number"]
            for name in ("type", "exclusiveMinimum", "minimum"):
                entry.pop(name, None)
            entry["anyOf"] = [*parts, {"type": "string", "pattern": MONEY_PATTERN}]
    if takes_money(properties):
        number = properties["value"]
        words = {key: number.pop(key) for key in ("title", "description") if key in number}
        properties["value"] = {"anyOf": [number, {"type": "string", "pattern": MONEY_PATTERN}], **words}
