"""Sealed files: evidence, mandates, packages. The content never touches a disk in clear.

``receive_file`` is the one way in for files from outside; ``store_file`` is for what the portal itself has made.
"""

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib import papers
from privacy.lib.clamd import Unavailable
from privacy.vault import keepers, scanning
from privacy.vault.actions.sealing import seal
from privacy.vault.door import opened
from privacy.vault.events import Event
from privacy.vault.models import SealedFile
from privacy.vault.purposes import Purpose
from privacy.vault.refusals import TooLarge

log = logging.getLogger("portal.vault")

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
    file = _file(subject_id, category, case, content, media_type, at)
    return _put(file, name, content, actor=actor, at=at)


def receive_file(
    *, subject_id: UUID, category: str, case: str, name: str, content: bytes, actor: Actor, at: datetime
) -> SealedFile:
    """Check, scan and seal a file that somebody sent: PDF, JPEG or PNG, told by its content.

    It can be opened once the scanner found it clean; where the scanner gives no answer it waits, and the worker asks
    again (``scan_files``). Raises ``BadDocument`` and what ``store_file`` raises.
    """
    file = _file(subject_id, category, case, content, papers.examine(content), at)
    _judge(file, content, at=at)
    return _put(file, name[:100], content, actor=actor, at=at)


def scan_files(*, actor: Actor, at: datetime, most: int = 20) -> int:
    """Ask the scanner again about files that it has not judged. Returns how many it judged now."""
    if scanning.scanner() is None:
        return 0
    judged = 0
    for file in SealedFile.objects.unjudged().order_by("stored_at")[:most]:
        with opened(purpose=Purpose.LEGAL_DUTY, task=scanning.TASK, actor=actor, at=at) as door:
            content: bytes = door.reveal(file, "content")
        _judge(file, content, at=at)
        with transaction.atomic(using="personal"):
            held = SealedFile.objects.select_for_update().filter(id=file.id).unjudged().first()
            if held is None:
                continue
            held.state, held.finding, held.scanned_at = file.state, file.finding, file.scanned_at
            held.save(update_fields=["state", "finding", "scanned_at"])
            judged += _record_verdict(held, actor=actor, at=at)
    return judged


def _judge(file: SealedFile, content: bytes, *, at: datetime) -> None:
    known = scanning.scanner()
    if known is None:
        file.state = SealedFile.State.UNSCANNED
        return
    try:
        verdict = known.scan(content)
    except Unavailable as why:
        log.warning("the malware scanner gave no answer: %s", why)
        file.state = SealedFile.State.PENDING
        return
    file.state = SealedFile.State.CLEAN if verdict.is_clean else SealedFile.State.QUARANTINE
    file.finding, file.scanned_at = verdict.signature[:200], at


def _record_verdict(file: SealedFile, *, actor: Actor, at: datetime) -> bool:
    if file.state not in (SealedFile.State.CLEAN, SealedFile.State.QUARANTINE):
        return False
    clean = file.state == SealedFile.State.CLEAN
    ledger.record(
        Event.FILE_CLEARED if clean else Event.FILE_QUARANTINED,
        actor=actor,
        at=at,
        about=file,
        subjects=[file.subject_id],
        facts={"case": file.case} if clean else {"case": file.case, "finding": file.finding},
    )
    return True


def _file(subject_id: UUID, category: str, case: str, content: bytes, media_type: str, at: datetime) -> SealedFile:
    if len(content) > LIMIT:
        raise TooLarge(LIMIT)
    return SealedFile(
        subject_id=subject_id,
        category=category,
        case=case,
        media_type=media_type,
        size=len(content),
        stored_at=at,
    )


def _put(file: SealedFile, name: str, content: bytes, *, actor: Actor, at: datetime) -> SealedFile:
    seal(file, {"name": name, "content": content}, at=at)
    with transaction.atomic(using="personal"):
        file.save(force_insert=True)
        ledger.record(
            Event.FILE_STORED,
            actor=actor,
            at=at,
            about=file,
            subjects=[file.subject_id],
            facts={"case": file.case, "size": file.size},
        )
        _record_verdict(file, actor=actor, at=at)
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
