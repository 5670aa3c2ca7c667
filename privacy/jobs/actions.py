"""Verbs of the outbox. Leases, starts and due times are judged by the database's clock, never by a worker's."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.functions import TransactionNow
from django.db import connections, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from privacy.jobs.deliverers import DELIVERERS, INTERNAL, QueuedWork
from privacy.jobs.events import Event
from privacy.jobs.models import GeneralOutbox, OutboxBase, PersonalOutbox
from privacy.jobs.retry_policy import INTERNAL_RETRIES, MAX_WORKER_CRASHES, RetryPolicy
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, SystemActor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.ids import new_id

OUTBOXES: dict[str, type[OutboxBase]] = {
    "default": GeneralOutbox,
    "personal": PersonalOutbox,
}
LEASE_SECONDS = 120
# How many rows are carried out together, by how often a worker died over them.
GROUP_SIZES = {0: 200, 1: 40, 2: 8}


class NotDeadLettered(Refusal):
    """Only a parked delivery is given back: this one is closed, or still being tried."""

    code = "not-parked"


@dataclass(frozen=True)
class ClaimedDelivery:
    """A row that this worker holds for the length of a lease."""

    id: UUID
    using: str
    kind: str
    ids: Mapping[str, str]
    starts: int
    ended: int
    failures: int
    failing_for: timedelta
    last_error: str = ""
    progress: str = ""
    shard: str = ""

    @property
    def crashes(self) -> int:
        """How many earlier starts ended without an answer."""
        return self.starts - 1 - self.ended

    @property
    def is_poison_message(self) -> bool:
        """Whether too many earlier starts ended without an answer (FLT-17)."""
        return self.crashes >= MAX_WORKER_CRASHES


def enqueue(
    kind: str,
    *,
    ids: Mapping[str, str],
    key: str,
    using: str = "default",
    not_before: datetime | None = None,
    shard: str = "",
    destination: str | None = None,
) -> UUID:
    """Queue one delivery in the caller's transaction on ``using``; the same ``key`` again is the same row.

    ``destination`` is the system outside that it waits for; by default the one of its kind.
    """
    rows = {key: ids}
    [identifier] = enqueue_many(kind, rows, using=using, not_before=not_before, shard=shard, destination=destination)
    return identifier


def is_queued(key: str, *, using: str = "default") -> bool:
    """Whether something was put into the outbox under this key, whatever became of it since."""
    return OUTBOXES[using].objects.filter(key=key).exists()


def enqueue_many(
    kind: str,
    rows: Mapping[str, Mapping[str, str]],
    *,
    using: str = "default",
    not_before: datetime | None = None,
    shard: str = "",
    destination: str | None = None,
) -> list[UUID]:
    """Queue a delivery for each key with its ids, like ``enqueue``, in one statement.

    Returns the rows' own ids in the order of the sorted keys.
    """
    if not rows:
        return []
    model = OUTBOXES[using]
    if destination is None:
        destination = DELIVERERS[kind].destination if kind in DELIVERERS else INTERNAL
    with connections[using].cursor() as cursor:
        # One statement, so that two callers with the same key agree without an exception in their transactions.
        # In the order of the keys, so that two callers with the same keys never wait for each other.
        cursor.execute(
            f"""
            INSERT INTO {model._meta.db_table}
                (id, key, kind, shard, destination, ids, created_at, not_before, starts, ended, failures, last_error)
            SELECT fresh.id, fresh.key, %s, %s, %s, fresh.ids::jsonb, now(), COALESCE(%s, now()), 0, 0, 0, ''
              FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS fresh (id, key, ids)
            ON CONFLICT (key) DO UPDATE SET key = EXCLUDED.key
            RETURNING id
            """,  # noqa: S608 - the table's name is ours
            [
                kind,
                shard,
                destination,
                not_before,
                [new_id() for _row in rows],
                sorted(rows),
                [json.dumps(dict(rows[key])) for key in sorted(rows)],
            ],
        )
        made: list[UUID] = [row[0] for row in cursor.fetchall()]
    if not_before is None:
        _wake_on_commit(using, destination)
    return made


def _wake_on_commit(using: str, destination: str) -> None:
    """Wake the worker when the transaction commits, once for each transaction; the schedule would, a minute later."""
    wake = wake_internal_worker if destination == INTERNAL else wake_external_worker
    if not any(wake in waiting for waiting in connections[using].run_on_commit):
        transaction.on_commit(wake, using=using, robust=True)


def wake_internal_worker() -> None:
    """Ask for a worker that does the portal's own work."""
    async_task("privacy.jobs.tasks.dispatch_internal")


