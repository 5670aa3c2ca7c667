"""What the office can do with a person's registration, and with the doors that people open with a code::

from privacy.subjects import actions as subjects
subjects.end_service(subject, ended_on=…, actor=gate, at=at)
"""

from privacy.subjects.actions.code_check import WrongCode, check_code, delete_old_attempts
from privacy.subjects.actions.hourly_limits import address_index, require_below_limit
from privacy.subjects.actions.registration import (
    ContradictoryDates,
    RegistrationEnded,
    SubjectDestroyed,
    correct_contact,
    end_service,
    find_false_identity,
    index_contacts,
    mark_destroyed,
    mark_withdrawn,
    record_contact,
    register,
    remove_contacts,
    resume_registration,
    resume_service,
)

__all__ = [
    "ContradictoryDates",
    "RegistrationEnded",
    "SubjectDestroyed",
    "WrongCode",
    "address_index",
    "check_code",
    "correct_contact",
    "delete_old_attempts",
    "end_service",
    "find_false_identity",
    "index_contacts",
    "mark_destroyed",
    "mark_withdrawn",
    "record_contact",
    "register",
    "remove_contacts",
    "require_below_limit",
    "resume_registration",
    "resume_service",
]
