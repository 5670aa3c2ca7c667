"""Throwing away what was read from a fleet's file: on the officer's word, or when nobody confirmed it in time."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction

from devices.actions.imports import ImportNotOpen, lock_previewed
from devices.events import Event
from devices.models import FleetImport, ImportedRow
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.vault import actions as vault
from privacy.vault import destruction_vetoes


def discard_import(fleet_import: FleetImport, *, actor: Actor, at: datetime) -> None:
    """Throw away what was previewed: its keys are destroyed, its rows removed.

    Raises NotPermitted, ImportNotOpen, and UnderHold while a hold reaches everybody.
    """
    require_permission(actor, "devices.import_fleet", about=fleet_import)
    _discard(fleet_import, actor=actor, at=at)


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
            destruction_vetoes.refuse_if_vetoed(None, None, at=at)
            if one.state == FleetImport.State.DISCARDED:
                with transaction.atomic():
                    ledger.record(Event.IMPORT_DISCARDED, actor=actor, at=at, about=one, facts={"again": True})
                _shred_rows(one, actor=actor, at=at)
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
    _shred_rows(row, actor=actor, at=at)


def _shred_rows(row: FleetImport, *, actor: Actor, at: datetime) -> None:
    held = ImportedRow.objects.filter(import_id=row.id)
    while ids := list(held.values_list("id", flat=True)[:1_000]):
        vault.shred_subjects(
            subject_ids=ids, categories=None, cause="import-discarded", certificate=row.reference, actor=actor, at=at
        )
        held.filter(id__in=ids).delete()
