"""The files of evidence may show people's names, so they are sealed and end as everything does."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from privacy.lib.dates import clock, periods
from privacy.policies import rulebook
from privacy.policies.categories import SAFEGUARD_EVIDENCE
from privacy.policies.rulebook import RetentionPeriod
from privacy.safeguards import actions as safeguards
from privacy.subjects import holdings
from privacy.subjects.holdings import KeptUnder
from privacy.vault.models import EncryptedFile

SLICE = 1000


def files_due(on: date, term: RetentionPeriod) -> Iterator[list[UUID]]:
    """Yield what the files are of that were kept for ``evidence.records.years``; ``term`` says nothing more."""
    years = rulebook.parameter("evidence.records.years", on)
    last: UUID | None = None
    while True:
        filed = EncryptedFile.objects.filter(category=SAFEGUARD_EVIDENCE).order_by("id")
        page = filed if last is None else filed.filter(id__gt=last)
        rows = list(page.values_list("id", "subject_id", "stored_at")[:SLICE])
        if not rows:
            return
        over = [of for _id, of, at in rows if periods.period_end(clock.kst_date(at), years=years) < on]
        if over:
            yield over
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
