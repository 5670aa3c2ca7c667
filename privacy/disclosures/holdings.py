"""Who was given what is kept by pseudonymous ids and keyed digests; of people themselves only the scans are held."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import CorrectionProof, DisclosedItem, Disclosure, Notice
from privacy.lib.dates import clock, periods
from privacy.policies import rulebook
from privacy.policies.categories import DISCLOSURE_REQUEST
from privacy.policies.rulebook import RetentionPeriod
from privacy.retention.destruction import blockers
from privacy.subjects import holdings
from privacy.subjects.holdings import KeptUnder
from privacy.vault.models import EncryptedFile

BATCH_SIZE = 1000


def scans_due(on: date, term: RetentionPeriod) -> Iterator[list[UUID]]:
    """Yield what has a file that was kept as long as the law asks (P-09, P-10); ``term`` says nothing more."""
    yield from _files_due(Disclosure.objects.filter(scan_id__isnull=False), "requested_at", on)
    yield from _files_due(CorrectionProof.objects.exclude(state__in=CorrectionProof.OPEN), "ended_at", on)


def _files_due(records: QuerySet[Any], since: str, on: date) -> Iterator[list[UUID]]:
    """Yield those of these records whose files were kept for the years of the register, since a moment of theirs."""
    years = rulebook.parameter("disclosure.records.years", on)
    last: UUID | None = None
    while True:
        page = records.order_by("id") if last is None else records.order_by("id").filter(id__gt=last)
        rows = list(page.values_list("id", since)[:BATCH_SIZE])
        if not rows:
            return
        over = [one for one, at in rows if periods.period_end(clock.kst_date(at), years=years) < on]
        held = set(EncryptedFile.objects.filter(subject_id__in=over).values_list("subject_id", flat=True))
        if held:
            yield [one for one in over if one in held]
        last = rows[-1][0]


def _files_about(subject_ids: Collection[UUID]) -> Iterator[UUID]:
    """Yield under what files about these people are sealed: a scan under its disclosure, evidence under its proof."""
    items = DisclosedItem.objects.filter(subject_id__in=subject_ids)
    yield from items.values_list("disclosure_id", flat=True).distinct()
    yield from CorrectionProof.objects.filter(notice__subject_id__in=subject_ids).values_list("id", flat=True)


blockers.declare_files("disclosures", _files_about)
holdings.declare(
    EncryptedFile,
    category=DISCLOSURE_REQUEST,
    subject="subject_id",
    clock="requested_at",
    using="personal",
    items={},
    kept_under=KeptUnder.RECORD,
    destroy=disclosures.destroy_scans,
    due=scans_due,
    scope={"category": DISCLOSURE_REQUEST},
    kept_years="disclosure.records.years",
    duty=_("authorities' requests and recipients' evidence, kept with the register of disclosures"),
)
holdings.declare_pseudonymous(
    DisclosedItem, subject="subject_id", why="the register of provisions stays (law P-05); values are keyed digests"
)
holdings.declare_pseudonymous(Notice, subject="subject_id", why="proof that recipients were told (P1.6)")
