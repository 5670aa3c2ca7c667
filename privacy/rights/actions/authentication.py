"""The status page's door: number and code, limited by case and address, one answer to every failure (SEC-16)."""

from datetime import datetime

from django.db import transaction

from privacy.ledger import actions as ledger
from privacy.rights.actors import CODES, Requester
from privacy.rights.events import Event
from privacy.rights.models import Request
from privacy.subjects import actions as subjects


def authenticate(*, number: str, code: str, address: str, at: datetime) -> Request:
    """Return the case that number and code open. Raises WrongCode, TooManyAttempts."""
    number = number.strip().upper()
    case = Request.objects.filter(number=number).first() or Request.objects.filter(reference=number).first()
    digest = case.code_digest if case else None
    subjects.check_code(CODES, code=code, digest=digest, address=address, at=at)
    assert case is not None
    with transaction.atomic():
        ledger.record(Event.ENTERED, actor=Requester(case.reference), at=at, about=case)
    return case
