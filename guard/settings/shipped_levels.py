"""Margin levels of the shipped brokers. Written from their presets by ``guard.settings.generated``."""

from typing import Final

from guard.metrics.account import BrokerLevels

SHIPPED: Final[tuple[BrokerLevels, ...]] = (
    BrokerLevels("brokers/amarkets", ("AMarkets-",), None, 20.0),
    BrokerLevels("brokers/avatrade", ("Ava-", "AvaTrade-"), None, 50.0),
    BrokerLevels("brokers/exness", ("Exness-",), 60.0, 0.0),
    BrokerLevels("brokers/fbs", ("FBS-",), 40.0, 20.0),
    BrokerLevels("brokers/justmarkets", ("JustMarkets-",), 40.0, 20.0),
    BrokerLevels("brokers/stptrading", ("STPTrading-",), None, None),
    BrokerLevels("brokers/xm", ("XMGlobal-", "XM-", "XM.COM-"), 50.0, 20.0),
)
