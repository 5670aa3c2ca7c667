"""The review sheet: what was reviewed, what was noticed, what was explained, who signed (form F-11), as PDF."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.ledger.actors import Actor
from privacy.ledger.exports import document_issuance
from privacy.ledger.models import Entry, Finding, FindingQuestion, Review
from privacy.lib.dates import clock
from privacy.lib.display import badges, display_names


def issue_review_sheet(review: Review, *, language: str = "ko", actor: Actor, at: datetime) -> bytes:
    """Return the sheet of a review as PDF in a language."""
    with override(language):
        payload = _payload(review)
    return document_issuance.issue_sheet(
        payload,
        kind="review-sheet",
        number=review.reference,
        language=language,
        made_at=review.opened_at,
        actor=actor,
        at=at,
    )


def _payload(review: Review) -> dict[str, object]:
    findings = list(review.findings.order_by("rule", "first_at"))
    kinds = dict(Entry._meta.get_field("kind").flatchoices)
    fields = [
        [_("Period"), f"{badges.date_text(review.period_from)} – {badges.date_text(review.period_until)}"],
        [_("Entries"), review.describe_range()],
        [_("Due"), badges.date_text(review.due_on)],
        [_("State"), str(review.get_state_display())],
        *[
            [str(kinds.get(kind, kind)), _("%(entries)s by %(accounts)s accounts") % figures]
            for kind, figures in sorted(review.counted.items())
        ],
    ]
    blocks: list[dict[str, object]] = [
        {"kind": "fields", "rows": fields},
        {"kind": "digest", "label": _("Root of the tree at the end of the period"), "value": review.root or "–"},
        {"kind": "heading", "text": _("Findings")},
        {
            "kind": "table",
            "caption": _("Findings by rule, with explanation and measure"),
            "columns": [_("Rule"), _("Account"), _("Count"), _("From"), _("Explanation"), _("Measure")],
            "rows": [_line(finding) for finding in findings],
            "widths": [3, 2, 1, 2, 4, 3],
        },
        *_questions(review),
        {"kind": "heading", "text": _("Sample")},
        {"kind": "text", "text": ", ".join(str(entry) for entry in review.sample) or "–"},
        {"kind": "text", "text": review.checked or "–"},
        {"kind": "heading", "text": _("Conclusion")},
        {"kind": "text", "text": review.conclusion or "–"},
        {"kind": "signature", "rows": _signatures(review)},
    ]
    return {
        "title": _("Review of access records"),
        "subtitle": f"{badges.date_text(review.period_from)} – {badges.date_text(review.period_until)}",
        "reference": review.reference,
        "landscape": True,
        "blocks": blocks,
    }


def _line(finding: Finding) -> list[str]:
    return [
        str(finding.get_rule_display()),
        _who(finding.account, finding.first_at) if finding.account else "–",
        str(finding.count),
        badges.datetime_text(finding.first_at),
        finding.explanation or _("not explained yet"),
        finding.measure or "–",
    ]


def _questions(review: Review) -> list[dict[str, object]]:
    """Return what account holders were asked and answered; nothing where nobody was asked."""
    asked = FindingQuestion.objects.filter(finding__review=review).select_related("finding")
    rows = [
        [
            str(one.finding.get_rule_display()),
            _who(one.finding.account, one.asked_at),
            f"{one.question} ({_who(one.asked_by, one.asked_at)}, {badges.datetime_text(one.asked_at)})",
            f"{one.answer} ({badges.datetime_text(one.answered_at)})" if one.answered_at else _("not answered"),
            _who(one.accepted_by, one.accepted_at) if one.accepted_at else _("not accepted"),
        ]
        for one in asked.order_by("finding__rule", "asked_at", "pk")
    ]
    if not rows:
        return []
    return [
        {"kind": "heading", "text": _("Asked of account holders")},
        {
            "kind": "table",
            "caption": _("What account holders were asked, and what they answered"),
            "columns": [_("Rule"), _("Account"), _("Question"), _("Answer"), _("Accepted by")],
            "rows": rows,
            "widths": [2, 2, 4, 4, 2],
        },
    ]


def _signatures(review: Review) -> list[str]:
    rows = []
    if review.signed_at:
        rows.append(
            _("Reviewer %(who)s, %(at)s")
            % {"who": _who(review.reviewer, review.signed_at), "at": badges.datetime_text(review.signed_at)}
        )
    if review.confirmed_at:
        confirmed = {
            "who": _who(review.confirmer, review.confirmed_at),
            "at": badges.datetime_text(review.confirmed_at),
        }
        rows.append(_("Confirmed by %(who)s, %(at)s") % confirmed)
    return rows or [_("not signed yet")]


def _who(reference: str, at: datetime) -> str:
    """Return a person by name, with the reference under which the trail has her."""
    name = display_names.display_name("account", reference, on=clock.kst_date(at))
    return reference if name == reference else f"{name} ({reference})"
