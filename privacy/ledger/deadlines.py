"""What of the audit trail has a date: reviews of access records, and what account holders are asked in them."""

from django.utils.translation import gettext_lazy as _

from privacy.ledger.models import FindingQuestion, Review
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
deadlines.add_query(
    "ledger.question",
    FindingQuestion.objects.unanswered,
    on="due_on",
    reference="finding__review__reference",
    page="admin:ledger_finding_change",
    page_key="finding_id",
    title=_("Explanation of an account holder"),
    permission="ledger.view_review",
)
