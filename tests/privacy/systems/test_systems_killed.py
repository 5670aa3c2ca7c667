"""Portal and worker killed at every commit of a destruction that another system takes part in: never a false "done"."""

from datetime import timedelta
from pathlib import Path

import pytest

from devices.models import Device
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox, PersonalOutbox
from privacy.retention.models import Certificate
from privacy.rights import actions as rights
from privacy.rights import tasks
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Right
from privacy.systems.models import Answer, Envelope, SystemTask
from privacy.systems.shared_secrets import shared_secret
from tests import factory
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.privacy.retention.kill_at_commit import KILLED, Copies, run_until_commit
from tests.privacy.systems.connected_server import ConnectedServer, connected_server

# A process that died is found by what it has not done for a while.
LATER = NOON + timedelta(minutes=5)
# At how many of the commits it is killed, spread over all.
PLACES = 8


def carry_out() -> None:
    rights.carry_out(Right.objects.get(), actor=factory.make_officer(), at=NOON)
    work()


def work() -> None:
    for _round in range(3):
        for outbox in (GeneralOutbox, PersonalOutbox):
            waiting = outbox.objects.filter(done_at=None, parked_at=None)
            waiting.update(not_before=NOON, lease_until=None)
        dispatch_due(at=NOON)


def nothing_is_said_that_is_not(server: ConnectedServer) -> None:
    """What must hold at any moment."""
    for task in SystemTask.objects.filter(act="destroy", category="device-registration"):
        if task.state == "confirmed":
            assert server.rows["mina"] == {}, "said to be destroyed, and there"
            assert Answer.objects.filter(pk=task.proof_id, verb="read-back").exists()
        else:
            assert Envelope.objects.filter(pk=task.pk).exists(), "nobody can find the person there any more"
    if not Device.objects.exists():
        assert SystemTask.objects.filter(act="destroy").exists(), "destroyed here, and nobody was asked elsewhere"


@pytest.mark.fault("FLT-03")
def test_killed_at_every_commit_and_repaired(portal_database: PortalDatabase, tmp_path: Path) -> None:
    with connected_server() as server:
        factory.end_waits_at_once()
        factory.make_device(1)
        system = factory.make_api_system("mdm", server.address, server.public_key)
        server.secret = shared_secret(system)
        factory.make_granted(factory.ask(RequestedRight("deletion"), target=factory.imei(1), answer_by="portal"))
        factory.make_officer()
        copies = Copies(portal_database, tmp_path)
        row = {"imei": factory.imei(1), "model": "SM-S931N"}

        def begin() -> None:
            server.rows, server.known, server.mood = {"mina": dict(row)}, {}, "honest"

        begin()
        with copies.copy():
            commits = run_until_commit(carry_out, 0)
            assert server.rows["mina"] == {}
        died = 0
        places = range(1, commits + 1, max(1, commits // PLACES))
        for number in places:
            begin()
            with copies.copy():
                assert run_until_commit(carry_out, number, before=bool(died % 2)) == KILLED
                died += 1
                nothing_is_said_that_is_not(server)
                if Right.objects.get().started_at is None:
                    carry_out()
                tasks.resume_interrupted(at=LATER)
                work()
                nothing_is_said_that_is_not(server)
                task = SystemTask.objects.get(act="destroy", category="device-registration")
                assert task.state == "confirmed" and not Envelope.objects.exists()
                assert Certificate.objects.filter(list__category="device-registration", kind="destruction").count() == 1
        assert died == len(places)
