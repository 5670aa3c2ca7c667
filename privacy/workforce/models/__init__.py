"""What is remembered of the people who work here: their pledges and their training."""

from privacy.workforce.models.letters import ColleagueLetter
from privacy.workforce.models.pledges import Pledge, PledgeText
from privacy.workforce.models.training import Course, CourseCompletion, QuizAttempt, TrainingPlan, TrainingSession

__all__ = [
    "ColleagueLetter",
    "Course",
    "CourseCompletion",
    "Pledge",
    "PledgeText",
    "QuizAttempt",
    "TrainingPlan",
    "TrainingSession",
]
