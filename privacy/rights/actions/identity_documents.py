"""Documents of the requester: sealed under the case, destroyed after the decision (law R-06, R-17).

They prove identity or authority, authority also anew once a mandate has ended or is too narrow. Where the office asks
for it, they prove what a correction or deletion rests on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.documents.upload_validation import InvalidUpload, recognise_upload
from privacy.lib.errors.refusals import Refusal
from privacy.policies.categories import RIGHTS_REQUEST
from privacy.rights.actions.cases import lock_case, must_be_in_state, record
from privacy.rights.events import Event
from privacy.rights.models import DocumentOpening, IdentityDocument, Request
from privacy.rights.representation import lacks_mandate, proven_at
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile, EncryptedFileQuerySet
from privacy.vault.purposes import Purpose

MAX_DOCUMENTS = 5
# With those that could not be used: they make room for another, not for any number.
MAX_SENT = 15
FILES_SUFFIX = "/evidence"
# It waits for its scan, was found harmful, or was altered.
UNREADABLE = (vault.NotScanned, vault.Quarantined, vault.WrongKey)


def may_need_proof(case: Request) -> bool:
    """Whether a correction or deletion is being looked into, for which evidence may be asked (PIPA art. 36(5))."""
    return case.state in (Request.State.VERIFIED, Request.State.IN_REVIEW) and case.rights.amendments().exists()


def waits_for_proof(case: Request) -> bool:
    """Whether the office has asked for that evidence since the identity was settled."""
    asked, since = case.evidence_asked_at, case.verified_at
    return asked is not None and since is not None and asked > since and may_need_proof(case)


def submit_document(request: Request, *, name: str, content: bytes, actor: Actor, at: datetime) -> EncryptedFile:
    """Seal a document of the requester. Raises InvalidUpload, and WrongState once nothing is asked of them any more."""
    recognise_upload(content)
    with transaction.atomic():
        case = lock_case(request)
        if not waits_for_proof(case) and not lacks_mandate(case, at=at):
            must_be_in_state(case, Request.BEFORE_IDENTITY)
            case.state = Request.State.IDENTITY_PENDING
        sent = documents_since_asked(case, at=at)
        if sent.count() >= MAX_SENT or sent.usable().count() >= MAX_DOCUMENTS:
            raise InvalidUpload(_("There are enough documents with this case. We will ask if we need more."))
        # Before the step commits: a document without its step is still seen, a step without its document is untrue.
        kept = seal_document(case, files_reference(case), name=name, content=content, actor=actor, at=at)
        case.evidence_received_at = at
        case.save(update_fields=["state", "evidence_received_at"])
        record(case, Event.EVIDENCE_RECEIVED, actor=actor, at=at)
    return kept


def seal_document(
    case: Request, reference: str, *, name: str, content: bytes, actor: Actor, at: datetime
) -> EncryptedFile:
    """Seal a document of a case under a reference and note who attached it, in the caller's transaction.

    Raises InvalidUpload.
    """
    kept = vault.receive_file(
        subject_id=case.holder_id, category=RIGHTS_REQUEST, case=reference, name=name, content=content, actor=actor,
        at=at,
    )  # fmt: skip
    IdentityDocument.objects.create(
        request=case,
        file_id=kept.id,
        attached_by=actor.ref,
        attached_at=at,
        mandate_was_lacking=lacks_mandate(case, at=at),
    )
    return kept


def attach_document(request: Request, *, name: str, content: bytes, actor: Actor, at: datetime) -> EncryptedFile:
    """Seal a document that the requester showed at the desk, or that came by letter; somebody else checks it."""
    require_permission(actor, "rights.receive_request", about=request)
    return submit_document(request, name=name, content=content, actor=actor, at=at)


def documents(case: Request) -> EncryptedFileQuerySet:
    """Return the documents with a case, oldest first."""
    return EncryptedFile.objects.filter(case=files_reference(case)).order_by("stored_at")


def documents_since_asked(case: Request, *, at: datetime) -> EncryptedFileQuerySet:
    """Return those that came since the office asked last, which answer what it asked for; all where it never did.

    Where a mandate is lacking, those that may prove another.
    """
    sent = documents(case)
    if lacks_mandate(case, at=at):
        return sent.filter(id__in=list(mandate_documents(case).values_list("file_id", flat=True)))
    return sent if case.evidence_asked_at is None else sent.filter(stored_at__gte=case.evidence_asked_at)


def mandate_documents(case: Request) -> QuerySet[IdentityDocument]:
    """Return those that may prove a mandate anew: they came while one was lacking, since it was last proven."""
    return IdentityDocument.objects.filter(request=case, mandate_was_lacking=True, attached_at__gt=proven_at(case))


@dataclass(frozen=True)
class OpenedDocument:
    """One document in clear, by its number in the case."""

    number: int
    media_type: str
    content: bytes


def open_documents(case: Request, *, actor: Actor, at: datetime) -> list[OpenedDocument]:
    """Open the documents of a case for the person who checks them, oldest first; each opening is on record.

    One that can't be opened, because it waits for its scan, was found harmful or was altered, keeps no other from it.
    Raises InvalidUpload where there is none, and why none can be opened.
    """
    require_permission(actor, "rights.verify_identity", about=case)
    held = list(documents(case))
    if not held:
        raise InvalidUpload(_("No document came with this case."))
    return open_files(held, case, task="rights.evidence.shown", actor=actor, at=at)


def open_files(
    held: Sequence[EncryptedFile], case: Request, *, task: str, actor: Actor, at: datetime
) -> list[OpenedDocument]:
    """Open these files of a case, numbered in this order, and note by whom. Raises why none can be opened."""
    opened = decrypt_files(held, task=task, reason=f"request {case.number}", actor=actor, at=at)
    _record_openings(case, [held[one.number - 1].id for one in opened], actor=actor, at=at)
    return opened


def decrypt_files(
    held: Sequence[EncryptedFile], *, task: str, reason: str, actor: Actor, at: datetime
) -> list[OpenedDocument]:
    """Return those of these files that open, numbered in this order. Raises why none can be opened."""
    opened: list[OpenedDocument] = []
    refused: Refusal | None = None
    with vault.opened(purpose=Purpose.RIGHTS, task=task, actor=actor, at=at, reason=reason) as vault_session:
        for number, file in enumerate(held, start=1):
            try:
                opened.append(OpenedDocument(number, file.media_type, vault_session.decrypt(file, "content")))
            except UNREADABLE as refusal:
                refused = refusal
    if refused is not None and not opened:
        raise refused
    return opened


def opens(file: EncryptedFile, case: Request, *, task: str, actor: Actor, at: datetime) -> bool:
    """Whether a file of a case can be opened now. It goes on record as read, and is nobody's opening of a document."""
    with vault.opened(
        purpose=Purpose.RIGHTS, task=task, actor=actor, at=at, reason=f"request {case.number}"
    ) as vault_session:
        try:
            vault_session.decrypt(file, "content")
        except UNREADABLE:
            return False
    return True


