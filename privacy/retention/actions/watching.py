"""Watching the clock: after a jump nothing is destroyed until an officer has confirmed it (FLT-06)."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.retention.clockface import Look
from privacy.retention.events import Event
from privacy.retention.models import ClockDoubt, ClockMark
from privacy.retention.refusals import ClockDoubted

JUMP = timedelta(hours=6)
BEHIND = timedelta(minutes=1)


def refuse_doubt() -> None:
    """Raise ClockDoubted while a jump of the clock is unconfirmed."""
    if ClockDoubt.objects.filter(settled_at=None).exists():
        raise ClockDoubted(_("The clock jumped. Nothing is destroyed until an officer has confirmed that it is right."))


@transaction.atomic
def note_clock(look: Look, *, actor: Actor) -> bool:
    """Compare this look with the last one and with the database's clock; return whether the clock can be trusted.

    On the same start of a machine, wall clock and uptime must have gone on together. After a restart, or on another
    machine, a gap of more than six hours is doubted too, and a clock that is behind always is.
    """
    if ClockDoubt.objects.filter(settled_at=None).exists():
        return False
    expected = _expected(look)
    if expected is not None and _jumped(expected, look.at):
        doubt = ClockDoubt.objects.create(expected_at=expected, read_at=look.at, seen_at=look.at)
        facts = {"expected": expected.isoformat(), "read": look.at.isoformat()}
        ledger.record(Event.CLOCK_DOUBTED, actor=actor, at=look.at, about=doubt, facts=facts)
        return False
    ClockMark.objects.update_or_create(host=look.host, defaults={"at": look.at, "uptime": look.uptime})
    return True


def _expected(look: Look) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    database: datetime | None = row[0] if row else None
    if database is not None and _jumped(database, look.at):
        return database
    same = ClockMark.objects.select_for_update().filter(host=look.host, uptime__lte=look.uptime).first()
    if same is not None:
        return same.at + timedelta(seconds=look.uptime - same.uptime)
    other = ClockMark.objects.order_by("-at").first()
    return other.at if other else None


def _jumped(expected: datetime, read: datetime) -> bool:
    return read - expected > JUMP or expected - read > BEHIND


@transaction.atomic
def confirm_clock(doubt: ClockDoubt, *, look: Look, actor: Actor, at: datetime) -> ClockDoubt:
    """Say that the clock is right as it is now. Raises NotPermitted."""
    require(actor, "retention.confirm_clock", about=doubt)
    row = ClockDoubt.objects.select_for_update().get(pk=doubt.pk)
    if row.settled_at is None:
        row.settled_by, row.settled_at = actor.ref, at
        row.save(update_fields=["settled_by", "settled_at"])
        ClockMark.objects.all().delete()
        ClockMark.objects.create(host=look.host, at=look.at, uptime=look.uptime)
        ledger.record(Event.CLOCK_CONFIRMED, actor=actor, at=at, about=row)
    return row
