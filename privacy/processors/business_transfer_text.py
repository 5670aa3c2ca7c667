"""What people are told of a transfer of the business: fact, receiver, how to object (PIPA art. 27(1) nos. 1 to 3)."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from privacy.policies import message_templates, wording
from privacy.policies.message_templates import LANGUAGES
from privacy.processors.models import BusinessTransfer

CODE = "processors.business-transfer"


def compose(row: BusinessTransfer) -> tuple[str, dict[str, str], dict[str, str]]:
    """Return the version of the template, and the title and text in each language."""
    words = message_templates.in_force(CODE)
    title, text = {}, {}
    for language in LANGUAGES:
        with override(language):
            values = _values(row, language)
            title[language] = words.fill("title", values, language=language)
            text[language] = words.fill("text", values, language=language)
    return words.version, title, text


def _values(row: BusinessTransfer, language: str) -> dict[str, str]:
    english = language == "en"
    return {
        "kind": str(row.get_kind_display()),
        "day": wording.day_in_words(row.transfer_on.isoformat()),
        "receiver": row.party_en if english else row.party_ko,
        "address": row.address_en if english else row.address_ko,
        "telephone": row.phone,
        "other_contact": row.contact,
        "objection": row.objection_en if english else row.objection_ko,
        "rights_page": f"{settings.PORTAL_URL}{reverse('rights:guide')}",
    }
