"""The safeguards in the console, by noun."""

from privacy.safeguards.admin import (
    annual_reports,
    applicability,
    areas,
    assessments,
    calendars,
    copies,
    exposures,
    inspections,
    management_plans,
    management_reports,
    measures,
    organisation,
)

__all__ = [
    "annual_reports",
    "applicability",
    "areas",
    "assessments",
    "calendars",
    "copies",
    "exposures",
    "inspections",
    "management_plans",
    "management_reports",
    "measures",
    "organisation",
]
