"""A batch whose entry can't be written is not stored, and a lost connection costs a gateway one more try (S-01)."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import close_old_connections
from django.http import HttpResponse
from django.test import Client

from devices.models import Batch, Device, Report
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from tests import factory, process_roles
from tests.database import PortalDatabase


class Gate:
    """A gateway with a device, which sends one batch again and again."""

    def __init__(self) -> None:
        self.now = clock.now()
        self.token = factory.make_token(at=self.now)
        self.device: Device = factory.make_device(1, at=self.now)
        self.batch: UUID = uuid4()

    def send(self) -> HttpResponse:
        response: Any = Client().post(
            "/api/v1/reports",
            factory.make_batch(factory.make_report(self.device, at=self.now), batch=self.batch),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token}"},
        )
        return response


@pytest.mark.law("S-03")
@pytest.mark.clause("P3.5")
def test_a_batch_without_its_entry_is_not_stored(portal_database: PortalDatabase) -> None:
    gate = Gate()
    with portal_database.connect() as superuser:
        superuser.execute("REVOKE INSERT (kind, payload) ON ledger.entry FROM portal_app, portal_intake, portal_worker")
        answer = gate.send()
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "ledger-unavailable" in answer.content.decode()
        assert not Report.objects.exists()
        assert not Batch.objects.exists()
        superuser.execute("GRANT INSERT (kind, payload) ON ledger.entry TO portal_app, portal_intake, portal_worker")
    assert gate.send().status_code == 200
    assert Report.objects.count() == Batch.objects.count() == 1


@pytest.mark.clause("P3.5")
@pytest.mark.parametrize("alias", ["default", "personal"])
def test_a_cut_connection_costs_one_more_try(portal_database: PortalDatabase, alias: str, settings: Any) -> None:
    process_roles.answer_as_one(settings)
    gate = Gate()
    with portal_database.connect(alias=alias) as superuser:
        superuser.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
    answer = gate.send()
    assert answer.status_code == 503, answer.content
    assert "unavailable" in answer.content.decode()
    close_old_connections()  # as the server does between two requests; Django's test client leaves it out
    assert [gate.send().status_code for _again in range(2)] == [200, 200]
    assert Report.objects.count() == Batch.objects.count() == 1
    assert Entry.objects.filter(word="devices.reports.stored").count() == 1
