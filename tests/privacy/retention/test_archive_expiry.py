"""The end of an archived record's own term: on the journal like every destruction, and no way around a hold (P6.4)."""

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from privacy.lib.dates import clock
from privacy.policies.categories import ARCHIVE_PREFIX
from privacy.retention import actions as retention
from privacy.retention.archive import preservation
from privacy.retention.destruction import journal
from privacy.retention.models import ArchivedRecord, DestructionList
from privacy.retention.refusals import GateClosed
from privacy.retention.restore_gate import gate
from privacy.subjects.models import Subject
from privacy.vault import keys
from privacy.vault.models import MonthKey, SubjectKey
from tests.database import PortalDatabase
from tests.factory import SWEEPER, at_noon, carry_out_all, make_hold, sweep_on
from tests.privacy.retention.kill_at_commit import KILLED, Copies, run_until_commit
from tests.privacy.retention.test_archive import archive_an_access, rule_of
from tests.privacy.retention.test_restore import Yesterday

RECORDED, MOVED, OVER = date(2026, 9, 1), date(2026, 10, 1), date(2027, 1, 1)


def archived(number: int) -> UUID:
    """Somebody's archived records whose term ends on 1 December 2026; on 1 January that month's key is over too."""
    return archive_an_access(recorded_on=RECORDED, destroyed_on=MOVED, number=number).subject_id


def journaled() -> set[UUID]:
    """Those whose archived records the journal says are destroyed."""
    lines = [line for line in journal.lines() if line.number not in journal.voided_numbers()]
    return {subject_id for line in lines if line.category == "archive" for subject_id in line.people}


def there() -> set[UUID]:
    return set(ArchivedRecord.objects.values_list("subject_id", flat=True))


@pytest.mark.clause("P6.4")
@pytest.mark.fault("FLT-20")
def test_a_restored_archive_stays_closed_until_replayed(portal_database: PortalDatabase) -> None:
    ended = archived(1)
    lasting = archive_an_access(recorded_on=date(2026, 9, 30), destroyed_on=MOVED, number=2)
    december = MonthKey.objects.filter(category=preservation.keyring(rule_of(lasting)), month=date(2026, 12, 1))
    yesterday = Yesterday(portal_database)
    try:
        carry_out_all(sweep_on(date(2026, 12, 2)))
        assert there() == {lasting.subject_id}
        assert journaled() == {ended}
        for aliases in (("archive",), ("default", "personal", "archive")):
            yesterday.restore(aliases)
            assert there() == {ended, lasting.subject_id}, "the dump brings them back"
            assert gate.databases_behind() == [aliases[0]]
            with pytest.raises(GateClosed):
                retention.execute_ready(actor=SWEEPER, at=clock.now())
            done = portal_database.manage("replay_destructions", role="portal_owner")
            assert done.returncode == 0, done.stderr
            keys.caches.here().clear()
            assert gate.databases_behind() == []
            assert there() == {lasting.subject_id}, "what has its term before it stays"

        carry_out_all(sweep_on(OVER))
        assert not december.exists()
        yesterday.restore(("default", "personal", "archive"))
        assert december.exists()
        # What was lawfully destroyed before the hold goes again: a restored copy of it is nobody's.
        make_hold(at=clock.now())
        retention.replay(actor=SWEEPER, at=clock.now())
        assert there() == set()
        assert not december.exists()
        assert gate.databases_behind() == []
    finally:
        yesterday.close()


@pytest.mark.clause("P7.1")
@pytest.mark.fault("FLT-19")
def test_a_hold_after_a_crash_still_keeps_what_is_there(portal_database: PortalDatabase, tmp_path: Path) -> None:
    """Killed at every commit, then one of two is held: hers was gone by then, or stays, and all say so."""
    first, second = archived(1), archived(2)
    row = sweep_on(date(2026, 12, 2)).lists.get(unit="archive")
    at = at_noon(date(2026, 12, 2))
    copies = Copies(portal_database, tmp_path)

    def work() -> None:
        retention.execute(row, actor=SWEEPER, at=at, seconds=600)

    with copies.copy():
        commits = run_until_commit(work, 0)
    fates = set()
    for number in range(1, commits):
        with copies.copy():
            assert run_until_commit(work, number) == KILLED
            gone_before = first not in there()
            make_hold(subject_id=first, at=at)
            if DestructionList.objects.get(pk=row.pk).is_open:
                assert run_until_commit(work, 0) >= 0
            fates.add(gone_before)
            said = f"killed after commit {number} of {commits}"
            assert there() == (set() if gone_before else {first}), said
            assert journaled() == ({first, second} if gone_before else {second}), said
            done = DestructionList.objects.get(pk=row.pk)
            assert done.rows_removed["records"] == (4 if gone_before else 2), said
            assert done.certificates.get().statement["destroyed"]["people"] == (2 if gone_before else 1), said
            assert retention.reconcile(actor=SWEEPER, at=at) == [], said
            assert gate.databases_behind() == [], said
    assert fates == {True, False}, "both were met: killed before the rows went, and after"


@pytest.mark.truth("archive-keyrings-after-a-crash")
@pytest.mark.fault("FLT-19")
def test_a_crash_leaves_no_keyring_of_somebody_of_whom_nothing_is_left(
    portal_database: PortalDatabase, tmp_path: Path
) -> None:
    """Killed at every commit and resumed: the keyrings are gone, and the certificate counts them once."""
    person = archived(1)
    Subject.objects.filter(pk=person).update(state="destroyed", destroyed_at=at_noon(MOVED))
    row = sweep_on(date(2026, 12, 2)).lists.get(unit="archive")
    at = at_noon(date(2026, 12, 2))
    keyrings = SubjectKey.objects.filter(subject_id=person, category__startswith=ARCHIVE_PREFIX)
    assert keyrings.count() == 1
    copies = Copies(portal_database, tmp_path)

    def work() -> None:
        retention.execute(row, actor=SWEEPER, at=at, seconds=600)

    with copies.copy():
        commits = run_until_commit(work, 0)
    wrong = {}
    for number in range(1, commits):
        with copies.copy():
            assert run_until_commit(work, number) == KILLED
            if DestructionList.objects.get(pk=row.pk).is_open:
                assert run_until_commit(work, 0) >= 0
            done = DestructionList.objects.get(pk=row.pk)
            found = (keyrings.count(), done.keys_destroyed, there())
            if found != (0, 1, set()):
                wrong[f"killed after commit {number} of {commits}"] = found
    assert wrong == {}
