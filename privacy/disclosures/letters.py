"""What a notice says, by e-mail, webhook or letter. Only the letter and the webhook carry the corrected values."""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.disclosures.contents import Content
from privacy.disclosures.models import Notice, ThirdParty
from privacy.disclosures.tokens import token_of
from privacy.lib import canonical, clock, pdf
from privacy.policies import rulebook
from privacy.policies.models.language import in_language


def link(notice: Notice) -> str:
    """Return the address at which the recipient acknowledges the notice."""
    prefix = "" if notice.third_party.language == "ko" else f"/{notice.third_party.language}"
    return f"{settings.PORTAL_URL}{prefix}/ack/{token_of(notice.id)}/"


def item_names(notice: Notice, *, language: str) -> list[str]:
    """Return the policy's names of the items of a notice, in a language."""
    rules = rulebook.in_force(clock.kst_date(notice.queued_at))
    known = rules.categories[notice.category].items if notice.category in rules.categories else {}
    return [in_language(known[item], "name", language) if item in known else item for item in notice.items]


def mail_context(notice: Notice) -> dict[str, Any]:
    """Return what the e-mail says: which provision, which items, what to do. No value of personal data."""
    return {
        "notice": notice,
        "recipient": notice.third_party.title,
        "items": item_names(notice, language=notice.third_party.language),
        "disclosures": notice.disclosures,
        "what": said(notice, language=notice.third_party.language),
        "corrected": notice.kind == Notice.Kind.CORRECTED,
        "link": link(notice),
    }


def mail_subject(notice: Notice) -> str:
    """Return the subject line: references only."""
    return f"{title(notice, language=notice.third_party.language)} {notice.reference}"


def title(notice: Notice, *, language: str) -> str:
    """Return what kind of notice it is."""
    with override(language):
        return {
            Notice.Kind.CORRECTED: _("Notice of corrected personal information"),
            Notice.Kind.ERASED: _("Notice of erased personal information"),
            Notice.Kind.WITHDRAWN: _("Notice of a withdrawn consent"),
        }[Notice.Kind(notice.kind)]


def said(notice: Notice, *, language: str) -> str:
    """Return what happened, and what the recipient is asked to do."""
    with override(language):
        return {
            Notice.Kind.CORRECTED: _(
                "Personal information that we provided to you was wrong and has been corrected. Please correct it in "
                "your records and do not use the earlier value."
            ),
            Notice.Kind.ERASED: _(
                "Personal information that we provided to you was erased here at the data subject's request. Please "
                "erase it in your records unless a law obliges you to keep it."
            ),
            Notice.Kind.WITHDRAWN: _(
                "The data subject withdrew the consent on which we provided personal information to you. Please stop "
                "using it and destroy it unless a law obliges you to keep it."
            ),
        }[Notice.Kind(notice.kind)]


def webhook_body(notice: Notice, values: Sequence[Content]) -> bytes:
    """Return the canonical JSON that a webhook gets; the same notice gives the same bytes."""
    return canonical.dumps(
        {
            "notice": notice.reference,
            "kind": notice.kind,
            "case": notice.case_reference,
            "disclosures": notice.disclosures,
            "subject": str(notice.subject_id),
            "category": notice.category,
            "items": notice.items,
            "corrected": [{"item": c.item, "record": str(c.record_id), "value": c.value} for c in values],
            "acknowledge": link(notice),
        }
    ).encode()


def webhook_key(party: ThirdParty) -> str:
    """Return the key with which a recipient checks our webhooks; a new webhook address gets a new one."""
    return salted_hmac(
        "privacy.disclosures.webhook", f"{party.id}:{party.webhook_generation}", algorithm="sha256"
    ).hexdigest()


def signature(party: ThirdParty, *, stamp: str, body: bytes) -> str:
    """Return the HMAC-SHA-256 over ``<unix seconds>.<body>``, as many webhook receivers expect it."""
    return hmac.new(webhook_key(party).encode(), stamp.encode() + b"." + body, "sha256").hexdigest()


def letter(notice: Notice, values: Sequence[Content], *, at: datetime) -> bytes:
    """Return the notice as a PDF letter in the recipient's language."""
    language = notice.third_party.language
    with override(language):
        names = dict(zip(notice.items, item_names(notice, language=language), strict=True))
        blocks: list[dict[str, Any]] = [
            {
                "kind": "fields",
                "rows": [
                    [_("To"), f"{notice.third_party.title}\n{notice.third_party.postal_address}"],
                    [_("Our provision"), ", ".join(notice.disclosures)],
                    [_("Case"), notice.case_reference],
                    [_("Data subject"), str(notice.subject_id)],
                    [_("Items"), ", ".join(names.values())],
                ],
            },
            {"kind": "text", "text": said(notice, language=language)},
        ]
        if values:
            blocks.append(
                {
                    "kind": "table",
                    "caption": _("Corrected information"),
                    "columns": [_("Item"), _("Corrected value")],
                    "rows": [[names.get(c.item, c.item), _text(c.value)] for c in values],
                }
            )
        blocks.append({"kind": "text", "text": _("Please confirm at %(link)s") % {"link": link(notice)}})
        payload = {"title": mail_subject(notice), "reference": notice.reference, "blocks": blocks}
    return pdf.render("sheet", payload, language=language, made_at=at)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical.dumps(value)
