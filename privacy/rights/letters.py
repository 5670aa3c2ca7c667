"""What each answer to a person says: the fields of the official notices, for e-mail, PDF and page alike (F-2, F-3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from privacy.ledger.actors import Actor
from privacy.ledger.exports import document_issuance
from privacy.lib.dates import clock, periods
from privacy.lib.display import display_names
from privacy.lib.display.badges import date_text, datetime_text
from privacy.policies import message_templates, rulebook
from privacy.policies.models import Officer
from privacy.rights import (
    automated_decision_texts,
    data_sources,
    document_letters,
    grounds,
    handing_over,
    recipient_states,
    right_scope,
    standing_texts,
    system_states,
)
from privacy.rights.events import Event
from privacy.rights.models import ANSWER_DAYS, Letter, Objection, Postponement, Request, Right, Step, TermExtension


@dataclass(frozen=True)
class LetterText:
    """An answer in one language: title, opening sentence, fields, what follows from it."""

    title: str
    opening: str
    fields: Sequence[tuple[str, str]]
    closing: Sequence[str]


def compose(letter: Letter) -> dict[str, Any]:
    """Return what a letter says in each language, to be kept with it: as things stand now, without personal words.

    The words around its rows are those of the template in force, which the letter names from then on. A row's text is a
    string, or ``{"explanation": id}``: the place of sealed words that only an opened letter shows.
    """
    maker = {
        Letter.Kind.ACCEPTED: _accepted,
        Letter.Kind.POSTPONED: _postponed,
        Letter.Kind.EXTENDED: _extended,
        Letter.Kind.RESULT: _result,
        Letter.Kind.PART: _part_result,
        Letter.Kind.IDENTITY_REJECTED: _identity_rejected,
        Letter.Kind.OBJECTION: _objection,
        Letter.Kind.JOINED: _joined,
        Letter.Kind.EVIDENCE: _evidence,
        Letter.Kind.PROOF: _evidence,
        Letter.Kind.PARTED: _parted,
        Letter.Kind.DESTRUCTION: _destruction,
        Letter.Kind.STOPPED: _destruction,
    }[Letter.Kind(letter.kind)]
    case, on = letter.request, clock.kst_date(letter.queued_at)
    wording = None
    kept: dict[str, Any] = {}
    for language in LANGUAGES:
        with override(language):
            code, values, rows = maker(letter, case)
            wording = wording or message_templates.in_force(f"rights.{code}")
            values = {**values, **_standing_values(case)}
            head: list[Row] = [(_("Case number"), case.number), (_("Received"), date_text(case.received_on))]
            kept[language] = {
                "title": wording.fill("title", values, language=language),
                "opening": wording.fill("opening", values, language=language),
                "fields": [*head, *rows, *_sender(on)],
                "closing": message_templates.paragraphs(wording.fill("closing", values, language=language)),
            }
            letter.template = wording.version
    return kept


def explanation_ids(letter: Letter) -> list[UUID]:
    """Return where the sealed words lie that a letter shows."""
    rows = [row for said in letter.told.values() for row in said["fields"]]
    return list(dict.fromkeys(UUID(text["explanation"]) for _name, text in rows if isinstance(text, dict)))


def letter_text(
    letter: Letter, *, language: str, to: str = "", explanations: Mapping[UUID, str] | None = None
) -> LetterText:
    """Return what a letter says in a language. ``explanations`` are the opened words by their place."""
    said, opened = letter.told[language], explanations or {}
    with override(language):
        fields = [(_("To"), to)] if to else []
    for name, text in said["fields"]:
        shown = opened.get(UUID(text["explanation"]), "") if isinstance(text, dict) else text
        if shown or not isinstance(text, dict):
            fields.append((name, shown))
    return LetterText(said["title"], said["opening"], fields, said["closing"])


def render_pdf(
    letter: Letter, *, language: str, at: datetime, to: str, explanations: Mapping[UUID, str], actor: Actor
) -> bytes:
    """Return the letter as a PDF in a language, on record as handed out."""
    written = letter_text(letter, language=language, to=to, explanations=explanations)
    with override(language):
        blocks: list[dict[str, Any]] = [
            {"kind": "text", "text": written.opening},
            {"kind": "fields", "rows": [list(row) for row in written.fields]},
        ]
        blocks += [{"kind": "text", "text": text} for text in written.closing]
        payload = {"title": written.title, "reference": letter.reference, "blocks": blocks}
    made_at = letter.queued_at
    return document_issuance.issue_sheet(
        payload, kind="answer-letter", number=letter.reference, language=language, made_at=made_at, actor=actor, at=at
    )


def subject_line(letter: Letter) -> str:
    """Return the e-mail's subject line: a case number and nothing else."""
    return _("About your request %(number)s") % {"number": letter.request.number}


def item_name(category: str, item: str, *, on: date) -> str:
    """Return the name of an item, or of its category, in the language that is active."""
    if category == Right.Scope.PROVISION:
        return str(Right.Scope.PROVISION.label)
    return (
        display_names.display_name("item", item, on=on)
        if item
        else display_names.display_name("category", category, on=on)
    )


