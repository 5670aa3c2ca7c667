"""An error that nobody expected: logged whole, answered without a word of it, and the next request is served."""

import logging
from unittest import mock
from uuid import uuid4

import pytest
from django.test import Client

from privacy.lib.dates import clock
from privacy.office_api import actions as office_api
from privacy.office_api.models import Scope
from privacy.policies import views
from privacy.scim import actions as scim
from tests import factory
from tests.base import PortalTestCase
from tests.devices.base import ApiTestCase
from tests.factories.systems import make_ines

INSIDE = "SELECT secret FROM vault WHERE key = 'k-4711'"


class LastResortTests(PortalTestCase):
    @pytest.fixture(autouse=True)
    def capture(self, caplog: pytest.LogCaptureFixture) -> None:
        self.log = caplog

    @pytest.mark.asvs("16.3.4", "16.5.1", "16.5.4")
    def test_an_error_is_logged_whole_and_told_without_a_word_of_it(self) -> None:
        client = Client(raise_request_exception=False)
        with self.log.at_level(logging.ERROR), mock.patch.object(views, "render", side_effect=RuntimeError(INSIDE)):
            answer = client.get("/policy/")
        page = answer.content.decode()
        assert answer.status_code == 500
        for word in (INSIDE, "RuntimeError", "Traceback", "views.py", "k-4711", "django", "granian"):
            assert word not in page, word
        assert "Content-Security-Policy" in answer.headers and "no-store" in answer.headers["Cache-Control"]
        (record,) = [one for one in self.log.records if one.levelno == logging.ERROR and one.exc_info]
        assert INSIDE in str(record.exc_info[1]) and "/policy/" in record.getMessage()  # type: ignore[index]
        assert client.get("/policy/").status_code == 200


class LastResortOfGatewaysTests(ApiTestCase):
    @pytest.mark.asvs("16.3.4", "16.5.1", "16.5.4")
    def test_an_error_at_the_door_of_gateways_is_logged_whole_and_told_without_a_word_of_it(self) -> None:
        self.client = Client(raise_request_exception=False)
        report, path = self.report(self.device()), f"/devices/{uuid4()}"
        for place, call in (
            ("devices.views.devices.store_reports", lambda: self.send(report)),
            ("devices.api.devices.register", lambda: self.call("PUT", path, factory.registration(7))),
        ):
            with self.assertLogs(level="ERROR") as logs, mock.patch(place, side_effect=RuntimeError(INSIDE)):
                answer = call()
            assert answer.status_code == 500 and "k-4711" not in answer.content.decode()
            assert "k-4711" in "".join(logs.output)
        assert self.send(report).status_code == 200


class LastResortOfProgramsTests(PortalTestCase):
    @pytest.mark.asvs("16.3.4", "16.5.1", "16.5.4")
    def test_an_error_at_the_doors_of_programs_and_of_the_directory_is_logged_whole_and_told_without_a_word_of_it(
        self,
    ) -> None:
        odile, at, client = factory.make_officer(), clock.now(), Client(raise_request_exception=False)
        program = office_api.issue_token(title="helpdesk", scopes=Scope.values, actor=odile, at=at).token
        directory = scim.ask_credential(title="Entra ID", actor=odile, at=at)
        scim.approve_credential(directory.row, actor=make_ines(), at=at)
        for address, token, place in (
            ("/api/office/v1/holds", program, "privacy.office_api.api._page"),
            ("/scim/v2/Users", directory.token, "privacy.scim.views._known"),
        ):
            sent = {"Authorization": f"Bearer {token}"}
            with self.assertLogs(level="ERROR") as logs, mock.patch(place, side_effect=RuntimeError(INSIDE)):
                answer = client.get(address, headers=sent)
            assert answer.status_code == 500 and "k-4711" not in answer.content.decode(), address
            assert "RuntimeError" not in answer.content.decode() and "k-4711" in "".join(logs.output), address
            assert client.get(address, headers=sent).status_code == 200, address
