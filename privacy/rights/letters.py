"""What each answer to a person says: the fields of the official notices, for e-mail, PDF and page alike (F-2, F-3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.lib import pdf
from privacy.lib.badges import day_text, moment_text
from privacy.policies import rulebook
from privacy.policies.models import Agency, Officer
from privacy.policies.models.language import in_language
from privacy.rights.models import Letter, Objection, Package, Postponement, Request, Right


@dataclass(frozen=True)
class Paper:
    """An answer in one language: title, opening sentence, fields, what follows from it."""

    title: str
    opening: str
    fields: Sequence[tuple[str, str]]
    closing: Sequence[str]


def paper(letter: Letter, *, on: date, to: str = "", explanations: dict[int, str] | None = None) -> Paper:
    """Return what a letter says in the language that is active. ``explanations`` are the decider's words by right."""
    case = letter.request
    maker = {
        Letter.Kind.ACCEPTED: _accepted,
        Letter.Kind.POSTPONED: _postponed,
        Letter.Kind.RESULT: _result,
        Letter.Kind.IDENTITY_REJECTED: _identity_rejected,
        Letter.Kind.OBJECTION: _objection,
    }[Letter.Kind(letter.kind)]
    title, opening, fields, closing = maker(letter, case, explanations or {})
    head = [(_("To"), to)] if to else []
    head += [(_("Case number"), case.number), (_("Received"), day_text(case.received_on))]
    return Paper(title, opening, [*head, *fields, *_sender(on)], closing)


def document(letter: Letter, *, language: str, at: datetime, to: str, explanations: dict[int, str]) -> bytes:
    """Return the letter as a PDF in a language."""
    on = letter.queued_at.date()
    with override(language):
        written = paper(letter, on=on, to=to, explanations=explanations)
        blocks: list[dict[str, Any]] = [
            {"kind": "text", "text": written.opening},
            {"kind": "fields", "rows": [list(row) for row in written.fields]},
        ]
        blocks += [{"kind": "text", "text": text} for text in written.closing]
        payload = {"title": written.title, "reference": letter.reference, "blocks": blocks}
    return pdf.render("sheet", payload, language=language, made_at=at)


def subject(letter: Letter) -> str:
    """Return the e-mail's subject line: a case number and nothing else."""
    return _("About your request %(number)s") % {"number": letter.request.number}


def item_name(category: str, item: str, *, on: date) -> str:
    """Return the policy's name of an item in the language that is active."""
    term = rulebook.in_force(on).categories.get(category)
    if category == Right.Scope.PROVISION:
        return str(Right.Scope.PROVISION.label)
    if term is None:
        return item or category
    if not item:
        return in_language(term, "name")
    return in_language(term.items[item], "name") if item in term.items else item


def right_name(right: Right, *, on: date) -> str:
    """Return a right with what it is about, e.g. “correction: IMEI”."""
    about = item_name(right.category, right.item, on=on) if right.category else right.agreement
    if right.record_id is not None and right.kind == Right.Kind.CORRECTION:
        about = _("%(item)s, report %(number)s") % {"item": about, "number": right.record_id}
    name = str(right.get_kind_display())
    return f"{name}: {about}" if about else name


def decision_text(right: Right, *, on: date) -> str:
    """Return the decision on a right with its ground and law, in words."""
    if not right.is_decided:
        return str(right.get_decision_display())
    text = str(right.get_decision_display())
    if right.excluded:
        left_out = ", ".join(item_name(right.category or part, "", on=on) for part in right.excluded)
        text += "\n" + _("Left out: %(parts)s") % {"parts": left_out}
    if right.ground:
        text += "\n" + _("Ground: %(ground)s") % {"ground": right.get_ground_display()}
    if right.law:
        text += "\n" + _("Law: %(law)s") % {"law": right.law}
    if right.result.get("nothing_held"):
        text += "\n" + _("We hold no record of you.")
    if right.carried_out_at is not None:
        text += "\n" + _("Carried out: %(when)s") % {"when": moment_text(right.carried_out_at)}
    return text


type Part = tuple[str, str, list[tuple[str, str]], list[str]]


