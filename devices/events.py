"""The words that this app writes into the ledger; never renamed."""

from enum import StrEnum


class Event(StrEnum):
    REGISTERED = "devices.device.registered"
    UPDATED = "devices.device.updated"
    CORRECTED = "devices.device.corrected"
    REPETITION_IGNORED = "devices.repetition.ignored"
    REMOVED = "devices.device.removed"
    LICENCE_RECORDED = "devices.licence.recorded"
    LICENCE_RENEWED = "devices.licence.renewed"
    SERVICE_ENDED = "devices.service.ended"
    REPORTS_STORED = "devices.reports.stored"
    REPORTS_REMOVED = "devices.reports.removed"
    REPORTS_CORRECTED = "devices.reports.corrected"
    ERROR_SETTLED = "devices.error.settled"
    MONTH_DROPPED = "devices.month.dropped"
    STATISTICS_COUNTED = "devices.statistics.counted"
    GATEWAY_REGISTERED = "devices.gateway.registered"
    GATEWAY_CLOSED = "devices.gateway.closed"
    TOKEN_ISSUED = "devices.token.issued"  # noqa: S105 - a word of the ledger
    TOKEN_APPROVED = "devices.token.approved"  # noqa: S105
    TOKEN_ROTATED = "devices.token.rotated"  # noqa: S105
    DEVICE_KEY_SET = "devices.key.set"
    DEVICE_KEY_REMOVED = "devices.key.removed"
    SIGNATURE_REFUSED = "devices.signature.refused"
    TOKEN_REVOKED = "devices.token.revoked"  # noqa: S105
    IMPORT_PREVIEWED = "devices.import.previewed"
    IMPORT_CONFIRMED = "devices.import.confirmed"
    IMPORT_CONTINUED = "devices.import.continued"
    IMPORT_DISCARDED = "devices.import.discarded"
    IMPORT_COMPLETED = "devices.import.completed"
    PERMISSION_REGISTERED = "devices.permission.registered"
    PERMISSION_ENDED = "devices.permission.ended"
    CHALLENGED = "devices.challenge.asked"
    CHALLENGE_CONFIRMED = "devices.challenge.confirmed"
    CHALLENGE_DENIED = "devices.challenge.denied"
