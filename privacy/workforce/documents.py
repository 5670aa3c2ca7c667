"""A pledge as PDF: the text as it was signed, who signed, when, and the seal (F-15)."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.lib.display import badges
from privacy.lib.documents import pdf
from privacy.workforce import integrity
from privacy.workforce.models import Pledge


def pledge_pdf(pledge: Pledge, *, language: str = "ko") -> bytes:
    """Return a pledge as PDF in a language; it says so where the text no longer matches the seal."""
    with override(language):
        return pdf.render("sheet", _payload(pledge, language), language=language, made_at=pledge.signed_at)


def signed_text(pledge: Pledge) -> str:
    """Return when a pledge was signed: the moment in the browser; of paper the day, and when it was registered."""
    if pledge.way == Pledge.Way.BROWSER:
        return badges.datetime_text(pledge.signed_at)
    told = {"day": badges.date_text(pledge.signed_on), "moment": badges.datetime_text(pledge.signed_at)}
    return _("%(day)s, registered %(moment)s") % told


def _payload(pledge: Pledge, language: str) -> dict[str, object]:
    text = pledge.text
    until = badges.date_text(pledge.valid_until) if pledge.valid_until else "–"
    fields = [
        [_("Signed by"), f"{pledge.typed_name} ({pledge.user.reference})"],
        [_("Occasion"), str(text.get_occasion_display())],
        [_("Version"), str(text.version)],
        [_("Signed"), signed_text(pledge)],
        [_("How"), str(pledge.get_way_display())],
        [_("Valid until"), until],
    ]
    intact = integrity.is_intact(pledge)
    blocks: list[dict[str, object]] = []
    if integrity.matches_own_seal(pledge) and integrity.is_past_term(pledge):
        text_of_seal = _("The entry of the audit trail that would confirm this seal is past its retention period.")
        blocks.append({"kind": "note", "text": text_of_seal})
    elif not intact:
        blocks.append({"kind": "note", "text": _("This text does not match its seal: it was altered after signing.")})
    blocks += [
        {"kind": "text", "text": text.words_in(language)},
        {"kind": "fields", "rows": fields},
        {"kind": "digest", "label": _("Seal (SHA-256)"), "value": pledge.seal},
        {"kind": "signature", "rows": [badges.date_text(pledge.signed_on), pledge.typed_name]},
    ]
    return {"title": text.title_in(language), "reference": pledge.reference, "blocks": blocks}
