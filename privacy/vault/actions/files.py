"""Sealed files: evidence, mandates, packages. The content never touches a disk in clear.

``receive_file`` is the one way in for files from outside; ``store_file`` is for what the portal itself has made.
"""

import logging
import time
from datetime import datetime
from uuid import UUID

from django.db import transaction

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.documents import upload_validation
from privacy.lib.integrations.clamd import ScannerUnavailable
from privacy.lib.sandbox.runner import Busy, NoVerdict
from privacy.vault import destruction_vetoes, malware_scan
from privacy.vault.actions.encryption import encrypt
from privacy.vault.decryption_session import opened
from privacy.vault.events import Event
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose
from privacy.vault.refusals import Destroyed, FileTooLarge, WrongKey

log = logging.getLogger("portal.vault")

MAX_FILE_BYTES = 10 * 2**20
# A run ends well before the queue's timeout, however long the last file takes.
SCAN_SECONDS = 30.0
EVENT_OF_VERDICT = {
    EncryptedFile.State.CLEAN: Event.FILE_CLEARED,
    EncryptedFile.State.UNSCANNED: Event.FILE_OPENED_UNSCANNED,
    EncryptedFile.State.QUARANTINE: Event.FILE_QUARANTINED,
}


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
) -> EncryptedFile:
    """Seal a file of a case into ``personal``. ``subject_id`` may be the case's own id while nobody is identified.

    Raises ``FileTooLarge``, ``Destroyed``, ``WrongKey``. Read it by ``vault_session.decrypt(file, "content")``.
    """
    file = _file(subject_id, category, case, content, media_type, at)
    return _put(file, name, content, actor=actor, at=at)


def receive_file(
    *, subject_id: UUID, category: str, case: str, name: str, content: bytes, actor: Actor, at: datetime
) -> EncryptedFile:
    """Seal a file that somebody sent: PDF, JPEG or PNG, told by its first bytes; nothing of it is parsed here.

    It waits, closed to everybody, until the worker has it scanned and examined (``scan_files``). Raises
    ``InvalidUpload`` and what ``store_file`` raises.
    """
    file = _file(subject_id, category, case, content, upload_validation.recognise_upload(content), at)
    file.state = EncryptedFile.State.PENDING
    return _put(file, name[:100], content, actor=actor, at=at)


def scan_files(*, actor: Actor, at: datetime, most: int = 20, seconds: float = SCAN_SECONDS) -> int:
    """Have files judged that nobody has judged yet, for some seconds. Returns how many were judged now.

    Where no scanner is set up they stay closed (unless ``OPEN_UNSCANNED_UPLOADS``). One that can't be opened any more,
    or that gets no answer, keeps nobody behind it waiting: beside the oldest, some are drawn from all.
    """
    if malware_scan.configured_scanner() is None and not malware_scan.opens_unscanned():
        return 0
    judged, end = 0, time.monotonic() + seconds
    for file in _waiting(most):
        if time.monotonic() > end:
            break
        try:
            with opened(purpose=Purpose.LEGAL_DUTY, task=malware_scan.SCAN_TASK, actor=actor, at=at) as vault_session:
                content: bytes = vault_session.decrypt(file, "content")
        except Destroyed:
            continue  # its key is gone; the row goes with the destruction that is under way
        except WrongKey:
            # It was altered, or its key was never committed: a person looks; those behind it are scanned.
            log.error("the file %s does not open and was not scanned", file.id)
            continue
        before = file.state
        try:
            _judge(file, content, at=at)
        except Busy:
            break
        except (ScannerUnavailable, NoVerdict) as why:
            log.warning("the file %s was not judged: %s", file.id, why)
            continue
        if file.state == before:
            continue
        with transaction.atomic(using="personal"):
            held = EncryptedFile.objects.select_for_update().filter(id=file.id).unjudged().first()
            if held is None:
                continue
            held.state, held.finding, held.scanned_at = file.state, file.finding, file.scanned_at
            held.save(update_fields=["state", "finding", "scanned_at"])
            _record_verdict(held, actor=actor, at=at)
            judged += 1
    return judged


def _waiting(most: int) -> list[EncryptedFile]:
    """Return files to scan now: the oldest, and as many of all the others."""
    unjudged = EncryptedFile.objects.unjudged()
    if malware_scan.opens_unscanned():
        unjudged = unjudged.filter(state=EncryptedFile.State.PENDING)
    oldest = list(unjudged.order_by("stored_at", "id")[: most // 2])
    others = unjudged.exclude(id__in=[file.id for file in oldest])
    return oldest + list(others.order_by("?")[: most - len(oldest)])


def _judge(file: EncryptedFile, content: bytes, *, at: datetime) -> None:
    """Set what the scanner and the examination say. Raises ScannerUnavailable, NoVerdict, Busy."""
    scanner = malware_scan.configured_scanner()
    signature = scanner.scan(content).signature if scanner is not None else ""
    file.finding = (signature or upload_validation.examine_upload(content, file.media_type))[:200]
    if file.finding:
        file.state, file.scanned_at = EncryptedFile.State.QUARANTINE, at
    elif scanner is not None:
        file.state, file.scanned_at = EncryptedFile.State.CLEAN, at
    else:
        file.state = EncryptedFile.State.UNSCANNED


def _record_verdict(file: EncryptedFile, *, actor: Actor, at: datetime) -> None:
    found = {"finding": file.finding} if file.finding else {}
    ledger.record(
        EVENT_OF_VERDICT[EncryptedFile.State(file.state)],
        actor=actor,
        at=at,
        about=file,
        subjects=[file.subject_id],
        facts={"case": file.case, **found},
    )


def _file(subject_id: UUID, category: str, case: str, content: bytes, media_type: str, at: datetime) -> EncryptedFile:
    if len(content) > MAX_FILE_BYTES:
        raise FileTooLarge(MAX_FILE_BYTES)
    return EncryptedFile(
        subject_id=subject_id,
        category=category,
        case=case,
        media_type=media_type,
        size=len(content),
        stored_at=at,
    )


def _put(file: EncryptedFile, name: str, content: bytes, *, actor: Actor, at: datetime) -> EncryptedFile:
    encrypt(file, {"name": name, "content": content}, at=at)
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
    return file


def delete_file(file: EncryptedFile, *, actor: Actor, at: datetime) -> None:
    """Remove a sealed file's row, as after the decision that its evidence was for. Safe to repeat.

    Raises UnderHold while a hold covers it.
    """
    with destruction_vetoes.lock_vetoes(), transaction.atomic(using="personal"):
        destruction_vetoes.refuse_if_vetoed([file.subject_id], [file.category], at=at)
        known = EncryptedFile.objects.select_for_update().filter(id=file.id)
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
