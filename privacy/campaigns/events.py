from enum import StrEnum


class Event(StrEnum):
    """Words of the ledger for individual notices."""

    STARTED = "campaigns.campaign.started"
    LISTED = "campaigns.campaign.listed"
    PAUSED = "campaigns.campaign.paused"
    CONTINUED = "campaigns.campaign.continued"
    PACE_SET = "campaigns.campaign.pace-set"
    STOPPED = "campaigns.campaign.stopped"
    LATE = "campaigns.campaign.late"
    FINISHED = "campaigns.campaign.finished"
    SENT = "campaigns.delivery.sent"
    SENT_TOGETHER = "campaigns.deliveries.sent"
    PARKED = "campaigns.delivery.parked"
    UNDELIVERED = "campaigns.delivery.undelivered"
    BOUNCED = "campaigns.delivery.bounced"
    ENDED = "campaigns.delivery.ended"
    TOLD = "campaigns.delivery.told"
    BATCH_MADE = "campaigns.batch.made"
    BATCH_TAKEN = "campaigns.batch.taken"
    BATCH_REPORTED = "campaigns.batch.reported"
    BATCH_CANCELLED = "campaigns.batch.cancelled"
    KAKAO_RECORDED = "campaigns.kakao-template.recorded"
    KAKAO_ENDED = "campaigns.kakao-template.ended"
    USE_NOTICE_REFUSED = "campaigns.use-notice.refused"
    USE_NOTICE_WANTED = "campaigns.use-notice.wanted"