def _accepted(letter: Letter, case: Request, explanations: dict[int, str]) -> Part:
    fields = [
        (_("Your request"), _rights(case)),
        (_("Answer due"), day_text(case.due_on)),
    ]
    return (
        _("Your request is being looked into"),
        _("We have confirmed your identity and are looking into your request."),
        fields,
        [_follow()],
    )


def _postponed(letter: Letter, case: Request, explanations: dict[int, str]) -> Part:
    put_off = Postponement.objects.select_related("right").get(id=_matter(letter))
    fields = [
        (_("Your request"), _rights(case)),
        (_("Reason"), put_off.reason),
        (_("Expected until"), day_text(put_off.expected_on)),
    ]
    return (
        _("Notice of postponed access"),
        _(
            "We can't give you access within the term, for the reason below. When it has ended you get access within "
            "ten days."
        ),
        fields,
        [_objecting(), _remedies(case)],
    )


def _result(letter: Letter, case: Request, explanations: dict[int, str]) -> Part:
    rights = list(case.rights.all())
    fields = []
    for right in rights:
        text = decision_text(right, on=case.received_on)
        if right.position in explanations:
            text += "\n" + explanations[right.position]
        fields.append((right_name(right, on=case.received_on), text))
    if case.fee_won or case.postage_won:
        fields.append(
            (
                _("Fee and postage"),
                _("%(fee)d won, %(postage)d won") % {"fee": case.fee_won, "postage": case.postage_won},
            )
        )
    closing = []
    package = Package.objects.filter(right__request=case).order_by("-built_at").first()
    if package is not None:
        closing.append(
            _("Your data is ready on the status page as an electronic file until %(when)s: %(link)s")
            % {"when": moment_text(package.expires_at), "link": _status_page()}
        )
    if any(right.ground for right in rights):
        closing += [_objecting(), _remedies(case)]
    title = (
        _("Notice of access")
        if rights and all(r.kind == Right.Kind.ACCESS for r in rights)
        else _("Notice of the result")
    )
    return title, _("This is our answer to your request."), fields, closing


def _identity_rejected(letter: Letter, case: Request, explanations: dict[int, str]) -> Part:
    return (
        _("We could not confirm your identity"),
        _("We can't go on with your request, because we could not confirm who made it. You can ask again at any time."),
        [],
        [_remedies(case)],
    )


def _objection(letter: Letter, case: Request, explanations: dict[int, str]) -> Part:
    objection = Objection.objects.select_related("right").get(id=_matter(letter))
    outcome = str(objection.get_outcome_display())
    if objection.right.position in explanations:
        outcome += "\n" + explanations[objection.right.position]
    fields = [
        (_("Decision you objected to"), right_name(objection.right, on=case.received_on)),
        (_("Objection received"), day_text(objection.received_on)),
        (_("Result"), outcome),
    ]
    return (
        _("Result of your objection"),
        _("Another person than the one who decided has reviewed your objection."),
        fields,
        [_remedies(case)],
    )


def _matter(letter: Letter) -> UUID:
    """The postponement or objection that a letter is about."""
    assert letter.about_id is not None
    return letter.about_id


def _rights(case: Request) -> str:
    return "\n".join(right_name(right, on=case.received_on) for right in case.rights.all())


def _follow() -> str:
    return _("Follow your request with its number and code: %(link)s") % {"link": _status_page()}


def _objecting() -> str:
    """The way to object must be told with every refusal and postponement (law R-13, R-15)."""
    return _(
        "You can object to this decision on the status page, by telephone, e-mail or in writing; another person than "
        "the one who decided reviews it. Status page: %(link)s"
    ) % {"link": _status_page()}


def _remedies(case: Request) -> str:
    agencies = ", ".join(f"{agency.name} {agency.phone}" for agency in Agency.objects.all())
    return _("You can also turn to: %(agencies)s.") % {"agencies": agencies}


def _sender(on: date) -> list[tuple[str, str]]:
    officer = Officer.objects.on(on)
    rows = [(_("Date"), day_text(on))]
    if officer is not None:
        rows.append((_("Sender"), f"{officer.department}, {officer.name}, {officer.phone}"))
    return rows


def _status_page() -> str:
    return f"{settings.PORTAL_URL}/rights/case/"
