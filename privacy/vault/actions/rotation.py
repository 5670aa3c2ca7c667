"""Turning the master key: what makes destruction final (vault.md, Keys).

All living keys are carried over to a new generation without touching data; then the old generation is destroyed
outside the database, and with it every key that was not carried over, in every file, WAL segment and backup.
Each step commits by itself, so a turn that was killed goes on where it was.
"""

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
from privacy.vault import crypto, providers
from privacy.vault.actions.making import current_generation
from privacy.vault.declarations import month_of
from privacy.vault.events import Event
from privacy.vault.models import EpochKey, KeyCheck, SubjectKey
from privacy.vault.refusals import WrongKey

BATCH = 5_000
# Any number: the advisory lock that lets one turn run at a time, on whichever host.
TURNING = 0x7661756C74
# Old key dumps can be restored until they are this old (docs/vault.md, Backups).
GRACE_DAYS = 7

SELECT_KEYS = """
SELECT id, {columns}, generation, wrapped FROM {table}
WHERE id > %s AND generation < %s ORDER BY id LIMIT %s
"""
CARRY_OVER = """
UPDATE {table} AS key SET wrapped = carried.wrapped, generation = %s
FROM unnest(%b::uuid[], %b::bytea[]) AS carried (id, wrapped) WHERE key.id = carried.id
"""
# Without this the planner sorts or hashes the whole table for every batch.
BY_INDEX = "; ".join(
    f"SET LOCAL enable_{way} = off" for way in ("hashjoin", "mergejoin", "seqscan", "bitmapscan", "sort")
)
NIL = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Turn:
    """How far a turn came: the generation it turns to, the keys carried over by this call, whether all are."""

    generation: int
    carried: int
    complete: bool


def prepare() -> int:
    """Make the next generation and don't use it yet, so that it can be brought to every host; return its number."""
    current = KeyCheck.objects.filter(kind=KeyCheck.Kind.MASTER, current=True).first()
    if current is None:
        raise WrongKey(_("This vault is empty: there is no master key to turn."))
    return providers.master().begin(current.generation)


def rotate(*, actor: Actor, at: datetime, seconds: float | None = None) -> Turn | None:
    """Turn the master key, or go on with a turn that was interrupted, for at most ``seconds``.

    Returns ``None`` if another process is at it. Raises ``WrongKey`` if a key does not unwrap, and carries on nothing
    of that batch.
    """
    with _alone() as alone:
        if not alone:
            return None
        if not _unfinished():
            _begin(actor=actor, at=at)
        return _carry_over(actor=actor, at=at, seconds=seconds)


def turn(*, actor: Actor, at: datetime, seconds: float) -> Turn | None:
    """The monthly turn, in slices: begin once a month, carry over, end what has been empty for its grace."""
    current = KeyCheck.objects.filter(kind=KeyCheck.Kind.MASTER, current=True).first()
    if current is None:
        return None
    made = None
    if _unfinished() or month_of(current.begun_at) < month_of(at):
        made = rotate(actor=actor, at=at, seconds=seconds)
    days = getattr(settings, "VAULT_GENERATION_GRACE_DAYS", GRACE_DAYS)
    end_generations(actor=actor, at=at, grace=timedelta(days=days))
    return made


def end_generations(*, actor: Actor, at: datetime, grace: timedelta = timedelta()) -> list[int]:
    """Destroy every generation that was emptied at least ``grace`` ago; return their numbers.

    From then on no backup taken before it was emptied can be opened. Safe to repeat after a crash.
    """
    ended = []
    old = KeyCheck.objects.filter(kind=KeyCheck.Kind.MASTER, emptied_at__lte=at - grace, ended_at=None)
    for check in old.order_by("generation"):
        with transaction.atomic():
            check = KeyCheck.objects.select_for_update().get(id=check.id)
            _refuse_if_used(check.generation)
            if check.ending_at is None:
                check.ending_at = at
                check.save(update_fields=["ending_at"])
                ledger.record(Event.GENERATION_ENDING, actor=actor, at=at, about=check, facts=_facts(check))
        providers.master().destroy(check.generation)
        with transaction.atomic():
            check.ended_at = at
            check.save(update_fields=["ended_at"])
            ledger.record(Event.GENERATION_ENDED, actor=actor, at=at, about=check, facts=_facts(check))
        ended.append(check.generation)
    return ended


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [TURNING])
        row = cursor.fetchone()
        held = bool(row and row[0])
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [TURNING])


