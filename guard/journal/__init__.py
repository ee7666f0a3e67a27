"""The journal: what the guard saw, decided and said, append-only and hash-chained. It has exactly one writer."""
