"""Pledges and training in the console."""

from privacy.workforce.admin.letters import ColleagueLetterAdmin
from privacy.workforce.admin.pledges import PledgeAdmin, PledgeTextAdmin
from privacy.workforce.admin.training import (
    CourseAdmin,
    CourseCompletionAdmin,
    QuizAttemptAdmin,
    TrainingPlanAdmin,
    TrainingSessionAdmin,
)

__all__ = [
    "ColleagueLetterAdmin",
    "CourseAdmin",
    "CourseCompletionAdmin",
    "PledgeAdmin",
    "PledgeTextAdmin",
    "QuizAttemptAdmin",
    "TrainingPlanAdmin",
    "TrainingSessionAdmin",
]
