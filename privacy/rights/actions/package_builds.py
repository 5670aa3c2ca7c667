"""Making the file of an access: slice by slice, by one at a time, gone on with after any death (P1.2, R-03).

Every slice is three steps: read and pack, seal the files in ``personal``, note them as pieces in ``default``. What dies
between the last two leaves files that are no pieces; ``tidy`` takes them away.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.ledger.exports import document_issuance
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.policies.categories import RIGHTS_REQUEST
from privacy.rights import locks
from privacy.rights.access_package import freshness, writer
from privacy.rights.access_package.writer import PackageSlice, PackageWriter
from privacy.rights.access_package.zip_stream import ZipEntry
from privacy.rights.actions.cases import lock_case, record
from privacy.rights.events import Event
from privacy.rights.models import Package, PackageBuild, PackagePiece, Right
from privacy.rights.refusals import InProgress, WrongState
from privacy.vault import actions as vault
from privacy.vault.decryption_session import DecryptionSession
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose

GRANTED = (Right.Decision.GRANTED, Right.Decision.PARTLY_GRANTED)
MEDIA_TYPE = "application/zip"
# So many slices are made in one go: an officer's page answers, and a worker's minute is not used up by one person.
MAX_SLICES_PER_RUN = 20
# What a package that is made again tells anew.
REBUILT = [
    "making", "read_at", "fingerprint", "file_id", "file_digest", "file_bytes", "pieces", "built_at", "expires_at",
    "outdated_at", "contents",
]  # fmt: skip
# Where a piece stands: content.json, the pages, the end; and what only the end needs.
CONTENT, PAGES, END, KEPT = "a", "b", "c", "x"


def build_package(right: Right, *, actor: Actor, at: datetime) -> Package:
    """Make the package of a right, or go on with it.

    Raises WrongState for a right that is not granted, InProgress while somebody is at it, or more is to come.
    """
    if not Right.objects.filter(id=right.id, event_id=right.event_id, decision__in=GRANTED).exists():
        raise WrongState(_("Only what was granted can be carried out."))
    with locks.package_build(right) as alone:
        if not alone:
            raise InProgress(_("The copy is being made. The case continues automatically."))
        known = Package.objects.filter(event_id=right.event_id).first()
        if known is not None and known.outdated_at is None:
            remove_orphaned_files(right, right.event_id, actor=actor, at=at)
            return known
        making = _current_build(right, actor=actor, at=at)
        for _slice in range(MAX_SLICES_PER_RUN):
            current = PackageWriter(right, read_at=making.read_at, progress=making.progress or None)
            if making.progress and current.is_read:
                return _finish(right, making, current, actor=actor, at=at)
            making = _build_slice(right, making, current, actor=actor, at=at)
    raise InProgress(_("There is a lot to copy. The copy and the case continue automatically."))


def _current_build(right: Right, *, actor: Actor, at: datetime) -> PackageBuild:
    """Return the making that was begun, or a new one where there is none or what it has read is no longer so."""
    begun = PackageBuild.objects.filter(right=right).first()
    if begun is not None:
        same = freshness.fingerprint(right, read_at=begun.read_at, at=at) == begun.fingerprint
        if begun.event_id == right.event_id and same:
            return begun
        discard_build(begun, actor=actor, at=at)
    return PackageBuild.objects.create(
        right=right,
        event_id=right.event_id,
        read_at=at,
        fingerprint=freshness.fingerprint(right, read_at=at, at=at),
    )


def discard_build(making: PackageBuild, *, actor: Actor, at: datetime) -> None:
    """Give a making up, with what it has sealed."""
    with transaction.atomic():
        PackagePiece.objects.filter(making=making.id).delete()
        making.delete()
    remove_orphaned_files(making.right, making.event_id, actor=actor, at=at)


def _build_slice(
    right: Right, making: PackageBuild, current: PackageWriter, *, actor: Actor, at: datetime
) -> PackageBuild:
    """Make one slice and note it."""
    if not making.progress:
        written = current.begin()
    else:
        with _opened(right, actor=actor, at=at) as vault_session:
            written = current.go_on(vault_session)
    pieces = list(_sealed(right, making, written, actor=actor, at=at))
    with transaction.atomic():
        row = _lock_build(making)
        PackagePiece.objects.bulk_create(pieces)
        row.slices += 1
        row.progress = current.progress
        row.save(update_fields=["slices", "progress"])
    return row


def _lock_build(making: PackageBuild) -> PackageBuild:
    """Return the making, locked, where nobody has gone on with it meanwhile. Raises InProgress."""
    row = PackageBuild.objects.select_for_update().filter(id=making.id, slices=making.slices).first()
    if row is None:
        raise InProgress(_("The copy is being made. The case continues automatically."))
    return row


def _sealed(
    right: Right, making: PackageBuild, written: PackageSlice, *, actor: Actor, at: datetime
) -> Iterator[PackagePiece]:
    """Seal what a slice has written. A piece's place counts slices, and parts of a slice that is more than a piece."""
    kept = json.dumps(written.kept, ensure_ascii=False).encode() if written.kept else b""
    for kind, content, entries in (
        (CONTENT, written.content, []),
        (PAGES, written.pages, written.entries),
        (KEPT, kept, []),
    ):
        for number, part in enumerate(_parts(content)):
            place = f"{kind}{making.slices + 1:05}.{number:03}"
            yield _store(right, making, place, part, [] if number else entries, actor=actor, at=at)


