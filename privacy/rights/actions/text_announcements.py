"""What an answer and a message of the office share where a text message announces them: the number, and one sending."""

from datetime import datetime

from django.db import transaction

from privacy.jobs import outbox
from privacy.ledger.actors import Actor
from privacy.lib.integrations import text_messages
from privacy.rights.actions.cases import particulars_of
from privacy.rights.models import CaseMessage, Letter, Request
from privacy.rights.refusals import ParticularsGone
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

LETTER_BY_TEXT, MESSAGE_BY_TEXT = "rights.letter-text", "rights.message-text"
# Where both can write: a case that is over is read, and a new request is made.
WRITABLE = Request.OPEN


def addresses(case: Request, *, task: str, actor: Actor, at: datetime) -> tuple[str, str]:
    """Return the e-mail address and the mobile number that a case gives, empty where none. The opening is on record."""
    with vault.opened(
        purpose=Purpose.RIGHTS, task=task, actor=actor, at=at, reason=f"request {case.number}"
    ) as vault_session:
        try:
            given = vault_session.decrypt(particulars_of(case), "contact") or {}
        except (ParticularsGone, vault.Destroyed):
            return "", ""
    return str(given.get("email", "")), text_messages.mobile_number(str(given.get("phone", ""))) or ""


@transaction.atomic
def queue_text(row: Letter | CaseMessage, *, since: datetime) -> None:
    """Queue the text message that announces an answer or a message; once, however often this is called.

    ``since``: from when its delivery is waited for.
    """
    name, kind = (LETTER_BY_TEXT, "letter") if isinstance(row, Letter) else (MESSAGE_BY_TEXT, "message")
    ids = {kind: str(row.id), "since": since.isoformat()}
    outbox.enqueue(name, ids=ids, key=f"{name}:{row.id}", shard=row.request.reference)


@transaction.atomic
def note_texted(row: Letter | CaseMessage, *, text_id: str, number: str, template: str) -> None:
    """Keep an announcement's number at the provider, its template, and where it went: a reply may come from there."""
    kept = type(row).objects.select_for_update().get(id=row.id)
    kept.text_id, kept.texted_index, kept.announced_with = text_id, vault.blind_index("phone", number), template
    kept.save(update_fields=["text_id", "texted_index", "announced_with"])


def forget_numbers() -> int:
    """Remove the blind indexes of numbers from cases that are over; return how many. Safe to repeat."""
    over = 0
    for model in (CaseMessage, Letter):
        kept = model.objects.filter(texted_index__isnull=False)
        over += kept.exclude(request__state__in=WRITABLE).update(texted_index=None)
    return over
