"""The files of evidence may show people's names, so they are sealed and end as everything does."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from privacy.lib.dates import periods
from privacy.policies import rulebook
from privacy.policies.categories import SAFEGUARD_EVIDENCE
from privacy.policies.rulebook import RetentionPeriod
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import Evidence
from privacy.subjects import holdings
from privacy.subjects.holdings import KeptUnder
from privacy.vault.models import EncryptedFile

SLICE = 1000


def files_due(on: date, term: RetentionPeriod) -> Iterator[list[UUID]]:
    """Yield the evidences whose file was kept for ``evidence.records.years``; ``term`` says nothing more."""
    years = rulebook.parameter("evidence.records.years", on)
    last: UUID | None = None
    while True:
        filed = Evidence.objects.filter(file_id__isnull=False).order_by("id")
        page = filed if last is None else filed.filter(id__gt=last)
        rows = list(page.values_list("id", "on")[:SLICE])
        if not rows:
            return
        over = [one for one, day in rows if periods.period_end(day, years=years) < on]
        held = set(EncryptedFile.objects.filter(subject_id__in=over).values_list("subject_id", flat=True))
        if held:
            yield [one for one in over if one in held]
        last = rows[-1][0]


holdings.declare(
    EncryptedFile,
    category=SAFEGUARD_EVIDENCE,
    subject="subject_id",
    clock="stored_at",
    using="personal",
    items={},
    kept_under=KeptUnder.RECORD,
    destroy=safeguards.destroy_evidence_files,
    due=files_due,
    scope={"category": SAFEGUARD_EVIDENCE},
    kept_years="evidence.records.years",
    duty=_("evidence of safety measures (PIPA, art. 29)"),
)
