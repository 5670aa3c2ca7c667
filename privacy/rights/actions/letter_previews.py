"""The letter that an act will send, before it is confirmed: made and worded by what sends it, from rows not saved."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.lib.console.outgoing_texts import OutgoingText
from privacy.lib.errors.refusals import Refusal
from privacy.lib.integrations import mail
from privacy.rights import opened_letters
from privacy.rights.actions.decisions import apply_decision
from privacy.rights.actions.due_dates import to_answer_apart
from privacy.rights.actions.identity import letter_asking_for_document
from privacy.rights.actions.letters import draft_letter, is_answerable, matter_of_result
from privacy.rights.actions.postponements import needs_approval
from privacy.rights.models import Letter, Objection, Postponement, Request, Right, TermExtension
from privacy.rights.opened_letters import OpenedLetter


@dataclass(frozen=True)
class ChosenDecision:
    """How a right of a case is about to be decided; ``said`` is what ``decisions.apply_decision`` is told beside it."""

    position: int
    decision: str
    explanation: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)


def preview_result(case: Request, chosen: list[ChosenDecision], *, actor: Actor, at: datetime) -> list[OutgoingText]:
    """Return the answer that goes out once these decisions are taken; nothing while the case has more to do first.

    Where that leaves only what is due later, it is the answer to what is due now.
    """
    drafted = Request.objects.prefetch_related("rights").get(pk=case.pk)
    explanations: dict[UUID, str] = {}
    for one in chosen:
        right = next(right for right in drafted.rights.all() if right.position == one.position)
        apply_decision(right, one.decision, **one.said)
        right.decided_at = at
        if one.explanation.strip():
            explanations[right.event_id] = one.explanation.strip()
    about = matter_of_result(case)
    sent = Letter.objects.filter(request=case, kind=Letter.Kind.RESULT, about_id=about)
    if chosen and not is_answerable(drafted.rights.all()) and (apart := to_answer_apart(drafted)):
        draft = draft_letter(drafted, Letter.Kind.PART, about=apart[-1].event_id, matter=apart, at=at)
        return _shown(draft, explanations, actor=actor, at=at)
    if not chosen or not is_answerable(drafted.rights.all()) or sent.exists():
        return []
    return _shown(draft_letter(drafted, Letter.Kind.RESULT, about=about, at=at), explanations, actor=actor, at=at)


def preview_letter(
    case: Request, kind: str, *, about: UUID | None = None, actor: Actor, at: datetime
) -> list[OutgoingText]:
    """Return a notice that asks nothing of whoever sends it; nothing where it was sent before."""
    if Letter.objects.filter(request=case, kind=kind, about_id=about).exists():
        return []
    return _shown(draft_letter(case, kind, about=about, at=at), {}, actor=actor, at=at)


def preview_document_request(case: Request, *, actor: Actor, at: datetime) -> list[OutgoingText]:
    """Return the letter that asks for a document; nothing where it says nothing new. Raises WrongState."""
    kind, is_new = letter_asking_for_document(case, at=at)
    return _shown(draft_letter(case, kind, at=at), {}, actor=actor, at=at) if is_new else []


def preview_postponement(
    right: Right, *, reason: str, expected_on: date, actor: Actor, at: datetime
) -> list[OutgoingText]:
    """Return the notice of a postponement that holds at once; nothing where a second officer must approve it first."""
    if needs_approval(right.request, expected_on, at=at):
        return []
    draft = Postponement(right=right, reason=reason.strip(), expected_on=expected_on)
    letter = draft_letter(right.request, Letter.Kind.POSTPONED, about=draft.id, matter=draft, at=at)
    return _shown(letter, {}, actor=actor, at=at)


def preview_extension(right: Right, *, reason: str, days: int, actor: Actor, at: datetime) -> list[OutgoingText]:
    """Return the notice that an answer takes so many days longer."""
    number = right.extensions.count() + 1
    draft = TermExtension(right=right, number=number, reason=reason.strip(), days=days)
    letter = draft_letter(right.request, Letter.Kind.EXTENDED, about=draft.id, matter=draft, at=at)
    return _shown(letter, {}, actor=actor, at=at)


def preview_objection(
    objection: Objection, *, outcome: str, explanation: str, actor: Actor, at: datetime
) -> list[OutgoingText]:
    """Return the notice of how an objection is decided."""
    draft = Objection.objects.select_related("right__request").get(pk=objection.pk)
    draft.outcome = outcome
    letter = draft_letter(draft.right.request, Letter.Kind.OBJECTION, about=draft.id, matter=draft, at=at)
    return _shown(letter, {letter.id: explanation.strip()}, actor=actor, at=at)


def _shown(letter: Letter, explanations: Mapping[UUID, str], *, actor: Actor, at: datetime) -> list[OutgoingText]:
    try:
        opened = opened_letters.open_letter(letter, task="rights.letter.previewed", actor=actor, at=at)
        unseen = ""
    except Refusal as why:
        # Who may not open it still decides: the letter is shown without name and address, and says so.
        opened = OpenedLetter("", "", "", {})
        unseen = _("Name, address and earlier explanations can't be shown to you: %(why)s") % {"why": why}
    opened = replace(opened, explanations={**opened.explanations, **explanations})
    written = opened_letters.mail_of(letter, opened)
    ways = {
        Letter.State.QUEUED: _("By e-mail"),
        Letter.State.TO_POST: _("As a letter"),
        Letter.State.ON_PORTAL: _("On the requester's status page"),
        Letter.State.TO_TEXT: _("On the requester's status page, announced by text message"),
    }
    to = {
        Letter.State.QUEUED: opened.email, Letter.State.TO_POST: opened.address, Letter.State.TO_TEXT: opened.phone,
    }.get(Letter.State(letter.state), "")  # fmt: skip
    way = " · ".join(part for part in (str(ways[Letter.State(letter.state)]), to, unseen) if part)
    return [OutgoingText(way, written["subject"], mail.body(**written), written["language"])]
