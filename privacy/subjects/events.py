"""The words that this app writes into the ledger; never renamed."""

from enum import StrEnum


class Event(StrEnum):
    REGISTERED = "subjects.subject.registered"
    SERVICE_ENDED = "subjects.service.ended"
    SERVICE_RESUMED = "subjects.service.resumed"
    RESUMED = "subjects.subject.resumed"
    WITHDRAWN = "subjects.subject.withdrawn"
    FALSE_IDENTITY_FOUND = "subjects.false-identity.found"
    DESTROYED = "subjects.subject.destroyed"
    CONTACT_RECORDED = "subjects.contact.recorded"
    CONTACT_CORRECTED = "subjects.contact.corrected"
    CONTACT_REPETITION_IGNORED = "subjects.contact.repetition-ignored"
    CONTACTS_INDEXED = "subjects.contacts.indexed"
    CONTACT_CODE_ISSUED = "subjects.contact.code-issued"
    CONTACT_VERIFIED = "subjects.contact.verified"
    CONTACT_PREFERRED = "subjects.contact.preferred"
    CONTACT_ENDED = "subjects.contact.ended"
    CONTACT_CHANGE_TOLD = "subjects.contact.change-told"
    CONTACT_EXPIRED = "subjects.contact.expired"
    CONTACTS_REMOVED = "subjects.contacts.removed"
