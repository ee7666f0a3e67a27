"""The dashboard: a process of its own that reads what a guard writes, and asks through its inbox."""
