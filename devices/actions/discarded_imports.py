"""Throwing away what was read from a fleet's file: on the officer's word, or when nobody confirmed it in time."""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from devices.actions.imports import ImportNotOpen, lock_previewed
from devices.events import Event
from devices.models import FleetImport, ImportedRow
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.retention import actions as retention
from privacy.vault import actions as vault
from privacy.vault import destruction_vetoes

# An import that was discarded in a page waits for the worker, which alone removes keys.
DISCARDED = "devices.import.discarded"


def discard_import(fleet_import: FleetImport, *, actor: Actor, at: datetime) -> None:
    """Throw away what was previewed: its keys are destroyed, its rows removed; from a page, by the worker.

    Raises NotPermitted, ImportNotOpen, and UnderHold while a hold reaches everybody.
    """
    require_permission(actor, "devices.import_fleet", about=fleet_import)
    _discard(fleet_import, actor=actor, at=at)


def destroy_discarded(import_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Destroy what was read for an import that was discarded. Safe to repeat. Raises UnderHold."""
    row = FleetImport.objects.get(pk=import_id, state=FleetImport.State.DISCARDED)
    destruction_vetoes.refuse_if_vetoed(None, None, at=at)
    with transaction.atomic():
        ledger.record(Event.IMPORT_DISCARDED, actor=actor, at=at, about=row, facts={"again": True})
    _shred_rows(row, actor=actor, at=at)


def discard_expired_imports(*, actor: Actor, at: datetime) -> int:
    """Discard previews that nobody confirmed in time, and go on with discards that were interrupted.

    A registration that nobody agreed to is kept no longer than ``child.unconfirmed.days``, in a preview or as a device.
    Returns how many imports were discarded or gone on with; what a hold keeps waits for the next run.
    """
    days = rulebook.parameter("child.unconfirmed.days", clock.kst_date(at))
    found = list(FleetImport.objects.filter(state=FleetImport.State.PREVIEWED, made_at__lt=at - timedelta(days=days)))
    left = ImportedRow.objects.order_by("import_id").values_list("import_id", flat=True).distinct()
    found += list(FleetImport.objects.filter(state=FleetImport.State.DISCARDED, id__in=list(left)))
    done = 0
    for one in found:
        with suppress(vault.UnderHold, ImportNotOpen):
            if one.state == FleetImport.State.DISCARDED:
                destroy_discarded(one.id, actor=actor, at=at)
            else:
                _discard(one, actor=actor, at=at)
            done += 1
    return done


def _discard(fleet_import: FleetImport, *, actor: Actor, at: datetime) -> None:
    destruction_vetoes.refuse_if_vetoed(None, None, at=at)
    with transaction.atomic():
        row = lock_previewed(fleet_import)
        row.state, row.finished_at = FleetImport.State.DISCARDED, at
        row.save(update_fields=["state", "finished_at"])
        ledger.record(Event.IMPORT_DISCARDED, actor=actor, at=at, about=row, facts={"rows": row.accepted})
        serving = settings.PORTAL_PROCESS in retention.SERVING
        if serving:
            outbox.enqueue(DISCARDED, ids={"import": str(row.id)}, key=f"{DISCARDED}:{row.id}")
    if not serving:
        _shred_rows(row, actor=actor, at=at)


def _shred_rows(row: FleetImport, *, actor: Actor, at: datetime) -> None:
    held = ImportedRow.objects.filter(import_id=row.id)
    while ids := list(held.values_list("id", flat=True)[:1_000]):
        vault.shred_subjects(
            subject_ids=ids, categories=None, cause="import-discarded", certificate=row.reference, actor=actor, at=at
        )
        held.filter(id__in=ids).delete()
