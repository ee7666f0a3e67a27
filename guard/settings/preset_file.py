"""A configuration file with what only presets, and files that loosen one, hold. The running guard rarely needs it."""

from __future__ import annotations

from pydantic import Field

from guard.settings.broker_model import BrokerSection
from guard.settings.preset_model import ExampleSection, LoosenedSection, PresetSection, RuleSection
from guard.settings.regulator_model import RegulatorSection
from guard.settings.schema import ConfigFile


class PresetFile(ConfigFile):
    """A file of format guard.config/1, without its limits."""

    loosened: tuple[LoosenedSection, ...] = Field((), description="the second word for loosening a firm's rule")
    preset: PresetSection | None = Field(None, description="what a preset is; only in files others extend")
    rules: tuple[RuleSection, ...] = Field((), description="a preset's rules, each with its source")
    examples: tuple[ExampleSection, ...] = Field((), description="a preset's worked examples")
    broker: BrokerSection | None = Field(None, description="what is known of a broker")
    regulator: RegulatorSection | None = Field(None, description="a regulator's leverage caps")
