"""The status page's door: number and code, limited by case and address, one answer to every failure (SEC-16)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.lib import clock
from privacy.policies import rulebook
from privacy.rights.actions.intake import source_index
from privacy.rights.codes import digest_of_code, same
from privacy.rights.events import Event
from privacy.rights.models import Attempt, Request
from privacy.rights.people import Requester
from privacy.rights.refusals import TooMany, UnknownCase
from privacy.vault import actions as vault

# What an unknown number is compared with, so that it takes the same work as a known one.
NOBODY = digest_of_code("")


def enter(*, number: str, code: str, address: str, at: datetime) -> Request:
    """Return the case that number and code open. Raises UnknownCase, TooMany."""
    number = number.strip().upper()
    keys = [vault.blind_index("text", f"case {number or '-'}"), source_index(address or "-")]
    most = rulebook.parameter("door.tries.hourly", clock.kst_date(at))
    for key in keys:
        tries = Attempt.objects.filter(door=Attempt.Door.CASE, key=key, at__gt=at - timedelta(hours=1)).count()
        if tries >= most:
            raise TooMany(_("Too many tries. Wait an hour, or call us."))
    case = Request.objects.filter(number=number).first() or Request.objects.filter(reference=number).first()
    if not same(case.code_digest if case else NOBODY, digest_of_code(code)) or case is None:
        with transaction.atomic():
            Attempt.objects.bulk_create(Attempt(door=Attempt.Door.CASE, key=key, at=at) for key in keys)
        raise UnknownCase(
            _("Number and code don't belong together. Check both; the code was shown once, when you asked.")
        )
    with transaction.atomic():
        ledger.record(Event.ENTERED, actor=Requester(case.reference), at=at, about=case)
    return case


def forget_attempts(*, at: datetime) -> int:
    """Remove tries older than a day: they served their purpose."""
    removed, _each = Attempt.objects.filter(at__lt=at - timedelta(days=1)).delete()
    return removed
