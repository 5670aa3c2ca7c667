"""A notice by KakaoTalk (알림톡): a template that Kakao approved, with the whole notice in its variables (0412).

Such a message may inform and never advertise. So only the kinds of notices that the law has the office send have
templates. What goes out is the approved text with its variables filled in, and nothing else.
"""

import re
from collections.abc import Mapping
from hashlib import sha256

from django.utils import translation

from privacy.campaigns.events import Event
from privacy.campaigns.models import Campaign, KakaoTemplate
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.integrations import text_messages
from privacy.lib.integrations.text_messages import KakaoMessage

# Each has to be in a template: what a notice says must reach the person whole (law B-03).
TITLE, TEXT, REFERENCE = "제목", "내용", "통지번호"
VARIABLES = (TITLE, TEXT, REFERENCE)
VARIABLE = re.compile(r"#\{([^{}]*)\}")
# What Kakao takes, in signs, with the variables filled in.
LONGEST = 1_000


def message(campaign: Campaign, language: str) -> KakaoMessage | None:
    """Return what goes to people who read a language.

    Nothing where no channel is set, where no template of this kind is in force or one was altered, and where the notice
    is too long.
    """
    if not text_messages.are_sent_by_kakao():
        return None
    template = KakaoTemplate.objects.filter(ended_at=None, kind=campaign.kind, language=language).first()
    if template is None or not is_intact(template):
        return None
    with translation.override(language):
        values = {TITLE: campaign.title, TEXT: campaign.text, REFERENCE: campaign.reference}
    said = filled(template.text, values)
    return KakaoMessage(template.code, values, said) if len(said) <= LONGEST else None


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return an approved text with its variables, each replaced once."""
    return VARIABLE.sub(lambda found: values[found[1]], text)


def digest_of(template: KakaoTemplate) -> str:
    """Return the SHA-256 of what Kakao approved."""
    return sha256(f"{template.code}\n{template.kind}\n{template.language}\n{template.text}".encode()).hexdigest()


def is_intact(template: KakaoTemplate) -> bool:
    """Whether a template is still what was recorded of it."""
    about = f"campaigns.kakaotemplate:{template.pk}"
    first = Entry.objects.filter(about=about, word=Event.KAKAO_RECORDED).order_by("id").first()
    return first is not None and facts_in(first.payload).get("digest") == digest_of(template)