def _store(
    right: Right, making: PackageBuild, place: str, content: bytes, entries: Iterable[ZipEntry] = (), *, actor: Actor,
    at: datetime,
) -> PackagePiece:  # fmt: skip
    case = right.request
    file = vault.store_file(
        subject_id=case.holder_id,
        category=RIGHTS_REQUEST,
        case=f"{package_case(right, making.event_id)}/{place}",
        name=f"{case.number}.zip.{place}",
        content=content,
        media_type=MEDIA_TYPE,
        actor=actor,
        at=at,
    )
    return PackagePiece(
        making=making.id, place=place, file_id=file.id, size=len(content), entries=[one.row() for one in entries]
    )


def _finish(right: Right, making: PackageBuild, current: PackageWriter, *, actor: Actor, at: datetime) -> Package:
    """Write the end of the file, and let the package be there, where what it tells is still so. Raises InProgress."""
    stored = list(PackagePiece.objects.filter(making=making.id))
    with _opened(right, actor=actor, at=at) as vault_session:
        kept: dict[str, Any] = {}
        for text in _texts(stored, vault_session):
            kept |= json.loads(text)
        ending = current.finish(kept)
        content_digest, whole = ending.digest(decrypted_chunks(_of_kind(stored, CONTENT), vault_session))
        for chunk in decrypted_chunks(_of_kind(stored, PAGES), vault_session):
            whole.update(chunk)
    entries = [ZipEntry(*row) for piece in _of_kind(stored, PAGES) for row in piece.entries]

    def issue(manifest: bytes) -> bytes:
        number = right.request.number
        return document_issuance.issue(manifest, kind="access-package-manifest", number=number, actor=actor, at=at)

    tail = ending.tail(content_digest, entries, issue=issue)
    whole.update(tail)
    added = [
        _store(right, making, f"{CONTENT}00000.000", ending.entry.header(), actor=actor, at=at),
        _store(right, making, f"{CONTENT}99999.000", ending.packed, actor=actor, at=at),
        *(
            _store(right, making, f"{END}00000.{number:03}", part, actor=actor, at=at)
            for number, part in enumerate(_parts(tail))
        ),
    ]  # fmt: skip
    if freshness.fingerprint(right, read_at=making.read_at, at=at) != making.fingerprint:
        discard_build(making, actor=actor, at=at)
        raise InProgress(_("The data changed while the copy was being made. A new copy is made automatically."))
    pieces = [piece for piece in stored if not piece.place.startswith(KEPT)] + added
    hours = rulebook.parameter("rights.package.hours", clock.kst_date(at))
    with transaction.atomic():
        lock_case(right.request)
        row = _lock_build(making)
        made = Package.objects.filter(event_id=right.event_id).first() or Package(right=right, event_id=right.event_id)
        before, again = made.making, not made._state.adding
        made.making, made.read_at, made.fingerprint = row.id, row.read_at, row.fingerprint
        made.file_id, made.file_digest = added[0].file_id, whole.hexdigest()
        made.file_bytes, made.pieces = sum(piece.size for piece in pieces), len(pieces)
        made.built_at, made.expires_at = at, at + timedelta(hours=hours)
        made.outdated_at, made.contents = None, {**current.counts, "excluded": sorted(right.excluded)}
        made.save(update_fields=REBUILT if again else None)
        PackagePiece.objects.bulk_create(added)
        PackagePiece.objects.filter(making=row.id, place__startswith=KEPT).delete()
        if before is not None:
            PackagePiece.objects.filter(making=before).delete()
        row.delete()
        if again:
            facts = {"sha256": made.file_digest, "bytes": made.file_bytes, "again": True}
            record(lock_case(right.request), Event.PACKAGE_BUILT, actor=actor, at=at, right=right, facts=facts)
    remove_orphaned_files(right, right.event_id, actor=actor, at=at)
    return made


