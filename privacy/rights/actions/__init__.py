"""What the office can do with a rights request. Import it under the app's name: ``rights.refuse(right, …)``."""

from privacy.lib.papers import BadDocument
from privacy.rights.actions.accessing import download, issue_pickup_code, remove_packages
from privacy.rights.actions.answering import (
    close,
    mark_letter_bounced,
    mark_letter_posted,
    mark_letter_sent,
    note_letter_trouble,
    objections_of,
    park_letter,
)
from privacy.rights.actions.calendar import move_deadlines
from privacy.rights.actions.carrying import begin, carry_out, go_on
from privacy.rights.actions.deciding import assign, end_postponement, grant, grant_partly, postpone, refuse, set_fee
from privacy.rights.actions.evidence import destroy_left, documents, open_document, submit
from privacy.rights.actions.identity import (
    ask_evidence,
    challenge,
    confirmed_by_device,
    reject_identity,
    verify,
    withdraw,
)
from privacy.rights.actions.intake import Asked, Receipt, receive
from privacy.rights.actions.notes import Note, read_notes, write_note
from privacy.rights.actions.objecting import decide_objection, object_to
from privacy.rights.actions.public import enter
from privacy.rights.actions.reading import destroy_files, destroy_particulars, read_objection, read_particulars
from privacy.rights.actions.records import read_record, write_content
from privacy.rights.actions.returning import Returned, note_bounces
from privacy.rights.actions.rewriting import note_missing_words, write_words
from privacy.rights.actions.suspending import resume_processing
from privacy.rights.refusals import (
    AlreadyDecided,
    Changed,
    MissingAuthority,
    MissingReason,
    NoGround,
    NoSuchItem,
    NotConfirmed,
    NothingAsked,
    NotObjectable,
    NotPostponable,
    NotVerified,
    PackageGone,
    SameReviewer,
    UnderWay,
    WrongState,
)

__all__ = [
    "AlreadyDecided",
    "Asked",
    "BadDocument",
    "Changed",
    "MissingAuthority",
    "MissingReason",
    "NoGround",
    "NoSuchItem",
    "NotConfirmed",
    "NotObjectable",
    "NotPostponable",
    "NotVerified",
    "Note",
    "NothingAsked",
    "PackageGone",
    "Receipt",
    "Returned",
    "SameReviewer",
    "UnderWay",
    "WrongState",
    "ask_evidence",
    "assign",
    "begin",
    "carry_out",
    "challenge",
    "close",
    "confirmed_by_device",
    "decide_objection",
    "destroy_files",
    "destroy_left",
    "destroy_particulars",
    "documents",
    "download",
    "end_postponement",
    "enter",
    "go_on",
    "grant",
    "grant_partly",
    "issue_pickup_code",
    "mark_letter_bounced",
    "mark_letter_posted",
    "mark_letter_sent",
    "move_deadlines",
    "note_bounces",
    "note_letter_trouble",
    "note_missing_words",
    "object_to",
    "objections_of",
    "open_document",
    "park_letter",
    "postpone",
    "read_notes",
    "read_objection",
    "read_particulars",
    "read_record",
    "receive",
    "refuse",
    "reject_identity",
    "remove_packages",
    "resume_processing",
    "set_fee",
    "submit",
    "verify",
    "withdraw",
    "write_content",
    "write_note",
    "write_words",
]
