"""TOML to ``Policy``: the only place where a user's words are checked."""
