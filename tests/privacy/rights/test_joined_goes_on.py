"""A joined request is answered: with the earlier one, or by itself once that has ended without an answer."""

from datetime import timedelta

import pytest
from django.urls import reverse

from privacy.ledger.authorization import NotPermitted
from privacy.rights import actions as rights
from privacy.rights import letters
from privacy.rights.actions import Receipt, RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.models import Letter, Particulars, Request
from privacy.vault.models import Freeze
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TOMORROW = NOON + timedelta(days=1)
MODEL = RequestedRight("correction", category="device-registration", item="model", wanted="SM-X")


@pytest.mark.truth("joined-goes-on")
class JoinedGoesOnTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.hana = factory.make_officer(), factory.make_handler()
        factory.make_device(1)
        self.first, self.second = self.ask(), self.ask(at=TOMORROW)

    def ask(self, **changes: object) -> Receipt:
        return factory.ask(MODEL, target=factory.imei(1), answer_by="portal", **changes)  # type: ignore[arg-type]

    def join(self) -> Request:
        return rights.join(self.second.request, to=self.first.request, actor=self.odile, at=TOMORROW)

    def goes_on(self, state: str) -> Request:
        case = Request.objects.get(pk=self.second.request.pk)
        assert (case.state, case.joined_to, case.closed_at) == (state, None, None)
        assert case in Request.objects.overdue(on=case.due_on + timedelta(days=1))
        assert Particulars.objects.get(about_id=case.id).closed_on is None
        assert [freeze.case for freeze in Freeze.objects.active(TOMORROW)] == [f"{case.reference}#1"]
        self.assertLedgered("rights.request.parted", case)
        written = letters.letter_text(case.letters.get(kind="parted"), language="en")
        assert "no longer joined" in written.opening
        assert self.first.number not in str(written)
        return case

    def test_the_earlier_one_of_somebody_who_could_not_prove_it(self) -> None:
        self.join()
        rights.reject_identity(self.first.request, actor=self.hana, at=TOMORROW)
        self.goes_on("received")

    def test_the_earlier_one_taken_back_by_whoever_sent_it(self) -> None:
        for receipt in (self.first, self.second):
            factory.make_verified(receipt, at=TOMORROW)
        self.join()
        sender = Requester(self.first.request.reference)
        rights.withdraw(self.first.request, actor=sender, at=TOMORROW)
        case = self.goes_on("verified")
        right = rights.grant(case.rights.get(), actor=self.odile, at=TOMORROW)
        rights.carry_out(right, actor=self.odile, at=TOMORROW)
        case.refresh_from_db()
        assert case.state == "notified"
        assert not Freeze.objects.active(TOMORROW).exists()

    def test_an_earlier_one_that_is_answered_takes_nothing_up_again(self) -> None:
        self.join()
        right = factory.make_granted(self.first, at=TOMORROW)
        rights.carry_out(right, actor=self.odile, at=TOMORROW)
        assert Request.objects.get(pk=self.second.request.pk).state == "joined"

    def test_the_office_answers_it_by_itself_when_its_requester_asks_and_can_join_it_again(self) -> None:
        joined = self.join()
        assert "receive the answer to it" in str(letters.letter_text(Letter.objects.get(kind="joined"), language="en"))
        with pytest.raises(NotPermitted):
            rights.part(joined, actor=factory.make_aram(), at=TOMORROW)
        self.client.force_login(self.odile)
        address = reverse("admin:rights_request_change", args=[joined.pk])
        pressed = {"CHANGE_FORM-action": "part", "_selected_action": str(joined.pk), "index": "0"}
        assert 'value="part"' in self.client.get(address).content.decode()
        self.client.post(address, {**pressed, "confirmed": "yes"})
        joined.refresh_from_db()
        assert (joined.state, joined.joined_to) == ("received", None)
        with pytest.raises(rights.WrongState):
            rights.part(joined, actor=self.odile, at=TOMORROW)
        self.join()
        assert Letter.objects.filter(kind="joined").count() == 2
