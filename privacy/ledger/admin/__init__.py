"""The auditor's part of the console: entries, access records, the state of sealing, reviews."""

from privacy.ledger.admin import checkpoints, entries, findings, reviews

__all__ = ["checkpoints", "entries", "findings", "reviews"]
