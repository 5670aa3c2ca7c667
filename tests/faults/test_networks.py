"""The network to the databases is cut without a word, slow, or loses packets or the answer to a commit (FLT-14)."""

import time
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from devices.models import Report
from privacy.lib.dates import clock
from privacy.rights.models import Particulars, Request
from tests import factory
from tests.database import PortalDatabase
from tests.faults.invariants import Memory, assert_hold, assert_trail_is_whole
from tests.faults.networks import cut_network, relayed
from tests.faults.surroundings import in_thread, needs_networks
from tests.privacy.rights.test_request_form import fields

pytestmark = [pytest.mark.faults, pytest.mark.fault("FLT-14")]


class Asker:
    """Somebody who files a request and a gateway that sends a batch, each as often as it takes."""

    def __init__(self) -> None:
        self.memory = Memory()
        now = clock.now()
        device, self.token = factory.make_device(1, at=now), factory.make_token(at=now)
        self.batch = uuid4()
        self.body = factory.make_batch(factory.make_report(device, at=now), batch=self.batch)

    def file(self) -> int:
        client = Client(raise_request_exception=False)
        answer = self.memory.ask(client, "post", reverse("rights:request"), fields(submission="mark"))
        if answer.status_code == 200 and (receipt := answer.context["receipt"]):
            self.memory.filed(receipt.number)
        return int(answer.status_code)

    def report(self) -> int:
        given = {"content_type": "application/json", "headers": {"Authorization": f"Bearer {self.token}"}}
        client = Client(raise_request_exception=False)
        answer = self.memory.ask(client, "post", "/api/v1/reports", self.body, **given)
        if answer.status_code == 200:
            self.memory.batches[self.batch] = answer.json()["stored"]
        return int(answer.status_code)

    def once(self) -> None:
        """What was sent again and again counts once."""
        assert Request.objects.count() == Particulars.objects.count() == len(self.memory.cases) == 1
        assert Report.objects.count() == len(self.memory.batches) == 1


@needs_networks
def test_a_cut_is_an_error_within_seconds_and_mends_itself(portal_database: PortalDatabase) -> None:
    asker = Asker()
    with cut_network() as network:
        assert asker.memory.ask(Client(), "get", "/readyz").status_code == 200
        network.cut()
        assert asker.file() == 503
        network.mend()
        assert (asker.file(), asker.report()) == (200, 200)
        assert_hold(asker.memory)
    asker.once()
    assert_trail_is_whole(portal_database)


@needs_networks
def test_a_cut_in_the_middle_of_a_question(portal_database: PortalDatabase) -> None:
    """Half open: the connection stands, the question is on its way, and no answer comes."""
    asker = Asker()
    with cut_network() as network, portal_database.connect() as other, other.transaction():
        other.execute("LOCK TABLE rights_request IN ACCESS EXCLUSIVE MODE")
        asking = in_thread(asker.file)
        time.sleep(0.5)
        network.cut()
        asking.join(60)
        assert not asking.is_alive()
        network.mend()
    assert [one.status for one in asker.memory.answers] == [503]
    assert (asker.file(), asker.report()) == (200, 200)
    assert_hold(asker.memory)
    asker.once()


@needs_networks
def test_lost_packets_are_sent_again(portal_database: PortalDatabase) -> None:
    asker = Asker()
    with cut_network() as network:
        network.lose(5)
        asker.file()
        asker.report()
        network.mend()
        assert (asker.file(), asker.report()) == (200, 200)
        assert_hold(asker.memory)
    asker.once()


def test_a_slow_network_is_slow_and_no_fault(portal_database: PortalDatabase) -> None:
    asker = Asker()
    with relayed() as relay:
        assert asker.memory.ask(Client(), "get", "/readyz").status_code == 200
        relay.delay = 0.005
        assert (asker.file(), asker.report()) == (200, 200)
        relay.delay = 0
        assert_hold(asker.memory)
    asker.once()


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_answer_to_a_commit_counts_once(portal_database: PortalDatabase, lost: int) -> None:
    asker = Asker()
    with relayed() as relay:
        for work in (asker.file, asker.report):
            relay.lose_commits, relay.lost = lost, 0
            for _time in range(5):
                if work() == 200:
                    break
            assert relay.lost > 0, "no answer to a commit was lost"
            relay.lose_commits = 0
            assert work() == 200
        assert_hold(asker.memory)
    asker.once()
    assert_trail_is_whole(portal_database)
