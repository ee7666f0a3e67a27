"""Ways out: one file a kind of channel. Only the notifier process and ``guard notify test`` load them."""
