"""The cast: Odile is the officer, Hana handles personal data, Aram audits, Emin is an employee."""

from datetime import UTC, date, datetime

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessGrant, User
from privacy.ledger.actors import System

__all__ = [
    "NOON",
    "PASSWORD",
    "grant_everything",
    "make_aram",
    "make_emin",
    "make_hana",
    "make_odile",
    "make_omar",
    "make_user",
]

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
CATEGORIES = ("device-registration", "service-analytics", "app-log", "rights-request", "contact", "complaint")
PURPOSES = ("registration", "analytics", "error-analysis", "rights", "legal-duty", "destruction", "disclosure")


def make_user(email: str, name: str, *roles: str, at: datetime = NOON) -> User:
    """Make an account, or return the one there is."""
    known = User.objects.filter(email=email).first()
    if known is not None:
        return known
    return accounts.create_user(email=email, name=name, roles=roles, password=PASSWORD, actor=System("tests"), at=at)


def grant_everything(user: User, *, by: User, on: date = date(2020, 12, 1)) -> None:
    """Let a person open every category for every purpose."""
    for category in CATEGORIES:
        for purpose in PURPOSES:
            if not AccessGrant.objects.filter(user=user, category=category, purpose=purpose).exists():
                accounts.grant(
                    user=user, category=category, purpose=purpose, reason="test", valid_from=on, valid_until=None,
                    actor=by, at=NOON,
                )  # fmt: skip


def make_odile(*, granted: bool = True) -> User:
    """The privacy officer."""
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
