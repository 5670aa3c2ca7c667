from enum import StrEnum


class Event(StrEnum):
    """Words of the ledger for complaints."""

    RECEIVED = "incidents.complaint.received"
    READ = "incidents.complaint.read"
    ANSWERED = "incidents.complaint.answered"
    SENT = "incidents.complaint.sent"
    REMOVED = "incidents.complaint.removed"
