"""What presses among the safeguards: corrections, evidence and inspections near or past their day; only reads."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from privacy.safeguards.models import Inspection, InspectionFinding, Measure, MediaMovement

# Days ahead from which people are reminded every morning.
REMINDER_PERIOD = timedelta(days=3)


@dataclass(frozen=True)
class DailyReminder:
    """One morning's list."""

    findings: list[InspectionFinding]
    measures: list[Measure]
    inspections: list[Inspection]
    media: list[MediaMovement]
    failing: list[Measure]

    def __bool__(self) -> bool:
        return any((self.findings, self.measures, self.inspections, self.media, self.failing))

    def is_late(self, on: date) -> bool:
        """Whether something is past its day, or not in order."""
        days = [row.due_on for row in self.findings] + [row.due_on for row in self.measures]
        days += [row.planned_on for row in self.inspections] + [row.back_on or on for row in self.media]
        return bool(self.failing) or any(day < on for day in days)


def daily_reminder(*, on: date) -> DailyReminder:
    """Return what presses on a day. What the portal looks at itself presses when it fails, or when it did not look."""
    near = on + REMINDER_PERIOD
    return DailyReminder(
        findings=list(InspectionFinding.objects.open().filter(due_on__lte=near)),
        measures=list(
            Measure.objects.active().filter(
                Q(is_automated=False, due_on__lte=near) | Q(is_automated=True, due_on__lt=on)
            )
        ),
        inspections=list(Inspection.objects.planned().filter(planned_on__lte=near)),
        media=list(MediaMovement.objects.outside().filter(back_on__lte=near)),
        failing=list(Measure.objects.failing()),
    )
