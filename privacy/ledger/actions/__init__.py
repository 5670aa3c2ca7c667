"""Verbs of the audit trail. Everybody calls them under the app's name::

from privacy.ledger import actions as ledger
ledger.record(Event.REFUSED, actor=odile, at=at, about=request)
"""

from privacy.ledger.actions.pairing import forget_old_touches, pair_touches
from privacy.ledger.actions.recording import (
    LedgerUnavailable,
    Recording,
    entries_about,
    record,
    record_first,
    record_meanwhile,
    record_read,
)
from privacy.ledger.actions.reviewing import (
    confirm_review,
    draw_sample,
    explain_finding,
    open_review,
    open_reviews,
    set_months_of_period,
    sign_review,
    tell_overdue,
)
from privacy.ledger.actions.scrubbing import begin_scrub, go_on_scrubbing

__all__ = [
    "LedgerUnavailable",
    "Recording",
    "begin_scrub",
    "confirm_review",
    "draw_sample",
    "entries_about",
    "explain_finding",
    "forget_old_touches",
    "go_on_scrubbing",
    "open_review",
    "open_reviews",
    "pair_touches",
    "record",
    "record_first",
    "record_meanwhile",
    "record_read",
    "set_months_of_period",
    "sign_review",
    "tell_overdue",
]
