"""What the office can do with a person's registration, and with the doors that people open with a code::

from privacy.subjects import actions as subjects
subjects.end_service(subject, ended_on=…, actor=gate, at=at)
"""

from privacy.subjects.actions.doors import WrongCode, check_code, forget_tries, source_index
from privacy.subjects.actions.registering import (
    AlreadyDestroyed,
    ContradictoryDates,
    NotActive,
    correct_contact,
    end_service,
    find_false_identity,
    mark_destroyed,
    mark_withdrawn,
    record_contact,
    register,
    remove_contacts,
    resume_service,
)

__all__ = [
    "AlreadyDestroyed",
    "ContradictoryDates",
    "NotActive",
    "WrongCode",
    "check_code",
    "correct_contact",
    "end_service",
    "find_false_identity",
    "forget_tries",
    "mark_destroyed",
    "mark_withdrawn",
    "record_contact",
    "register",
    "remove_contacts",
    "resume_service",
    "source_index",
]