def right_name(right: Right, *, on: date) -> str:
    """Return a right with what it is about, e.g. “Correction: IMEI”."""
    about = item_name(right.category, right.item, on=on) if right.category else ""
    if right.agreement:
        about = right_scope.agreement_name(right.agreement)
    if right.record_id is not None and right.kind == Right.Kind.CORRECTION:
        about = _("%(item)s, report %(number)s") % {"item": about, "number": right.record_id}
    name = capfirst(str(right.get_kind_display()))
    return f"{name}: {about}" if about else name


def decision_text(right: Right, *, on: date) -> str:
    """Return the decision on a right with its ground and law, in words."""
    text = str(right.get_decision_display())
    if not right.is_decided:
        return text
    if right.excluded:
        left_out = ", ".join(right_scope.part_name(right, part, on=on) for part in right.excluded)
        text += "\n" + _("Left out: %(parts)s") % {"parts": left_out}
    for ground in right.grounds:
        text += "\n" + _("Ground: %(ground)s") % {"ground": ground.label}
    if right.law:
        text += "\n" + _("Law: %(law)s") % {"law": right.law}
    if article := grounds.article(right):
        text += "\n" + _("Provision: %(article)s") % {"article": article}
    if right.carried_out_at is not None and "copy" in right.result:
        text += "\n" + _("Your data is transmitted as the machine-readable copy made for the access in this request.")
    if right.result.get("nothing_held"):
        text += "\n" + _("We hold no records about you.")
    if right.result.get("destroyed"):
        text += "\n" + _("Nothing was corrected: we had already destroyed the information.")
    elif right.carried_out_at is not None:
        text += "\n" + _("Carried out: %(when)s") % {"when": datetime_text(right.carried_out_at)}
    in_systems, at_recipients = system_states.answer_line(right), recipient_states.answer_line(right)
    for line in filter(None, (automated_decision_texts.outcome(right), in_systems, at_recipients)):
        text += "\n" + line
    if archived := right.result.get("archived"):
        text += "\n" + ngettext(
            "%(count)d record that a law requires us to keep was not destroyed. It was moved to a separate archive "
            "and is used for nothing else.",
            "%(count)d records that a law requires us to keep were not destroyed. They were moved to a separate "
            "archive and are used for nothing else.",
            archived,
        ) % {"count": archived}
    if right.carried_out_at is not None and "sources" in right.result:
        told = data_sources.lines(right.result["sources"], on=clock.kst_date(right.carried_out_at))
        text += "\n" + "\n".join([*told, data_sources.what_follows()])
    if right.carried_out_at is not None and right.result.get("withdrawn") == []:
        text += "\n" + _("We had no consent of yours on record to withdraw.")
    return text


# One row: its name, and its text or the place of the sealed words that stand there.
type Row = tuple[str, str | dict[str, str]]
# The template of a letter, the values that it knows, and the rows that the portal puts in itself.
type Part = tuple[str, dict[str, str], list[Row]]
LANGUAGES = ("ko", "en")


def _accepted(letter: Letter, case: Request) -> Part:
    return "accepted", {}, [(_("Your request"), _rights(case)), (_("Answer due"), date_text(case.due_on))]


def _postponed(letter: Letter, case: Request) -> Part:
    put_off = letter.matter or Postponement.objects.get(id=_matter(letter))
    days = rulebook.parameter("rights.postponed.answer.days", put_off.expected_on)
    fields: list[Row] = [
        (_("Your request"), _rights(case)),
        (_("Reason"), put_off.reason),
        (_("Expected until"), date_text(put_off.expected_on)),
    ]
    return "postponed", {"days": str(days), "objection": _objecting()}, fields


def _extended(letter: Letter, case: Request) -> Part:
    longer: TermExtension = letter.matter or TermExtension.objects.select_related("right").get(id=_matter(letter))
    before = longer.right.extensions.filter(number__lt=longer.number).aggregate(days=Sum("days"))["days"] or 0
    first = rulebook.parameter(ANSWER_DAYS[longer.right.kind], case.received_on)
    due_on = periods.answer_due(case.received_on, days=first + before + longer.days)
    fields: list[Row] = [
        (_("Your request"), right_name(longer.right, on=case.received_on)),
        (_("Reason"), longer.reason),
        (_("Answer due"), date_text(due_on)),
    ]
    return "extended", {}, fields


def _result(letter: Letter, case: Request) -> Part:
    return _decided(letter, case, list(case.rights.all()), ("result", "refusal"))


def _part_result(letter: Letter, case: Request) -> Part:
    """Tell what is due earlier than the rest of a case (``due_dates.to_answer_apart``)."""
    return _decided(letter, case, letter.matter, ("part-result", "part-refusal"))


