"""What of the audit trail has a date: reviews of access records."""

from django.utils.translation import gettext_lazy as _

from privacy.ledger.models import Review
from privacy.lib.registries import deadlines

deadlines.add_query(
    "ledger.review",
    Review.objects.unfinished,  # law S-04
    on="due_on",
    reference="reference",
    page="admin:ledger_review_change",
    title=_("Review of access records"),
    permission="ledger.view_review",
)
