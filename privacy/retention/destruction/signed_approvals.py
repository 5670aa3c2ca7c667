"""No list begins whose approval was not signed by the security keys of those it names, where the host names the keys.

Asked by the worker, which has ``APPROVER_KEYS`` in its own environment: whoever writes the tables can't sign.
"""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext as _

from privacy.accounts import approval_signatures
from privacy.accounts.approval_signatures import Act, Approval, NotSigned
from privacy.accounts.second_person import person_behind
from privacy.retention.consistency_checks import Difference
from privacy.retention.models import DestructionLine, DestructionList
from privacy.retention.models.destruction_lists import Cause


@dataclass(frozen=True)
class Release:
    """A deletion as it was released: by whom and when, of whose data, and when it was stopped last before, if ever."""

    by: str
    at: datetime
    people: frozenset[str]
    stopped_at: datetime | None = None


class FindRelease(Protocol):
    """Returns the release of the deletion behind a case (``K7-…#1``); nothing where there is none."""

    def __call__(self, case: str) -> Release | None: ...


_releases: list[FindRelease] = []


def declare_release(find: FindRelease) -> None:
    """Say how the release of a case's deletion is found; the apps above this one know it."""
    _releases.append(find)


def release_approval(case: str, people: Collection[str], categories: Collection[str]) -> Approval:
    """Return what is signed of a release: whose data goes, by their digest, and of which categories."""
    return Approval(Act.RELEASE, case, f"{_digest(people)} {','.join(sorted(categories))}")


def is_release_signed(case: str, categories: Collection[str]) -> bool:
    """Whether who released a case's deletion has signed it then, for the people of the case and these categories.

    Also where none is asked. A signature of before it was stopped does not count for what was released again.
    """
    if not approval_signatures.are_required():
        return True
    release = _release_of(case)
    if release is None:
        return False
    for shown, made in approval_signatures.signed(Act.RELEASE, case, by=person_behind(release.by)):
        people, _space, covered = shown.partition(" ")
        timely = approval_signatures.is_timely(made, approved_at=release.at)
        anew = release.stopped_at is None or made > release.stopped_at
        if timely and anew and people == _digest(release.people) and set(categories) <= set(covered.split(",")):
            return True
    return False


def _release_of(case: str) -> Release | None:
    return next((found for find in _releases if (found := find(case)) is not None), None)


def _digest(people: Collection[str]) -> str:
    return hashlib.sha256("\n".join(sorted(people)).encode()).hexdigest()


def refuse_unsigned(row: DestructionList) -> None:
    """Let a list begin only if each account that it names as approving has signed it. Raises NotSigned."""
    if approval_signatures.are_required() and not all(_signatures(row)):
        raise NotSigned(_("Someone is named as having approved this list who has not signed it. Look into it."))


def unsigned_lists(at: datetime) -> Iterator[Difference]:
    """Yield the lists that wait to be carried out and name somebody who has not signed them."""
    waiting = DestructionList.objects.filter(state=DestructionList.State.APPROVED).select_related("run")
    if approval_signatures.are_required():
        yield from (Difference(row.reference) for row in waiting if not all(_signatures(row)))


def _signatures(row: DestructionList) -> Iterator[bool]:
    """Yield for each signature that a list needs whether it is there: its officers', or who released its case."""
    if row.run.cause != Cause.RETENTION:
        if row.run.cause == Cause.DELETION or _is_account(row.run.ordered_by):
            yield _is_released(row)
        return
    if row.approved_by.startswith("rule:") and not row.needs_approval and not row.over_ceiling:
        return
    first = _signed(row, row.approved_by, row.approved_at)
    yield bool(first)
    if row.over_ceiling or row.seconded_by:
        # One signature never stands for two, also where one officer went on alone.
        yield any(one != other for one in first for other in _signed(row, row.seconded_by, row.seconded_at))


def _signed(row: DestructionList, name: str, at: datetime | None) -> set[tuple[str, datetime]]:
    """Return the signatures of exactly this plan by whom the list names, of the moment that it names."""
    if not _is_account(name) or at is None:
        return set()
    by = person_behind(name)
    said = approval_signatures.signed(Act.DESTROY, row.reference, by=by)
    return {
        (by, made) for shown, made in said if shown == row.plan and approval_signatures.is_timely(made, approved_at=at)
    }


def _is_released(row: DestructionList) -> bool:
    """Whether who ordered the list released its case, of the people on it, and has signed that."""
    release = _release_of(row.run.case)
    named = {str(one) for one in DestructionLine.objects.filter(list=row).values_list("subject_id", flat=True)}
    if release is None or release.by != row.run.ordered_by or not named <= release.people:
        return False
    return is_release_signed(row.run.case, [row.category])


def _is_account(name: str) -> bool:
    """Whether a name is an account's, or its emergency approval's: not a rule's and not a decision's."""
    return bool(name) and ":" not in name
