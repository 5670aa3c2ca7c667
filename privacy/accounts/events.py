from enum import StrEnum


class Event(StrEnum):
    """Words of the ledger for accounts and access."""

    USER_CREATED = "accounts.user.created"
    USER_DEACTIVATED = "accounts.user.deactivated"
    SIGNED_IN = "accounts.session.signed-in"
    SIGNED_OUT = "accounts.session.signed-out"
    SIGN_IN_FAILED = "accounts.session.failed"
    ASKED = "accounts.access.asked"
    APPROVED = "accounts.request.approved"
    REFUSED = "accounts.request.refused"
    WITHDRAWN = "accounts.request.withdrawn"
    SESSION_ENDED = "accounts.session.ended"
    SIGN_IN_DELAYED = "accounts.session.delayed"
    CONFIRMED = "accounts.session.confirmed"
    BROWSER_SEEN = "accounts.browser.seen"
    IDENTITY_LINKED = "accounts.identity.linked"
    FACTOR_ADDED = "accounts.factor.added"
    FACTOR_REMOVED = "accounts.factor.removed"
    FACTOR_FAILED = "accounts.factor.failed"
    FACTORS_RESET = "accounts.factor.reset"
    PASSWORD_CHANGED = "accounts.password.changed"  # noqa: S105 - a word, not a password
    GRANTED = "accounts.access.granted"
    CHANGED = "accounts.access.changed"
    REVOKED = "accounts.access.revoked"
    REVIEW_OPENED = "accounts.review.opened"
    REVIEW_SIGNED = "accounts.review.signed"
    REVIEW_OVERDUE = "accounts.review.overdue"
    GRANT_CONFIRMED = "accounts.grant.confirmed"
    GRANT_DENIED = "accounts.grant.not-confirmed"
    GRANTS_FORGOTTEN = "accounts.grants.forgotten"
