"""What a notice says, by e-mail, webhook or letter. Only the letter and the webhook carry the corrected values."""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.disclosures import item_values, proof_texts
from privacy.disclosures.acknowledgement_tokens import token_of
from privacy.disclosures.item_values import ItemValue
from privacy.disclosures.models import Notice, ThirdParty
from privacy.ledger.actors import Actor
from privacy.ledger.exports import document_issuance
from privacy.lib.crypto import canonical_json
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.policies.models.localized_fields import in_language
from privacy.vault.derived_secrets import derive_secret


def acknowledgement_link(notice: Notice) -> str:
    """Return the address at which the recipient acknowledges the notice."""
    prefix = "" if notice.third_party.language == "ko" else f"/{notice.third_party.language}"
    return f"{settings.PORTAL_URL}{prefix}/ack/{token_of(notice.id)}/"


def subject_reference(notice: Notice) -> str:
    """Return the number by which the file that was handed over calls the person."""
    return item_values.references_of([notice.subject_id])[notice.subject_id]


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
        "person": subject_reference(notice),
        "items": item_names(notice, language=notice.third_party.language),
        "disclosures": notice.disclosures,
        "what": body_text(notice, language=notice.third_party.language),
        "corrected": notice.kind == Notice.Kind.CORRECTED,
        "link": acknowledgement_link(notice),
        "proof": proof_texts.open_proof_of(notice),
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


def body_text(notice: Notice, *, language: str) -> str:
    """Return what happened, and what the recipient is asked to do."""
    with override(language):
        if notice.kind == Notice.Kind.ERASED and notice.partly_kept:
            return _(
                "At the data subject's request, we have erased personal information that we provided to you, except "
                "what a law requires us to keep. We store that separately and use it for nothing else. Please erase "
                "it from your records unless a law requires you to keep it."
            )
        return {
            Notice.Kind.CORRECTED: _(
                "Personal information that we provided to you was wrong and has been corrected. Please correct it in "
                "your records and do not use the earlier value."
            ),
            Notice.Kind.ERASED: _(
                "At the data subject's request, we have erased personal information that we provided to you. Please "
                "erase it from your records unless a law requires you to keep it."
            ),
            Notice.Kind.WITHDRAWN: _(
                "The data subject withdrew the consent on which we provided personal information to you. Please stop "
                "using it, and destroy it unless a law requires you to keep it."
            ),
        }[Notice.Kind(notice.kind)]


def webhook_body(notice: Notice, values: Sequence[ItemValue]) -> bytes:
    """Return the canonical JSON that a webhook gets; the same notice gives the same bytes."""
    return canonical_json.dumps(
        {
            "notice": notice.reference,
            "kind": notice.kind,
            "case": notice.case_reference,
            "disclosures": notice.disclosures,
            "person": subject_reference(notice),
            "subject": str(notice.subject_id),
            "category": notice.category,
            "items": notice.items,
            "partly_kept": notice.partly_kept,
            "corrected": [{"item": c.item, "record": str(c.record_id), "value": c.value} for c in values],
            "acknowledge": acknowledgement_link(notice),
            **proof_texts.asked_by_webhook(notice),
        }
    ).encode()


def webhook_key(party: ThirdParty) -> str:
    """Return the key with which a recipient checks our webhooks; a new webhook address gets a new one."""
    return derive_secret("disclosures.webhook", f"{party.id}:{party.webhook_generation}".encode()).hex()


def signature(party: ThirdParty, *, stamp: str, body: bytes) -> str:
    """Return the HMAC-SHA-256 over ``<unix seconds>.<body>``, as many webhook receivers expect it."""
    return hmac.new(webhook_key(party).encode(), stamp.encode() + b"." + body, "sha256").hexdigest()


def letter_pdf(notice: Notice, values: Sequence[ItemValue], *, actor: Actor, at: datetime) -> bytes:
    """Return the notice as a PDF letter in the recipient's language."""
    language = notice.third_party.language
    with override(language):
        names = dict(zip(notice.items, item_names(notice, language=language), strict=True))
        blocks: list[dict[str, Any]] = [
            {
                "kind": "fields",
                "rows": [
                    [_("To"), f"{notice.third_party.title}\n{notice.third_party.postal_address}"],
                    [_("Disclosure number"), ", ".join(notice.disclosures)],
                    [_("Case"), notice.case_reference],
                    [_("Data subject"), subject_reference(notice)],
                    [_("Items"), ", ".join(names.values())],
                ],
            },
            {"kind": "text", "text": body_text(notice, language=language)},
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
        blocks.append(
            {"kind": "text", "text": _("Please confirm at %(link)s") % {"link": acknowledgement_link(notice)}}
        )
        if (proof := proof_texts.open_proof_of(notice)) is not None:
            blocks.append({"kind": "text", "text": proof_texts.what_is_asked(proof)})
        payload = {"title": mail_subject(notice), "reference": notice.reference, "blocks": blocks}
    return document_issuance.issue_sheet(
        payload,
        kind="recipient-notice",
        number=notice.reference,
        language=language,
        made_at=notice.queued_at,
        actor=actor,
        at=at,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json.dumps(value)