def _unfinished() -> bool:
    return KeyCheck.objects.filter(kind=KeyCheck.Kind.MASTER, current=False, emptied_at=None).exists()


def _begin(*, actor: Actor, at: datetime) -> None:
    """Make the next generation current. Who makes a key holds the current row shared, so none slips in behind."""
    number = prepare()
    with transaction.atomic():
        before = KeyCheck.objects.select_for_update().get(kind=KeyCheck.Kind.MASTER, current=True)
        before.current = False
        before.save(update_fields=["current"])
        check = KeyCheck.objects.create(
            kind=KeyCheck.Kind.MASTER,
            generation=number,
            value=providers.master().check_value(number),
            begun_at=at,
        )
        ledger.record(Event.GENERATION_BEGUN, actor=actor, at=at, about=check, facts=_facts(check))


def _carry_over(*, actor: Actor, at: datetime, seconds: float | None) -> Turn:
    started = time.monotonic()
    with transaction.atomic():
        number = current_generation(at=at)
    carried = 0
    tables: list[tuple[str, str, Callable[[Any, Any], bytes]]] = [
        ("vault_epochkey", "category, month", crypto.epoch_key_label),
        ("vault_subjectkey", "subject_id, category", crypto.subject_key_label),
    ]
    for table, columns, label in tables:
        last: Any = NIL
        while last is not None:
            if seconds is not None and time.monotonic() - started > seconds:
                return Turn(number, carried, complete=False)
            last, count = _carry_batch(table, columns, label, last, number)
            carried += count
    with transaction.atomic():
        for check in KeyCheck.objects.select_for_update().filter(
            kind=KeyCheck.Kind.MASTER, current=False, emptied_at=None
        ):
            _refuse_if_used(check.generation)
            check.emptied_at = at
            check.save(update_fields=["emptied_at"])
            ledger.record(Event.GENERATION_EMPTIED, actor=actor, at=at, about=check, facts=_facts(check))
    return Turn(number, carried, complete=True)


def _carry_batch(
    table: str, columns: str, label: Callable[[Any, Any], bytes], last: Any, number: int
) -> tuple[Any, int]:
    """Re-wrap one batch in one transaction; return the last id (``None``: nothing was left) and the count."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_INDEX)
        cursor.execute(SELECT_KEYS.format(table=table, columns=columns), [last, number, BATCH])
        rows = cursor.fetchall()
        if not rows:
            return None, 0
        labels = [label(first, second) for _id, first, second, _generation, _box in rows]
        old = [providers.Wrapped(row[3], row[4], bound) for row, bound in zip(rows, labels, strict=True)]
        raw = providers.master().unwrap(old)
        boxes = providers.master().wrap(number, list(zip(raw, labels, strict=True)))
        # A plain cursor sends the arrays in binary, which halves the time; a key destroyed meanwhile matches no row.
        with psycopg.Cursor(connection.connection) as sending:
            sending.execute(CARRY_OVER.format(table=table), [number, [row[0] for row in rows], boxes])
    return rows[-1][0], len(rows)


def _refuse_if_used(generation: int) -> None:
    for model in (SubjectKey, EpochKey):
        if model._default_manager.filter(generation__lte=generation).exists():
            raise WrongKey(
                _("Generation %(number)d of the master key still wraps living keys; carry them over first.")
                % {"number": generation}
            )


def _facts(check: KeyCheck) -> dict[str, int]:
    return {"generation": check.generation}
