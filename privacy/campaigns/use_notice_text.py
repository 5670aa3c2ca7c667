"""What the yearly notice says (Decree art. 15-3(3)): purposes and items, recipients with theirs, and where to see more.

It is made of the policy in force, which names recipients by consent. What agencies were given by the laws on
communications is left out, as the Decree says (art. 15-3(3)2): the policy does not name them.
"""

from collections.abc import Iterator
from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.policies import policy_document
from privacy.policies.models import Officer, PolicyVersion

LANGUAGES = ("ko", "en")


def about(year: int) -> str:
    """Return what the campaign of a year is about."""
    return f"campaigns.use-notice:{year}"


def compose(version: PolicyVersion, on: date) -> tuple[dict[str, str], dict[str, str]]:
    """Return the title and the text of the notice of a day in both languages."""
    document = policy_document.published_document(version)
    officer = Officer.objects.on(on)
    title, text = {}, {}
    for language in LANGUAGES:
        with override(language):
            title[language] = _("How we use and provide your personal information (%(year)s)") % {"year": on.year}
            text[language] = "\n\n".join(_paragraphs(document, officer, language))
    return title, text


def _paragraphs(document: policy_document.Document, officer: Officer | None, language: str) -> Iterator[str]:
    categories = policy_document.listed_rows(document, "items")
    purposes = {row["code"]: row["name"][language] for row in policy_document.listed_rows(document, "purposes")}
    items = {item["code"]: item["name"][language] for row in categories for item in row["items"]}
    yield _("Once a year we tell you how your personal information is used and provided.")
    yield _("What we collect, and for what:")
    for row in categories:
        yield "• " + _("%(category)s: %(items)s. Purpose: %(purposes)s.") % {
            "category": row["name"][language],
            "items": ", ".join(item["name"][language] for item in row["items"]),
            "purposes": ", ".join(purposes[code] for code in row["purposes"] if code in purposes),
        }
    yield _("Who receives it with your consent:")
    recipients = policy_document.listed_rows(document, "recipients")
    if not recipients:
        yield "• " + _("The privacy policy names nobody.")
    for row in recipients:
        yield "• " + _("%(recipient)s: %(items)s. Purpose: %(purpose)s.") % {
            "recipient": row["name"][language],
            "items": ", ".join(items.get(code, code) for code in row["items"]),
            "purpose": row["purpose"][language],
        }
    address = f"{settings.PORTAL_URL}{reverse('rights:guide')}"
    yield _("You can view what we hold about you and to whom it was provided: %(address)s") % {"address": address}
    if officer is not None:
        words = {"phone": officer.phone, "mail": officer.email}
        contact = _("%(phone)s or %(mail)s") % words if officer.email else officer.phone
        yield _("If you don't want this yearly notice, tell us: %(contact)s") % {"contact": contact}
