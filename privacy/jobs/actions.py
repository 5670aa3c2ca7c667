"""Verbs of the outbox. Leases, starts and due times are judged by the database's clock, never by a worker's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from privacy.jobs.events import Event
from privacy.jobs.models import ArchiveOutbox, GeneralOutbox, OutboxBase, PersonalOutbox
from privacy.jobs.patience import INWARD, MOST_DEATHS, Patience
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, System, require
from privacy.lib.ids import new_id
from privacy.lib.refusals import Refusal

OUTBOXES: dict[str, type[OutboxBase]] = {
    "default": GeneralOutbox,
    "personal": PersonalOutbox,
    "archive": ArchiveOutbox,
}
LEASE_SECONDS = 120


class NotParked(Refusal):
    code = "not-parked"


@dataclass(frozen=True)
class Claimed:
    """A row that this worker holds for the length of a lease."""

    id: UUID
    using: str
    kind: str
    ids: Mapping[str, str]
    starts: int
    ended: int
    age: timedelta
    last_error: str = ""

    @property
    def kills_its_worker(self) -> bool:
        """Whether too many earlier starts ended without an answer (FLT-17)."""
        return self.starts - 1 - self.ended >= MOST_DEATHS


def put(
    kind: str,
    *,
    ids: Mapping[str, str],
    key: str,
    using: str = "default",
    not_before: datetime | None = None,
    shard: str = "",
) -> UUID:
    """Queue one delivery in the caller's transaction on ``using``; the same ``key`` again is the same row."""
    [identifier] = put_many(kind, {key: ids}, using=using, not_before=not_before, shard=shard)
    return identifier


def put_many(
    kind: str,
    rows: Mapping[str, Mapping[str, str]],
    *,
    using: str = "default",
    not_before: datetime | None = None,
    shard: str = "",
) -> list[UUID]:
    """Queue a delivery for each key with its ids, like ``put``, in one statement."""
    if not rows:
        return []
    model = OUTBOXES[using]
    with connections[using].cursor() as cursor:
        # One statement, so that two callers with the same key agree without an exception in their transactions.
        # In the order of the keys, so that two callers with the same keys never wait for each other.
        cursor.execute(
            f"""
            INSERT INTO {model._meta.db_table}
                (id, key, kind, shard, ids, created_at, not_before, starts, ended, last_error)
            SELECT fresh.id, fresh.key, %s, %s, fresh.ids::jsonb, now(), COALESCE(%s, now()), 0, 0, ''
              FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS fresh (id, key, ids)
            ON CONFLICT (key) DO UPDATE SET key = EXCLUDED.key
            RETURNING id
            """,  # noqa: S608 - the table's name is ours
            [
                kind,
                shard,
                not_before,
                [new_id() for _row in rows],
                sorted(rows),
                [json.dumps(dict(rows[key])) for key in sorted(rows)],
            ],
        )
        made: list[UUID] = [row[0] for row in cursor.fetchall()]
    if not_before is None:
        _ring(using)
    return made


def _ring(using: str) -> None:
    """Wake the worker when the transaction commits, once for each transaction; the schedule would, a minute later."""
    connection = connections[using]
    if not any(_wake in waiting for waiting in connection.run_on_commit):
        transaction.on_commit(_wake, using=using, robust=True)


def _wake() -> None:
    async_task("privacy.jobs.tasks.tick")


def claim(*, using: str, limit: int = 20) -> list[Claimed]:
    """Take due rows for one lease and count their start; committed before any of the work (lifecycle.md, Outbox)."""
    model = OUTBOXES[using]
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {model._meta.db_table} AS row
               SET lease_until = now() + make_interval(secs => %s), starts = row.starts + 1
              FROM (SELECT id FROM {model._meta.db_table}
                     WHERE done_at IS NULL AND parked_at IS NULL AND not_before <= now()
                       AND (lease_until IS NULL OR lease_until < now())
                     ORDER BY created_at FOR UPDATE SKIP LOCKED LIMIT %s) AS due
             WHERE row.id = due.id
            RETURNING row.id, row.kind, row.ids, row.starts, row.ended,
                      now() - COALESCE(row.retried_at, row.created_at), row.last_error
            """,  # noqa: S608 - the table's name is ours
            [LEASE_SECONDS, limit],
        )
        rows = cursor.fetchall()
    return [
        Claimed(
            id=r[0], using=using, kind=r[1], ids=json.loads(r[2]), starts=r[3], ended=r[4], age=r[5], last_error=r[6]
        )
        for r in rows
    ]


def finish(claimed: Claimed) -> None:
    """Mark a delivery as done."""
    _settle(claimed, "done_at = now(), lease_until = NULL, last_error = ''", [])


def postpone(claimed: Claimed, *, seconds: float, why: str) -> None:
    """Let a delivery wait; it keeps its count of starts."""
    _settle(
        claimed,
        "lease_until = NULL, ended = ended + 1, not_before = now() + make_interval(secs => %s), last_error = %s",
        [seconds, why[:300]],
    )


def fail(claimed: Claimed, *, why: str, patience: Patience = INWARD) -> bool:
    """Note a failure: back off, or park the row where a person sees it. Nothing is ever dropped (P1.6).

    Returns whether it was parked.
    """
    if patience.is_over(ended=claimed.ended + 1, age=claimed.age):
        park(claimed, why=why)
        return True
    postpone(claimed, seconds=patience.wait(claimed.ended + 1), why=why)
    return False


def park(claimed: Claimed, *, why: str) -> None:
    """Give a delivery to a person."""
    _settle(claimed, "lease_until = NULL, ended = ended + 1, parked_at = now(), last_error = %s", [why[:300]])


def _settle(claimed: Claimed, change: str, values: list[Any]) -> None:
    model = OUTBOXES[claimed.using]
    with connections[claimed.using].cursor() as cursor:
        # Only the holder of this start may settle it: a worker that slept past its lease changes nothing.
        cursor.execute(
            f"UPDATE {model._meta.db_table} SET {change} WHERE id = %s AND starts = %s AND done_at IS NULL",  # noqa: S608
            [*values, claimed.id, claimed.starts],
        )


def retry(*, delivery: OutboxBase, actor: Actor, at: datetime) -> None:
    """Give a parked delivery back to the worker with fresh counts, and with its kind's whole patience from now on."""
    require(actor, "jobs.retry_delivery", about=delivery)
    using = next(alias for alias, model in OUTBOXES.items() if isinstance(delivery, model))
    with transaction.atomic(using=using):
        row = type(delivery)._default_manager.using(using).select_for_update().get(pk=delivery.pk)
        if row.parked_at is None:
            raise NotParked(_("This delivery is not parked: the worker still takes care of it."))
        ledger.record(Event.RETRIED, actor=actor, at=at, about=row, facts={"kind": row.kind})
        row.parked_at = None
        row.starts = row.ended = 0
        row.not_before = row.retried_at = at
        row.save(update_fields=["parked_at", "starts", "ended", "not_before", "retried_at"])


def beat(name: str) -> None:
    """Note that a daemon is alive, by the database's clock."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO jobs_heartbeat (name, at) VALUES (%s, now()) ON CONFLICT (name) DO UPDATE SET at = now()",
            [name],
        )


def record_parked(claimed: Claimed, *, at: datetime) -> None:
    """Leave a word in the ledger that a delivery waits for a person."""
    ledger.record(
        Event.PARKED,
        actor=System("worker"),
        at=at,
        about=("jobs.outbox", str(claimed.id)),
        facts={"kind": claimed.kind, "starts": claimed.starts},
    )
