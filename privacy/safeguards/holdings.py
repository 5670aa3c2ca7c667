"""The files of evidence may show people's names, so they are sealed and end as everything does."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from privacy.lib import periods
from privacy.policies.rulebook import RetentionTerm
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import Evidence
from privacy.subjects import holdings
from privacy.vault.models import SealedFile

# As long as the history of access rights is kept (law S-10).
YEARS = 3
SLICE = 1000


def files_due(on: date, term: RetentionTerm) -> Iterator[list[UUID]]:
    """Yield the evidences whose file was kept for its years; ``term`` says nothing more."""
    last: UUID | None = None
    while True:
        filed = Evidence.objects.filter(file_id__isnull=False).order_by("id")
        page = filed if last is None else filed.filter(id__gt=last)
        rows = list(page.values_list("id", "on")[:SLICE])
        if not rows:
            return
        over = [one for one, day in rows if periods.period_end(day, years=YEARS) < on]
        held = set(SealedFile.objects.filter(subject_id__in=over).values_list("subject_id", flat=True))
        if held:
            yield [one for one in over if one in held]
        last = rows[-1][0]


holdings.declare(
    SealedFile,
    category="safeguard-evidence",
    subject="subject_id",
    clock="stored_at",
    using="personal",
    items={},
    destroy=safeguards.destroy_evidence_files,
    due=files_due,
    scope={"category": "safeguard-evidence"},
    duty=_("evidence of safety measures (PIPA 29, law S-24 … S-33)"),
)
