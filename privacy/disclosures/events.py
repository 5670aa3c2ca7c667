from enum import StrEnum


class Event(StrEnum):
    """Words of the ledger for third parties, disclosures and notices."""

    PARTY_REGISTERED = "disclosures.third-party.registered"
    PARTY_CHANGED = "disclosures.third-party.changed"
    PARTY_RETIRED = "disclosures.third-party.retired"
    WEBHOOK_KEY_SHOWN = "disclosures.webhook-key.shown"
    REQUESTED = "disclosures.disclosure.requested"
    SCAN_ATTACHED = "disclosures.scan.attached"
    SCAN_REMOVED = "disclosures.scan.removed"
    APPROVED = "disclosures.disclosure.approved"
    REFUSED = "disclosures.disclosure.refused"
    PROVIDED = "disclosures.disclosure.provided"
    FILE_FETCHED = "disclosures.file.fetched"
    PASSPHRASE_SHOWN = "disclosures.passphrase.shown"  # noqa: S105 - a word, not a password
    PROVISIONS_REPORTED = "disclosures.provisions.reported"
    REGISTER_EXPORTED = "disclosures.register.exported"
    NOTICE_QUEUED = "disclosures.notice.queued"
    NOTICE_SENT = "disclosures.notice.sent"
    NOTICE_BOUNCED = "disclosures.notice.bounced"
    NOTICE_PARKED = "disclosures.notice.parked"
    NOTICE_RESENT = "disclosures.notice.resent"
    NOTICE_ACKNOWLEDGED = "disclosures.notice.acknowledged"
