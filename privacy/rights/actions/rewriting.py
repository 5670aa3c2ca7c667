"""A case whose words never reached the personal database: it is found, shown, and its words are taken down again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor, require
from privacy.rights import reminders
from privacy.rights.actions.timeline import must_be_at, record, take
from privacy.rights.events import Event
from privacy.rights.models import Particulars, Request
from privacy.rights.refusals import WrongState
from privacy.vault import actions as vault

# A receipt that is still under way is no finding.
UNDER_WAY = timedelta(minutes=5)


def note_missing_words(*, actor: Actor, at: datetime) -> int:
    """Put on record, once for each case, that what its requester wrote is not there. Returns how many were found."""
    settled = Request.objects.open().filter(received_at__lte=at - UNDER_WAY)
    noted = 0
    for case in reminders.without_words(settled.exclude(steps__word=Event.WORDS_MISSING)):
        with transaction.atomic():
            row = take(case)
            if not row.steps.filter(word=Event.WORDS_MISSING).exists():
                record(row, Event.WORDS_MISSING, actor=actor, at=at)
                noted += 1
    return noted


def write_words(
    request: Request, *, wanted: Mapping[int, str], contact: Mapping[str, Any], explanation: str, claimed: str,
    actor: Actor, at: datetime,
) -> Request:  # fmt: skip
    """Take down again what the requester says, where nothing is there. ``wanted`` is by the number of the right.

    Raises WrongState where the words are there: they are never overwritten.
    """
    require(actor, "rights.receive_request", about=request)
    with transaction.atomic():
        case = take(request)
        must_be_at(case, [state for state in Request.State if state not in Request.ENDED])
        if Particulars.objects.filter(about_id=case.id).exists():
            raise WrongState(_("What the requester wrote is there; it is never overwritten."))
        record(case, Event.WORDS_WRITTEN, actor=actor, at=at)
        words = Particulars(
            subject_id=case.holder_id, about=Particulars.About.CASE, about_id=case.id, received_on=case.received_on
        )
        said = {str(position): text.strip() for position, text in wanted.items() if text.strip()}
        told = {"contact": dict(contact), "claimed": claimed, "wanted": said, "explanation": explanation.strip()}
        vault.seal(words, told, at=at)
        with transaction.atomic(using="personal"):
            words.save(force_insert=True)
    return case
