"""Documents that prove identity or authority: sealed under the case, destroyed after the decision (law R-06)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor, require
from privacy.lib.papers import BadDocument, examine
from privacy.rights.actions.timeline import must_be_at, record, take
from privacy.rights.events import Event
from privacy.rights.models import Request
from privacy.vault import actions as vault
from privacy.vault.models import SealedFile
from privacy.vault.purposes import Purpose

MOST = 5
CATEGORY = "rights-request"
EVIDENCE = "/evidence"


def submit(request: Request, *, name: str, content: bytes, actor: Actor, at: datetime) -> SealedFile:
    """Seal a document of the requester. Raises BadDocument, and WrongState once the identity is settled."""
    examine(content)
    with transaction.atomic():
        case = take(request)
        must_be_at(case, Request.BEFORE_IDENTITY)
        if documents(case).count() >= MOST:
            raise BadDocument(_("There are enough documents with this case. We will ask if we need more."))
        case.state = Request.State.IDENTITY_PENDING
        case.evidence_received_at = at
        case.save(update_fields=["state", "evidence_received_at"])
        record(case, Event.EVIDENCE_RECEIVED, actor=actor, at=at)
    return vault.receive_file(
        subject_id=case.holder_id,
        category=CATEGORY,
        case=evidence_case(case),
        name=name,
        content=content,
        actor=actor,
        at=at,
    )


def documents(case: Request) -> QuerySet[SealedFile]:
    """Return the documents with a case, oldest first."""
    return SealedFile.objects.filter(case=evidence_case(case)).order_by("stored_at")


def open_document(case: Request, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Open the newest document of a case for the person who checks it. Raises BadDocument where there is none."""
    require(actor, "rights.verify_identity", about=case)
    newest = documents(case).last()
    if newest is None:
        raise BadDocument(_("No document came with this case."))
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.evidence.shown", actor=actor, at=at, reason=f"request {case.number}"
    ) as door:
        content: bytes = door.reveal(newest, "content")
    return {"content": content, "media_type": newest.media_type, "number": documents(case).count()}


def destroy(case: Request, *, actor: Actor, at: datetime) -> int:
    """Destroy the documents after the decision; safe to repeat. Returns how many went.

    What a hold keeps stays; ``destroy_left`` comes back for it.
    """
    gone = 0
    for file in documents(case):
        try:
            vault.discard_file(file, actor=actor, at=at)
        except vault.Kept:
            continue
        gone += 1
    if gone:
        with transaction.atomic():
            record(take(case), Event.EVIDENCE_DESTROYED, actor=actor, at=at, facts={"documents": gone})
    return gone


def destroy_left(*, actor: Actor, at: datetime) -> int:
    """Destroy the documents of closed cases that a hold or a crash has left; safe to repeat."""
    left = SealedFile.objects.filter(category=CATEGORY, case__endswith=EVIDENCE).values_list("case", flat=True)
    references = sorted({name.removesuffix(EVIDENCE) for name in left.distinct()})
    closed = Request.objects.filter(reference__in=references, closed_at__isnull=False)
    return sum(destroy(case, actor=actor, at=at) for case in closed)


def evidence_case(case: Request) -> str:
    """Return the name under which a case's documents are kept, apart from its package."""
    return f"{case.reference}{EVIDENCE}"
