from enum import StrEnum


class Event(StrEnum):
    """Words of the ledger for individual notices."""

    STARTED = "campaigns.campaign.started"
    LISTED = "campaigns.campaign.listed"
    FINISHED = "campaigns.campaign.finished"
    SENT = "campaigns.delivery.sent"
    PARKED = "campaigns.delivery.parked"
    BOUNCED = "campaigns.delivery.bounced"
    ENDED = "campaigns.delivery.ended"
    TOLD = "campaigns.delivery.told"
    USE_NOTICE_REFUSED = "campaigns.use-notice.refused"
    USE_NOTICE_WANTED = "campaigns.use-notice.wanted"
