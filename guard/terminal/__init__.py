"""The MetaTrader 5 terminal, read by a worker process of its own because the vendor package can hang for ever."""
