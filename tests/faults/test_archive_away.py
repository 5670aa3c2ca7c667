"""The archive is away: everything but the moves into it goes on, and a move is made once it is back (FLT-11)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.models import ArchivedRecord
from privacy.retention.refusals import GateClosed
from privacy.retention.restore_gate import gate
from privacy.rights.models import Particulars, Request
from tests import factory
from tests.database import PortalDatabase
from tests.faults import surroundings
from tests.faults.invariants import Memory, assert_hold, assert_trail_is_whole
from tests.privacy.rights.test_request_form import fields
from tests.privacy.vault.decryption_sessions import decryption_session

pytestmark = pytest.mark.faults


def delete(subject: object) -> None:
    """Destroy what the person's reports are, as after a granted deletion: two of three go into the archive."""
    retention.destroy_subject_data(
        subject, ["service-analytics"], cause="deletion", case="K7-1", actor=factory.SWEEPER, at=clock.now()
    )


@pytest.mark.fault("FLT-11")
def test_everything_but_moves_into_the_archive_goes_on(portal_database: PortalDatabase) -> None:
    now = clock.now()
    leaving, staying = factory.make_device(1, at=now - timedelta(days=2)), factory.make_device(2, at=now)
    factory.make_reports(leaving, ["access", "access", "status"], at=now - timedelta(days=1))
    memory, token = Memory(safe=[staying.subject_id, leaving.subject_id]), factory.make_token(at=now)
    with surroundings.refused(portal_database, "archive"):
        client = Client(raise_request_exception=False)
        answer = memory.ask(client, "post", reverse("rights:request"), fields(submission="away"))
        assert answer.status_code == 200
        memory.filed(answer.context["receipt"].number)
        batch = factory.make_batch(factory.make_report(staying, at=now))
        given = {"content_type": "application/json", "headers": {"Authorization": f"Bearer {token}"}}
        assert memory.ask(client, "post", "/api/v1/reports", batch, **given).json()["stored"] == 1
        with decryption_session(reason="while the archive is away") as opened:
            assert opened.decrypt(Particulars.objects.get(about="case"), "contact")
        memory.readings.append("while the archive is away")
        client.force_login(factory.make_odile())
        for page in ("/office/", "/office/rights/request/", "/policy/"):
            assert memory.ask(client, "get", page).status_code == 200, page
        # A balancer that took every host out would stop all of this.
        ready = memory.ask(Client(), "get", "/readyz")
        assert (ready.status_code, ready.json()["missing"]) == (200, {"archive": "unreachable"})
        with pytest.raises(Exception):  # noqa: B017 - whichever way it says so
            delete(leaving.subject_id)
    assert_hold(memory)
    delete(leaving.subject_id)
    retention.execute_ready(actor=factory.SWEEPER, at=clock.now())
    assert list(ArchivedRecord.objects.values_list("records", flat=True)) == [2]
    assert Request.objects.count() == 1
    assert_hold(memory)
    assert_trail_is_whole(portal_database)


@pytest.mark.fault("FLT-11")
@pytest.mark.fault("FLT-20")
def test_the_gate_stays_closed_while_the_archive_is_away(portal_database: PortalDatabase) -> None:
    """A general database of yesterday was let in while another database did not answer."""
    with portal_database.connect() as owner:
        owner.execute("DELETE FROM retention_journalcursor")
        owner.execute("INSERT INTO retention_journalcursor (single, line, at) VALUES (true, 3, now())")
    with surroundings.refused(portal_database, "archive"), pytest.raises(GateClosed):
        gate.refuse_closed()