def wake_external_worker() -> None:
    """Ask for a worker that delivers what goes outside."""
    async_task("privacy.jobs.tasks.dispatch_external")


def claim(*, using: str, destination: str = INTERNAL) -> ClaimedDelivery | None:
    """Take the row that is due longest, for one lease, and count its start: committed before the work begins."""
    return next(iter(_claim(using, destination, "", [], most=1)), None)


def claim_more(first: ClaimedDelivery, *, destination: str) -> list[ClaimedDelivery]:
    """Take what else is due of the kind and shard of a claimed row, to be carried out together with it.

    Fewer, the more often a worker died over them: one bad row is found among few, and parks no others.
    """
    most = GROUP_SIZES.get(first.crashes, 1) - 1
    if most <= 0:
        return []
    alike = "AND kind = %s AND shard = %s AND starts - ended = %s"
    return _claim(first.using, destination, alike, [first.kind, first.shard, first.crashes], most=most)


def _claim(using: str, destination: str, alike: str, values: list[Any], *, most: int) -> list[ClaimedDelivery]:
    model = OUTBOXES[using]
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(
            f"""
            -- Looked for once: a join could ask a subquery again for each row, and lease one each time.
            WITH due AS MATERIALIZED (
                SELECT id FROM {model._meta.db_table}
                 WHERE done_at IS NULL AND parked_at IS NULL AND destination = %s AND not_before <= now()
                   AND (lease_until IS NULL OR lease_until < now()) {alike}
                 ORDER BY not_before FOR UPDATE SKIP LOCKED LIMIT %s)
            UPDATE {model._meta.db_table} AS row
               SET lease_until = now() + make_interval(secs => %s), starts = row.starts + 1
              FROM due
             WHERE row.id = due.id
            RETURNING row.id, row.kind, row.ids, row.starts, row.ended, row.failures,
                      COALESCE(now() - row.failing_since, interval '0'), row.last_error, row.progress, row.shard
            """,  # noqa: S608 - the table's name and the condition are ours
            [destination, *values, most, LEASE_SECONDS],
        )
        return [
            ClaimedDelivery(
                id=row[0], using=using, kind=row[1], ids=json.loads(row[2]), starts=row[3], ended=row[4],
                failures=row[5], failing_for=row[6], last_error=row[7], progress=row[8], shard=row[9],
            )
            for row in cursor.fetchall()
        ]  # fmt: skip


def destinations_due(*, using: str) -> list[str]:
    """Return the destinations for which a row is due in one outbox, our own work among them as ``INTERNAL``."""
    moment = TransactionNow()
    due = OUTBOXES[using]._default_manager.using(using).filter(done_at=None, parked_at=None, not_before__lte=moment)
    free = due.filter(Q(lease_until=None) | Q(lease_until__lt=moment))
    return list(free.order_by("destination").values_list("destination", flat=True).distinct())


def finish(*claimed: ClaimedDelivery) -> None:
    """Mark deliveries of one outbox as done."""
    _settle(claimed, "done_at = now(), lease_until = NULL, last_error = ''", [])


