"""Watching the clock: after a jump nothing is destroyed until an officer has confirmed it (FLT-06)."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.retention import locks
from privacy.retention.events import Event
from privacy.retention.models import ClockDoubt, LastClockReading
from privacy.retention.refusals import AlreadyDecided, ClockNotTrusted
from privacy.retention.schedule.clock_reading import ClockReading

MAX_JUMP_AHEAD = timedelta(hours=6)
MAX_LAG_BEHIND = timedelta(minutes=1)


def refuse_untrusted_clock() -> None:
    """Raise ClockNotTrusted while a jump of the clock is unconfirmed."""
    if ClockDoubt.objects.filter(settled_at=None).exists():
        raise ClockNotTrusted(_("The clock jumped. Nothing is destroyed until an officer confirms the time."))


@transaction.atomic
def check_clock(reading: ClockReading, *, actor: Actor) -> bool:
    """Compare this look with the last one and with the database's clock; return whether the clock can be trusted.

    On the same start of a machine, wall clock and uptime must have gone on together. After a restart, or on another
    machine, a gap of more than six hours is doubted too, and a clock that is behind always is.
    """
    locks.wait_for_clock_readings()
    if ClockDoubt.objects.filter(settled_at=None).exists():
        return False
    expected = _expected(reading)
    if expected is not None and _jumped(expected, reading.at):
        doubt = ClockDoubt.objects.create(expected_at=expected, read_at=reading.at, seen_at=reading.at)
        facts = {"expected": expected.isoformat(), "read": reading.at.isoformat()}
        ledger.record(Event.CLOCK_DOUBTED, actor=actor, at=reading.at, about=doubt, facts=facts)
        return False
    LastClockReading.objects.update_or_create(host=reading.host, defaults={"at": reading.at, "uptime": reading.uptime})
    return True


def _expected(reading: ClockReading) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    database: datetime | None = row[0] if row else None
    if database is not None and _jumped(database, reading.at):
        return database
    same = LastClockReading.objects.select_for_update().filter(host=reading.host, uptime__lte=reading.uptime).first()
    if same is not None:
        return same.at + timedelta(seconds=reading.uptime - same.uptime)
    other = LastClockReading.objects.order_by("-at").first()
    return other.at if other else None


def _jumped(expected: datetime, read: datetime) -> bool:
    return read - expected > MAX_JUMP_AHEAD or expected - read > MAX_LAG_BEHIND


@transaction.atomic
def confirm_clock(doubt: ClockDoubt, *, reading: ClockReading, actor: Actor, at: datetime) -> ClockDoubt:
    """Say that the clock is right as it is now. Raises NotPermitted, AlreadyDecided for what is confirmed."""
    require_permission(actor, "retention.confirm_clock", about=doubt)
    locks.wait_for_clock_readings()
    row = ClockDoubt.objects.select_for_update().get(pk=doubt.pk)
    if row.settled_at is not None:
        raise AlreadyDecided(_("This clock anomaly has already been confirmed."))
    row.settled_by, row.settled_at = actor.ref, at
    row.save(update_fields=["settled_by", "settled_at"])
    LastClockReading.objects.all().delete()
    LastClockReading.objects.create(host=reading.host, at=reading.at, uptime=reading.uptime)
    ledger.record(Event.CLOCK_CONFIRMED, actor=actor, at=at, about=row)
    return row
