"""A configuration file to a ``Policy``, or all its faults at once. Also the policy of a user who configured nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from guard.engine.policy import Policy
from guard.limits.base import Limit
from guard.settings.build import build_policy, effective_document
from guard.settings.checks import check_limits
from guard.settings.defaults import default_limits
from guard.settings.extends import Source, gather, merged, with_bases
from guard.settings.faults import ConfigError, Fault
from guard.settings.levels import broker_levels, check_account_type, named_stop_out, other_servers
from guard.settings.limits import Entry, laid_over, read_limits
from guard.settings.messages import check_messages
from guard.settings.money import MoneyRule, currency_of, in_account_currency, is_money
from guard.settings.overlaps import overlaps
from guard.settings.presets import Preset, applied, check_loosened, check_size, check_sources
from guard.settings.schema import FORMAT, ConfigFile, TerminalSection
from guard.settings.sections import read_sections, to_json
from guard.settings.terminal import check_terminal
from guard.settings.toml_file import parse_toml

DEFAULTS_NAME: Final = "unconfigured defaults"

if TYPE_CHECKING:
    from guard.settings.regulator_model import RegulatorSection


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration in force.

    ``document`` is the effective configuration with every default written out (secrets are references only);
    ``sha256`` is that of the policy; ``remarks`` are sentences about what stands in the file and is not in this
    version, and about a firm's rule that was loosened on purpose, to be shown to the user at every start. ``presets``
    are the shipped or own presets it extends; ``own_files`` the files it extends by their path.
    """

    policy: Policy
    document: dict[str, Any]
    sha256: str
    path: Path | None
    terminal: TerminalSection
    remarks: tuple[str, ...] = ()
    presets: tuple[Preset, ...] = ()
    own_files: tuple[Path, ...] = ()
    news: str | None = None

    @property
    def calendar(self) -> Path | None:
        """The file with scheduled news, if one is named; a relative path counts from the configuration's folder."""
        if self.news is None:
            return None
        return Path(self.news) if self.path is None else self.path.parent / self.news


def load_config(path: Path, name: str | None = None) -> Loaded:
    """Read, check and compile a file; ``name`` is how it is called in sentences (default: the path).

    Raises:
        ConfigError: With every fault of the file and of the files it extends, each with its place.
    """
    name = str(path) if name is None else name
    faults: list[Fault] = []
    return _loaded(gather(path, name, faults), path, name, faults)


def load_text(text: str, path: Path) -> Loaded:
    """Like ``load_config`` for a text that is not yet written to ``path``.

    Raises:
        ConfigError: With every fault.
    """
    faults: list[Fault] = []
    sources = with_bases(parse_toml(text.encode("utf-8"), str(path)), path, faults)
    return _loaded(sources, path, str(path), faults)


def load_document(document: Mapping[str, Any], like: Loaded | None = None) -> Loaded:
    """An effective document (``Loaded.document``, or the one a journal keeps) as a configuration in force.

    ``like`` is where it comes from: its path, terminal, remarks and presets are kept.

    Raises:
        ConfigError: It does not hold together, for instance because an older version wrote it.
    """
    name = "the configuration in force" if like is None else like.policy.source
    made = _compile([Source("", dict(document))], name, [])
    if like is None:
        return made
    kept = {name: getattr(like, name) for name in ("path", "terminal", "remarks", "presets", "own_files")}
    return replace(made, **kept)


def _loaded(sources: list[Source], path: Path, name: str, faults: list[Fault]) -> Loaded:
    _refuse_other_format(sources, name)
    loaded = _compile(sources, name, faults)
    own = (source.file for source in sources if source.label.endswith(".toml"))
    return replace(loaded, path=path, own_files=tuple(file for file in own if file is not None))


def default_policy(experience: str | None = None) -> Policy:
    """The unconfigured defaults, all warn-only; ``experience`` is beginner, intermediate, advanced or not asked."""
    return default_loaded(experience).policy


def default_loaded(experience: str | None = None) -> Loaded:
    """The unconfigured defaults with their document."""
    document = {"format": FORMAT, "limits": default_limits(experience)}
    return _compile([Source("", document)], DEFAULTS_NAME, [])


