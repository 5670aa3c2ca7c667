"""Sealed files: evidence, mandates, packages. The content never touches a disk in clear."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.vault import keepers
from privacy.vault.actions.sealing import seal
from privacy.vault.events import Event
from privacy.vault.models import SealedFile
from privacy.vault.refusals import TooLarge

LIMIT = 10 * 2**20


def store_file(
    *,
    subject_id: UUID,
    category: str,
    case: str,
    name: str,
    content: bytes,
    media_type: str,
    actor: Actor,
    at: datetime,
) -> SealedFile:
    """Seal a file of a case into ``personal``. ``subject_id`` may be the case's own id while nobody is identified.

    Raises ``TooLarge``, ``Destroyed``, ``WrongKey``. Read it through a door: ``door.reveal(file, "content")``.
    """
    if len(content) > LIMIT:
        raise TooLarge(LIMIT)
    file = SealedFile(
        subject_id=subject_id,
        category=category,
        case=case,
        media_type=media_type,
        size=len(content),
        stored_at=at,
    )
    seal(file, {"name": name, "content": content}, at=at)
    with transaction.atomic(using="personal"):
        file.save(force_insert=True)
        ledger.record(
            Event.FILE_STORED,
            actor=actor,
            at=at,
            about=file,
            subjects=[subject_id],
            facts={"case": case, "size": file.size},
        )
    return file


def discard_file(file: SealedFile, *, actor: Actor, at: datetime) -> None:
    """Remove a sealed file's row, as after the decision that its evidence was for (lifecycle.md). Safe to repeat.

    Raises Kept while a hold covers it.
    """
    keepers.refuse_kept([file.subject_id], [file.category], at=at)
    with transaction.atomic(using="personal"):
        known = SealedFile.objects.select_for_update().filter(id=file.id)
        if known.exists():
            known.delete()
            ledger.record(
                Event.FILE_DISCARDED,
                actor=actor,
                at=at,
                about=file,
                subjects=[file.subject_id],
                facts={"case": file.case},
            )
