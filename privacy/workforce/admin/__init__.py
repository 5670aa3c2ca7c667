"""Pledges and training in the console."""

from privacy.workforce.admin.pledges import PledgeAdmin, PledgeTextAdmin
from privacy.workforce.admin.training import AttemptAdmin, AttendanceAdmin, CourseAdmin, PlanAdmin, SessionAdmin

__all__ = [
    "AttemptAdmin",
    "AttendanceAdmin",
    "CourseAdmin",
    "PlanAdmin",
    "PledgeAdmin",
    "PledgeTextAdmin",
    "SessionAdmin",
]
