"""What the yearly notice says (Decree art. 15-3(3)): purposes and items, recipients with theirs, and where to see more.

It is made of the policy in force, which names recipients by consent. What agencies were given by the laws on
communications is left out, as the Decree says (art. 15-3(3)2): the policy does not name them.
"""

from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.policies import message_templates, policy_document
from privacy.policies.models import Officer, PolicyVersion

LANGUAGES = ("ko", "en")


def about(year: int) -> str:
    """Return what the campaign of a year is about."""
    return f"campaigns.use-notice:{year}"


def compose(version: PolicyVersion, on: date) -> tuple[str, dict[str, str], dict[str, str]]:
    """Return the version of the template, and the title and text of the notice of a day in both languages."""
    document = policy_document.published_document(version)
    officer = Officer.objects.on(on)
    words = message_templates.in_force("campaigns.use")
    title, text = {}, {}
    for language in LANGUAGES:
        with override(language):
            values = {"year": str(on.year), **_values(document, officer, language)}
            title[language] = words.fill("title", values, language=language)
            text[language] = words.fill("text", values, language=language)
    return words.version, title, text


def _values(document: policy_document.Document, officer: Officer | None, language: str) -> dict[str, str]:
    categories = policy_document.listed_rows(document, "items")
    purposes = {row["code"]: row["name"][language] for row in policy_document.listed_rows(document, "purposes")}
    items = {item["code"]: item["name"][language] for row in categories for item in row["items"]}
    collected = [
        "• "
        + _("%(category)s: %(items)s. Purpose: %(purposes)s.")
        % {
            "category": row["name"][language],
            "items": ", ".join(item["name"][language] for item in row["items"]),
            "purposes": ", ".join(purposes[code] for code in row["purposes"] if code in purposes),
        }
        for row in categories
    ]
    received = [
        "• "
        + _("%(recipient)s: %(items)s. Purpose: %(purpose)s.")
        % {
            "recipient": row["name"][language],
            "items": ", ".join(items.get(code, code) for code in row["items"]),
            "purpose": row["purpose"][language],
        }
        for row in policy_document.listed_rows(document, "recipients")
    ]
    return {
        "collected": "\n\n".join(collected),
        "recipients": "\n\n".join(received) or "• " + _("The privacy policy names nobody."),
        "rights_page": f"{settings.PORTAL_URL}{reverse('rights:guide')}",
        "contact": _contact(officer),
    }


def _contact(officer: Officer | None) -> str:
    if officer is None:
        return settings.PORTAL_URL
    words = {"phone": officer.phone, "mail": officer.email}
    return _("%(phone)s or %(mail)s") % words if officer.email else officer.phone
