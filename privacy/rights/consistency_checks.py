"""What the register of requests and the personal database must agree on; only reads, in slices."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import batched

from privacy.retention.consistency_checks import Difference
from privacy.rights.models import Package, PackagePiece, Particulars, Request
from privacy.rights.models.cases import RequestQuerySet
from privacy.vault.models import EncryptedFile

BATCH_SIZE = 1_000
# What is being written right now is not a difference.
SETTLED = timedelta(minutes=10)


def open_cases_have_words(at: datetime) -> Iterator[Difference]:
    """Yield open cases of which nothing that the requester wrote is in the personal database."""
    cases = Request.objects.open().filter(received_at__lt=at - SETTLED).order_by("id")
    for part in batched(cases.values_list("id", "reference").iterator(chunk_size=BATCH_SIZE), BATCH_SIZE):
        written = Particulars.objects.filter(subject_id__in=[case for case, _reference in part])
        known = set(written.values_list("subject_id", flat=True))
        yield from (Difference(reference) for case, reference in part if case not in known)


def cases_without_particulars(cases: RequestQuerySet) -> list[Request]:
    """Return the cases of which nothing lies in the personal database: their receipt died between the two.

    What was typed comes back only when the requester sends the form again, or tells it once more.
    """
    found = list(cases.order_by("received_at"))
    known = set(Particulars.objects.filter(about_id__in=[case.id for case in found]).values_list("about_id", flat=True))
    return [case for case in found if case.id not in known]


def packages_have_files(at: datetime) -> Iterator[Difference]:
    """Yield packages that wait for their person and of which a sealed piece is gone."""
    waiting = Package.objects.waiting(at=at).filter(outdated_at=None).order_by("id")
    rows = waiting.values_list("making", "pieces", "right__request__reference")
    for part in batched(rows.iterator(chunk_size=BATCH_SIZE), BATCH_SIZE):
        makings = {making for making, _pieces, _reference in part if making is not None}
        pieces = PackagePiece.objects.filter(making__in=makings).values_list("making", "file_id")
        files = {file_id: making for making, file_id in pieces}
        there = EncryptedFile.objects.filter(id__in=list(files)).values_list("id", flat=True)
        found = Counter(files[file_id] for file_id in there)
        yield from (Difference(reference) for making, count, reference in part if making and found[making] != count)
