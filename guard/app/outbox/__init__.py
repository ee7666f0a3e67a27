"""Notices on their way out: what is owed to whom, the process that sends it, and what people ask back.

The journal's notices are the source; ``outbox.db`` beside it remembers what has been sent. Its one writer is the
notifier process, so whatever happens there delays no cycle of the guard.
"""
