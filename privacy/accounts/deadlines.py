"""What of the accounts has a date: access that ends, reviews of access."""

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce, Concat, NullIf
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models import AccessGrant, AccessReview, EmergencyApproval
from privacy.lib.registries import deadlines


def active_grants() -> QuerySet[AccessGrant]:
    """The access that somebody who works here still has."""
    return AccessGrant.objects.filter(revoked_at=None, user__is_active=True)


deadlines.add_query(
    "accounts.review",
    AccessReview.objects.unsigned,
    on="due_on",
    reference="reference",
    page="admin:accounts_accessreview_change",
    title=_("Access review"),
    permission="accounts.view_accessreview",
)
deadlines.add_query(
    "accounts.grant",
    active_grants,
    on="valid_until",
    reference=Concat(F("user__reference"), Value(" "), Coalesce(NullIf(F("role"), Value("")), F("category"))),
    page="admin:accounts_accessgrant_change",
    title=_("Access ends:"),
    permission="accounts.view_accessgrant",
    owed=False,
)
deadlines.add_query(
    "accounts.emergency",
    EmergencyApproval.objects.unreviewed,
    at="review_due_at",
    reference="reference",
    page="admin:accounts_emergencyapproval_change",
    title=_("Review of an emergency approval"),
    permission="accounts.view_emergencyapproval",
)
