"""A correction killed at every commit: value, freeze, notices and ledger agree afterwards (P1.5, P1.6)."""

from datetime import timedelta
from pathlib import Path

import pytest

from devices.models import Device
from privacy.disclosures.models import Notice
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox, PersonalOutbox
from privacy.ledger.models import Entry
from privacy.rights import actions as rights
from privacy.rights import tasks
from privacy.rights.models import Request, Right
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests import factory
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.privacy.retention.kill_at_commit import KILLED, Copies, run_until_commit

LATER = NOON + timedelta(minutes=5)


def prepare() -> None:
    """A device whose IMEI went to a third party, and a granted correction of it."""
    factory.make_provided(factory.make_device(1), "imei", "model")
    factory.make_granted(factory.ask_correction(answer_by="portal"))
    factory.make_officer()


def carry_out() -> None:
    rights.carry_out(Right.objects.get(), actor=factory.make_officer(), at=NOON)


def value() -> str:
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.test.seen", actor=factory.make_officer(), at=LATER
    ) as vault_session:
        return str(vault_session.decrypt(Device.objects.get(), "imei"))


def is_frozen() -> bool:
    return bool(vault.active_freezes(Device.objects.get().subject_id, "device-registration", ["imei"], at=LATER))


def nothing_wrong_can_leave() -> None:
    """What must hold at any moment, also between a death and the repair."""
    right = Right.objects.get()
    assert is_frozen() or value() == factory.RIGHT_IMEI, "the wrong value is in use again"
    if not is_frozen():
        assert Notice.objects.count() == 1, "the freeze ended without its notice"
    if value() == factory.RIGHT_IMEI:
        assert PersonalOutbox.objects.filter(kind="rights.correction.told").count() == 1
        assert right.started_at is not None, "changed without an intent on record"


def everything_agrees() -> None:
    """What must hold after the repair, whatever died."""
    case, right = Request.objects.get(), Right.objects.get()
    assert value() == factory.RIGHT_IMEI
    assert not is_frozen()
    assert right.carried_out_at is not None
    assert case.state == "notified"
    notice = Notice.objects.get()
    assert notice.items == ["imei"]
    assert GeneralOutbox.objects.filter(kind="disclosures.notice").count() == 1
    words = list(Entry.objects.filter(about=f"rights.request:{case.id}").values_list("word", flat=True))
    for word in ("rights.right.begun", "rights.item.corrected", "rights.request.carried-out"):
        assert words.count(word) == 1, word
    assert Entry.objects.filter(word="disclosures.notice.queued").count() == 1
    assert Entry.objects.filter(word="vault.freeze.lifted").count() == 1


@pytest.mark.asvs("2.3.3")
@pytest.mark.clause("P1.6")
@pytest.mark.fault("FLT-03")
@pytest.mark.parametrize("repair", ["resume", "outbox"])
def test_killed_at_every_commit_and_repaired(portal_database: PortalDatabase, tmp_path: Path, repair: str) -> None:
    prepare()
    copies = Copies(portal_database, tmp_path)
    with copies.copy():
        commits = run_until_commit(carry_out, 0)
        everything_agrees()
    assert commits >= 3
    died = 0
    for number in range(1, commits + 1):
        for before in (True, False):
            with copies.copy():
                assert run_until_commit(carry_out, number, before=before) == KILLED
                died += 1
                nothing_wrong_can_leave()
                if Right.objects.get().started_at is None:
                    carry_out()
                elif repair == "resume":
                    tasks.resume_interrupted(at=LATER)
                elif PersonalOutbox.objects.exists():
                    row = PersonalOutbox.objects.get()
                    tasks.close_correction(row.ids, event=row.id, starts=2, at=LATER)
                else:
                    tasks.resume_interrupted(at=LATER)
                everything_agrees()
                tasks.resume_interrupted(at=LATER)
                drain_told()
                everything_agrees()
    assert died == 2 * commits


def drain_told() -> None:
    """Let the personal database's reminder run as well: it finds everything done."""
    for row in PersonalOutbox.objects.filter(kind="rights.correction.told"):
        tasks.close_correction(row.ids, event=row.id, starts=1, at=LATER)


@pytest.mark.fault("FLT-17")
def test_killed_again_and_again_while_it_is_repaired(portal_database: PortalDatabase, tmp_path: Path) -> None:
    prepare()
    copies = Copies(portal_database, tmp_path)
    with copies.copy():
        assert run_until_commit(carry_out, 1) == KILLED
        for number in (1, 2, 3):
            run_until_commit(lambda: tasks.resume_interrupted(at=LATER), number)
            nothing_wrong_can_leave()
        tasks.resume_interrupted(at=LATER)
        everything_agrees()


def test_the_worker_repairs_it_by_itself(portal_database: PortalDatabase, tmp_path: Path) -> None:
    """The reminder in the personal database's outbox is enough, through the worker's own loop."""
    prepare()
    with Copies(portal_database, tmp_path).copy():
        commits = 0
        for commits in range(1, 10):
            assert run_until_commit(carry_out, commits) == KILLED
            if PersonalOutbox.objects.exists():
                break
        assert commits < 9
        assert Right.objects.get().carried_out_at is None
        dispatch_due(at=LATER)
        everything_agrees()
