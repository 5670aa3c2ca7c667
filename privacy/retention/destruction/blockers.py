"""What stands in the way of a destruction: holds, open corrections, open requests. Asked again at each execution.

Apps above this one say what they know by ``declare`` in their ``holdings.py``; nobody is imported from here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from django.db import connection

from privacy.lib.dates import clock
from privacy.policies.categories import ARCHIVE, ARCHIVE_PREFIX
from privacy.retention import locks
from privacy.retention.models import DestructionLine, Hold
from privacy.retention.models.holds import HoldQuerySet
from privacy.vault.models import Freeze

HELD = DestructionLine.State.HELD
FROZEN = DestructionLine.State.FROZEN
REQUESTED = DestructionLine.State.REQUESTED


class FindBlocked(Protocol):
    """Returns those of these people (``None``: of all) whose data of the category must not be destroyed now."""

    def __call__(self, subject_ids: Sequence[UUID] | None, category: str, at: datetime) -> Iterable[UUID]: ...


class FindFormerlyBlocked(Protocol):
    """Returns the people whose request ended at ``since`` or later, from when it blocked, and when it ended."""

    def __call__(self, since: datetime) -> Iterable[tuple[UUID, datetime, datetime]]: ...


_open_requests: dict[str, FindBlocked] = {}
_ended_requests: dict[str, FindFormerlyBlocked] = {}


def declare_open_requests(name: str, blocked: FindBlocked, ended: FindFormerlyBlocked) -> None:
    """Say who has an open request that a scheduled destruction must not overtake, and who had one lately."""
    _open_requests[name] = blocked
    _ended_requests[name] = ended


class FindFiles(Protocol):
    """Returns under which ids files about these people are sealed: cases, disclosures."""

    def __call__(self, subject_ids: Collection[UUID]) -> Iterable[UUID]: ...


_file_finders: dict[str, FindFiles] = {}


def declare_files(name: str, about: FindFiles) -> None:
    """Say which files are about a person: a hold on her reaches them too."""
    _file_finders[name] = about


# Those with an obstacle are few: beyond so many people it is cheaper to read all obstacles than to send all ids.
MAX_IDS_IN_QUERY = 50


def on_hold(subject_ids: Sequence[UUID], category: str, at: datetime) -> set[UUID]:
    """Return those of these people whose data of the category is on hold (litigation, investigation)."""
    holds = Hold.objects.active(clock.kst_date(at)).on_category(category)
    if holds.on_everybody().exists():
        return set(subject_ids)
    return set(subject_ids) & _subjects_on_hold(holds)


def is_on_hold(subject_ids: Sequence[UUID] | None, categories: Collection[str] | None, *, at: datetime) -> bool:
    """Whether a hold reaches data of these people (``None``: of everybody at once): the vault asks before it destroys.

    A hold reaches what the archive keeps by its own category or by ``archive``, as the archive's keyrings are asked.
    """
    holds = Hold.objects.active(clock.kst_date(at))
    if categories is not None:
        named = {"", *categories, *(ARCHIVE for code in categories if code.startswith(ARCHIVE_PREFIX))}
        holds = holds.filter(category__in=sorted(named))
    if holds.on_everybody().exists():
        return True
    return subject_ids is not None and not _subjects_on_hold(holds).isdisjoint(subject_ids)


class HoldVeto:
    """What the vault asks before it destroys; the answer holds until the transaction that asks has ended."""

    def __call__(self, subject_ids: Sequence[UUID] | None, categories: Collection[str] | None, *, at: datetime) -> bool:
        if connection.in_atomic_block:
            locks.block_new_holds_until_commit()
        return is_on_hold(subject_ids, categories, at=at)

    def locked(self) -> AbstractContextManager[None]:
        return locks.block_new_holds()


def _subjects_on_hold(holds: HoldQuerySet) -> set[UUID]:
    """Return the people that holds name, and the files about them."""
    named = {subject_id for subject_id in holds.values_list("subject_id", flat=True) if subject_id is not None}
    if not named:
        return set()
    return named.union(*(about(named) for about in _file_finders.values()))


def under_correction(subject_ids: Sequence[UUID], category: str, at: datetime) -> set[UUID]:
    """Return those with an open correction: what is disputed is not destroyed by a schedule.

    A suspension is no obstacle: suspended data is handled as the retention clause says (P1.7).
    """
    corrections = Freeze.objects.active(at).filter(cause=Freeze.Cause.CORRECTION, category__in=("", category))
    if len(subject_ids) <= MAX_IDS_IN_QUERY:
        corrections = corrections.filter(subject_id__in=list(subject_ids))
    return set(corrections.values_list("subject_id", flat=True)) & set(subject_ids)


def with_open_request(subject_ids: Sequence[UUID], category: str, at: datetime) -> set[UUID]:
    """Return those with an open request, as the apps above have declared."""
    asked = subject_ids if len(subject_ids) <= MAX_IDS_IN_QUERY else None
    found = {subject_id for blocked in _open_requests.values() for subject_id in blocked(asked, category, at)}
    return found & set(subject_ids)


def blocked_subjects(
    subject_ids: Sequence[UUID], category: str, at: datetime, *, only: Collection[str] | None = None
) -> Mapping[UUID, DestructionLine.State]:
    """Return who may not be destroyed now, and why; a hold is named before all else."""
    found: dict[UUID, DestructionLine.State] = {}
    if only is None or REQUESTED in only:
        found.update(dict.fromkeys(with_open_request(subject_ids, category, at), REQUESTED))
    if only is None or FROZEN in only:
        found.update(dict.fromkeys(under_correction(subject_ids, category, at), FROZEN))
    found.update(dict.fromkeys(on_hold(subject_ids, category, at), HELD))
    return found


def hold_covers_everybody(category: str, at: datetime) -> bool:
    """Whether a hold reaches everybody's data of the category."""
    return Hold.objects.active(clock.kst_date(at)).on_category(category).on_everybody().exists()


