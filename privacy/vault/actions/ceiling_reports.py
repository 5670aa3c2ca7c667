"""Telling that a ceiling of the key service was reached: on the trail, and to every officer (docs/vault.md)."""

from datetime import UTC, datetime

from django.db import transaction

from privacy.accounts.models import User
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.vault.events import Event
from privacy.vault.keyservice import client, messages

CEILING_TOLD = "vault.ceiling"


def report_reached_ceilings(*, actor: Actor, at: datetime) -> int:
    """Put on record, and tell every officer, which ceilings were reached and not told yet; return how many.

    The key service, which writes to no database, remembers them; the worker asks it. Raises KeyServiceUnavailable.
    """
    status: messages.ServiceStatus = client.ask(messages.Status())
    return sum(_report(reached, actor=actor, at=at) for reached in status.reached)


def _report(reached: messages.Reached, *, actor: Actor, at: datetime) -> bool:
    # The moment of the service's start tells its counts from those of the service before it.
    number = f"{reached.since:.3f}-{reached.number}"
    about = ("vault.ceiling", number)
    with transaction.atomic():
        ledger_key = f"vault.ceiling:{number}"
        if Entry.objects.about(ledger_key).exists():
            return False
        moment = datetime.fromtimestamp(reached.moment, UTC)
        facts = {
            "process": reached.process,
            "purpose": reached.purpose,
            "ceiling": reached.ceiling,
            "reached_at": moment.isoformat(),
        }
        ledger.record(Event.CEILING_REACHED, actor=actor, at=at, about=about, facts=facts)
        for officer in User.objects.holding("officer", on=clock.kst_date(at)):
            outbox.enqueue(
                CEILING_TOLD,
                ids={
                    "to": officer.reference,
                    "process": reached.process,
                    "purpose": reached.purpose,
                    "ceiling": str(reached.ceiling),
                    "at": moment.isoformat(),
                },
                key=f"{CEILING_TOLD}:{number}:{officer.reference}",
                shard=number,
            )
    return True
