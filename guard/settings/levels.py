"""Margin call and stop-out levels of brokers and regulators, for terminals that do not tell theirs."""

from __future__ import annotations

from guard.metrics.account import BrokerLevels
from guard.settings.faults import Fault, did_you_mean
from guard.settings.presets import Preset, shipped_brokers
from guard.settings.schema import ConfigFile, MarginSection
from guard.settings.shipped_levels import SHIPPED


def broker_levels(presets: tuple[Preset, ...], sections: ConfigFile) -> tuple[BrokerLevels, ...]:
    """The levels that may be assumed, the first that fits the account's server wins.

    Those the file writes under [[levels]] stand for all.
    A broker or regulator the configuration extends counts whatever the server is called; of a broker and a regulator
    the higher level counts. Otherwise every shipped broker counts for servers that begin as its own do.
    """
    account = sections.account
    if sections.levels is not None:
        return tuple(BrokerLevels(one.name, one.servers, one.call_pct, one.stop_out_pct) for one in sections.levels)
    named = [_levels(preset, account.type) for preset in presets if preset.broker is not None]
    rules = [
        (preset.name, preset.regulator.close_out_pct.value) for preset in presets if preset.regulator is not None
    ]
    floor = max(((pct, name) for name, pct in rules if pct is not None), default=None)
    if named:
        return tuple(_at_least(levels, floor) for levels in named)
    if floor is not None:
        return (BrokerLevels(floor[1], (), None, floor[0]),)
    return SHIPPED


def read_shipped_levels() -> tuple[BrokerLevels, ...]:
    """Those of the shipped brokers that name their servers, from their presets; ``SHIPPED`` is written from it."""
    return tuple(levels for preset in shipped_brokers() if (levels := _levels(preset, None)).servers)


def named_stop_out(margin: MarginSection, brokers: tuple[BrokerLevels, ...]) -> float | None:
    """The stop-out level in percent that the configuration or a preset it extends names."""
    if margin.stop_out_level is not None:
        return margin.stop_out_level
    return next((levels.stop_out_pct for levels in brokers if not levels.servers), None)


def _at_least(levels: BrokerLevels, floor: tuple[float, str] | None) -> BrokerLevels:
    if floor is None or (levels.stop_out_pct is not None and levels.stop_out_pct >= floor[0]):
        return levels._replace(servers=())
    return BrokerLevels(f"{levels.name} and {floor[1]}", (), levels.call_pct, floor[0])


def _levels(preset: Preset, account_type: str | None) -> BrokerLevels:
    broker = preset.broker
    if broker is None:
        message = f"{preset.name} is not a broker"
        raise ValueError(message)
    found = None if account_type is None else broker.account(account_type)
    call = broker.margin_call_pct.value if found is None else found.margin_call_pct.value
    stop_out = broker.stop_out_pct.value if found is None else found.stop_out_pct.value
    servers = broker.servers.value
    return BrokerLevels(preset.name, () if servers is None else servers, call, stop_out)


def other_servers(presets: tuple[Preset, ...], sections: ConfigFile) -> list[str]:
    """Sentences about brokers whose servers are not called like the account's."""
    server = sections.account.server
    found = []
    for preset in presets:
        names = None if preset.broker is None else preset.broker.servers.value
        if server is None or names is None or server.casefold().startswith(tuple(name.casefold() for name in names)):
            continue
        like = f"{preset.name} ({', '.join(names)}…)"
        found.append(f"the server '{server}' is not named like those of {like}: is it yours?")
    return found


def check_account_type(presets: tuple[Preset, ...], sections: ConfigFile) -> list[Fault]:
    """An account type that no extended broker has."""
    account = sections.account
    if account.type is None or sections.levels is not None:
        return []
    brokers = [preset.broker for preset in presets if preset.broker is not None]
    where = "account.type"
    if not brokers:
        return [Fault(where, 'needs its broker: extends = ["brokers/…"].')]
    names = [found.name for broker in brokers for found in broker.accounts]
    if any(broker.account(account.type) is not None for broker in brokers):
        return []
    sentence = f"{brokers[0].name} has no account type '{account.type}'; {did_you_mean(account.type, names)}"
    return [Fault(where, sentence)]
