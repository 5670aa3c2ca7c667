"""What is remembered of the safeguards, by noun."""

from privacy.safeguards.models.annual_reports import AnnualReport
from privacy.safeguards.models.applicability import (
    ApplicabilityDecision,
    OfficerFiling,
    YearFigures,
)
from privacy.safeguards.models.areas import Area, AreaEntry, AreaPermit, MediaMovement
from privacy.safeguards.models.assessments import Assessment, AssessmentExemption, AssessmentRisk
from privacy.safeguards.models.calendars import Calendar
from privacy.safeguards.models.copies import CopyRecord, Printout
from privacy.safeguards.models.exposures import Exposure
from privacy.safeguards.models.inspections import Inspection, InspectionFinding
from privacy.safeguards.models.management_plans import ManagementPlan
from privacy.safeguards.models.management_reports import ManagementReport, OfficerAppointment
from privacy.safeguards.models.measures import Evidence, Measure
from privacy.safeguards.models.organisation import Meeting, Member

__all__ = [
    "AnnualReport",
    "ApplicabilityDecision",
    "Area",
    "AreaEntry",
    "AreaPermit",
    "Assessment",
    "AssessmentExemption",
    "AssessmentRisk",
    "Calendar",
    "CopyRecord",
    "Evidence",
    "Exposure",
    "Inspection",
    "InspectionFinding",
    "ManagementPlan",
    "ManagementReport",
    "Measure",
    "MediaMovement",
    "Meeting",
    "Member",
    "OfficerAppointment",
    "OfficerFiling",
    "Printout",
    "YearFigures",
]
