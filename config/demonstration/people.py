"""The demo's people: accounts, pledges, training and access, all by the real verbs."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessGrant, User
from privacy.accounts.signin import actions as signin
from privacy.accounts.signin import factors
from privacy.ledger.actors import System
from privacy.lib import clock
from privacy.policies import rulebook
from privacy.workforce import actions as workforce
from privacy.workforce import standing
from privacy.workforce.models import Course, PledgeText

DEMO = System("demo")
PASSWORD = "exafe-demo-2026"  # noqa: S105 - example data on this machine only
PEOPLE = (
    ("odile@extrus.example", "Odile", "officer"),
    ("omar@extrus.example", "Omar", "officer"),
    ("hana@extrus.example", "Hana", "handler"),
    ("aram@extrus.example", "Aram", "auditor"),
    ("emin@extrus.example", "Emin", "employee"),
)


def make_people(at: datetime) -> dict[str, User]:
    """Make the example accounts with their pledges, training and access; return them by name.

    Emin has signed nothing yet, so that the staff pages have something to do.
    """
    made = {}
    for email, name, role in PEOPLE:
        known = User.objects.filter(email=email).first()
        made[name] = known or accounts.create_user(
            email=email, name=name, roles=[role], password=PASSWORD, actor=DEMO, at=at
        )
    give_apps(made.values())
    for name in ("Odile", "Omar", "Hana", "Aram"):
        make_fit(made[name], at=at)
    for name, granter in (("Odile", "Omar"), ("Omar", "Odile"), ("Hana", "Odile")):
        grant_all(made[name], actor=made[granter], at=at)
    return made


def give_apps(users: Iterable[User]) -> None:
    """Give those who need a second factor an authenticator app whose key the demo can tell."""
    for user in users:
        if factors.must_have_one(user) and not factors.has_one(user):
            signin.enrol_app(user=user, secret=factors.new_secret())


def make_fit(user: User, *, at: datetime) -> None:
    """Let a person sign the pledge they owe and pass the course, where it is not done."""
    today = clock.kst_date(at)
    if standing.valid_pledge(user, today) is None:
        text = PledgeText.objects.in_force(standing.occasion_for(user, today), on=today)
        assert text is not None
        workforce.sign(text, typed_name=user.name, language="ko", actor=user, at=at)
    if standing.valid_training(user, today) is None:
        course = Course.objects.get(code="privacy-basics")
        right = {number: question["right"] for number, question in enumerate(course.questions)}
        workforce.take_quiz(course, answers=right, actor=user, at=at)


def grant_all(user: User, *, actor: User, at: datetime) -> None:
    """Grant a person every scope that the rulebook in force knows, for a year."""
    today = clock.kst_date(at)
    for category, purpose in sorted(rulebook.openable(today)):
        if not AccessGrant.objects.in_period(on=today).filter(user=user, category=category, purpose=purpose).exists():
            accounts.grant(
                user=user,
                category=category,
                purpose=purpose,
                reason="Work of the privacy office (example data)",
                valid_from=today,
                valid_until=today + timedelta(days=364),
                actor=actor,
                at=at,
            )


def fill_registers(people: dict[str, User], at: datetime) -> None:
    """Make a training plan with a session, a request for access and the review of the quarter."""
    today = clock.kst_date(at)
    plan: dict[str, Any] = {
        "aim": "개인정보 처리자의 법적 의무와 회사 정책 이해",
        "audience": "전 직원 및 외부 인력",
        "content": "처리방침, 접근권한, 정정·삭제 요구, 유출 대응",
        "method": "온라인 과정(퀴즈)과 집합 교육",
        "schedule": "온라인은 상시, 집합 교육은 연 1회 12월",
    }
    drafted = workforce.draft_plan(year=today.year, **plan, actor=people["Hana"], at=at)
    workforce.approve_plan(drafted, actor=people["Odile"], at=at)
    course = Course.objects.get(code="privacy-basics")
    held_on = max(today, date(today.year, 12, 10))
    workforce.plan_session(
        course, held_on=held_on, place="본사 3층 대회의실", trainer="Odile", actor=people["Hana"], at=at
    )
    accounts.ask_access(
        user=people["Aram"],
        category="service-analytics",
        purpose="analytics",
        reason="분기 통계 점검",
        valid_from=today,
        valid_until=today + timedelta(days=30),
        at=at,
    )
    accounts.open_review(on=today, actor=DEMO, at=at)
