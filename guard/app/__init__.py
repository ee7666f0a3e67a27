"""Wiring: the home folder, the account's lock, the loop, and the one place where the parts are put together."""
