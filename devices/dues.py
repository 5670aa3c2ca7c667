"""Whose retention period is over (P6.1 … P6.3): the clocks of the three categories, asked by the sweep.

Only reads, in slices; the cost follows what expires.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Max, QuerySet

from consents import gate as consents
from devices import months
from devices.models import AppLog, Device, Licence
from privacy.lib import periods
from privacy.lib.clock import midnight
from privacy.policies.rulebook import RetentionTerm
from privacy.subjects.models import SLICE, Subject
from privacy.vault.models import SubjectKey

# A registration that nobody agreed to within this many days is destroyed (law D-02, C-13).
UNDECIDED_DAYS = 5
# How long the sweep looks back for undecided registrations; it runs every night.
UNDECIDED_LOOK_BACK = 60


def latest_event_over(on: date, term: RetentionTerm) -> date:
    """Return the latest day of an event whose period is over on ``on``: its last day lies before."""
    shifted = on.year * 12 + on.month - 1 - 12 * term.years - term.months
    event_on = date(shifted // 12, shifted % 12 + 1, 1) + timedelta(days=on.day + 2)
    while periods.period_end(event_on, years=term.years, months=term.months) >= on:
        event_on -= timedelta(days=1)
    return event_on


def registrations_due(on: date, term: RetentionTerm) -> Iterator[list[UUID]]:
    """Yield devices whose last licence expired so long ago, then those that nobody agreed to in time (P6.1)."""
    last = latest_event_over(on, term)
    for ids in _sliced(Licence.objects.filter(ends_on__lte=last), "device_id"):
        due = registrations_over(ids, on, term)
        if due:
            yield due
    yield from undecided(on)


def registrations_over(subject_ids: Sequence[UUID], on: date, term: RetentionTerm) -> list[UUID]:
    """Return those of these devices whose registration is due now: a renewed licence takes a device off the list."""
    last = latest_event_over(on, term)
    ends = (
        Device.objects.filter(id__in=subject_ids)
        .annotate(licensed_until=Max("licences__ends_on"))
        .values_list("id", "licensed_until", "registered_at")
    )
    start = midnight(on)
    undecided_before = start - timedelta(days=UNDECIDED_DAYS)
    over, young = [], []
    for device_id, licensed_until, registered_at in ends:
        if licensed_until is not None and licensed_until <= last:
            over.append(device_id)
        elif registered_at < undecided_before:
            young.append(device_id)
    return over + _without_agreement(young, start)


def undecided(on: date) -> Iterator[list[UUID]]:
    """Yield devices registered some days ago without any agreement since: nothing more may be kept of them."""
    start = midnight(on)
    recent = Device.objects.filter(
        registered_at__lt=start - timedelta(days=UNDECIDED_DAYS),
        registered_at__gte=start - timedelta(days=UNDECIDED_LOOK_BACK),
    )
    for ids in _sliced(recent, "id"):
        due = _without_agreement(ids, start)
        if due:
            yield due


def analytics_due(on: date, term: RetentionTerm) -> Iterator[list[UUID]]:
    """Yield people whose service ended so long ago and whose key for reports is still here (P6.2).

    The key is asked, not the reports: one small row for each person, however many reports are kept.
    """
    for ids in Subject.objects.service_ended_by(latest_event_over(on, term)).sliced_ids():
        keyed = SubjectKey.objects.filter(subject_id__in=ids, category="service-analytics")
        due = list(keyed.order_by("subject_id").values_list("subject_id", flat=True))
        if due:
            yield due


def analytics_over(subject_ids: Sequence[UUID], on: date, term: RetentionTerm) -> list[UUID]:
    """Return those of these people whose reports are due now: a resumed service takes them off the list."""
    ended = Subject.objects.filter(id__in=subject_ids).service_ended_by(latest_event_over(on, term))
    return list(ended.values_list("id", flat=True))


def app_log_months_due(on: date, term: RetentionTerm) -> Iterable[date]:
    """Yield months of app logs to destroy whole (P6.3).

    The analysis of a month's errors ends with the month: then the purpose is achieved and the term begins.
    """
    for month in months.held(AppLog._meta.db_table):
        closed_on = months.coming(month, 1)[1] - timedelta(days=1)
        over = periods.period_end(closed_on, years=term.years, months=term.months) < on
        if over and AppLog.objects.filter(**_within(month)).exists():
            yield month


def _without_agreement(device_ids: Sequence[UUID], at: datetime) -> list[UUID]:
    agreed = consents.agreed_among(list(device_ids), at)
    return [device_id for device_id in device_ids if "device-registration" not in agreed.get(device_id, frozenset())]


def _within(month: date) -> dict[str, datetime]:
    return {"occurred_at__gte": midnight(month), "occurred_at__lt": midnight(months.coming(month, 1)[1])}


def _sliced(rows: "QuerySet[Device] | QuerySet[Licence]", name: str) -> Iterator[list[UUID]]:
    """Yield the distinct ids of a column in slices, by key: no cursor is held and no long list."""
    last: UUID | None = None
    while True:
        page = rows.order_by(name) if last is None else rows.filter(**{f"{name}__gt": last}).order_by(name)
        ids = list(page.values_list(name, flat=True).distinct()[:SLICE])
        if not ids:
            return
        yield ids
        last = ids[-1]
