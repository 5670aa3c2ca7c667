"""The demo's people: accounts, pledges, training and access, all by the real verbs."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from config.demonstration import example_courses
from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessGrant, User
from privacy.accounts.second_person import SECOND_PERSON_WAITS
from privacy.accounts.signin import actions as signin
from privacy.accounts.signin import second_factors
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies import rulebook
from privacy.policies.categories import SERVICE_ANALYTICS
from privacy.policies.models import Parameter
from privacy.workforce import actions as workforce
from privacy.workforce import compliance
from privacy.workforce.models import Course, PledgeText, TrainingPlan

DEMO = SystemActor("demo")
WAITS_SINCE = date(2020, 12, 2)
PASSWORD = "exafe-demo-2026"  # noqa: S105 - example data on this machine only
PEOPLE = (
    ("odile@extrus.example", "Odile", "officer"),
    ("omar@extrus.example", "Omar", "officer"),
    ("hana@extrus.example", "Hana", "handler"),
    ("aram@extrus.example", "Aram", "auditor"),
    ("emin@extrus.example", "Emin", "employee"),
)


def make_people(at: datetime) -> dict[str, User]:
    """Make the example accounts with their pledges and training; return them by name.

    Emin has signed nothing yet, so that the staff pages have something to do.
    """
    made = {}
    for email, name, role in PEOPLE:
        made[name] = User.objects.filter(email=email).first() or open_example(email, name, role, at=at)
    add_authenticators(made.values())
    for name in ("Odile", "Omar", "Hana", "Aram"):
        meet_requirements(made[name], at=at)
    return made


def grant_access(people: dict[str, User], at: datetime) -> None:
    """Let the office open everything: each officer by the other, once their accounts are old enough for that."""
    for name, asker, granter in (("Odile", "Odile", "Omar"), ("Omar", "Omar", "Odile"), ("Hana", "Omar", "Odile")):
        grant_all(people[name], asked_by=people[asker], actor=people[granter], at=at)


def shorten_waits(at: datetime) -> None:
    """Let two example accounts approve each other's acts in one sitting; Today says so, and production refuses it."""
    for code in SECOND_PERSON_WAITS:
        if not Parameter.objects.filter(code=code, value=0).exists():
            policies.set_parameter(
                code=code, value=0, effective_on=WAITS_SINCE, basis="example rulebook", actor=DEMO, at=at
            )


@transaction.atomic
def open_example(email: str, name: str, role: str, *, at: datetime) -> User:
    """Open an example account, whose owner uses the invitation at once."""
    user = accounts.create_user(email=email, name=name, roles=[role], password=None, actor=DEMO, at=at)
    invitation = accounts.invite(user, asked_by=DEMO.ref, actor=DEMO, at=at, by_mail=False)
    token = accounts.issue_invitation_token(invitation.pk, actor=DEMO, at=at)
    assert token is not None
    return accounts.accept_invitation(token, password=PASSWORD, at=at)


def add_authenticators(users: Iterable[User]) -> None:
    """Give those who need a second factor an authenticator app whose key the demo can tell."""
    for user in users:
        if second_factors.is_required(user) and not second_factors.is_enrolled(user):
            signin.enrol_totp(user=user, secret=second_factors.new_totp_secret())


def meet_requirements(user: User, *, at: datetime) -> None:
    """Let a person sign the pledge they owe and pass the course, where it is not done."""
    today = clock.kst_date(at)
    if compliance.valid_pledge(user, today) is None:
        text = PledgeText.objects.in_force(compliance.next_occasion(user, today), on=today)
        assert text is not None
        workforce.sign(text, typed_name=user.name, language="ko", actor=user, at=at)
    if compliance.valid_training(user, today) is None:
        course = Course.objects.get(code="privacy-basics")
        right = {number: question["right"] for number, question in enumerate(course.questions)}
        workforce.take_quiz(course, answers=right, actor=user, at=at)


def grant_all(user: User, *, asked_by: User, actor: User, at: datetime) -> None:
    """Grant a person every scope that the rulebook in force knows, for a year: one officer asks, another approves."""
    today = clock.kst_date(at)
    for category, purpose in sorted(rulebook.grantable_scopes(today)):
        if not AccessGrant.objects.in_period(on=today).filter(user=user, category=category, purpose=purpose).exists():
            accounts.grant(
                user=user,
                asked_by=asked_by,
                category=category,
                purpose=purpose,
                reason="Work of the privacy office (example data)",
                valid_from=today,
                valid_until=today + timedelta(days=364),
                actor=actor,
                at=at,
            )


@transaction.atomic
def fill_staff_registers(people: dict[str, User], at: datetime) -> None:
    """Make the training of the year, a request for access and the review of the quarter, where there is none."""
    today = clock.kst_date(at)
    if TrainingPlan.objects.filter(year=today.year).exists():
        return
    plan: dict[str, Any] = {
        "aim": "개인정보 처리자의 법적 의무와 회사 정책 이해",
        "audience": "전 직원 및 외부 인력",
        "content": "처리방침, 접근권한, 정정·삭제 요구, 유출 대응",
        "method": "온라인 과정(퀴즈)과 집합 교육",
        "schedule": "온라인은 상시, 집합 교육은 연 1회 12월",
    }
    drafted = workforce.draft_plan(year=today.year, **plan, actor=people["Hana"], at=at)
    workforce.approve_plan(drafted, actor=people["Odile"], at=at)
    example_courses.train(people, at)
    accounts.request_access(
        user=people["Aram"],
        category=SERVICE_ANALYTICS,
        purpose="analytics",
        reason="분기 통계 점검",
        valid_from=today,
        valid_until=today + timedelta(days=30),
        at=at,
    )
    accounts.open_review(on=today, actor=DEMO, at=at)
