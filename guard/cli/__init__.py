"""The command line: one file a command, each with ``register(app)``; ``main`` loads only the one that was named."""
