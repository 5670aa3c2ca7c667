"""What the register of requests and the personal database must agree on; only reads, in slices."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import batched

from privacy.retention.agreements import Difference
from privacy.rights.models import Package, Particulars, Request
from privacy.vault.models import SealedFile

SLICE = 1_000
# What is being written right now is not a difference.
SETTLED = timedelta(minutes=10)


def open_cases_have_words(at: datetime) -> Iterator[Difference]:
    """Yield open cases of which nothing that the requester wrote is in the personal database."""
    cases = Request.objects.open().filter(received_at__lt=at - SETTLED).order_by("id")
    for part in batched(cases.values_list("id", "reference").iterator(chunk_size=SLICE), SLICE):
        written = Particulars.objects.filter(subject_id__in=[case for case, _reference in part])
        known = set(written.values_list("subject_id", flat=True))
        yield from (Difference(reference) for case, reference in part if case not in known)


def packages_have_files(at: datetime) -> Iterator[Difference]:
    """Yield packages that can still be fetched and whose sealed file is gone."""
    packages = Package.objects.filter(removed_at=None, file_id__isnull=False, expires_at__gt=at)
    rows = packages.order_by("id").values_list("file_id", "right__request__reference")
    for part in batched(rows.iterator(chunk_size=SLICE), SLICE):
        files = [file_id for file_id, _reference in part if file_id is not None]
        known = set(SealedFile.objects.filter(id__in=files).values_list("id", flat=True))
        yield from (Difference(reference) for file_id, reference in part if file_id not in known)
