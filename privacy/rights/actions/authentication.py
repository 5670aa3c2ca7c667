"""The status page's door: number and code, limited by case and address, one answer to every failure (SEC-16)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from privacy.ledger import actions as ledger
from privacy.rights.actors import CODES, Requester
from privacy.rights.events import Event
from privacy.rights.models import Request
from privacy.subjects import actions as subjects


def authenticate(*, number: str, code: str, address: str, at: datetime) -> Request:
    """Return the case that number and code open. Raises WrongCode, TooManyAttempts."""
    number = number.strip().upper()
    # one question: a second one, for whoever isn't found, would be seen from outside (SEC-16)
    case = Request.objects.filter(Q(number=number) | Q(reference=number)).first()
    digest = case.code_digest if case else None
    subjects.check_code(CODES, code=code, digest=digest, address=address, at=at)
    assert case is not None
    with transaction.atomic():
        ledger.record(Event.ENTERED, actor=Requester(case.reference), at=at, about=case)
    return case
