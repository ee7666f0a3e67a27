"""step: snapshot, state and policy in; verdicts, new state and notices out. Pure."""