def _decided(letter: Letter, case: Request, rights: Sequence[Right], codes: tuple[str, str]) -> Part:
    """Say how rights were decided and what was done; where something is refused, how to object."""
    fields: list[Row] = [(_("Your request"), _rights(case))]
    for right in rights:
        name = right_name(right, on=case.received_on)
        text = decision_text(right, on=case.received_on)
        fields.append((_("Our decision and what we did") if len(rights) == 1 else name, text))
        explanation = _("Explanation") if len(rights) == 1 else _("Explanation (%(right)s)") % {"right": name}
        fields.append((explanation, {"explanation": str(right.event_id)}))
    has_access = any(right.kind == Right.Kind.ACCESS for right in rights)
    fields += handing_over.rows(case, at=letter.queued_at) if has_access else []
    if case.fee_won or case.postage_won or has_access:
        fields.append((_("Fee and postage"), handing_over.fee(case)))
    granted, refused = codes
    if any(right.ground for right in rights):
        return refused, {"title": _title_of(rights), "objection": _objecting()}, fields
    return granted, {"title": _title_of(rights)}, fields


def _title_of(rights: Sequence[Right]) -> str:
    """The official notice of access has four kinds (F-2), that of the other rights has one (F-3)."""
    if {right.kind for right in rights} == {Right.Kind.SOURCE}:
        return _("Notice of the source of your data")
    if any(right.kind != Right.Kind.ACCESS for right in rights):
        return _("Notice of the result")
    decisions = {right.decision for right in rights}
    if decisions == {Right.Decision.REFUSED}:
        return _("Notice of refused access")
    return _("Notice of access") if decisions == {Right.Decision.GRANTED} else _("Notice of partial access")


def _identity_rejected(letter: Letter, case: Request) -> Part:
    return "identity-rejected", {}, []


def _objection(letter: Letter, case: Request) -> Part:
    objection = letter.matter or Objection.objects.select_related("right").get(id=_matter(letter))
    fields: list[Row] = [
        (_("Decision you objected to"), right_name(objection.right, on=case.received_on)),
        (_("Objection received"), date_text(objection.received_on)),
        (_("Result"), str(objection.get_outcome_display())),
        (_("Explanation"), {"explanation": str(letter.id)}),
    ]
    return "objection", {}, fields


def _evidence(letter: Letter, case: Request) -> Part:
    due: list[Row] = [(_("Answer due"), date_text(case.due_on))] if case.state in Request.UNANSWERED else []
    needed = document_letters.opening(letter.kind, case, at=letter.queued_at)
    return "document", {"needed": needed}, [(_("Your request"), _rights(case)), *due]


def _joined(letter: Letter, case: Request) -> Part:
    # Whoever has not proved to be the person does not learn that somebody asked earlier by which number (SEC-16).
    earlier = case.joined_to
    fields: list[Row] = [(_("Your request"), _rights(case))]
    if case.is_verified and earlier is not None:
        fields += [(_("Earlier request"), earlier.number), (_("Answer due"), date_text(earlier.due_on))]
    return "joined", {}, fields


def _parted(letter: Letter, case: Request) -> Part:
    return "parted", {}, [(_("Your request"), _rights(case)), (_("Answer due"), date_text(case.due_on))]


def _destruction(letter: Letter, case: Request) -> Part:
    step, right = _step_and_right(letter, case)
    kept = right_scope.is_partly_kept(right, on=clock.kst_date(letter.queued_at))
    fields: list[Row] = [(_("Your request"), right_name(right, on=case.received_on))]
    if step.word == Event.DESTRUCTION_STOPPED:
        return "destruction-stopped", {}, [*fields, (_("Stopped"), datetime_text(step.at))]
    if "until" not in step.facts:
        return "destruction-held", {}, fields
    fields.append((_("Destroyed after"), datetime_text(datetime.fromisoformat(step.facts["until"]))))
    return "destruction", {"archived": standing_texts.kept_apart() if kept else ""}, fields


def _step_and_right(letter: Letter, case: Request) -> tuple[Step, Right]:
    """Return the step of the case that a letter tells of, and its right."""
    step = Step.objects.get(id=_matter(letter))
    assert step.position is not None
    return step, case.rights.get(position=step.position)


def _matter(letter: Letter) -> UUID:
    """The postponement, objection or step that a letter is about."""
    assert letter.about_id is not None
    return letter.about_id


def _rights(case: Request) -> str:
    return "\n".join(right_name(right, on=case.received_on) for right in case.rights.all())


def _objecting() -> str:
    return standing_texts.how_to_object(standing_texts.status_page())


def _standing_values(case: Request) -> dict[str, str]:
    """Return what every letter to a requester may say."""
    return {
        "number": case.number,
        "status_page": standing_texts.status_page(),
        "agencies": standing_texts.agencies(),
    }


def _sender(on: date) -> list[Row]:
    officer = Officer.objects.on(on)
    rows: list[Row] = [(_("Date"), date_text(on))]
    if officer is not None:
        rows.append((_("Sender"), f"{officer.department}, {officer.name_shown}, {officer.phone}"))
    return rows
