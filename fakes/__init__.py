"""A simulated broker and terminal for the demo and for tests. Nothing here ever reaches a real account."""
