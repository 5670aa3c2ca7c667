"""Whoever records that a mandate was proven anew has checked it: they neither decide nor release alone (R-26)."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from privacy.rights import actions as rights
from privacy.rights import representation, status_page
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Request, Right
from privacy.rights.next_steps import next_step, with_next_step
from privacy.rights.refusals import SamePerson, WrongState
from tests import factory
from tests.privacy.rights import test_new_mandates as mandates


@pytest.mark.law("R-26")
class RenewedMandateTests(mandates.NewMandateCase):
    def recorded_by_odile(self) -> Request:
        """A case that Odile wrote down for an agent and Hana verified, whose mandate has ended since."""
        said: dict[str, Any] = {"channel": "visit", "address": "", "actor": self.odile, "at": self.begun}
        self.receipt = factory.ask(target=factory.imei(1), requester="agent", **said)
        case = factory.make_verified(self.receipt, authority="power-of-attorney", at=self.begun)
        return self.change(case, authority_until=mandates.ENDED)

    def test_whoever_recorded_the_case_knows_its_code_and_records_no_mandate(self) -> None:
        case = self.recorded_by_odile()
        self.send(case)
        self.read(case, by=self.odile)
        with pytest.raises(SamePerson, match="대리권은 확인할 수 없습니다"):
            self.renew(case, by=self.odile)
        self.read(case, by=self.hana)
        assert self.renew(case, by=self.hana).authority_until is None

    def renewed_by_odile(self) -> Right:
        case = self.ended()
        self.send(case)
        self.read(case, by=self.odile)
        return self.renew(case, by=self.odile).rights.get()

    def test_whoever_recorded_it_does_not_decide(self) -> None:
        right = self.renewed_by_odile()
        with pytest.raises(SamePerson):
            rights.grant(right, actor=self.odile, at=self.at(31))
        said = {"decision": "granted", "decided_by": self.odile.ref, "decided_at": self.at(31)}
        with pytest.raises(IntegrityError, match="second person"), transaction.atomic():
            Right.objects.filter(id=right.id).update(**said)
        assert rights.grant(right, actor=self.omar, at=self.at(31)).decided_by == self.omar.ref

    def test_whoever_decided_and_recorded_it_does_not_release(self) -> None:
        case = self.verified()
        right = rights.grant(case.rights.get(), actor=self.odile, at=self.begun)
        self.change(case, authority_until=mandates.ENDED)
        self.send(case)
        self.read(case, by=self.odile)
        self.renew(case, by=self.odile)
        with pytest.raises(SamePerson):
            rights.carry_out(right, actor=self.odile, at=self.at(31))
        with pytest.raises(IntegrityError, match="second person"), transaction.atomic():
            Right.objects.filter(id=right.id).update(started_by=self.odile.ref, started_at=self.at(31))
        assert rights.carry_out(right, actor=self.hana, at=self.at(31)).started_by == self.hana.ref


@pytest.mark.law("R-26")
class ProofTests(mandates.NewMandateCase):
    def test_what_came_to_prove_something_else_is_no_mandate(self) -> None:
        correction = RequestedRight("correction", category="device-registration", item="imei", wanted=factory.imei(2))
        case = self.verified(correction)
        rights.request_document(case, actor=self.hana, at=self.at(5))
        self.send(case)
        self.read(case, by=self.omar)
        self.change(case, authority_until=mandates.ENDED)
        assert status_page.context(case, at=self.at(25))["documents_sent"] == 0
        with pytest.raises(rights.UnseenDocuments, match="들어온 문서가 없습니다"):
            self.renew(case, by=self.omar)
        self.send(case, minutes=32)
        assert status_page.context(case, at=self.at(33))["documents_sent"] == 1
        self.read(case, by=self.omar, minutes=34)
        assert self.renew(case, by=self.omar, minutes=35).authority_until is None


@pytest.mark.law("R-26")
class NothingLeftTests(mandates.NewMandateCase):
    def test_nobody_is_asked_for_a_mandate_that_nothing_needs(self) -> None:
        refused = self.ended()
        rights.request_document(refused, actor=self.hana, at=self.at(5))
        rights.refuse(refused.rights.get(), ground="life-or-body", actor=self.odile, at=self.at(10))
        assert refused.letters.get(kind="evidence").state == "withdrawn"
        released = self.verified(RequestedRight("deletion"))
        right = rights.grant(released.rights.get(), actor=self.odile, at=self.begun)
        assert rights.carry_out(right, actor=self.odile, at=self.begun).is_waiting(at=self.begun)
        self.change(released, authority_until=mandates.ENDED)
        for case in (refused, released):
            assert representation.what_is_missing(case, at=self.at(20)) == ""
            with pytest.raises(WrongState):
                self.send(case, minutes=20)

    def test_next_comes_the_mandate_and_then_what_it_is_for(self) -> None:
        case = self.verified()
        rights.grant(case.rights.get(), actor=self.odile, at=self.begun)
        self.change(case, authority_until=mandates.ENDED)
        assert self.next(case) == ("Request a new mandate", "")
        rights.request_document(case, actor=self.hana, at=self.at(5))
        assert self.next(case) == ("", "Waiting for a new mandate")
        case.letters.filter(kind="evidence").update(state="to-post")
        assert self.next(case) == ("Post the request for a new mandate", "")
        self.send(case)
        assert self.next(case) == ("Check the new mandate", "")
        self.read(case, by=self.hana)
        self.renew(case, by=self.hana)
        assert self.next(case) == ("Carry out", "")

    def next(self, case: Request) -> tuple[str, str]:
        with override("en"):
            return next_step(with_next_step(Request.objects.filter(pk=case.pk)).get(), self.odile, at=self.at(40))
