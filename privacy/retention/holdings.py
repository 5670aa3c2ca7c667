"""What this app holds: the archive of what another law preserves. Everything else names people by id only."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from privacy.policies.categories import ARCHIVE, DESTRUCTION_EVIDENCE
from privacy.retention import actions as retention
from privacy.retention.destruction import blockers
from privacy.retention.models import ArchiveAccess, ArchivedRecord, DestructionLine, Hold
from privacy.subjects import holdings
from privacy.subjects.holdings import KeptUnder
from privacy.subjects.sources import DataSource, Source
from privacy.vault import destruction_vetoes
from privacy.vault.models import EncryptedFile


def _sources_of_archived(subject_ids: Sequence[UUID]) -> Iterator[DataSource]:
    """Yield that what is archived was moved from the office's own records."""
    if ArchivedRecord.objects.filter(subject_id__in=list(subject_ids)).exists():
        yield DataSource(Source.OUR_RECORDS)


# Whatever path destroys: the vault asks here before a key or a sealed file goes.
destruction_vetoes.declare(blockers.HoldVeto())

holdings.declare(
    ArchivedRecord,
    category=ARCHIVE,
    subject="subject_id",
    clock="preservation-end",
    using="archive",
    items={"archived": "body"},
    duty=_("Preserved under another law (PIPA, art. 21(3)); read only to meet a legal duty"),
    has_own_end=True,
    recorded="archived_at",
    sources=_sources_of_archived,
)
holdings.declare(
    EncryptedFile,
    category=DESTRUCTION_EVIDENCE,
    subject="subject_id",
    clock="destroyed_on",
    using="personal",
    items={},
    kept_under=KeptUnder.RECORD,
    destroy=retention.destroy_evidence,
    due=retention.evidence_due,
    scope={"category": DESTRUCTION_EVIDENCE},
    kept_years="destruction.evidence.years",
    duty=_("evidence of paper destruction (PIPA, art. 21)"),
)
holdings.declare_pseudonymous(
    DestructionLine, subject="subject_id", why="proof of what was destroyed, by id (law D-09)"
)
holdings.declare_pseudonymous(Hold, subject="subject_id", why="whose data is kept for litigation or an investigation")
holdings.declare_pseudonymous(ArchiveAccess, subject="subject_id", why="who read the archive, for which law")
