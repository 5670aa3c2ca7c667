"""Mina, a data subject without an account, and her contact."""

from datetime import datetime
from typing import Any
from uuid import UUID

from privacy.ledger.actors import SystemActor
from privacy.subjects import actions as subjects
from privacy.subjects.models import Contact, Subject
from tests.factories.accounts import NOON

__all__ = ["make_contact", "make_mina"]

TESTS = SystemActor("tests")


def make_mina(*, at: datetime = NOON, subject_id: UUID | None = None) -> Subject:
    """A person with an active registration."""
    return subjects.register(actor=TESTS, at=at, subject_id=subject_id)


def make_contact(subject: Subject, *, at: datetime = NOON, **changes: Any) -> Contact:
    """Mina's e-mail address, which she verified long ago unless told otherwise."""
    is_verified = changes.pop("is_verified", True)
    values: dict[str, Any] = {"kind": "email", "value": "mina@example.org", "source": "person", **changes}
    made = subjects.record_contact(subject, actor=TESTS, at=at, **values)
    if is_verified:
        made.verified_at, made.package_from = at, at
        made.save(update_fields=["verified_at", "package_from"])
    return made
