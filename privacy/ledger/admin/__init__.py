"""The auditor's part of the console: entries, access records, the state of sealing, reviews."""

import auditlog.admin  # noqa: F401 - registers the capture table, which nobody shall see

from privacy.ledger.admin import entries, reviews, sealing

__all__ = ["entries", "reviews", "sealing"]
