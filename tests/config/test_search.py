"""The console's search: what is asked for in full leads there; nobody is found by their data."""

import pytest
from django.urls import reverse

from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights import next_steps
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Letter, Request, Right
from tests import factory
from tests.base import PortalTestCase


@pytest.mark.clause("P8.8")
class SearchTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile()
        self.client.force_login(self.odile)

    def search(self, asked: str) -> str:
        page = self.client.get(reverse("admin:search"), {"q": asked}, follow=True)
        assert page.status_code == 200
        return page.content.decode()

    def test_a_number_or_reference_in_full_leads_to_its_record(self) -> None:
        receipt = factory.ask(RequestedRight("deletion"), target=factory.imei(1))
        case = Request.objects.get(number=receipt.number)
        page = reverse("admin:rights_request_change", args=[case.pk])
        for asked in (case.number, case.reference, f" {case.reference.lower()} "):
            answer = self.client.get(reverse("admin:search"), {"q": asked})
            assert (answer.status_code, answer.headers["Location"]) == (302, page), asked

    def test_every_register_with_a_reference_is_searched(self) -> None:
        """A device is found by its reference, a colleague too."""
        device = factory.make_device(1)
        for reference in (device.reference, self.odile.reference):
            assert self.client.get(reverse("admin:search"), {"q": reference}).status_code == 302, reference

    def test_people_of_the_office_registers_and_help_are_found_by_words(self) -> None:
        found = self.search(self.odile.name[:4])
        assert self.odile.reference in found
        registers = self.search("파기 목록").partition('class="results"')[2]
        assert reverse("admin:retention_destructionlist_changelist") in registers
        assert "#part-" in self.search("권리")

    @pytest.mark.law("S-28")
    def test_nobody_is_found_by_their_data(self) -> None:
        factory.make_device(1)
        for asked in (factory.imei(1), "010-1234-5678", "mina@example.org"):
            assert "results" not in self.search(asked)

    def test_what_the_account_may_not_see_is_not_there(self) -> None:
        hana = factory.make_hana()
        self.client.force_login(hana)
        assert self.client.get(reverse("admin:accounts_user_changelist")).status_code == 403
        for asked in (self.odile.reference, self.odile.name):
            assert "results" not in self.search(asked)

    @pytest.mark.asvs("1.2.1", "1.2.4")
    def test_hostile_words_are_shown_as_words(self) -> None:
        for asked in ("<script>alert(1)</script>", "%' OR 1=1 --", "\u202e" * 20, "9" * 400):
            assert "<script>alert" not in self.search(asked)
        # The field has what was asked in an attribute.
        assert "&quot; autofocus x=&quot;" in self.search('" autofocus x="')


class WorkTests(PortalTestCase):
    def answered(self, state: str) -> Request:
        """A case that is decided and carried out, with an answer in this state."""
        right = factory.make_granted(factory.ask(RequestedRight("suspension"), target=factory.imei(88)))
        Right.objects.filter(pk=right.pk).update(started_at=factory.NOON, carried_out_at=factory.NOON)
        Request.objects.filter(pk=right.request_id).update(state=Request.State.CARRIED_OUT)
        assert Letter.objects.filter(request=right.request_id).update(state=state)
        return next_steps.with_next_step(Request.objects.filter(pk=right.request_id)).get()

    def test_the_first_page_shows_the_cases_with_their_next_step_mine_first(self) -> None:
        odile, hana = factory.make_odile(), factory.make_hana()
        first = factory.make_verified(factory.ask(RequestedRight("deletion"), target=factory.imei(1)))
        second = factory.make_verified(factory.ask(RequestedRight("deletion"), target=factory.imei(2)))
        rights.assign(second, to=odile.reference, actor=odile, at=clock.now())
        rights.assign(first, to=hana.reference, actor=odile, at=clock.now())
        self.client.force_login(odile)
        board = self.client.get(reverse("admin:index")).context["board"]
        rows = [(row.number, row.is_mine, row.step) for row in board.cases]
        assert rows == [(second.number, True, "읽고 결정"), (first.number, False, "읽고 결정")]
        assert board.cases[1].assigned_to == hana.name
        # What another must do is said, not offered.
        self.client.force_login(hana)
        board = self.client.get(reverse("admin:index")).context["board"]
        assert [(row.step, row.waits) for row in board.cases] == [("", "읽고 결정"), ("", "읽고 결정")]

    def test_an_answer_that_waits_for_the_office_is_not_on_its_way(self) -> None:
        odile = factory.make_odile()
        told = {
            Letter.State.TO_POST: "통지서 발송",
            Letter.State.PARKED: "통지 확인: 보내지 못함",
            Letter.State.SENT: "",
        }
        for state, step in told.items():
            assert next_steps.next_step(self.answered(state), odile, at=clock.now())[0] == step