def _of_kind(pieces: Iterable[PackagePiece], kind: str) -> list[PackagePiece]:
    return [piece for piece in pieces if piece.place.startswith(kind)]


def _texts(pieces: Iterable[PackagePiece], vault_session: DecryptionSession) -> Iterator[bytes]:
    """Yield what each slice kept, put together from its parts."""
    slices: dict[str, list[PackagePiece]] = {}
    for piece in _of_kind(pieces, KEPT):
        slices.setdefault(piece.place.partition(".")[0], []).append(piece)
    for parts in slices.values():
        yield b"".join(decrypted_chunks(parts, vault_session))


def piece_batches(pieces: Iterable[PackagePiece]) -> Iterator[list[PackagePiece]]:
    """Part pieces into runs that are opened at once: as many as one full piece, or one."""
    run: list[PackagePiece] = []
    for piece in pieces:
        if run and sum(one.size for one in run) + piece.size > writer.PIECE_BYTES:
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def decrypted_chunks(pieces: Iterable[PackagePiece], vault_session: DecryptionSession) -> Iterator[bytes]:
    """Yield the content of pieces, in their order."""
    for run in piece_batches(pieces):
        places = {piece.file_id: piece.place for piece in run}
        files = sorted(EncryptedFile.objects.filter(id__in=list(places)), key=lambda one: places[one.id])
        for _file, content in vault_session.decrypt_many(files, "content"):
            yield content


def _opened(right: Right, *, actor: Actor, at: datetime) -> Any:
    reason = f"request {right.request.number}"
    return vault.opened(purpose=Purpose.RIGHTS, task="rights.access.exported", actor=actor, at=at, reason=reason)


def _parts(content: bytes) -> Iterator[bytes]:
    """Cut into what one sealed file takes."""
    for start in range(0, len(content), writer.PIECE_BYTES):
        yield content[start : start + writer.PIECE_BYTES]


def package_case(right: Right, event_id: UUID) -> str:
    """Return the name under which the files of a package are sealed, each with its place behind it."""
    return f"{right.freeze_reference}/{event_id.hex[-8:]}"


def package_files(right: Right, event_id: UUID) -> QuerySet[EncryptedFile]:
    """Return all files under a package's name, without their content."""
    return EncryptedFile.objects.filter(case__startswith=f"{package_case(right, event_id)}/").defer("content")


def remove_orphaned_files(right: Right, event_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Take away the files under a package's name that are no pieces; what a hold keeps stays until it ends."""
    made = Package.objects.filter(event_id=event_id).values_list("making", flat=True)
    in_use = {*PackageBuild.objects.filter(right=right).values_list("id", flat=True), *(one for one in made if one)}
    pieces = set(PackagePiece.objects.filter(making__in=in_use).values_list("file_id", flat=True))
    for file in package_files(right, event_id):
        if file.id not in pieces:
            try:
                vault.delete_file(file, actor=actor, at=at)
            except vault.UnderHold:
                continue
