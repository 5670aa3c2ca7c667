"""What a message of a campaign says and is known by, whether it goes to one person or to many at once."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.utils import translation

from privacy.campaigns import actions as campaigns
from privacy.campaigns import kakao
from privacy.campaigns.models import Campaign, Delivery
from privacy.jobs import outbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.integrations import text_messages
from privacy.lib.integrations.text_messages import KakaoMessage
from privacy.policies.models import Officer

WORKER = SystemActor("campaigns")
DISPUTED_SECONDS = 6 * 60 * 60
# Carriers keep a message for a phone that is off as long as this.
LONGEST = timedelta(hours=72)
# KakaoTalk delivers at once or not at all.
LONGEST_KAKAO = timedelta(hours=6)
ASK_FIRST, ASK_LAST = 5.0, 3_600.0
# A device that shows nothing for a day leaves two of the three days that the law gives a breach to the other ways.
SHOWN_WITHIN = timedelta(hours=24)


# What the message to a number went by, by the kind of its row in the outbox.
WAY_OF = {campaigns.TEXT: Delivery.Way.TEXT, campaigns.KAKAO: Delivery.Way.KAKAO}


class TextAltered(Exception):
    """The text of a notice is not the one that went on record: it goes to nobody."""


def reason(campaign: Campaign) -> str:
    """Why an address is opened."""
    return f"notice {campaign.reference}"


def mail_to_send(campaign: Campaign, language: str, *, at: datetime) -> dict[str, Any]:
    """Return what ``mail`` takes of a campaign's mail in a language."""
    with translation.override(language):
        title, text = campaign.title, campaign.text
    officer = Officer.objects.on(clock.kst_date(at))
    context = {"text": text, "reference": campaign.reference, "officer": officer}
    return {"subject": title, "template": "campaign", "context": context, "language": language}


def text_parts(campaign: Campaign, language: str) -> list[str]:
    """Return the text messages that carry the whole notice; none where they are too many."""
    with translation.override(language):
        return text_messages.parts_of(f"[Extrus] {campaign.title}\n\n{campaign.text}\n\n{campaign.reference}")


def words(kind: str, campaign: Campaign, language: str) -> tuple[list[str], KakaoMessage | None]:
    """Return the messages to a number by a way that carry the whole notice, and what KakaoTalk is told of it.

    No messages where they are too many, or where there is no template for it.
    """
    if kind == campaigns.TEXT:
        return text_parts(campaign, language), None
    said = kakao.message(campaign, language)
    return ([said.text], said) if said else ([], None)


def is_open(kind: str, delivery: Delivery) -> bool:
    """Whether a message to a number is still to go, or under way, by a way."""
    failed_at = delivery.text_failed_at if kind == campaigns.TEXT else delivery.kakao_failed_at
    return delivery.state in Delivery.UNSENT and failed_at is None


def longest(kind: str) -> timedelta:
    """After how long without a report a message has not arrived."""
    return LONGEST if kind == campaigns.TEXT else LONGEST_KAKAO


def text_keys(kind: str, delivery: Delivery, number: str, count: int) -> list[str]:
    """Return what the parts are known by: another number begins anew, so that no phone gets half a notice."""
    prefix = "" if kind == campaigns.TEXT else "kakao-"
    key = f"{prefix}{campaigns.message_key(delivery)}-{sha256(number.encode()).hexdigest()[:8]}"
    return [f"{key}-{place}" for place in range(1, count + 1)]


def not_reported_yet(since: timedelta) -> outbox.RetryLater:
    """Return how long to wait before the provider is asked again: longer, the longer it says nothing."""
    seconds = min(max(since.total_seconds() / 2, ASK_FIRST), ASK_LAST)
    return outbox.RetryLater(seconds, "the provider has not reported yet")


def not_shown_yet(seconds: float) -> outbox.RetryLater:
    return outbox.RetryLater(seconds, "the device has not shown it yet")


def not_its_turn(seconds: float) -> outbox.RetryLater:
    return outbox.RetryLater(seconds, "the campaign is paused, or enough of it went out in this minute")
