"""What of the audit trail has a date: reviews of access records."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.ledger.models import Review
from privacy.lib import agenda
from privacy.lib.agenda import Dated


def unfinished_reviews(first: date, last: date) -> Iterator[Dated]:
    """Yield the reviews that lack a signature (law S-04)."""
    for row in Review.objects.unfinished().filter(due_on__range=(first, last)):
        yield Dated(row.due_on, str(row.pk), row.reference, reverse("admin:ledger_review_change", args=[row.pk]))


agenda.add_source(
    "ledger.review", unfinished_reviews, title=_("Review of access records"), permission="ledger.view_review"
)
