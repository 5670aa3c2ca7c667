"""A pledge as PDF: the text as it was signed, who signed, when, and the seal (F-15)."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.lib import badges, pdf
from privacy.workforce import seals
from privacy.workforce.models import Pledge


def pledge_sheet(pledge: Pledge, *, language: str = "ko") -> bytes:
    """Return a pledge as PDF in a language; it says so where the text no longer matches the seal."""
    with override(language):
        return pdf.render("sheet", _payload(pledge, language), language=language, made_at=pledge.signed_at)


def _payload(pledge: Pledge, language: str) -> dict[str, object]:
    text = pledge.text
    until = badges.day_text(pledge.valid_until) if pledge.valid_until else "–"
    fields = [
        [_("Signed by"), f"{pledge.typed_name} ({pledge.user.reference})"],
        [_("Occasion"), str(text.get_occasion_display())],
        [_("Version"), str(text.version)],
        [_("Signed"), badges.moment_text(pledge.signed_at)],
        [_("How"), str(pledge.get_way_display())],
        [_("Valid until"), until],
    ]
    intact = seals.is_intact(pledge)
    blocks: list[dict[str, object]] = []
    if not intact:
        blocks.append({"kind": "note", "text": _("This text does not match its seal: it was altered after signing.")})
    blocks += [
        {"kind": "text", "text": text.words_in(language)},
        {"kind": "fields", "rows": fields},
        {"kind": "digest", "label": _("Seal (SHA-256)"), "value": pledge.seal},
        {"kind": "signature", "rows": [badges.day_text(pledge.signed_on), pledge.typed_name]},
    ]
    return {"title": text.title_in(language), "reference": pledge.reference, "blocks": blocks}
