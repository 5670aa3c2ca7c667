"""Nothing is carried out before the identity is settled; representatives prove authority (R-06, R-26, R-27)."""

import json
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from privacy.ledger.authorization import NotPermitted
from privacy.rights import actions as rights
from privacy.rights.actors import Requester
from privacy.rights.matching import Match
from privacy.rights.models import Request
from privacy.vault import actions as vault
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.sample_uploads import PDF


@pytest.mark.clause("P1.3")
class IdentityTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)
        self.hana = factory.make_handler()

    @pytest.mark.law("R-06")
    def test_a_handler_verifies_by_documents(self) -> None:
        case = factory.make_verified(factory.ask_correction())
        assert case.state == "verified"
        assert case.subject_id == self.device.subject_id
        assert (case.verified_by, case.verified_at) == (self.hana.reference, NOON)
        assert case.identity_method == "documents"
        self.assertLedgered("rights.identity.verified", case)

    @pytest.mark.law("R-05")
    @pytest.mark.truth("15")
    def test_a_document_whose_step_never_committed_stands_in_no_ones_way(self) -> None:
        """The file is sealed in the personal database before its step commits: a crash between leaves it alone."""
        case = factory.ask_correction().request
        with pytest.raises(RuntimeError, match="killed"), transaction.atomic():
            rights.submit_document(
                case, name="id.pdf", content=PDF, actor=Requester(case.reference), at=NOON - timedelta(hours=1)
            )
            raise RuntimeError("killed before the commit")
        assert rights.documents(case).count() == 1
        rights.submit_document(case, name="id.pdf", content=PDF, actor=Requester(case.reference), at=NOON)
        factory.show_documents(case, to=self.hana)
        assert rights.verify(case, method="documents", actor=self.hana, at=NOON).is_verified

    @pytest.mark.law("R-06")
    def test_possession_of_the_device_is_not_claimed_without_its_confirmation(self) -> None:
        case = factory.ask_correction().request
        with pytest.raises(rights.NotConfirmed):
            rights.verify(case, method="device", actor=self.hana, at=NOON)

    def test_an_employee_does_not_verify(self) -> None:
        with pytest.raises(NotPermitted):
            rights.verify(factory.ask().request, method="documents", actor=factory.make_emin(), at=NOON)

    @pytest.mark.law("R-26", "R-27")
    def test_a_representative_proves_authority(self) -> None:
        for requester in ("legal-representative", "agent"):
            case = factory.ask(requester=requester).request
            factory.show_documents(case, to=self.hana)
            with pytest.raises(rights.MissingAuthority):
                rights.verify(case, method="documents", actor=self.hana, at=NOON)
            with pytest.raises(IntegrityError), transaction.atomic():
                Request.objects.filter(id=case.id).update(
                    verified_at=NOON, verified_by=self.hana.reference, identity_method="documents", state="verified"
                )
            proof = "power-of-attorney" if requester == "agent" else "family-record"
            mandate = factory.make_mandate() if requester == "agent" else None
            said = {"method": "documents", "authority": proof, "mandate": mandate, "actor": self.hana, "at": NOON}
            assert rights.verify(case, **said, principal_born_on=date(2018, 1, 1)).is_verified

    @pytest.mark.law("R-27")
    def test_kinship_makes_a_parent_the_representative_of_a_child_and_not_of_an_adult(self) -> None:
        today = NOON.date()
        for born_on in (None, today.replace(year=today.year + 1), today.replace(year=today.year - 19)):
            case = factory.ask(requester="legal-representative").request
            factory.show_documents(case, to=self.hana)
            said = {"method": "documents", "authority": "family-record", "actor": self.hana, "at": NOON}
            with pytest.raises(rights.MissingAuthority):
                rights.verify(case, **said, principal_born_on=born_on)
        assert rights.verify(case, **{**said, "authority": "court-decision"}).is_verified
        for years, is_child in ((13, True), (14, False)):
            case = factory.ask(requester="legal-representative", address="").request
            factory.show_documents(case, to=self.hana)
            case = rights.verify(case, **said, principal_born_on=today.replace(year=today.year - years))
            entry = self.assertLedgered("rights.identity.verified", case)
            assert json.loads(entry.payload)["facts"]["child"] is is_child
            assert str(today.year - years) not in entry.payload

    @pytest.mark.law("R-26")
    @pytest.mark.truth("23")
    def test_an_agent_shows_a_power_of_attorney_and_a_legal_representative_kinship_or_a_judgment(self) -> None:
        """DEC 45: whom the person authorised proves that; a legal representative is one without it."""
        for requester, taken in (
            ("legal-representative", {"family-record", "court-decision"}),
            ("agent", {"power-of-attorney"}),
        ):
            mandate = factory.make_mandate() if requester == "agent" else None
            for proof in Request.Authority.values:
                case = factory.ask(requester=requester, address="").request
                factory.show_documents(case, to=self.hana)
                if proof in taken:
                    verified = rights.verify(
                        case, method="documents", authority=proof, mandate=mandate, principal_born_on=date(2018, 1, 1),
                        actor=self.hana, at=NOON,
                    )  # fmt: skip
                    with pytest.raises(rights.MissingAuthority):
                        rights.renew_authority(
                            verified,
                            authority=next(iter(set(Request.Authority.values) - taken)),
                            mandate=mandate,
                            actor=self.hana,
                            at=NOON,
                        )
                else:
                    with pytest.raises(rights.MissingAuthority):
                        rights.verify(
                            case, method="documents", authority=proof, mandate=mandate, actor=self.hana, at=NOON
                        )
                    with pytest.raises(IntegrityError), transaction.atomic():
                        Request.objects.filter(id=case.id).update(
                            verified_at=NOON, verified_by=self.hana.reference, identity_method="documents",
                            state="verified", authority=proof,
                        )  # fmt: skip

    @pytest.mark.law("R-06")
    def test_the_database_lets_no_case_go_on_before(self) -> None:
        case = factory.ask().request
        for state in ("in-review", "decided", "carried-out", "notified", "closed"):
            with pytest.raises(IntegrityError), transaction.atomic():
                Request.objects.filter(id=case.id).update(state=state)

    def test_the_handler_can_name_another_record_and_the_freeze_goes_there(self) -> None:
        other = factory.make_device(2)
        case = factory.ask_correction(target=factory.imei(999)).request
        factory.verify_by_documents(case, named=Match(other.subject_id, other.id), actor=self.hana, at=NOON)
        assert vault.active_freezes(other.subject_id, "device-registration", ["imei"], at=NOON)
        assert not vault.active_freezes(self.device.subject_id, "device-registration", ["imei"], at=NOON)

    def test_a_rejected_identity_ends_the_case_and_its_freeze(self) -> None:
        case = factory.ask_correction().request
        rights.reject_identity(case, actor=self.hana, at=NOON)
        assert not vault.active_freezes(self.device.subject_id, "device-registration", ["imei"], at=NOON)
        with pytest.raises(rights.WrongState):
            rights.verify(case, method="documents", actor=self.hana, at=NOON)


class WhatWasApprovedTests(PortalTestCase):
    def test_words_that_changed_after_the_decision_are_not_carried_out(self) -> None:
        from privacy.rights.models import Particulars

        factory.make_device(1)
        right = factory.make_granted(factory.ask_correction())
        particulars = Particulars.objects.get()
        vault.encrypt(particulars, {"wanted": {"1": factory.imei(31)}}, at=NOON)
        particulars.save()
        with pytest.raises(rights.ContentChanged):
            rights.carry_out(right, actor=factory.make_officer(), at=NOON)
