"""What the words of individual notices on the audit trail say, in a sentence."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

CAMPAIGN_EVENT_DESCRIPTIONS: dict[str, Promise | str] = {
    "campaigns.campaign.started": gettext_lazy("Individual notice started"),
    "campaigns.campaign.listed": gettext_lazy("Recipients of an individual notice listed"),
    "campaigns.campaign.paused": gettext_lazy("Individual notice paused"),
    "campaigns.campaign.continued": gettext_lazy("Individual notice continued"),
    "campaigns.campaign.pace-set": gettext_lazy("Pace of an individual notice set"),
    "campaigns.campaign.stopped": gettext_lazy("Individual notice stopped for good"),
    "campaigns.campaign.late": gettext_lazy("People not notified before the day of an individual notice"),
    "campaigns.campaign.finished": gettext_lazy("Individual notice finished"),
    "campaigns.delivery.sent": gettext_lazy("Person notified by e-mail, by text message or on their device"),
    "campaigns.deliveries.sent": gettext_lazy("People notified, many at once"),
    "campaigns.delivery.undelivered": gettext_lazy("Message of an individual notice did not arrive"),
    "campaigns.delivery.bounced": gettext_lazy("E-mail or letter of an individual notice returned"),
    "campaigns.delivery.parked": gettext_lazy("Message of an individual notice stuck"),
    "campaigns.delivery.ended": gettext_lazy("Notice ended: no data about the person is held any longer"),
    "campaigns.batch.made": gettext_lazy("Batch of letters made"),
    "campaigns.batch.taken": gettext_lazy("Batch of letters handed over"),
    "campaigns.batch.reported": gettext_lazy("Mailing house reported on letters"),
    "campaigns.batch.cancelled": gettext_lazy("Batch of letters taken back"),
    "campaigns.delivery.told": gettext_lazy("Person notified in another way"),
    "campaigns.kakao-template.recorded": gettext_lazy("Template approved by Kakao recorded"),
    "campaigns.kakao-template.ended": gettext_lazy("Template of KakaoTalk notices ended"),
    "campaigns.use-notice.refused": gettext_lazy("Yearly notice of use refused"),
    "campaigns.use-notice.wanted": gettext_lazy("Refusal of the yearly notice withdrawn"),
}
