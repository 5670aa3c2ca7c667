"""The evidence of a destruction on paper: sealed, read on record, destroyed when its term is over (law D-06)."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import batched
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import periods
from privacy.lib.papers import BadDocument
from privacy.policies.rulebook import RetentionTerm
from privacy.retention import terms
from privacy.retention.events import Event
from privacy.retention.models import PaperDestruction
from privacy.vault import actions as vault
from privacy.vault.models import SealedFile
from privacy.vault.purposes import Purpose

CATEGORY = "destruction-evidence"
SLICE = 1_000


@dataclass(frozen=True)
class Evidence:
    """A scan or photo that shows a destruction: a PDF, JPEG or PNG."""

    name: str
    content: bytes


def keep_evidence(paper_id: UUID, evidence: Evidence, *, case: str, actor: Actor, at: datetime) -> tuple[UUID, str]:
    """Seal the evidence under the destruction that it shows; return its id and SHA-256. Raises BadDocument."""
    stored = vault.receive_file(
        subject_id=paper_id,
        category=CATEGORY,
        case=case,
        name=evidence.name,
        content=evidence.content,
        actor=actor,
        at=at,
    )
    return stored.id, hashlib.sha256(evidence.content).hexdigest()


def open_evidence(paper: PaperDestruction, *, actor: Actor, at: datetime) -> tuple[bytes, str]:
    """Open the evidence for who checks the register; return content and media type. Raises BadDocument."""
    require(actor, "retention.view_paperdestruction", about=paper)
    file = SealedFile.objects.filter(id=paper.evidence_id).first() if paper.evidence_id else None
    if file is None:
        raise BadDocument(_("No evidence is attached to this destruction, or its term is over."))
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY,
        task="retention.evidence.shown",
        actor=actor,
        at=at,
        reason=f"destruction {paper.reference}",
    ) as door:
        content: bytes = door.reveal(file, "content")
    return content, file.media_type


def destroy_evidence(paper_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove the evidence of these destructions when its term is over; safe to repeat. Returns the rows removed."""
    with transaction.atomic(using="personal"):
        rows = SealedFile.objects.filter(subject_id__in=paper_ids, category=CATEGORY)
        count = rows.count()
        if count:
            with transaction.atomic():
                facts = {"certificate": certificate, "rows": count}
                ledger.record(Event.EVIDENCE_REMOVED, actor=actor, at=at, subjects=paper_ids, facts=facts)
            rows.delete()
    return count


def evidence_due(on: date, term: RetentionTerm) -> Iterator[list[UUID]]:
    """Yield the destructions whose evidence was kept for its years; ``term`` says nothing more."""
    years = terms.evidence_years(on)
    shown = PaperDestruction.objects.filter(evidence_id__isnull=False, destroyed_on__lte=on).order_by("destroyed_on")
    for part in batched(shown.values_list("id", "destroyed_on").iterator(chunk_size=SLICE), SLICE):
        over = [paper for paper, day in part if periods.period_end(day, years=years) < on]
        left = set(SealedFile.objects.filter(subject_id__in=over).values_list("subject_id", flat=True))
        if left:
            yield [paper for paper in over if paper in left]