def all_blocked_subjects(category: str, at: datetime) -> set[UUID]:
    """Return everyone with an obstacle in the category: few, and asked when a whole month is to go."""
    holds = Hold.objects.active(clock.kst_date(at)).on_category(category).exclude(subject_id=None)
    named = {subject_id for subject_id in holds.values_list("subject_id", flat=True) if subject_id is not None}
    corrections = Freeze.objects.active(at).filter(cause=Freeze.Cause.CORRECTION, category__in=("", category))
    named.update(corrections.values_list("subject_id", flat=True))
    for blocked in _open_requests.values():
        named.update(blocked(None, category, at))
    return named


def formerly_blocked_subjects(category: str, since: datetime) -> set[UUID] | None:
    """Return whose data of the category something kept until ``since`` or later, or keeps still; ``None``: everybody's.

    Who looks for what became due some time ago finds with it what could not be destroyed then.
    """
    holds = Hold.objects.kept_until(since).on_category(category)
    if holds.on_everybody().exists():
        return None
    named = {subject_id for subject_id in holds.values_list("subject_id", flat=True) if subject_id is not None}
    corrections = Freeze.objects.kept_until(since).filter(cause=Freeze.Cause.CORRECTION, category__in=("", category))
    named.update(corrections.values_list("subject_id", flat=True))
    for blocked in _open_requests.values():
        named.update(blocked(None, category, since))
    for ended in _ended_requests.values():
        named.update(subject_id for subject_id, _begun, _ended in ended(since))
    return named


# The day from which something kept data, and the first day on which it no longer did.
type KeptPeriod = tuple[date, date]


def kept_periods(
    category: str, since: datetime, subject_ids: Sequence[UUID] | None = None
) -> dict[UUID | None, list[KeptPeriod]]:
    """Return when data of the category was kept that is kept no more, by person; under ``None`` that of everybody.

    Asked is what ended at ``since`` or later.
    """
    found: dict[UUID | None, list[KeptPeriod]] = {}
    for hold in Hold.objects.kept_until(since).on_category(category):
        ends = [hold.until + timedelta(days=1)] if hold.until else []
        ends += [clock.kst_date(hold.lifted_at)] if hold.lifted_at else []
        if ends:
            named = {None} if hold.subject_id is None else _subjects_on_hold(Hold.objects.filter(pk=hold.pk))
            for one in named:
                found.setdefault(one, []).append((clock.kst_date(hold.placed_at), min(ends)))
    corrections = Freeze.objects.kept_until(since).filter(cause=Freeze.Cause.CORRECTION, category__in=("", category))
    if subject_ids is not None and len(subject_ids) <= MAX_IDS_IN_QUERY:
        corrections = corrections.filter(subject_id__in=list(subject_ids))
    for freeze in corrections:
        moments = [moment for moment in (freeze.until, freeze.lifted_at) if moment is not None]
        if moments:
            period = (clock.kst_date(freeze.frozen_at), clock.kst_date(min(moments)))
            found.setdefault(freeze.subject_id, []).append(period)
    for ended in _ended_requests.values():
        for subject_id, begun, over in ended(since):
            found.setdefault(subject_id, []).append((clock.kst_date(begun), clock.kst_date(over)))
    return found
