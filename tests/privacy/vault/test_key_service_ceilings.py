"""How much the key service gives in a minute, and to which users of the host."""

import pytest

from privacy.vault import actions as vault
from privacy.vault.keyservice import client, messages
from tests import factory
from tests.database import PortalDatabase
from tests.factory import make_sealed_file
from tests.privacy.vault.key_requests import record_of, request_for
from tests.privacy.vault.key_services import asking_as, key_service


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
                ("pages", "rights", 3), ("pages", "legal-duty", 1),
            ]  # fmt: skip

    def test_of_look_ups(self, portal_database: PortalDatabase) -> None:
        with key_service(portal_database, KEY_CEILINGS="pages.look-ups=2"):
            for number in (1, 2):
                vault.blind_index("imei", factory.imei(number))
            with pytest.raises(vault.CeilingReached):
                vault.blind_index("imei", factory.imei(3))


def test_another_user_is_turned_away(portal_database: PortalDatabase) -> None:
    with key_service(portal_database, KEY_SERVICE_USERS="pages=nobody"):
        with pytest.raises(vault.KeyServiceUnavailable):
            client.ask(messages.Describe())
        with asking_as("worker"):
            assert client.ask(messages.Describe())
