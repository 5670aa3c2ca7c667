"""What comes with an objection: sealed under the case, read by the reviewer, destroyed once it is decided (F-5)."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.ledger.entries.payloads import about_key
from privacy.ledger.models import Entry
from privacy.lib.documents.upload_validation import InvalidUpload
from privacy.policies.categories import RIGHTS_REQUEST
from privacy.rights.actions.cases import lock_right
from privacy.rights.actions.identity_documents import (
    OpenedDocument,
    destroy_files_of,
    open_files,
    opens,
    seal_document,
    unopened_of,
)
from privacy.rights.models import Objection, Request, Right
from privacy.rights.refusals import UnseenDocuments
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile, EncryptedFileQuerySet

SUFFIX = "/objection"
EVIDENCE_SHOWN = "rights.objection.evidence.shown"
# How long a reviewer waits for a document to be judged, or mended, before deciding without it.
PATIENCE = timedelta(days=1)

type Upload = tuple[str, bytes]


def attach_evidence(objection: Objection, sent: Sequence[Upload], *, actor: Actor, at: datetime) -> None:
    """Seal what came with an objection, in the caller's transaction. Raises InvalidUpload."""
    case = objection.right.request
    for name, content in sent:
        seal_document(case, _files_reference(objection.right), name=name, content=content, actor=actor, at=at)


def evidence_of(objection: Objection) -> EncryptedFileQuerySet:
    """Return what came with an open objection, oldest first; of one that is decided there is nothing.

    What a hold has left of an earlier objection to the same right came before this one.
    """
    if objection.outcome != Objection.Outcome.PENDING:
        return EncryptedFile.objects.none()
    held = EncryptedFile.objects.filter(case=_files_reference(objection.right))
    return held.filter(stored_at__gte=objection.received_at).order_by("stored_at")


def open_evidence(objection: Objection, *, actor: Actor, at: datetime) -> list[OpenedDocument]:
    """Open what came with an objection for its reviewer, on record. Raises InvalidUpload where there is nothing."""
    require_permission(actor, "rights.decide_objection", about=objection)
    held = list(evidence_of(objection))
    if not held:
        raise InvalidUpload(_("No document came with this objection."))
    return open_files(held, objection.right.request, task=EVIDENCE_SHOWN, actor=actor, at=at)


def unread_evidence(objection: Objection, *, by: str) -> EncryptedFileQuerySet:
    """Return what a reviewer has not opened; what was found harmful is opened by nobody."""
    return unopened_of(evidence_of(objection), objection.right.request, by=by)


def must_have_read_evidence(objection: Objection, *, actor: Actor, at: datetime) -> int:
    """Raise UnseenDocuments for a reviewer who has not opened all that opens a day after it came.

    Returns how many do not open: they have no verdict, or this reviewer has tried in vain and would again.
    """
    unread, case = unread_evidence(objection, by=actor.ref), objection.right.request
    if any(file.stored_at > at - PATIENCE or not _does_not_open(file, case, actor=actor, at=at) for file in unread):
        raise UnseenDocuments(
            _(
                "Open the documents that came with this objection and read them first. Then decide. If one can't be "
                "opened a day after it came, you can decide without it and state why."
            )
        )
    return len(unread)


def _does_not_open(file: EncryptedFile, case: Request, *, actor: Actor, at: datetime) -> bool:
    """Whether a file that somebody has not opened can't be, who tried before and for whom it is tried again now.

    Each try is on record before it is known to fail; one that opens now is not shown by that.
    """
    if vault.waits_for_scan(file):
        return True
    tried = Entry.objects.reads().by(actor.ref).about(about_key(file)).filter(task=EVIDENCE_SHOWN)
    return tried.exists() and not opens(file, case, task=EVIDENCE_SHOWN, actor=actor, at=at)


def destroy_objection_files(right: Right, *, actor: Actor, at: datetime) -> int:
    """Destroy what came with an objection that is decided; safe to repeat. Returns how many files went."""
    with transaction.atomic():
        # Who objects holds the lock until the objection commits: what lies here now is of none, or of a decided one.
        lock_right(right)
        if right.objections.filter(outcome=Objection.Outcome.PENDING).exists():
            return 0
        held = list(EncryptedFile.objects.filter(case=_files_reference(right)))
    return destroy_files_of(held, right.request, actor=actor, at=at)


def destroy_leftover_evidence(*, actor: Actor, at: datetime) -> int:
    """Destroy what a hold or a crash has left of decided objections; safe to repeat."""
    left = EncryptedFile.objects.filter(category=RIGHTS_REQUEST, case__endswith=SUFFIX).values_list("case", flat=True)
    gone = 0
    for name in sorted(set(left)):
        reference, _sign, position = name.removesuffix(SUFFIX).partition("#")
        if re.fullmatch("[0-9]{1,4}", position):
            for right in Right.objects.filter(request__reference=reference, position=position):
                gone += destroy_objection_files(right, actor=actor, at=at)
    return gone


def _files_reference(right: Right) -> str:
    """Return the name under which what came with an open objection to a right is kept."""
    return f"{right.freeze_reference}{SUFFIX}"
