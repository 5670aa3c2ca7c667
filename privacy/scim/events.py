from enum import StrEnum


class Event(StrEnum):
    """Words of the ledger for the provisioning of accounts."""

    CALLED = "scim.call.made"
    CREDENTIAL_ASKED = "scim.credential.asked"
    CREDENTIAL_APPROVED = "scim.credential.approved"
    CREDENTIAL_REVOKED = "scim.credential.revoked"
    PROVISIONED = "scim.account.provisioned"
    RENUMBERED = "scim.account.renumbered"
    REMOVED = "scim.account.removed"
