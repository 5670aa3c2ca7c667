"""What this app holds of employees beyond the registers: certificates and letters about them, sealed.

Pledges and trainings are the registers of the law (F-14, F-15); ``declare_staff`` says what they hold of whom.
"""

from collections.abc import Iterator
from datetime import date
from itertools import chain
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from privacy.lib.dates import periods
from privacy.policies import rulebook
from privacy.policies.categories import WORKFORCE
from privacy.policies.rulebook import RetentionPeriod
from privacy.subjects import holdings
from privacy.subjects.holdings import KeptUnder
from privacy.vault.models import EncryptedFile
from privacy.workforce import actions as workforce
from privacy.workforce.models import ColleagueLetter, CourseCompletion

SLICE = 1000


def certificates_due(on: date, term: RetentionPeriod) -> Iterator[list[UUID]]:
    """Yield the people whose last certified training or letter ended ``training.records.years`` ago or longer."""
    years = rulebook.parameter("training.records.years", on)
    over: dict[UUID, bool] = {}
    certified = CourseCompletion.objects.filter(certificate_id__isnull=False).order_by("user_id")
    letters = ColleagueLetter.objects.values_list("user_id", "dated_on")
    for user_id, until in chain(certified.values_list("user_id", "valid_until"), letters):
        over[user_id] = over.get(user_id, True) and periods.period_end(until, years=years) < on
    held = set(EncryptedFile.objects.filter(category=WORKFORCE).values_list("subject_id", flat=True))
    page = sorted(user_id for user_id, is_over in over.items() if is_over and user_id in held)
    for start in range(0, len(page), SLICE):
        yield page[start : start + SLICE]


holdings.declare(
    EncryptedFile,
    category=WORKFORCE,
    subject="subject_id",
    clock="valid_until",
    using="personal",
    items={},
    kept_under=KeptUnder.PERSON,
    destroy=workforce.remove_certificates,
    due=certificates_due,
    kept_years="training.records.years",
    duty=_("proof of privacy training"),
    scope={"category": WORKFORCE},
)
holdings.declare_staff(
    "accounts.user", items=("name", "email"), why="the account of a person who works here (S-11)", kept="while employed"
)
holdings.declare_staff(
    "accounts.accessgrant", items=("user", "reason"), why="register of access (S-10)", kept="3 years after its end"
)
holdings.declare_staff(
    "workforce.pledge", items=("user", "typed_name"), why="security pledges (P8.10, S-32)", kept="for good, as proof"
)
holdings.declare_staff(
    "workforce.coursecompletion", items=("user", "score"), why="training (P8.9, S-31)", kept="3 years after its end"
)
holdings.declare_staff(
    "workforce.quizattempt", items=("user", "answers"), why="evaluation of training (S-31)", kept="with the training"
)
holdings.declare_staff(
    "workforce.colleagueletter",
    items=("user",),
    why="who a colleague is, by the representative",
    kept="for good, as proof",
)
