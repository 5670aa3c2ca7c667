"""The words that this app writes into the ledger; never renamed."""

from enum import StrEnum


class Event(StrEnum):
    AGREED = "consents.decision.agreed"
    DISAGREED = "consents.decision.disagreed"
    WITHDRAWN = "consents.decision.withdrawn"
    CODE_ISSUED = "consents.code.issued"
    TEXT_DRAFTED = "consents.text.drafted"
    TEXT_REVISED = "consents.text.revised"
    TEXT_DISCARDED = "consents.text.discarded"
    TEXT_PUBLISHED = "consents.text.published"
    REPRESENTATIVES_REMOVED = "consents.representatives.removed"
    DESTRUCTION_PLANNED = "consents.destruction.planned"
    DESTRUCTION_STOPPED = "consents.destruction.stopped"
    DESTRUCTION_CONTINUED = "consents.destruction.continued"
    DESTRUCTION_DROPPED = "consents.destruction.dropped"
    DESTRUCTION_TOLD = "consents.destruction.told"
    ENDED_COLLECTION = "consents.collection.ended"
    COUNTED = "consents.decisions.counted"
    CONFIRMATION_QUEUED = "consents.confirmation.queued"
    CONFIRMATION_ASKED = "consents.confirmation.asked"
    NOTICE_SENT = "consents.notice.sent"
    NOTICE_UNREACHABLE = "consents.notice.unreachable"
    NOTICE_RETURNED = "consents.notice.returned"
    NOTICE_DROPPED = "consents.notice.dropped"
    NOTICES_RETRIED = "consents.notices.retried"
