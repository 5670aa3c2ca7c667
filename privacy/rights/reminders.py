"""What presses: deadlines that come near or have passed, and answers that got stuck; only reads (law R-08, R-14)."""

from dataclasses import dataclass
from datetime import date

from privacy.disclosures.models import CorrectionProof, Disclosure, Notice
from privacy.incidents.models import Complaint
from privacy.rights.consistency_checks import cases_without_particulars
from privacy.rights.models import Letter, Objection, Request

# Days before a due date from which the officers are reminded every morning.
REMINDER_DAYS = 3


@dataclass(frozen=True)
class DailyReminder:
    """One morning's list: case numbers and counts, nothing personal."""

    overdue: list[Request]
    near: list[Request]
    objections: int
    complaints: int
    stuck_notices: int
    recipients: int
    stuck_letters: int
    late_documents: int
    wordless: int

    def __bool__(self) -> bool:
        return any(vars(self).values())


def daily_reminder(*, on: date) -> DailyReminder:
    """Return what presses on a day."""
    return DailyReminder(
        overdue=list(Request.objects.overdue(on=on).order_by("due_on", "number")),
        near=list(Request.objects.due_within(on=on, days=REMINDER_DAYS).order_by("due_on", "number")),
        objections=Objection.objects.filter(outcome=Objection.Outcome.PENDING, target_on__lt=on).count(),
        complaints=Complaint.objects.overdue(on=on).count(),
        stuck_notices=Notice.objects.parked().count(),
        recipients=CorrectionProof.objects.with_the_office().count(),
        stuck_letters=Letter.objects.filter(state__in=[Letter.State.PARKED, Letter.State.TO_POST]).count(),
        late_documents=Disclosure.objects.with_overdue_document(on=on).count(),
        wordless=len(cases_without_particulars(Request.objects.open())),
    )
