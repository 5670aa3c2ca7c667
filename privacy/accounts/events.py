from enum import StrEnum


class Event(StrEnum):
    """Words of the ledger for accounts and access."""

    USER_CREATED = "accounts.user.created"
    USER_DEACTIVATED = "accounts.user.deactivated"
    SIGNED_IN = "accounts.session.signed-in"
    SIGNED_OUT = "accounts.session.signed-out"
    SIGN_IN_FAILED = "accounts.session.failed"
    GRANTED = "accounts.access.granted"
    REVOKED = "accounts.access.revoked"
