"""Verbs of the audit trail. Everybody calls them under the app's name::

from privacy.ledger import actions as ledger
ledger.record(Event.REFUSED, actor=odile, at=at, about=request)
"""

from privacy.ledger.actions.entries import (
    LedgerUnavailable,
    PendingEntry,
    entries_about,
    record,
    record_autocommit,
    record_before,
    record_concurrently,
    record_read,
)
from privacy.ledger.actions.finding_questions import accept_answer, answer_question, ask_account_holder
from privacy.ledger.actions.reconciliation import delete_old_captured_writes, reconcile_writes
from privacy.ledger.actions.registers import (
    NothingToAccept,
    NothingToConfirm,
    accept_refusal,
    adopt_registers,
    announce_columns,
    confirm_adoption,
)
from privacy.ledger.actions.reviews import (
    confirm_review,
    draw_sample,
    explain_finding,
    open_review,
    open_reviews,
    record_overdue_reviews,
    sign_review,
)
from privacy.ledger.actions.scrubs import continue_scrub, start_scrub

__all__ = [
    "LedgerUnavailable",
    "NothingToAccept",
    "NothingToConfirm",
    "PendingEntry",
    "accept_answer",
    "accept_refusal",
    "adopt_registers",
    "announce_columns",
    "answer_question",
    "ask_account_holder",
    "confirm_adoption",
    "confirm_review",
    "continue_scrub",
    "delete_old_captured_writes",
    "draw_sample",
    "entries_about",
    "explain_finding",
    "open_review",
    "open_reviews",
    "reconcile_writes",
    "record",
    "record_autocommit",
    "record_before",
    "record_concurrently",
    "record_overdue_reviews",
    "record_read",
    "sign_review",
    "start_scrub",
]
