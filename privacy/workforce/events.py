from enum import StrEnum


class Event(StrEnum):
    """Words of the ledger for pledges and training."""

    TEXT_DRAFTED = "workforce.text.drafted"
    TEXT_APPROVED = "workforce.text.approved"
    TEXT_DISCARDED = "workforce.text.discarded"
    SIGNED = "workforce.pledge.signed"
    REGISTERED = "workforce.pledge.registered"
    PRINTED = "workforce.pledge.printed"
    PLAN_DRAFTED = "workforce.plan.drafted"
    PLAN_APPROVED = "workforce.plan.approved"
    COURSE_OFFERED = "workforce.course.offered"
    COURSE_ENDED = "workforce.course.ended"
    SESSION_PLANNED = "workforce.session.planned"
    SESSION_CANCELLED = "workforce.session.cancelled"
    QUIZ_FAILED = "workforce.quiz.failed"
    COMPLETED = "workforce.training.completed"
    ATTENDED = "workforce.training.registered"
    CERTIFICATE_READ = "workforce.certificate.read"
    CERTIFICATE_REMOVED = "workforce.certificate.removed"
    LETTER_RECORDED = "workforce.letter.recorded"
    LETTER_READ = "workforce.letter.read"
    LETTER_CONFIRMED = "workforce.letter.confirmed"
    LETTER_REFUSED = "workforce.letter.refused"
    REMINDER_ASKED = "workforce.reminder.asked"
    REMINDED = "workforce.reminder.sent"
