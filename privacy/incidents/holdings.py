"""What this app holds of people: the words of a complaint, sealed under the complaint, kept as long as the record."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from privacy.incidents import actions as incidents
from privacy.incidents.models import AffectedPerson, ComplaintText
from privacy.lib.dates import periods
from privacy.policies import rulebook
from privacy.policies.categories import COMPLAINT
from privacy.policies.rulebook import RetentionPeriod
from privacy.subjects import holdings

BATCH_SIZE = 1000


def texts_due(on: date, term: RetentionPeriod) -> Iterator[list[UUID]]:
    """Yield the complaints that were answered ``rights.records.years`` ago or longer; ``term`` says nothing more."""
    years = rulebook.parameter("rights.records.years", on)
    last: UUID | None = None
    while True:
        answered = ComplaintText.objects.filter(closed_on__isnull=False).order_by("subject_id")
        page = answered if last is None else answered.filter(subject_id__gt=last)
        rows = list(page.values_list("subject_id", "closed_on")[:BATCH_SIZE])
        if not rows:
            return
        over = [one for one, closed in rows if closed is not None and periods.period_end(closed, years=years) < on]
        if over:
            yield over
        last = rows[-1][0]


holdings.declare(
    ComplaintText,
    category=COMPLAINT,
    subject="subject_id",
    clock="closed_on",
    using="personal",
    items={"contact": "contact", "explanation": "explanation", "answer": "answer"},
    destroy=incidents.destroy_texts,
    due=texts_due,
    kept_years="rights.records.years",
    duty=_("answering complaints"),
)
holdings.declare_pseudonymous(
    AffectedPerson, subject="subject_id", why="proof whom an incident concerned, by her id only"
)
