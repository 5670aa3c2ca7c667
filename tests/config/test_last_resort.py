"""An error that nobody expected: logged whole, answered without a word of it, and the next request is served."""

import logging
from unittest import mock

import pytest
from django.test import Client

from privacy.policies import views
from tests.base import PortalTestCase

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
