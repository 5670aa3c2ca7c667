"""What the register of access no longer has to keep (law S-10)."""

from datetime import date, datetime

from django.db import transaction

from privacy.accounts.events import Event
from privacy.accounts.models import AccessGrant, AccessRequest
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.dates import periods
from privacy.lib.registries import parameters


@transaction.atomic
def delete_old_grants(*, on: date, actor: Actor, at: datetime) -> int:
    """Remove grants that ended longer ago than ``grants.records.years``; the database refuses what is younger.

    A line that replaced or was replaced goes with the last of its chain. Returns how many went.
    """
    years = parameters.number("grants.records.years", on)
    gone = 0
    for grant in AccessGrant.objects.ended_before(at).filter(replaced_by=None).order_by("granted_at"):
        ended = grant.ended_on
        if periods.period_end(ended, years=years) >= on:
            continue
        chain: AccessGrant | None = grant
        while chain is not None:
            earlier = chain.replaces
            AccessRequest.objects.filter(grant=chain).delete()
            chain.delete()
            gone += 1
            chain = earlier
    if gone:
        ledger.record(Event.GRANTS_FORGOTTEN, actor=actor, at=at, facts={"grants": gone, "years": years})
    return gone
