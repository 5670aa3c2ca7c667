"""What is remembered of the people who work here: their pledges and their training."""

from privacy.workforce.models.pledges import Pledge, PledgeText
from privacy.workforce.models.training import Attempt, Attendance, Course, Plan, Session

__all__ = ["Attempt", "Attendance", "Course", "Plan", "Pledge", "PledgeText", "Session"]
