"""The cast: Odile is the officer, Hana handles personal data, Aram audits, Emin is an employee."""

import time
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.db import connections

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessGrant, Invitation, User
from privacy.accounts.signin import actions as signin
from privacy.accounts.signin import second_factors
from privacy.ledger.actors import SystemActor
from privacy.lib.identifiers.ids import new_id
from privacy.workforce import integrity
from privacy.workforce.models import Course, CourseCompletion, Pledge, PledgeText

__all__ = [
    "NOON",
    "PASSWORD",
    "TESTS",
    "accept_invitation",
    "code_now",
    "give_app",
    "grant_everything",
    "grant_pairs",
    "make_aram",
    "make_emin",
    "make_hana",
    "make_odile",
    "make_omar",
    "make_pledge",
    "make_training",
    "make_used_invitation",
    "make_user",
    "next_code",
]

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
TESTS = SystemActor("tests")
PASSWORD = "correct horse battery staple"
CATEGORIES = ("device-registration", "service-analytics", "app-log", "rights-request", "contact", "complaint")
PURPOSES = ("registration", "analytics", "error-analysis", "rights", "legal-duty", "destruction", "disclosure")


# The cast's roles, pledges and trainings hold on every day that a test may choose.
LONG_AGO = datetime(2020, 12, 1, tzinfo=UTC)
SINCE, FOREVER = date(2020, 12, 1), date(2099, 12, 31)


def make_user(email: str, name: str, *roles: str, at: datetime = NOON, fit: bool = True, **changes: Any) -> User:
    """Make an account, or return the one there is; with a valid pledge and training unless told otherwise."""
    known = User.objects.filter(email=email).first()
    if known is not None:
        return known
    user = accounts.create_user(
        email=email,
        name=name,
        roles=roles,
        password=PASSWORD,
        actor=SystemActor("tests"),
        at=at,
        since=SINCE,
        until=FOREVER,
        **changes,
    )
    make_used_invitation(user)
    if fit:
        make_pledge(user)
        make_training(user)
    return user


def make_used_invitation(user: User, *, used_at: datetime = LONG_AGO, asked_by: str = "system:tests") -> Invitation:
    """An invitation that its owner used and added a second factor by, straight in the table."""
    return Invitation.objects.create(
        user=user, asked_by=asked_by, approved_by="system:tests", made_at=used_at, expires_at=used_at,
        used_at=used_at, factor_at=used_at,
    )  # fmt: skip


def accept_invitation(invitation: Invitation, *, password: str = PASSWORD) -> User:
    """Let the owner of an account use their invitation now, by the link of the mail."""
    token = accounts.issue_invitation_token(invitation.pk, actor=SystemActor("tests"), at=datetime.now(UTC))
    assert token is not None
    return accounts.accept_invitation(token, password=password, at=datetime.now(UTC))


def make_pledge(user: User, *, signed_on: date = SINCE, valid_until: date = FOREVER) -> Pledge:
    """A pledge straight in the table, sealed, for a period of the test's choice; the verb is ``workforce.sign``."""
    text = PledgeText.objects.get(occasion="outside" if user.is_outside else "entry", version=1)
    pledge = Pledge(
        user=user, text=text, language="ko", typed_name=user.name, signed_at=NOON, signed_on=signed_on,
        valid_until=valid_until,
    )  # fmt: skip
    pledge.seal = integrity.compute_seal(pledge)
    pledge.save(force_insert=True)
    return pledge


def make_training(user: User, *, completed_on: date = SINCE, valid_until: date = FOREVER) -> CourseCompletion:
    """A completed course straight in the table, for a period of the test's choice."""
    return CourseCompletion.objects.create(
        user=user, course=Course.objects.get(code="privacy-basics"), method="quiz", score=100,
        completed_on=completed_on, recorded_at=NOON, valid_until=valid_until, registered_by=user.reference,
    )  # fmt: skip


# Every second test begins with 42 of them, for which the ORM takes ten times as long.
GRANT = """
    INSERT INTO accounts_accessgrant (
        id, user_id, approved_by_id, asked_by, granted_by, granted_at, valid_from, valid_until, category, purpose,
        role, reason, revocation)
    SELECT given.id, %s, %s, %s, %s, %s, %s, %s, given.category, given.purpose, '', 'test', ''
    FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS given (id, category, purpose)
"""


def grant_everything(user: User, *, by: User, on: date = date(2020, 12, 1)) -> None:
    """Let a person open every category for every purpose, straight in the table: the verb is ``accounts.grant``."""
    grant_pairs(user, [(category, purpose) for category in CATEGORIES for purpose in PURPOSES], by=by, on=on)


def grant_pairs(user: User, pairs: Iterable[tuple[str, str]], *, by: User, on: date) -> None:
    """Let a person open each category for its purpose, where they may not yet."""
    have = set(AccessGrant.objects.filter(user=user).values_list("category", "purpose"))
    lacking = [(category, purpose) for category, purpose in pairs if (category, purpose) not in have]
    if not lacking:
        return
    categories, purposes = map(list, zip(*lacking, strict=True))
    ids = [new_id() for _pair in lacking]
    with connections["default"].cursor() as cursor:
        cursor.execute(GRANT, [user.pk, by.pk, user.ref, by.ref, NOON, on, FOREVER, ids, categories, purposes])


def make_odile(*, granted: bool = True) -> User:
    """The protection officer."""
    odile = make_user("odile@extrus.example", "Odile", "officer")
    if granted:
        grant_everything(odile, by=make_omar())
    return odile


def make_omar() -> User:
    """Another officer: the second person."""
    return make_user("omar@extrus.example", "Omar", "officer")


def make_hana(*, granted: bool = True) -> User:
    """A handler of personal data."""
    hana = make_user("hana@extrus.example", "Hana", "handler")
    if granted:
        grant_everything(hana, by=make_omar())
    return hana


def make_aram() -> User:
    """The auditor."""
    return make_user("aram@extrus.example", "Aram", "auditor")


def make_emin() -> User:
    """An employee who handles nothing personal."""
    return make_user("emin@extrus.example", "Emin", "employee")


APP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def give_app(user: User) -> str:
    """Give a person an authenticator app, if they have none; return its secret."""
    signin.enrol_totp(user=user, secret=APP_SECRET)
    return second_factors.totp_secret(user) or ""


def next_code(user: User, secret: str) -> str:
    """Return the next code that has not been taken yet; waits where the clock must go on first."""
    step = second_factors.next_time_step(user, at=datetime.now(UTC))
    while step > int(time.time()) // second_factors.PERIOD_SECONDS + second_factors.TOLERATED_STEPS:
        time.sleep(0.5)
    return second_factors.totp_code(secret, step)


def code_now(secret: str) -> str:
    """Return the code that an app with this secret shows now."""
    return second_factors.totp_code(secret, int(time.time()) // second_factors.PERIOD_SECONDS)
