"""The safeguards in the console, by noun."""

from privacy.safeguards.admin import areas, calendar, inspections, measures, plans, reports

__all__ = ["areas", "calendar", "inspections", "measures", "plans", "reports"]
