"""Notes of the office on a case: for those who work on it, sealed like the requester's words and gone with them."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.rights.actions.cases import lock_case, must_be_in_state, record
from privacy.rights.actions.particulars import seal_words
from privacy.rights.events import Event
from privacy.rights.models import Particulars, Request, Step
from privacy.rights.refusals import NothingAsked
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose


@dataclass(frozen=True)
class Note:
    """One note in clear: when and by whom it was written."""

    at: datetime
    by: str
    text: str


def write_note(request: Request, *, text: str, actor: Actor, at: datetime) -> Step:
    """Write a note on an open case; its timeline says who and when. Raises NothingAsked, WrongState."""
    require_permission(actor, "rights.open_particulars", about=request)
    if not text.strip():
        raise NothingAsked(_("Enter the note."), pointer="/text")
    with transaction.atomic():
        case = lock_case(request)
        must_be_in_state(case, Request.OPEN)
        return seal_note(case, text, actor=actor, at=at)


def seal_note(case: Request, text: str, *, actor: Actor, at: datetime) -> Step:
    """Keep a note with a locked case, in the caller's transaction."""
    step = record(case, Event.NOTE_WRITTEN, actor=actor, at=at)
    said = {"explanation": text.strip()}
    seal_words(case, Particulars.About.NOTE, step.id, said, received_on=clock.kst_date(at), at=at)
    return step


def read_notes(request: Request, *, actor: Actor, at: datetime) -> list[Note]:
    """Open the notes on a case, oldest first, on one access record; nothing is opened where there are none."""
    require_permission(actor, "rights.open_particulars", about=request)
    steps = {step.id: step for step in request.steps.filter(word=Event.NOTE_WRITTEN)}
    written = list(Particulars.objects.filter(about=Particulars.About.NOTE, about_id__in=list(steps)))
    if not written:
        return []
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.note.read", actor=actor, at=at, reason=f"request {request.number}"
    ) as vault_session:
        texts = {one.about_id: text for one, text in vault_session.decrypt_many(written, "explanation")}
    return [Note(step.at, step.by, texts[step.id]) for step in steps.values() if step.id in texts]
