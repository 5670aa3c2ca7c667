"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.ledger import protected_tables
from privacy.workforce.models import (
    ColleagueLetter,
    Course,
    CourseCompletion,
    Pledge,
    PledgeText,
    QuizAttempt,
    TrainingPlan,
    TrainingSession,
)

protected_tables.declare(
    PledgeText, Pledge, TrainingPlan, Course, TrainingSession, CourseCompletion, QuizAttempt, ColleagueLetter
)
