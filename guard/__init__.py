"""MT5 Guard: an integrated risk guard for MetaTrader 5.

This module imports the standard library only, so that ``python -m guard.up`` runs before anything is installed.
"""

__version__ = "0.1.0"
