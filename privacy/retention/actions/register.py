"""The destruction register: a row for each destruction, and the officer's confirmation of its result (law D-08)."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from privacy.accounts.display_names import display_names_by_reference
from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers import typed_names
from privacy.retention import locks
from privacy.retention.certificates import statement_texts
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


def names_of(participant: str) -> set[str]:
    """Return how who took part may be written, for comparison: a stated name, or an account's reference and name."""
    said = {participant, *display_names_by_reference([participant]).values()}
    return {typed_names.folded(name).partition(f" ({statement_texts.ACCOUNT.casefold()}")[0] for name in said}


@transaction.atomic
def confirm_result(entry: RegisterEntry, *, late_because: str = "", actor: Actor, at: datetime) -> RegisterEntry:
    """Confirm, as the officer, that a destruction was carried out and its result was right (law D-08).

    ``late_because`` is why it was later than its term, where nobody has said so before (law D-02).
    Raises NotPermitted; SamePerson and NotASecondPerson for who recorded or carried it out; Refusal when it was
    confirmed before, and where it was late without a reason.
    """
    require_permission(actor, "retention.confirm_destruction", about=entry)
    row = RegisterEntry.objects.select_for_update().get(pk=entry.pk)
    if row.confirmed_at is not None:
        raise Refusal(_("This entry has already been confirmed."), code="confirmed")
    same = SamePerson(_("The person who carried it out or recorded it can't confirm it."))
    # Whoever carried out what is no account's may stand there by a name alone.
    if not row.handler.startswith(statement_texts.ACCOUNT) and names_of(actor.ref) & names_of(row.handler):
        raise same
    for one in {row.requested_by, row.handler}:
        require_second_person(actor, asked_by=one, same=same, at=at)
    if row.lacks_reason_for_delay:
        row.delay_reason = late_because.strip()
        if row.lacks_reason_for_delay:
            raise Refusal(
                _("Entry no. %(number)d was destroyed after its due date. State the reason for the delay.")
                % {"number": row.number},
                code="incomplete",
                pointer="/reason",
            )
    row.confirmed_by, row.confirmed_at = actor.ref, at
    row.save(update_fields=["confirmed_by", "confirmed_at", "delay_reason"])
    ledger.record(Event.CONFIRMED, actor=actor, at=at, about=row, facts={"register": row.number})
    return row
