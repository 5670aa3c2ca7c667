"""Turning the master key: what makes destruction final (vault.md, Keys).

All living keys are carried over to a new generation without touching data; then the old generation is destroyed
outside the database, and with it every key that was not carried over, in every file, WAL segment and backup.
Each step commits by itself, so a turn that was killed goes on where it was.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.vault.actions import key_holders
from privacy.vault.actions.key_creation import current_generation
from privacy.vault.encryption_options import month_of
from privacy.vault.events import Event
from privacy.vault.keyservice import client, messages
from privacy.vault.keyservice.refusals import StillChecking
from privacy.vault.keyservice.rotation_policy import GRACE_DAYS, TURN_DAYS
from privacy.vault.models import KeyCheck, MonthKey, SubjectKey, TurnCursor
from privacy.vault.refusals import Destroyed, WrongKey

# Any number: the advisory lock that lets one turn run at a time, on whichever host.
ROTATION_LOCK = 0x7661756C74

SELECT_KEYS = """
SELECT id, {columns}, generation, wrapped FROM {table}
WHERE id > %s AND generation < %s ORDER BY id LIMIT %s
"""
REWRAP_KEYS = """
UPDATE {table} AS key SET wrapped = carried.wrapped, generation = %s
FROM unnest(%b::uuid[], %b::bytea[]) AS carried (id, wrapped) WHERE key.id = carried.id
"""
# Without this the planner sorts or hashes the whole table for every batch.
BY_INDEX = "; ".join(
    f"SET LOCAL enable_{way} = off" for way in ("hashjoin", "mergejoin", "seqscan", "bitmapscan", "sort")
)
NIL_UUID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class RotationProgress:
    """How far a turn came: the generation it turns to, the keys carried over by this call, whether all are."""

    generation: int
    carried: int
    complete: bool


def prepare_generation() -> int:
    """Make the next generation and don't use it yet, so that it can be brought to every host; return its number.

    Raises GenerationNotEverywhere where another host has made it.
    """
    current = KeyCheck.objects.filter(kind=KeyCheck.Kind.MASTER, current=True).first()
    if current is None:
        raise WrongKey(_("No keys are stored, so there is no master key to rotate."))
    key_holders.refuse_to_prepare_twice(current.generation + 1)
    number: int = client.ask(messages.BeginGeneration(current.generation))
    return number


def rotate(*, actor: Actor, at: datetime, seconds: float | None = None) -> RotationProgress | None:
    """Turn the master key, or go on with a turn that was interrupted, for at most ``seconds``.

    Returns ``None`` if another process is at it. Raises ``GenerationNotEverywhere`` where a host lacks the next
    generation, ``WrongKey`` if a key does not unwrap, and carries on nothing of that batch.
    """
    return _rotate_if(lambda: True, actor=actor, at=at, seconds=seconds)


def finish_turn(*, actor: Actor, at: datetime) -> RotationProgress | None:
    """Go on with a turn that was begun, and begin none; otherwise like ``rotate``."""
    return _rotate_if(lambda: False, actor=actor, at=at, seconds=None)


def rotate_monthly(*, actor: Actor, at: datetime, seconds: float) -> RotationProgress | None:
    """The monthly turn, in slices: begin once a month, carry over, end what has been empty for its grace."""

    def is_due() -> bool:
        begun_at = KeyCheck.objects.values_list("begun_at", flat=True).get(kind=KeyCheck.Kind.MASTER, current=True)
        return month_of(begun_at) < month_of(at) and begun_at <= at - shortest_life(at)

    if not KeyCheck.objects.filter(kind=KeyCheck.Kind.MASTER, current=True).exists():
        return None
    until = time.monotonic() + seconds
    made = _rotate_if(is_due, actor=actor, at=at, seconds=seconds)
    destroy_emptied_generations(actor=actor, at=at, grace=grace(at), seconds=max(0.0, until - time.monotonic()))
    return made


def shortest_life(at: datetime) -> timedelta:
    """Return how long a generation lasts at least before the next one begins."""
    return timedelta(days=rulebook.parameter(TURN_DAYS, clock.kst_date(at)))


def grace(at: datetime) -> timedelta:
    """Return for how long an emptied generation stays, for the sake of backups."""
    return timedelta(days=rulebook.parameter(GRACE_DAYS, clock.kst_date(at)))


def _rotate_if(
    is_due: Callable[[], bool], *, actor: Actor, at: datetime, seconds: float | None
) -> RotationProgress | None:
    """Go on with a turn, or begin one if it is due: asked under the lock, for another may just have made it."""
    with _rotation_lock() as alone:
        if not alone:
            return None
        if not _unfinished():
            if not is_due():
                return None
            _begin(actor=actor, at=at)
        return _rewrap_all(actor=actor, at=at, seconds=seconds)


def destroy_emptied_generations(
    *, actor: Actor, at: datetime, grace: timedelta = timedelta(), seconds: float = math.inf
) -> list[int]:
    """Destroy every generation that was emptied at least ``grace`` ago; return their numbers.

    From then on no backup taken before it was emptied can be opened. Safe to repeat after a crash. Looking at the keys
    that are left goes on with the next call after ``seconds``. One that another host still holds has not ended.
    """
    began, ended = time.monotonic(), []
    old = KeyCheck.objects.filter(kind=KeyCheck.Kind.MASTER, emptied_at__lte=at - grace, ended_at=None)
    for check in old.order_by("generation"):
        with transaction.atomic():
            check = KeyCheck.objects.select_for_update().get(id=check.id)
            if check.ended_at is not None:
                continue
            _refuse_if_used(check.generation)
            if check.ending_at is None:
                check.ending_at = at
                check.save(update_fields=["ending_at"])
                ledger.record(Event.GENERATION_ENDING, actor=actor, at=at, about=check, facts=_facts(check))
        try:
            # Other hosts' services end it there. This one looks at every key that is left, some thousands a question.
            client.ask_to_the_end(messages.DestroyGeneration(check.generation), until=began + seconds)
        except StillChecking:
            break
        if key_holders.hosts_with(check.generation):
            continue
        with transaction.atomic():
            check = KeyCheck.objects.select_for_update().get(id=check.id)
            if check.ended_at is not None:
                # Another process was at it too: it ended once, and stands on record once.
                continue
            # Looking at millions of keys takes a while.
            check.ended_at = at + timedelta(minutes=(time.monotonic() - began) // 60)
            check.save(update_fields=["ended_at"])
            ledger.record(Event.GENERATION_ENDED, actor=actor, at=at, about=check, facts=_facts(check))
        ended.append(check.generation)
    return ended


@contextmanager
def _rotation_lock() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ROTATION_LOCK])
        row = cursor.fetchone()
        held = bool(row and row[0])
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ROTATION_LOCK])


def _unfinished() -> bool:
    return KeyCheck.objects.filter(kind=KeyCheck.Kind.MASTER, current=False, emptied_at=None).exists()


def _begin(*, actor: Actor, at: datetime) -> None:
    """Make the next generation current. Who makes a key holds the current row shared, so none slips in behind."""
    number = prepare_generation()
    value = key_holders.refuse_unless_everywhere(number)
    with transaction.atomic():
        before = KeyCheck.objects.select_for_update().get(kind=KeyCheck.Kind.MASTER, current=True)
        before.current = False
        before.save(update_fields=["current"])
        # Of a turn to a generation of this number that a restored backup knew: it was another one.
        TurnCursor.objects.filter(generation=number).delete()
        check = KeyCheck.objects.create(
            kind=KeyCheck.Kind.MASTER,
            generation=number,
            value=value,
            begun_at=at,
        )
        ledger.record(Event.GENERATION_BEGUN, actor=actor, at=at, about=check, facts=_facts(check))


def _rewrap_all(*, actor: Actor, at: datetime, seconds: float | None) -> RotationProgress:
    started = time.monotonic()
    with transaction.atomic():
        number = current_generation(at=at)
    carried = 0
    for table, columns in (("vault_monthkey", "category, month"), ("vault_subjectkey", "subject_id, category")):
        # No key appears behind it: who makes one makes it under the current generation.
        last: Any = _came_to(table, number)
        while last is not None:
            if seconds is not None and time.monotonic() - started > seconds:
                return RotationProgress(number, carried, complete=False)
            last, count = _rewrap_batch(table, columns, last, number)
            carried += count
    # Where older keys came back behind it, as a restore brings them, the next run begins at the first one.
    TurnCursor.objects.filter(generation=number).delete()
    with transaction.atomic():
        for check in KeyCheck.objects.select_for_update().filter(
            kind=KeyCheck.Kind.MASTER, current=False, emptied_at=None
        ):
            _refuse_if_used(check.generation)
            check.emptied_at = at
            check.save(update_fields=["emptied_at"])
            ledger.record(Event.GENERATION_EMPTIED, actor=actor, at=at, about=check, facts=_facts(check))
    return RotationProgress(number, carried, complete=True)


def _came_to(table: str, number: int) -> Any:
    cursor = TurnCursor.objects.filter(table=table, generation=number).first()
    return cursor.last if cursor else NIL_UUID


def _rewrap_batch(table: str, columns: str, last: Any, number: int) -> tuple[Any, int]:
    """Re-wrap one batch in one transaction; return the last id (``None``: nothing was left) and the count."""
    while True:
        try:
            return _try_to_rewrap(table, columns, last, number)
        except Destroyed:
            # One of them was destroyed since it was read; it is in the table no more.
            continue


def _try_to_rewrap(table: str, columns: str, last: Any, number: int) -> tuple[Any, int]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_INDEX)
        cursor.execute(SELECT_KEYS.format(table=table, columns=columns), [last, number, settings.VAULT_TURN_BATCH])
        rows = cursor.fetchall()
        if not rows:
            return None, 0
        request = messages.Rewrap(number, _wrapped(table, rows))
        ciphertexts: list[bytes] = client.ask(request)
        # A plain cursor sends the arrays in binary, which halves the time; a key destroyed meanwhile matches no row.
        with psycopg.Cursor(connection.connection) as sending:
            sending.execute(REWRAP_KEYS.format(table=table), [number, [row[0] for row in rows], ciphertexts])
        TurnCursor.objects.update_or_create(generation=number, table=table, defaults={"last": rows[-1][0]})
    return rows[-1][0], len(rows)


def _wrapped(table: str, rows: list[tuple[Any, ...]]) -> messages.WrappedKeys:
    if table == "vault_monthkey":
        return messages.WrappedKeys([], [messages.MonthKey(row[1], row[2], row[3], bytes(row[4])) for row in rows])
    return messages.WrappedKeys(
        [
            messages.SubjectKey(subject.bytes, category, generation, bytes(wrapped))
            for _id, subject, category, generation, wrapped in rows
        ],
        [],
    )


def _refuse_if_used(generation: int) -> None:
    for model in (SubjectKey, MonthKey):
        if model._default_manager.filter(generation__lte=generation).exists():
            raise WrongKey(
                _(
                    "Generation %(number)d of the master key still wraps keys in use. Move them to "
                    "the new generation first."
                )
                % {"number": generation}
            )


def _facts(check: KeyCheck) -> dict[str, int]:
    return {"generation": check.generation}
