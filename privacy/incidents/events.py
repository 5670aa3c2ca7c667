from enum import StrEnum


class Event(StrEnum):
    """Words of the ledger for complaints and incidents."""

    RECEIVED = "incidents.complaint.received"
    ENTERED = "incidents.complaint.entered"
    READ = "incidents.complaint.read"
    ANSWERED = "incidents.complaint.answered"
    SENT = "incidents.complaint.sent"
    REMOVED = "incidents.complaint.removed"
    TARGET_MOVED = "incidents.deadline.moved"
    LINKED = "incidents.complaint.linked"
    RECORDED = "incidents.incident.recorded"
    DESCRIBED = "incidents.incident.described"
    AFFECTED = "incidents.people.added"
    MEASURE_TAKEN = "incidents.measure.taken"
    CONFIRMED = "incidents.breach.confirmed"
    RULED_OUT = "incidents.breach.ruled-out"
    DELAYED = "incidents.notice.delayed"
    NOTIFIED = "incidents.subjects.notified"
    POSTED = "incidents.website.posted"
    REPORTED = "incidents.report.made"
    NOT_REPORTED = "incidents.report.not-needed"
    CLOSING_PROPOSED = "incidents.closing.proposed"
    REOPENED = "incidents.closing.returned"
    CLOSED = "incidents.incident.closed"
