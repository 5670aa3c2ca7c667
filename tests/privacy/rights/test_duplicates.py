"""A request sent twice: the office sees it and joins it; nobody learns of an earlier request without proof."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from privacy.lib.errors.refusals import Refusal
from privacy.rights import actions as rights
from privacy.rights import duplicates, letters
from privacy.rights.actions import Receipt, RequestedRight
from privacy.rights.models import Letter, Particulars, Request
from privacy.vault.models import Freeze
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TOMORROW = NOON + timedelta(days=1)
MODEL = RequestedRight("correction", category="device-registration", item="model", wanted="SM-X")


@pytest.mark.truth("20")
class SentTwiceTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.hana = factory.make_officer(), factory.make_handler()
        factory.make_device(1)
        self.first = self.ask(MODEL)
        self.second = self.ask(MODEL, at=TOMORROW)

    def ask(self, *asked: RequestedRight, **changes: object) -> Receipt:
        return factory.ask(*asked, target=factory.imei(1), answer_by="portal", **changes)  # type: ignore[arg-type]

    def join(self, receipt: Receipt | None = None) -> Request:
        return rights.join((receipt or self.second).request, to=self.first.request, actor=self.odile, at=TOMORROW)

    def page(self, receipt: Receipt) -> str:
        visitor = Client()
        visitor.post("/en/rights/case/", {"number": receipt.number, "code": receipt.code})
        return visitor.get("/en/rights/case/").content.decode()

    def test_the_office_sees_possible_duplicates_and_only_open_ones_about_the_same(self) -> None:
        self.ask(RequestedRight("access"))
        factory.ask(MODEL, target=factory.imei(2))
        assert list(duplicates.possible_duplicates(self.second.request)) == [self.first.request]
        assert not duplicates.earlier_duplicates(self.first.request).exists()
        self.client.force_login(self.odile)
        page = self.client.get(reverse("admin:rights_request_change", args=[self.second.request.pk])).content.decode()
        assert self.first.number in page
        assert 'value="join"' in page or "join" in page
        rights.withdraw(self.first.request, actor=self.odile, at=TOMORROW)
        assert not duplicates.possible_duplicates(self.second.request).exists()

    def test_a_joined_request_ends_with_its_freeze_and_the_earlier_one_keeps_its_own(self) -> None:
        assert Freeze.objects.active(TOMORROW).count() == 2
        joined = self.join()
        assert (joined.state, joined.joined_to) == ("joined", self.first.request)
        (left,) = Freeze.objects.active(TOMORROW)
        assert left.case == f"{self.first.request.reference}#1"
        assert Particulars.objects.get(about_id=joined.id).closed_on == TOMORROW.date()
        assert joined not in Request.objects.overdue(on=TOMORROW.date() + timedelta(days=60))
        self.assertLedgered("rights.request.joined", joined)
        right = factory.make_granted(self.first, at=TOMORROW)
        rights.carry_out(right, actor=self.odile, at=TOMORROW)
        assert not Freeze.objects.active(TOMORROW).exists()

    def test_the_person_learns_the_earlier_number_only_with_a_confirmed_identity(self) -> None:
        for word in ("received", "joined"):
            text = self.page(self.second)
            assert self.first.number not in text, word
            if word == "received":
                self.join()
        assert "An earlier request asks for the same" in text
        written = letters.letter_text(Letter.objects.get(kind="joined"), language="en")
        assert self.first.number not in str(written)

    def test_with_a_confirmed_identity_the_number_is_told(self) -> None:
        for receipt in (self.first, self.second):
            factory.make_verified(receipt, at=TOMORROW)
        self.join()
        assert self.first.number in self.page(self.second)
        assert self.first.number in str(letters.letter_text(Letter.objects.get(kind="joined"), language="en"))

    def test_what_is_not_the_same_is_answered_by_itself(self) -> None:
        other_value = self.ask(
            RequestedRight("correction", category="device-registration", item="model", wanted="SM-Y"), at=TOMORROW
        )
        more = self.ask(MODEL, RequestedRight("access"), at=TOMORROW, address="198.51.100.1")
        agent = self.ask(MODEL, at=TOMORROW, requester="agent", address="198.51.100.2")
        elsewhere = factory.ask(MODEL, target=factory.imei(2), at=TOMORROW, address="198.51.100.3")
        for receipt in (other_value, more, agent, elsewhere):
            with pytest.raises(rights.NotDuplicate):
                self.join(receipt)
        with pytest.raises(rights.NotDuplicate):
            rights.join(self.first.request, to=self.second.request, actor=self.odile, at=TOMORROW)
        rights.refuse(factory.make_verified(self.second).rights.get(), ground="accurate", actor=self.odile, at=TOMORROW)
        with pytest.raises(Refusal):
            self.join()

    def test_a_narrower_access_is_covered_by_a_wider_one_and_not_the_other_way(self) -> None:
        wide, narrow = (
            self.ask(RequestedRight("access")),
            self.ask(RequestedRight("access", scope=("items",)), at=TOMORROW),
        )
        rights.join(narrow.request, to=wide.request, actor=self.odile, at=TOMORROW)
        later = self.ask(RequestedRight("access"), at=TOMORROW + timedelta(days=1), address="198.51.100.9")
        small = self.ask(RequestedRight("access", scope=("items",)), at=TOMORROW, address="198.51.100.8")
        with pytest.raises(rights.NotDuplicate):
            rights.join(later.request, to=small.request, actor=self.odile, at=TOMORROW + timedelta(days=1))

    def test_of_two_on_one_day_the_one_that_came_first_is_the_earlier(self) -> None:
        early, late = (self.ask(MODEL, at=TOMORROW + timedelta(days=1, hours=hour)).request for hour in (1, 2))
        Request.objects.filter(id=early.id).update(number="2026-9999998")
        Request.objects.filter(id=late.id).update(number="2026-0000001")
        early, late = Request.objects.get(id=early.id), Request.objects.get(id=late.id)
        assert early in duplicates.earlier_duplicates(late)
        assert late not in duplicates.earlier_duplicates(early)

    def test_the_console_joins(self) -> None:
        self.client.force_login(self.odile)
        address = reverse("admin:rights_request_change", args=[self.second.request.pk])
        pressed = {"CHANGE_FORM-action": "join", "_selected_action": str(self.second.request.pk), "index": "0"}
        asked = self.client.post(address, pressed).content.decode()
        assert self.first.number in asked
        self.client.post(address, {**pressed, "confirmed": "yes", "to": str(self.first.request.pk)})
        self.second.request.refresh_from_db()
        assert self.second.request.state == "joined"
        assert self.first.number in self.client.get(address).content.decode()
