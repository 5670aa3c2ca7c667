"""A case whose words never reached the personal database: it is found, shown, and its words are taken down again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.rights import consistency_checks
from privacy.rights.actions.cases import lock_case, must_be_in_state, record
from privacy.rights.actions.particulars import seal_words
from privacy.rights.events import Event
from privacy.rights.models import Particulars, Request
from privacy.rights.refusals import WrongState

# A receipt that is still under way is no finding.
RECEIPT_TAKES = timedelta(minutes=5)


def record_missing_particulars(*, actor: Actor, at: datetime) -> int:
    """Put on record, once for each case, that what its requester wrote is not there. Returns how many were found."""
    settled = Request.objects.open().filter(received_at__lte=at - RECEIPT_TAKES)
    noted = 0
    for case in consistency_checks.cases_without_particulars(settled.exclude(steps__word=Event.WORDS_MISSING)):
        with transaction.atomic():
            row = lock_case(case)
            if not row.steps.filter(word=Event.WORDS_MISSING).exists():
                record(row, Event.WORDS_MISSING, actor=actor, at=at)
                noted += 1
    return noted


def resubmit_particulars(
    request: Request, *, wanted: Mapping[int, str], contact: Mapping[str, Any], explanation: str, claimed: str,
    actor: Actor, at: datetime,
) -> Request:  # fmt: skip
    """Take down again what the requester says, where nothing is there. ``wanted`` is by the number of the right.

    Raises WrongState where the words are there: they are never overwritten.
    """
    require_permission(actor, "rights.receive_request", about=request)
    with transaction.atomic():
        case = lock_case(request)
        must_be_in_state(case, [state for state in Request.State if state not in Request.ENDED])
        if Particulars.objects.filter(about_id=case.id).exists():
            raise WrongState(_("What the requester wrote is there; it is never overwritten."))
        record(case, Event.WORDS_WRITTEN, actor=actor, at=at)
        said = {str(position): text.strip() for position, text in wanted.items() if text.strip()}
        told = {"contact": dict(contact), "claimed": claimed, "wanted": said, "explanation": explanation.strip()}
        seal_words(case, Particulars.About.CASE, case.id, told, received_on=case.received_on, at=at)
    return case
