from enum import StrEnum


class Event(StrEnum):
    """Words of the ledger for the API of the office."""

    TOKEN_ISSUED = "office_api.token.issued"  # noqa: S105 - a word, not a token
    CLIENT_REGISTERED = "office_api.client.registered"
    CREDENTIAL_REVOKED = "office_api.credential.revoked"
    CALLED = "office_api.call.made"
    WEBHOOK_ASKED = "office_api.webhook.asked"
    WEBHOOK_APPROVED = "office_api.webhook.approved"
    WEBHOOK_REFUSED = "office_api.webhook.refused"
    WEBHOOK_ENDED = "office_api.webhook.ended"
    WEBHOOK_SECRET_SHOWN = "office_api.webhook-secret.shown"  # noqa: S105 - a word, not a secret
    WEBHOOK_SECRET_RENEWED = "office_api.webhook-secret.renewed"  # noqa: S105
    WEBHOOK_OLD_SECRET_ENDED = "office_api.webhook-secret.ended"  # noqa: S105
    WEBHOOK_SUSPENDED = "office_api.webhook.suspended"
    WEBHOOK_RESUMED = "office_api.webhook.resumed"
    EVENTS_REPLAYED = "office_api.events.replayed"
    DELIVERY_DIED = "office_api.delivery.died"
    DELIVERY_SENT_AGAIN = "office_api.delivery.sent-again"
    DELIVERY_DISCARDED = "office_api.delivery.discarded"