def _record_openings(case: Request, files: list[UUID], *, actor: Actor, at: datetime) -> None:
    """Note who opened which documents: an identity by documents rests on it."""
    seen = IdentityDocument.objects.filter(request=case, file_id__in=files)
    with transaction.atomic():
        DocumentOpening.objects.bulk_create(
            DocumentOpening(document=document, opened_by=actor.ref, opened_at=at) for document in seen
        )


def unopened_documents(case: Request, *, by: str) -> EncryptedFileQuerySet:
    """Return the documents of a case that a person has not opened; those found harmful are opened by nobody.

    Of a file whose step never committed no opening can be on record, and nothing rests on it.
    """
    return unopened_of(documents(case), case, by=by)


def unopened_of(files: EncryptedFileQuerySet, case: Request, *, by: str) -> EncryptedFileQuerySet:
    """Return those of these files of a case that a person has not opened; those found harmful are left out."""
    unseen = IdentityDocument.objects.filter(request=case).exclude(openings__opened_by=by)
    return files.usable().filter(id__in=list(unseen.values_list("file_id", flat=True)))


def destroy_documents(case: Request, *, actor: Actor, at: datetime) -> int:
    """Destroy the documents after the decision; safe to repeat. Returns how many went.

    What a hold keeps stays, and what came after the end to prove a mandate that is still lacking;
    ``destroy_leftover_documents`` comes back for it.
    """
    over = documents(case)
    if case.closed_at is not None and lacks_mandate(case, at=at):
        over = over.filter(stored_at__lte=case.closed_at)
    return destroy_files_of(over, case, actor=actor, at=at)


def destroy_files_of(files: Iterable[EncryptedFile], case: Request, *, actor: Actor, at: datetime) -> int:
    """Destroy these files of a case, but for what a hold keeps, and note it on the case. Returns how many went."""
    gone = 0
    for file in files:
        try:
            vault.delete_file(file, actor=actor, at=at)
        except vault.UnderHold:
            continue
        gone += 1
    if gone:
        with transaction.atomic():
            record(lock_case(case), Event.EVIDENCE_DESTROYED, actor=actor, at=at, facts={"documents": gone})
    return gone


def destroy_leftover_documents(*, actor: Actor, at: datetime) -> int:
    """Destroy the documents of closed cases that a hold or a crash has left; safe to repeat."""
    left = EncryptedFile.objects.filter(category=RIGHTS_REQUEST, case__endswith=FILES_SUFFIX).values_list(
        "case", flat=True
    )
    references = sorted({name.removesuffix(FILES_SUFFIX) for name in left.distinct()})
    closed = Request.objects.filter(reference__in=references, closed_at__isnull=False)
    return sum(destroy_documents(case, actor=actor, at=at) for case in closed)


def files_reference(case: Request) -> str:
    """Return the name under which a case's documents are kept, apart from its package."""
    return f"{case.reference}{FILES_SUFFIX}"
