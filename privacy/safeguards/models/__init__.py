"""What is remembered of the safeguards, by noun."""

from privacy.safeguards.models.areas import Area, AreaEntry, AreaPermit, MediaMovement
from privacy.safeguards.models.calendars import Calendar
from privacy.safeguards.models.inspections import Inspection, Nonconformity
from privacy.safeguards.models.measures import Evidence, Measure
from privacy.safeguards.models.plans import ManagementPlan
from privacy.safeguards.models.reports import AnnualReport

__all__ = [
    "AnnualReport",
    "Area",
    "AreaEntry",
    "AreaPermit",
    "Calendar",
    "Evidence",
    "Inspection",
    "ManagementPlan",
    "Measure",
    "MediaMovement",
    "Nonconformity",
]
