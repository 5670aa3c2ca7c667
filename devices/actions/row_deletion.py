"""Removing what was destroyed: rows of people, whole months; and putting reports right.

The keys are destroyed first, by the retention app: that is the act (P7.2). These verbs sweep what can't be read any
more. Each is safe to repeat.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from devices import partitions
from devices.events import Event
from devices.models import AppLog, Device, Licence, Report
from devices.refusals import MESSAGES, Malformed, Problem
from devices.report_schema import BODIES
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.postgres import planner_hints
from privacy.lib.postgres.uuid_arrays import any_of
from privacy.lib.record_labels import about_label
from privacy.vault import actions as vault


def remove_registrations(subject_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove devices. Their licences have a holding of their own and are removed with them."""
    with transaction.atomic(using="personal"):
        remove_licences(subject_ids, certificate=certificate, actor=actor, at=at)
        # Nothing points to them any more: they go without being read first.
        held = Device.objects.filter(any_of("subject_id", subject_ids))
        removed = held._raw_delete(held.db)
        if removed:
            _record_event(
                Event.REMOVED, subject_ids, rows=removed, of=Device, certificate=certificate, actor=actor, at=at
            )
    return removed


def remove_licences(subject_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove licences."""
    return _remove(Licence, subject_ids, Event.REMOVED, certificate=certificate, actor=actor, at=at)


def remove_reports(subject_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove what devices reported."""
    return _remove(Report, subject_ids, Event.REPORTS_REMOVED, certificate=certificate, actor=actor, at=at)


def remove_app_logs(subject_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove app logs."""
    return _remove(AppLog, subject_ids, Event.REPORTS_REMOVED, certificate=certificate, actor=actor, at=at)


def drop_reports_month(month: date, *, keep: Sequence[UUID] = (), certificate: str, actor: Actor, at: datetime) -> int:
    """Drop a month of reports that is over; with ``keep`` the rows of these people stay, because a hold keeps them."""
    return _drop(Report, month, keep=keep, certificate=certificate, actor=actor, at=at)


def drop_app_logs_month(month: date, *, keep: Sequence[UUID] = (), certificate: str, actor: Actor, at: datetime) -> int:
    """Drop a month of app logs that is over; with ``keep`` the rows of these people stay, because a hold keeps them."""
    return _drop(AppLog, month, keep=keep, certificate=certificate, actor=actor, at=at)


def correct_report(
    subject_id: UUID, item: str, value: Any, *, event: UUID, actor: Actor, at: datetime, record_id: UUID | None
) -> None:
    """Put the right body in the place of a wrong one, in the caller's transaction on ``personal`` (law R-14).

    ``record_id`` names the report; ``value`` is its whole body and must be what the kind declares.
    Raises Malformed.
    """
    _correct(Report, subject_id, item, value, event=event, actor=actor, at=at, record_id=record_id)


def correct_app_log(
    subject_id: UUID, item: str, value: Any, *, event: UUID, actor: Actor, at: datetime, record_id: UUID | None
) -> None:
    """Like ``correct_report``, for a line of the app's log."""
    _correct(AppLog, subject_id, item, value, event=event, actor=actor, at=at, record_id=record_id)


def _correct(
    model: type[Report] | type[AppLog],
    subject_id: UUID,
    item: str,
    value: Any,
    *,
    event: UUID,
    actor: Actor,
    at: datetime,
    record_id: UUID | None,
) -> None:
    kind = item.replace("_", "-")
    if record_id is None:
        raise Malformed([Problem("/record", "malformed", _("State which report is wrong."))])
    try:
        msgspec.convert(value, BODIES[kind])
    except (KeyError, msgspec.ValidationError):
        raise Malformed([Problem("/value", "malformed", str(MESSAGES["malformed"]))]) from None
    for row in model.objects.select_for_update().filter(device_id=subject_id, id=record_id, kind=kind):
        vault.encrypt(row, {"body": value}, at=at)
        # The table's key is the device, the moment and the id: an update by id alone would look into every month.
        model.objects.filter(device_id=subject_id, occurred_at=row.occurred_at, id=row.id).update(body=row.body)
        with transaction.atomic():
            facts = {"item": item, "event": str(event)}
            ledger.record(
                Event.REPORTS_CORRECTED, actor=actor, at=at, about=row, subjects=[str(subject_id)], facts=facts
            )


def _remove(
    model: type[Licence] | type[Report] | type[AppLog],
    subject_ids: Sequence[UUID],
    word: Event,
    *,
    certificate: str,
    actor: Actor,
    at: datetime,
) -> int:
    with planner_hints.bitmap_fetch(subject_ids, using="personal"):
        removed, _each = model.objects.filter(any_of("device_id", subject_ids)).delete()
        if removed:
            _record_event(word, subject_ids, rows=removed, of=model, certificate=certificate, actor=actor, at=at)
    return removed


def _drop(
    model: type[Report] | type[AppLog],
    month: date,
    *,
    keep: Sequence[UUID],
    certificate: str,
    actor: Actor,
    at: datetime,
) -> int:
    with transaction.atomic(using="personal"):
        if keep:
            removed, _each = model.objects.filter(**partitions.in_month(month)).exclude(device_id__in=keep).delete()
        else:
            removed = partitions.drop_partition(model._meta.db_table, month)
        with transaction.atomic():
            facts = {
                "of": about_label(model), "month": str(month), "rows": removed, "certificate": certificate,
                "tables": [partitions.partition_name(model._meta.db_table, month)],
            }  # fmt: skip
            ledger.record(Event.MONTH_DROPPED, actor=actor, at=at, facts=facts)
    return removed


def _record_event(
    word: Event,
    subject_ids: Sequence[UUID],
    *,
    rows: int,
    of: type[Model],
    certificate: str,
    actor: Actor,
    at: datetime,
) -> None:
    # The general database commits its entry before the personal one commits the removal (docs/ledger.md, Omission).
    with transaction.atomic():
        facts = {"of": about_label(of), "rows": rows, "certificate": certificate}
        ledger.record(word, actor=actor, at=at, subjects=subject_ids, facts=facts)
