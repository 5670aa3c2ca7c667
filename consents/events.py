"""The words that this app writes into the ledger; never renamed."""

from enum import StrEnum


class Event(StrEnum):
    AGREED = "consents.decision.agreed"
    DISAGREED = "consents.decision.disagreed"
    WITHDRAWN = "consents.decision.withdrawn"
    TEXT_DRAFTED = "consents.text.drafted"
    TEXT_REVISED = "consents.text.revised"
    TEXT_DISCARDED = "consents.text.discarded"
    TEXT_PUBLISHED = "consents.text.published"
    REPRESENTATIVES_REMOVED = "consents.representatives.removed"
    ENDED_COLLECTION = "consents.collection.ended"
    COUNTED = "consents.decisions.counted"
    CONFIRMATION_ASKED = "consents.confirmation.asked"
    NOTICE_SENT = "consents.notice.sent"
    NOTICE_UNREACHABLE = "consents.notice.unreachable"
