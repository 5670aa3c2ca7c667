"""How much the key service gives in a minute, and to which users of the host."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.core import mail

from privacy.jobs.models import GeneralOutbox
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.vault import actions as vault
from privacy.vault import tasks
from privacy.vault.actions.ceiling_reports import CEILING_TOLD
from privacy.vault.keyservice import client, messages
from privacy.vault.tasks import deliver_ceiling
from tests import factory
from tests.database import PortalDatabase
from tests.factory import make_sealed_file
from tests.privacy.vault.key_requests import record_of, request_for
from tests.privacy.vault.key_services import KeyService, asking_as, key_service


@pytest.mark.asvs("2.3.2", "2.4.1", "8.2.4", "16.3.3")
class TestCeilings:
    def test_of_people_by_purpose(self, portal_database: PortalDatabase) -> None:
        with key_service(portal_database, KEY_CEILINGS="pages=3,pages.legal-duty=1"):
            files = [make_sealed_file() for _number in range(5)]
            assert client.ask(request_for(files[:3], record_of([file.subject_id for file in files[:3]])))
            again = request_for(files[:1], record_of([files[0].subject_id]))
            assert client.ask(again), "a person counts once a minute"
            with pytest.raises(vault.CeilingReached):
                client.ask(request_for(files[3:4], record_of([files[3].subject_id])))
            duty = [record_of([file.subject_id], purpose="legal-duty") for file in files[:2]]
            assert client.ask(request_for(files[:1], duty[0]))
            with pytest.raises(vault.CeilingReached):
                client.ask(request_for(files[1:2], duty[1]))
            with asking_as("worker"):
                status: messages.ServiceStatus = client.ask(messages.Status())
            assert [(one.process, one.purpose, one.ceiling) for one in status.reached] == [
                ("pages", "all-purposes", 3), ("pages", "legal-duty", 1),
            ]  # fmt: skip

    def test_what_is_read_for_all_purposes_counts_together(self, portal_database: PortalDatabase) -> None:
        with key_service(portal_database, KEY_CEILINGS="pages=1"):
            mina, other = make_sealed_file(), make_sealed_file()
            assert client.ask(request_for([mina], record_of([mina.subject_id])))
            with pytest.raises(vault.CeilingReached):
                client.ask(request_for([other], record_of([other.subject_id], purpose="legal-duty")))

    def test_each_one_is_told_to_every_officer_once(self, portal_database: PortalDatabase) -> None:
        odile, omar = factory.make_odile(), factory.make_omar()
        factory.make_hana()
        with key_service(portal_database, KEY_CEILINGS="pages=1"):
            people = [make_sealed_file() for _number in range(2)]
            with pytest.raises(vault.CeilingReached):
                client.ask(request_for(people, record_of([file.subject_id for file in people])))
            with asking_as("worker"):
                assert [tasks.report_ceilings(), tasks.report_ceilings()] == [1, 0]
        told = GeneralOutbox.objects.filter(kind=CEILING_TOLD).order_by("id")
        assert {row.ids["to"] for row in told} == {odile.reference, omar.reference}
        deliver_ceiling(told[0].ids, event=told[0].id, starts=1, at=clock.now())
        (sent,) = mail.outbox
        assert "pages" in sent.body and "1분에 1건" in sent.body and "Allowed: 1 a minute" in sent.body
        assert Entry.objects.filter(word="vault.ceiling.reached").count() == 1

    def test_of_look_ups(self, portal_database: PortalDatabase) -> None:
        with key_service(portal_database, KEY_CEILINGS="pages.look-ups=2"):
            for number in (1, 2):
                vault.blind_index("imei", factory.imei(number))
            with pytest.raises(vault.CeilingReached):
                vault.blind_index("imei", factory.imei(3))


def test_it_needs_the_general_database_and_no_secret_of_the_pages(portal_database: PortalDatabase) -> None:
    with TemporaryDirectory(dir="/tmp") as folder:
        service = KeyService(portal_database, Path(folder), DEVELOPMENT="0")
        for name in ("PERSONAL_DATABASE_URL", "ARCHIVE_DATABASE_URL"):
            del service.environ[name]
        assert "SECRET_KEY" not in service.environ
        service.start()
        service.kill()


@pytest.mark.asvs("12.3.5")
def test_another_user_is_turned_away(portal_database: PortalDatabase) -> None:
    with key_service(portal_database, KEY_SERVICE_USERS="pages=nobody"):
        with pytest.raises(vault.KeyServiceUnavailable):
            client.ask(messages.Describe())
        with asking_as("worker"):
            assert client.ask(messages.Describe())
