"""What the office can do with a person's registration, and with the doors that people open with a code::

from privacy.subjects import actions as subjects
subjects.end_service(subject, ended_on=…, actor=gate, at=at)
"""

from privacy.subjects.actions.access_code_attempts import WrongCode, check_code, delete_old_attempts
from privacy.subjects.actions.contact_codes import (
    NotVerifiable,
    delete_old_codes,
    end_change_notice,
    issue_contact_code,
    send_code,
    verify_contact,
)
from privacy.subjects.actions.contacts import (
    MissingDocument,
    NoSuchContact,
    correct_contact,
    end_contact,
    index_contacts,
    prefer_contact,
    record_contact,
    remove_contacts,
    remove_ended_contacts,
)
from privacy.subjects.actions.hourly_limits import address_index, require_below_limit
from privacy.subjects.actions.registration import (
    ContradictoryDates,
    RegistrationEnded,
    SubjectDestroyed,
    end_service,
    find_false_identity,
    mark_destroyed,
    mark_withdrawn,
    register,
    resume_registration,
    resume_service,
)

__all__ = [
    "ContradictoryDates",
    "MissingDocument",
    "NoSuchContact",
    "NotVerifiable",
    "RegistrationEnded",
    "SubjectDestroyed",
    "WrongCode",
    "address_index",
    "check_code",
    "correct_contact",
    "delete_old_attempts",
    "delete_old_codes",
    "end_change_notice",
    "end_contact",
    "end_service",
    "find_false_identity",
    "index_contacts",
    "issue_contact_code",
    "mark_destroyed",
    "mark_withdrawn",
    "prefer_contact",
    "record_contact",
    "register",
    "remove_contacts",
    "remove_ended_contacts",
    "require_below_limit",
    "resume_registration",
    "resume_service",
    "send_code",
    "verify_contact",
]
