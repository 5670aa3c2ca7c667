"""Decisions and agreements for tests."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from consents import actions as consents
from consents.models import AgeStatement, Agreement, AgreementVersion, Decision
from devices.models import Device
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.subjects.models import Subject
from tests.factories.accounts import NOON

__all__ = [
    "WITHDRAWAL_WAIT",
    "agree",
    "consent_code",
    "decide",
    "make_agreement_text",
    "make_provision_agreement",
    "state_age",
    "text_in_force",
]

TESTS = SystemActor("tests")
# How long a withdrawal waits before anything is destroyed, by the shipped parameters.
WITHDRAWAL_WAIT = timedelta(hours=24)
WORDS: dict[str, Any] = {
    f"{part}_{language}": f"{part} {language}"
    for part in ("title", "body", "purpose", "items", "retention", "refusal", "recipient")
    for language in ("ko", "en")
}


def text_in_force(code: str) -> AgreementVersion:
    """The published text of an agreement."""
    return AgreementVersion.objects.published().select_related("agreement").get(agreement__code=code)


def decide(
    subject: Subject | Device | UUID, code: str, choice: str, *, at: datetime = NOON, **changes: Any
) -> Decision:
    """One decision, on the device, in Korean."""
    if not isinstance(subject, Subject):
        subject = Subject.objects.get(pk=subject.subject_id if isinstance(subject, Device) else subject)
    values: dict[str, Any] = {
        "version": text_in_force(code), "decided_at": at, "method": "app", "language": "ko", "actor": TESTS, "at": at,
        **changes,
    }  # fmt: skip
    return consents.decide(subject=subject, decision=choice, **values)


def agree(subject: Subject | Device | UUID, code: str, *, at: datetime = NOON, **changes: Any) -> Decision:
    """An agreement."""
    return decide(subject, code, "agree", at=at, **changes)


def state_age(subject: Subject | Device, *, years: int = 30, at: datetime = NOON) -> AgeStatement:
    """What a person of so many years said about their age."""
    if not isinstance(subject, Subject):
        subject = Subject.objects.get(pk=subject.subject_id)
    born_on = clock.kst_date(at).replace(month=1, day=1)
    return consents.state_age(subject, born_on=born_on.replace(year=born_on.year - years), actor=TESTS, at=at)


def consent_code(decision: Decision, *, at: datetime = NOON, mark: str = "tests") -> str:
    """The code that opens the consent pages, as the person who decided got it."""
    code = consents.issue_code(decision, submission=mark, actor=TESTS, at=at)
    assert code is not None
    return code


def make_agreement_text(code: str, *, at: datetime = NOON, **words: Any) -> AgreementVersion:
    """A new published text of an agreement that exists."""
    draft = consents.draft_text(Agreement.objects.get(code=code), words=words, actor=TESTS, at=at)
    return consents.publish_text(draft, actor=TESTS, at=at)


def make_provision_agreement(
    recipient: str = "acme", *, items: list[str] | None = None, purposes: list[str] | None = None, at: datetime = NOON
) -> AgreementVersion:
    """An agreement that a third party gets some items for some purposes."""
    codes = {"item_codes": items or ["model", "os_version"], "purpose_codes": purposes or ["disclosure"]}
    return consents.offer_provision(recipient=recipient, words={**WORDS, **codes}, actor=TESTS, at=at)