def _compile(sources: list[Source], name: str, faults: list[Fault]) -> Loaded:
    together = merged(sources)
    rule = _money_rule(together, sources)
    for source in sources:
        faults += read_sections(source)
    day = together.get("trading_day")
    day = day if isinstance(day, dict) and isinstance(day.get("tz"), str) else None
    files = [read_limits(source, rule, day, faults) for source in sources]
    for source, own in zip(sources, files, strict=True):
        faults += check_sources(source, own)
    entries = laid_over(sources, files, faults)
    loosened, remarks = check_loosened(sources, files)
    faults += loosened
    if not faults and not any("limits" in source.document for source in sources):
        entries = _defaults(rule, day)
        name = f"{name} ({DEFAULTS_NAME}: it names no limits)"
    sections = ConfigFile.model_validate_json(to_json(together)) if not faults else None
    presets = applied(sources)
    brokers = () if sections is None else broker_levels(presets, sections)
    faults += check_limits(entries, sections, None if sections is None else named_stop_out(sections.margin, brokers))
    faults += _initial(sections, sources, rule)
    faults += check_terminal(sections, sources)
    if sections is not None:
        wrong, sized = check_size(sources, sections.account.initial)
        faults += [*wrong, *check_account_type(presets, sections)]
        remarks += [*sized, *other_servers(presets, sections)]
    faults += check_messages(sections) if sections is not None else []
    if not entries and not faults:
        faults.append(Fault("limits", "is empty: nothing would be watched; leave it out to get the default limits."))
    if faults or sections is None:
        raise ConfigError(name, _once(faults))
    limits, idle = in_stage(tuple(entry.limit for entry in entries), sections.account.stage)
    caps = next((preset.regulator for preset in reversed(presets) if preset.regulator is not None), None)
    caps = caps if caps is not None else _own_caps(sources)
    policy = build_policy(sections, limits, rule, name, brokers, caps)
    document = effective_document(sections, policy)
    said = (*_remarks(sections), *remarks, *idle, *overlaps(entries))
    return Loaded(policy, document, policy.sha256, None, sections.terminal, said, presets, news=sections.news.calendar)


def _own_caps(sources: list[Source]) -> RegulatorSection | None:
    """A regulator's rates that a self-contained file holds itself, as the configuration in force does."""
    found = next((one.document["regulator"] for one in reversed(sources) if "regulator" in one.document), None)
    if found is None:
        return None
    from guard.settings.regulator_model import RegulatorSection  # noqa: PLC0415 - the running guard rarely needs it

    return RegulatorSection.model_validate_json(to_json(found))


def in_stage(limits: tuple[Limit, ...], stage: str | None) -> tuple[tuple[Limit, ...], list[str]]:
    """The limits of an account's stage, and a sentence about each that is of another one."""
    other = [limit for limit in limits if stage is not None and limit.stage is not None and limit.stage != stage]
    words = "is not watched: it is for the stage"
    said = [f"{limit.name} {words} {limit.stage}, this account is {stage}" for limit in other]
    return tuple(limit for limit in limits if limit not in other), said


def _initial(sections: ConfigFile | None, sources: list[Source], rule: MoneyRule) -> list[Fault]:
    """The initial balance against the account's currency, at the file that typed it last."""
    text = sections.account.initial if sections is not None else None
    if text is None:
        return []
    where = next(source for source in reversed(sources) if "initial" in source.document.get("account", {}))
    try:
        amount = in_account_currency(text, rule)
    except ValueError as error:
        return [Fault(where.path("account", "initial"), f"{error}.")]
    return [] if amount > 0.0 else [Fault(where.path("account", "initial"), f"must be above 0, it is '{text}'.")]


def _defaults(rule: MoneyRule, day: dict[str, Any] | None) -> list[Entry]:
    return read_limits(Source("", {"limits": default_limits()}), rule, day, [])


def _refuse_other_format(sources: list[Source], name: str) -> None:
    """A newer format is refused alone: what else the file says cannot be judged."""
    for source in sources:
        found = source.document.get("format")
        if isinstance(found, str) and found != FORMAT and found.startswith("guard.config/"):
            sentence = f"this version reads {FORMAT}, the file is {found}; update the guard."
            raise ConfigError(name, [Fault(source.path("format"), sentence)])


def _money_rule(together: dict[str, Any], sources: list[Source]) -> MoneyRule:
    account = together.get("account")
    account = account if isinstance(account, dict) else {}
    currency, initial = account.get("currency"), account.get("initial")
    if not isinstance(currency, str):
        amount = initial if is_money(initial) else _first_amount([source.document.get("limits") for source in sources])
        currency = currency_of(amount) if isinstance(amount, str) else None
    return MoneyRule(currency, account.get("convert") is True)


def _first_amount(value: object) -> str | None:
    """The first amount with a currency in the limits: it tells the account's currency when nothing else does."""
    if isinstance(value, str):
        return value if is_money(value) else None
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for found in map(_first_amount, parts) if found is not None), None)


def _remarks(sections: ConfigFile) -> tuple[str, ...]:
    if sections.notices.model_fields_set and not sections.notify:
        return ("[notices] has no effect: there is no [[notify]] address to send to.",)
    return ()


def _once(faults: list[Fault]) -> list[Fault]:
    return list(dict.fromkeys(faults))
