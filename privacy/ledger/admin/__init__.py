"""The auditor's part of the console: entries, access records, the state of sealing, reviews."""

from privacy.ledger.admin import entries, reviews, sealing

__all__ = ["entries", "reviews", "sealing"]
