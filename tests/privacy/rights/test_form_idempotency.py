"""One sending of a form is one case with one code; other content is another case; nothing typed is left out."""

import re
from threading import Barrier, Thread

import pytest
from django.db import connections
from django.urls import reverse

from privacy.incidents import actions as incidents
from privacy.incidents.models import Complaint, ComplaintText
from privacy.ledger.entries import autocommit
from privacy.rights.actions import Receipt, RequestedRight
from privacy.rights.models import Particulars, Request
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.privacy.rights.test_request_form import fields


def code_of(content: bytes) -> str:
    found = re.search(r'id="case-code"[^>]*>([^<]+)<', content.decode())
    assert found is not None
    return found[1]


def at_once(send: object, times: int = 4) -> list[object]:
    """Call ``send`` in threads that start together; return what each got."""
    barrier, answers, errors = Barrier(times), [], []

    def run() -> None:
        try:
            barrier.wait()
            answers.append(send())  # type: ignore[operator]
        except BaseException as error:
            errors.append(error)
        finally:
            autocommit.close()
            for alias in connections:
                connections[alias].close()

    threads = [Thread(target=run) for _number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
    return answers


@pytest.mark.truth("same-form-mark")
class SameMarkTests(PortalTestCase):
    def test_three_requests_with_one_form_mark_are_three_cases_with_codes_of_their_own(self) -> None:
        pages = [
            self.client.post(reverse("rights:request"), fields(submission="one-mark", wanted=factory.imei(number)))
            for number in (2, 3, 4)
        ]
        assert Request.objects.count() == Particulars.objects.count() == 3
        assert len({code_of(page.content) for page in pages}) == 3

    def test_the_office_writes_the_same_words_of_two_days_as_two_cases(self) -> None:
        odile = factory.make_officer()
        for day in (NOON.date(), NOON.date().replace(day=20)):
            factory.ask(submission="desk", actor=odile, channel="writing", received_on=day)
        assert Request.objects.count() == 2

    def test_two_complaints_with_one_form_mark_are_two(self) -> None:
        receipts = [
            incidents.file_complaint(explanation=text, submission="one", at=NOON) for text in ("first", "second")
        ]
        assert Complaint.objects.count() == ComplaintText.objects.count() == 2
        assert receipts[0].code != receipts[1].code


@pytest.mark.truth("two-simultaneous-sendings")
@pytest.mark.fault("FLT-18")
@pytest.mark.fault("FLT-19")
def test_a_form_sent_four_times_at_once_is_one_case_and_everybody_gets_its_code(
    portal_database: PortalDatabase,
) -> None:
    factory.make_device(1)
    for number in range(5):
        asked = RequestedRight("correction", category="device-registration", item="model", wanted="X")
        receipts = at_once(lambda n=number, a=asked: factory.ask(a, target=factory.imei(1), submission=f"{n}"))
        assert {type(one) for one in receipts} == {Receipt}
        assert len({(one.number, one.code) for one in receipts}) == 1  # type: ignore[attr-defined]
        assert Request.objects.count() == Particulars.objects.count() == number + 1
    complaints = at_once(lambda: incidents.file_complaint(explanation="x", submission="c", at=NOON))
    assert len({one.code for one in complaints}) == 1  # type: ignore[attr-defined]
    assert Complaint.objects.count() == ComplaintText.objects.count() == 1


@pytest.mark.asvs("2.2.3")
@pytest.mark.truth("correction-not-ticked")
class NothingTypedIsDroppedTests(PortalTestCase):
    def test_what_belongs_to_a_right_that_is_not_ticked_is_named(self) -> None:
        bare = {"item": "", "wanted": ""}
        for filled in (
            {"item": "device-registration/model", "wanted": "SM-X"},
            {**bare, "wanted": "SM-X"},
            {**bare, "item_2": "device-registration/model", "wanted_2": "SM-X"},
            {**bare, "category": "device-registration"},
            {**bare, "agreement": "activation"},
        ):
            page = self.client.post("/en/rights/request/", fields(rights=["access"], **filled))
            assert page.status_code == 422, filled
            assert 'href="#id_rights' in page.content.decode()
        page = self.client.post("/en/rights/request/", fields(rights=["deletion"], scope=["items"], **bare))
        assert "Tick access" in page.content.decode()
        assert not Request.objects.exists()

    def test_a_number_of_a_report_beside_another_item_is_named(self) -> None:
        page = self.client.post("/en/rights/request/", fields(record="0199a3c0-0000-7000-8000-000000000000"))
        assert page.status_code == 422
        assert "Only a single report has this number" in page.content.decode()

    def test_with_nothing_but_what_is_ticked_the_request_is_taken(self) -> None:
        page = self.client.post(reverse("rights:request"), fields(rights=["access"], item="", wanted=""))
        assert page.status_code == 200
