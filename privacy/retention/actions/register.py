"""The destruction register: a row for each destruction, and the officer's confirmation of its result (law D-08)."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.retention import locks
from privacy.retention.events import Event
from privacy.retention.models import DestructionList, RegisterEntry
from privacy.retention.refusals import SamePerson


def add_register_entry(
    fields: dict[str, Any], *, destruction_list: DestructionList | None = None, paper: object = None
) -> RegisterEntry:
    """Enter one row into the destruction register with the next number; the caller's transaction holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [locks.LOCK_SPACE, locks.REGISTER])
    number = (RegisterEntry.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    return RegisterEntry.objects.create(number=number, list=destruction_list, paper=paper, **fields)  # type: ignore[misc]


@transaction.atomic
def confirm_result(entry: RegisterEntry, *, actor: Actor, at: datetime) -> RegisterEntry:
    """Confirm, as the officer, that a destruction was carried out and its result was right (law D-08).

    Raises NotPermitted; SamePerson for who recorded or carried it out; Refusal when it was confirmed before.
    """
    require_permission(actor, "retention.confirm_destruction", about=entry)
    row = RegisterEntry.objects.select_for_update().get(pk=entry.pk)
    if row.confirmed_at is not None:
        raise Refusal(_("This entry has already been confirmed."), code="confirmed")
    if actor.ref in (row.requested_by, row.handler):
        raise SamePerson(_("The person who carried it out or recorded it can't confirm it."))
    row.confirmed_by, row.confirmed_at = actor.ref, at
    row.save(update_fields=["confirmed_by", "confirmed_at"])
    ledger.record(Event.CONFIRMED, actor=actor, at=at, about=row, facts={"register": row.number})
    return row
