"""Who was given what is kept by pseudonymous ids and keyed digests; of people themselves only the scans are held."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import DisclosedItem, Disclosure, Notice
from privacy.lib import clock, periods
from privacy.policies import rulebook
from privacy.policies.rulebook import RetentionTerm
from privacy.retention import obstacles
from privacy.subjects import holdings
from privacy.vault.models import SealedFile

SLICE = 1000


def scans_due(on: date, term: RetentionTerm) -> Iterator[list[UUID]]:
    """Yield the disclosures whose scan was kept as long as the law asks (P-09, P-10); ``term`` says nothing more."""
    years = rulebook.parameter("disclosure.records.years", on)
    last: UUID | None = None
    while True:
        scanned = Disclosure.objects.filter(scan_id__isnull=False).order_by("id")
        page = scanned if last is None else scanned.filter(id__gt=last)
        rows = list(page.values_list("id", "requested_at")[:SLICE])
        if not rows:
            return
        over = [one for one, at in rows if periods.period_end(clock.kst_date(at), years=years) < on]
        held = set(SealedFile.objects.filter(subject_id__in=over).values_list("subject_id", flat=True))
        if held:
            yield [one for one in over if one in held]
        last = rows[-1][0]


def _disclosures_about(subject_ids: Collection[UUID]) -> Iterable[UUID]:
    """Return the disclosures of these people's data: the scan of the demand is sealed under the disclosure."""
    items = DisclosedItem.objects.filter(subject_id__in=subject_ids)
    return items.values_list("disclosure_id", flat=True).distinct()


obstacles.declare_files("disclosures", _disclosures_about)
holdings.declare(
    SealedFile,
    category="disclosure-request",
    subject="subject_id",
    clock="requested_at",
    using="personal",
    items={},
    destroy=disclosures.destroy_scans,
    due=scans_due,
    scope={"category": "disclosure-request"},
    duty=_("requests of authorities, kept with the register of provisions (law P-09, P-10)"),
)
holdings.declare_pseudonymous(
    DisclosedItem, subject="subject_id", why="the register of provisions stays (law P-05); values are keyed digests"
)
holdings.declare_pseudonymous(Notice, subject="subject_id", why="proof that recipients were told (P1.6)")