def note_progress(row: QueuedWork, progress: str, *, using: str = "default") -> None:
    """Note at once what was done of a row, before its end: it is in ``progress`` when the row is claimed again.

    It outlives this process; a database that is torn down may lose the last moment of such notes.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"UPDATE {OUTBOXES[using]._meta.db_table} SET progress = %s"  # noqa: S608 - the table's name is ours
            " FROM (SELECT set_config('synchronous_commit', 'off', true)) AS quick WHERE id = %s",
            [progress, row.id],
        )


def postpone(*claimed: ClaimedDelivery, seconds: float, why: str) -> None:
    """Let deliveries of one outbox wait that are not to be made now: no failure, and their patience begins anew.

    The failures that they had still count where a kind's patience is a number of them.
    """
    _settle(
        claimed,
        "lease_until = NULL, ended = ended + 1, failing_since = NULL,"
        " not_before = now() + make_interval(secs => %s), last_error = %s",
        [seconds, why[:300]],
    )


def back_off(claimed: ClaimedDelivery, *, why: str, patience: RetryPolicy = INTERNAL_RETRIES) -> bool:
    """Back off after a failure. Returns False, and notes nothing, when its patience is over: then it is parked."""
    failures = claimed.failures + 1
    if patience.is_over(failures=failures, age=claimed.failing_for):
        return False
    _settle(
        [claimed],
        "lease_until = NULL, ended = ended + 1, failures = failures + 1,"
        " failing_since = COALESCE(failing_since, now()),"
        " not_before = now() + make_interval(secs => %s), last_error = %s",
        [patience.wait(failures), why[:300]],
    )
    return True


def dead_letter(claimed: ClaimedDelivery, *, why: str, at: datetime) -> None:
    """Give a delivery to a person, with a word in the ledger. Nothing is ever dropped (P1.6)."""
    with transaction.atomic(using=claimed.using):
        change = "lease_until = NULL, ended = ended + 1, failures = failures + 1, parked_at = now(), last_error = %s"
        if _settle([claimed], change, [why[:300]]):
            ledger.record(
                Event.PARKED,
                actor=SystemActor("worker"),
                at=at,
                about=("jobs.outbox", str(claimed.id)),
                facts={"kind": claimed.kind, "starts": claimed.starts},
            )


def _settle(claimed: Sequence[ClaimedDelivery], change: str, values: list[Any]) -> bool:
    """Change rows of one outbox that this worker holds; return whether it still held any."""
    if not claimed:
        return False
    using = claimed[0].using
    with connections[using].cursor() as cursor:
        # Only the holder of this start may settle it: a worker that slept past its lease changes nothing.
        cursor.execute(
            f"UPDATE {OUTBOXES[using]._meta.db_table} SET {change}"  # noqa: S608
            " WHERE (id, starts) IN (SELECT * FROM unnest(%s::uuid[], %s::int[]))"
            " AND done_at IS NULL AND parked_at IS NULL",
            [*values, [one.id for one in claimed], [one.starts for one in claimed]],
        )
        return bool(cursor.rowcount)


def retry(*, delivery: OutboxBase, actor: Actor, at: datetime) -> None:
    """Give a parked delivery back to the worker with fresh counts, and with its kind's whole patience from now on.

    Raises NotPermitted, NotDeadLettered.
    """
    require_permission(actor, "jobs.retry_delivery", about=delivery)
    using = next(alias for alias, model in OUTBOXES.items() if isinstance(delivery, model))
    with transaction.atomic(using=using):
        row = type(delivery)._default_manager.using(using).select_for_update().get(pk=delivery.pk)
        if row.done_at is not None:
            raise NotDeadLettered(_("This delivery is closed: there is nothing left to try."))
        if row.parked_at is None:
            raise NotDeadLettered(_("This delivery has not stopped: the worker is still trying it."))
        ledger.record(Event.RETRIED, actor=actor, at=at, about=row, facts={"kind": row.kind})
        row.parked_at = row.failing_since = None
        # The starts go on: a worker that still holds an earlier one must not settle a later one.
        row.ended, row.failures = row.starts, 0
        # Due by the database's clock: where this host's is ahead, the worker would let it wait.
        row.not_before, row.retried_at = TransactionNow(), at
        row.save(update_fields=["parked_at", "ended", "failures", "failing_since", "not_before", "retried_at"])
        _wake_on_commit(using, row.destination)


def close_dead_letters(kind: str, *, ids: Mapping[str, str], using: str = "default") -> int:
    """Close what was parked of these ids, because a person has seen to it another way; return how many rows."""
    parked = OUTBOXES[using]._default_manager.using(using).filter(done_at=None, parked_at__isnull=False)
    return parked.filter(kind=kind, ids__contains=dict(ids)).update(done_at=TransactionNow())


def close_waiting(kind: str, *, ids: Mapping[str, str], using: str = "default") -> int:
    """Close what waits for these ids, because another delivery takes its place; return how many rows.

    What a worker is at already goes on: its deliverer asks what is left to do.
    """
    waiting = OUTBOXES[using]._default_manager.using(using).filter(done_at=None, parked_at=None)
    return waiting.filter(kind=kind, ids__contains=dict(ids)).update(done_at=TransactionNow())


def record_heartbeat(name: str) -> None:
    """Note that a daemon is alive, by the database's clock."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO jobs_heartbeat (name, at) VALUES (%s, now()) ON CONFLICT (name) DO UPDATE SET at = now()",
            [name],
        )
