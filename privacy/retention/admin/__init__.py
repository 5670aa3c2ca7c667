"""Retention in the officer's console, split by noun."""

from privacy.retention.admin import (
    archive,
    certificates,
    clock_anomalies,
    destruction_lists,
    destruction_runs,
    finality,
    holds,
    paper_destruction,
    predictions,
    reconciliation,
    register,
)

__all__ = [
    "archive",
    "certificates",
    "clock_anomalies",
    "destruction_lists",
    "destruction_runs",
    "finality",
    "holds",
    "paper_destruction",
    "predictions",
    "reconciliation",
    "register",
]
