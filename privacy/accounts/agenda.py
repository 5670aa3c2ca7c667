"""What of the accounts has a date: access that ends."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models import AccessGrant, AccessReview
from privacy.lib import agenda
from privacy.lib.agenda import Dated


def ending_grants(first: date, last: date) -> Iterator[Dated]:
    """Yield the last day of each access grant that stands."""
    found = AccessGrant.objects.filter(revoked_at=None, valid_until__range=(first, last), user__is_active=True)
    for row in found.select_related("user").order_by("valid_until"):
        yield Dated(
            row.valid_until,
            str(row.pk),
            f"{row.user.reference} {row.role or row.category}",
            reverse("admin:accounts_accessgrant_change", args=[row.pk]),
        )


def reviews_due(first: date, last: date) -> Iterator[Dated]:
    """Yield the reviews of access that nobody has signed."""
    for row in AccessReview.objects.unsigned().filter(due_on__range=(first, last)).order_by("due_on"):
        yield Dated(
            row.due_on, str(row.pk), row.reference, reverse("admin:accounts_accessreview_change", args=[row.pk])
        )


agenda.add_source("accounts.review", reviews_due, title=_("Review of access"), permission="accounts.view_accessreview")
agenda.add_source(
    "accounts.grant", ending_grants, title=_("Access ends:"), permission="accounts.view_accessgrant", owed=False
)
