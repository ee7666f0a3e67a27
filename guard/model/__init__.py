"""Words and values: frozen records without behaviour. Nothing here reads a clock, a file or the network."""
