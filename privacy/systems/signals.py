"""What this app tells those above it."""

from django.dispatch import Signal

# A task has ended, with proof or without: sent in the transaction of its end, with ``task`` and ``at``.
task_ended = Signal()
