"""App logs whose purpose has ended: the error is settled, or the days for its analysis are over (P6.3).

Their rows are removed at once. The key of their month is destroyed when the purpose of all its logs has ended: with it
goes what backups still hold of these rows.

A hold that was set first wins: it is asked for under the lock of destructions. The general database commits its entry
before the personal one commits the removal (docs/ledger.md, Omission).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from devices import partitions
from devices.actions.registration import owned_device
from devices.actors import GatewayActor
from devices.events import Event
from devices.models import AppLog, AppLogRemoval, SettledError
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger import captured_tables
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.postgres import planner_hints
from privacy.lib.record_labels import about_label
from privacy.policies import rulebook
from privacy.policies.categories import APP_LOG
from privacy.retention import locks
from privacy.retention.destruction import blockers

DELIVERY = "devices.settled"
SETTLE_PERMISSION = "devices.settle_error"
# The entry names each of them.
BATCH_SIZE = captured_tables.MOST_NAMED


def settle_errors(*, device_id: UUID, until: datetime, actor: Actor, at: datetime) -> SettledError:
    """Note that the errors of a device are settled up to a moment, and remove its app logs until then at once.

    A moment still to come is taken as now. Repeating it changes nothing. Raises UnknownDevice for another gateway's
    device, NotPermitted.
    """
    if isinstance(actor, GatewayActor):
        owned_device(device_id, actor)
    else:
        require_permission(actor, SETTLE_PERMISSION)
    with transaction.atomic(using="personal"):
        row, made = SettledError.objects.get_or_create(
            device_id=device_id,
            settled_until=min(until, at),
            defaults={"recorded_at": at, "recorded_by": f"{actor.kind}:{actor.ref}"},
        )
        if made:
            outbox.enqueue(DELIVERY, ids={"settled": str(row.id)}, key=f"{DELIVERY}:{row.id}", using="personal")
            with transaction.atomic():
                facts = {"until": row.settled_until.isoformat()}
                ledger.record(
                    Event.ERROR_SETTLED, actor=actor, at=at, about=row, subjects=[str(device_id)], facts=facts
                )
    return row


def remove_settled_logs(settled_id: UUID, *, actor: Actor, at: datetime) -> bool:
    """Remove the app logs of a settled error; return whether none is left to remove. Safe to repeat.

    A hold, an open correction or an open request keeps them meanwhile.
    """
    with transaction.atomic(using="personal"):
        row = SettledError.objects.select_for_update().get(pk=settled_id)
        if row.removed_at is not None:
            return True
        logs = AppLog.objects.filter(device_id=row.device_id, occurred_at__lte=row.settled_until)
        with transaction.atomic():
            locks.block_new_holds_until_commit()
            if logs.exists() and blockers.blocked_subjects([row.device_id], APP_LOG, at):
                return False
            _remove(logs, [row.device_id], AppLogRemoval.Cause.SETTLED, actor=actor, at=at)
        row.removed_at = at
        row.save(update_fields=["removed_at"])
    return True


def remove_expired_logs(*, on: date, actor: Actor, at: datetime) -> int:
    """Remove the app logs whose days for the analysis are over on a day in Korea; return how many went.

    ``app-log.purpose.days`` is counted from the day after the log (T-02): on the day after the last one it goes.
    """
    before = clock.midnight(on - timedelta(days=rulebook.parameter("app-log.purpose.days", on)))
    removed, last = 0, UUID(int=0)
    while True:
        over = AppLog.objects.filter(occurred_at__lt=before, device_id__gt=last)
        devices = list(over.order_by("device_id").values_list("device_id", flat=True).distinct()[:BATCH_SIZE])
        if not devices:
            return removed
        last = devices[-1]
        with (
            transaction.atomic(using="personal"),
            planner_hints.bitmap_fetch(devices, using="personal"),
            transaction.atomic(),
        ):
            locks.block_new_holds_until_commit()
            kept = blockers.blocked_subjects(devices, APP_LOG, at)
            free = [device for device in devices if device not in kept]
            served = AppLog.objects.filter(occurred_at__lt=before, device_id__in=free)
            removed += _remove(served, free, AppLogRemoval.Cause.TERM, actor=actor, at=at)


def _remove(
    logs: QuerySet[AppLog], devices: Sequence[UUID], cause: AppLogRemoval.Cause, *, actor: Actor, at: datetime
) -> int:
    counted = Counter(partitions.month_of(moment) for moment in logs.values_list("occurred_at", flat=True).iterator())
    if not counted:
        return 0
    removed, _each = logs.delete()
    AppLogRemoval.objects.bulk_create(
        AppLogRemoval(month=month, cause=cause, rows=rows, removed_at=at) for month, rows in sorted(counted.items())
    )
    facts = {"of": about_label(AppLog), "rows": removed, "because": cause.value}
    ledger.record(Event.REPORTS_REMOVED, actor=actor, at=at, subjects=devices, facts=facts)
    return removed
