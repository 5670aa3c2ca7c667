"""Whose retention period is over (P6.1 … P6.3): the clocks of the three categories, asked by the sweep.

Only reads, in slices; the cost follows what expires.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import batched, chain
from uuid import UUID

from django.db.models import Max, Min, QuerySet

from consents import consent_status as consents
from devices import partitions
from devices.models import AppLog, Device, Licence
from privacy.lib.dates import clock, periods
from privacy.lib.dates.clock import midnight
from privacy.lib.postgres.uuid_arrays import any_of
from privacy.policies import rulebook
from privacy.policies.categories import APP_LOG, DEVICE_REGISTRATION, SERVICE_ANALYTICS
from privacy.policies.rulebook import RetentionPeriod
from privacy.retention.destruction import blockers
from privacy.subjects.models import BATCH_SIZE, Subject
from privacy.vault.models import MonthKey, SubjectKey

# A registration that nobody agreed to within this many days is destroyed (law D-02, C-13).
UNCONFIRMED_DAYS = "child.unconfirmed.days"
# How long the sweep looks back for undecided registrations; it runs every night.
UNCONFIRMED_LOOK_BACK_DAYS = 60


def latest_event_over(on: date, term: RetentionPeriod) -> date:
    """Return the latest day of an event whose period is over on ``on``: its last day lies before."""
    return periods.latest_event(on - timedelta(days=1), years=term.years, months=term.months)


def registrations_due(on: date, term: RetentionPeriod) -> Iterator[list[UUID]]:
    """Yield devices whose last licence expired so long ago, then those that nobody agreed to in time (P6.1).

    Where registrations rest on another basis than consent, nobody has to agree (C-06).

    Each comes once, also where both are so: what is counted before anything is listed is what will be listed.
    """
    expired = Licence.objects.filter(ends_on__lte=latest_event_over(on, term))
    for ids in _id_slices(expired, "device_id"):
        due = registrations_still_due(ids, on, term)
        if due:
            yield due
    for ids in without_agreement_due(on) if term.needs_consent else ():
        yielded = set(expired.filter(device_id__in=ids).values_list("device_id", flat=True))
        if due := [device_id for device_id in ids if device_id not in yielded]:
            yield due


def registrations_still_due(subject_ids: Sequence[UUID], on: date, term: RetentionPeriod) -> list[UUID]:
    """Return those of these devices whose registration is due now.

    A renewed licence takes a device off the list, and so does an agreement that was given since.
    """
    last = latest_event_over(on, term)
    ends = (
        Device.objects.filter(any_of("id", subject_ids))
        .annotate(licensed_until=Max("licences__ends_on"))
        .values_list("id", "licensed_until", "registered_at")
    )
    undecided_before = midnight(on) - timedelta(days=rulebook.parameter(UNCONFIRMED_DAYS, on))
    over, young = [], []
    for device_id, licensed_until, registered_at in ends:
        if licensed_until is not None and licensed_until <= last:
            over.append(device_id)
        elif registered_at < undecided_before:
            young.append(device_id)
    return over + (_without_agreement(young) if term.needs_consent else [])


def licences_known_from(subject_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return when the first licence of each of these devices was recorded, where that was after it had ended."""
    first = Licence.objects.filter(any_of("device_id", subject_ids)).values_list("device_id").order_by()
    late = first.annotate(known=Min("recorded_at"), ended=Min("ends_on")).values_list("device_id", "known", "ended")
    return {device_id: known for device_id, known, ended in late if clock.kst_date(known) > ended}


def without_agreement_due(on: date) -> Iterator[list[UUID]]:
    """Yield devices registered some days ago without any agreement since: nothing more may be kept of them.

    What was kept by a hold, a disputed correction or an open request is looked at again however old it is: it is due
    as soon as that ends.
    """
    start = midnight(on)
    undecided_before = start - timedelta(days=rulebook.parameter(UNCONFIRMED_DAYS, on))
    looked_back_to = undecided_before - timedelta(days=UNCONFIRMED_LOOK_BACK_DAYS)
    undecided = Device.objects.filter(registered_at__lt=undecided_before)
    kept = blockers.formerly_blocked_subjects(DEVICE_REGISTRATION, start - timedelta(days=UNCONFIRMED_LOOK_BACK_DAYS))
    slices = _id_slices(undecided if kept is None else undecided.filter(registered_at__gte=looked_back_to), "id")
    earlier = undecided.filter(registered_at__lt=looked_back_to)
    for some in batched(sorted(kept or ()), BATCH_SIZE):
        slices = chain(slices, [list(earlier.filter(id__in=some).order_by("id").values_list("id", flat=True))])
    for ids in slices:
        due = _without_agreement(ids)
        if due:
            yield due


def analytics_due(on: date, term: RetentionPeriod) -> Iterator[list[UUID]]:
    """Yield people whose service ended so long ago and whose key for reports is still here (P6.2).

    The key is asked, not the reports: one small row for each person, however many reports are kept.
    """
    for ids in Subject.objects.service_ended_by(latest_event_over(on, term)).batched_ids():
        keyed = SubjectKey.objects.filter(subject_id__in=ids, category=SERVICE_ANALYTICS)
        due = list(keyed.order_by("subject_id").values_list("subject_id", flat=True))
        if due:
            yield due


def analytics_still_due(subject_ids: Sequence[UUID], on: date, term: RetentionPeriod) -> list[UUID]:
    """Return those of these people whose reports are due now: a resumed service takes them off the list."""
    ended = Subject.objects.filter(id__in=subject_ids).service_ended_by(latest_event_over(on, term))
    return list(ended.values_list("id", flat=True))


def app_log_months_due(on: date, term: RetentionPeriod) -> Iterable[date]:
    """Yield months of app logs to destroy whole, with their key: those of whose every log the purpose has ended (P6.3).

    The purpose of a log ends when its error is settled, or ``app-log.purpose.days`` after its day; then it goes at
    once. ``term`` says how long it might stay at the latest, so it says nothing more. Most logs were removed one by
    one before, or with their person; where none is left, the key goes that would open them in a backup.
    """
    days = rulebook.parameter("app-log.purpose.days", on)
    for month in partitions.existing_months(AppLog._meta.db_table):
        closed_on = partitions.months_from(month, 1)[1] - timedelta(days=1)
        if closed_on + timedelta(days=days) >= on:
            continue
        if AppLog.objects.filter(**_within(month)).exists() or _has_key(month):
            yield month


def _has_key(month: date) -> bool:
    return MonthKey.objects.filter(category=APP_LOG, month=month).exists()


def _without_agreement(device_ids: Sequence[UUID]) -> list[UUID]:
    """Return those whose registration nobody agrees to now: an agreement that came late still keeps what is there."""
    agreeing = consents.subjects_agreeing_to_category(DEVICE_REGISTRATION, among=device_ids)
    return [device_id for device_id in device_ids if device_id not in agreeing]


def _within(month: date) -> dict[str, datetime]:
    return {"occurred_at__gte": midnight(month), "occurred_at__lt": midnight(partitions.months_from(month, 1)[1])}


def _id_slices(rows: "QuerySet[Device] | QuerySet[Licence]", name: str) -> Iterator[list[UUID]]:
    """Yield the distinct ids of a column in slices, by key: no cursor is held and no long list."""
    last: UUID | None = None
    while True:
        page = rows.order_by(name) if last is None else rows.filter(**{f"{name}__gt": last}).order_by(name)
        ids = list(page.values_list(name, flat=True).distinct()[:BATCH_SIZE])
        if not ids:
            return
        yield ids
        last = ids[-1]
