"""The form of a partial destruction (law D-07): what of it went, what is kept and why, and who watches over it."""

from datetime import datetime

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.ledger.actors import Actor
from privacy.ledger.exports import document_issuance
from privacy.lib.display import badges
from privacy.retention.certificates import statement_texts
from privacy.retention.models import PaperDestruction


def issue_partial_form(paper: PaperDestruction, *, language: str = "ko", actor: Actor, at: datetime) -> bytes:
    """Return the form of a partial destruction as PDF in a language."""
    with override(language):
        payload = _payload(paper)
    return document_issuance.issue_sheet(
        payload, kind="partial-destruction", number=paper.reference, language=language, made_at=paper.recorded_at,
        actor=actor, at=at,
    )  # fmt: skip


def _payload(paper: PaperDestruction) -> dict[str, object]:
    entry = paper.register_entry
    whole = [
        [_label("contents"), paper.contents],
        [_label("medium"), str(paper.get_medium_display())],
        [_label("created_from"), badges.date_text(paper.created_from) if paper.created_from else "–"],
        [_label("created_until"), badges.date_text(paper.created_until) if paper.created_until else "–"],
        [_label("amount"), f"{paper.amount} {paper.amount_unit}"],
        [_label("reason"), paper.reason],
        [_("Entry of the destruction register"), str(entry.number)],
    ]
    destroyed = [
        [_label("method"), str(paper.get_method_display())],
        [_label("destroyed_on"), badges.date_text(paper.destroyed_on)],
        [_label("place"), paper.place],
    ]
    said = {name: getattr(paper, name) for name in ("executor", "witness", "supervisor")}
    people = {
        name: statement_texts.describe_participant(who, stated_by=paper.recorded_by) if who else "–"
        for name, who in said.items()
    }
    part = [
        [capfirst(label), people["supervisor"] if text == paper.supervisor else text]
        for label, text in paper.rows_of_part()
    ]
    return {
        "title": _("Record of a partial destruction"),
        "subtitle": _("Standards for safety measures, art. 13(2)"),
        "reference": paper.reference,
        "blocks": [
            {"kind": "heading", "text": _("File or medium")},
            {"kind": "fields", "rows": whole},
            {"kind": "heading", "text": _("What was destroyed and what is kept")},
            {"kind": "fields", "rows": part},
            {"kind": "heading", "text": _("How it was destroyed")},
            {"kind": "fields", "rows": destroyed},
            {
                "kind": "signature",
                "rows": [
                    _("Carried out by: %(who)s") % {"who": people["executor"]},
                    _("Witness: %(who)s") % {"who": people["witness"]},
                    _("Supervised by: %(who)s") % {"who": people["supervisor"]},
                    _("Head of department: %(who)s") % {"who": entry.department_head or "–"},
                ],
            },
        ],
    }


def _label(field: str) -> str:
    return capfirst(str(PaperDestruction._meta.get_field(field).verbose_name))  # type: ignore[union-attr]
