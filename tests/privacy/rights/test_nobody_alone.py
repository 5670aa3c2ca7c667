"""No single person records, verifies, decides and carries out a request: held by the verbs and by the database."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from config.databases import DEVELOPMENT_ROLE
from devices.models import Challenge, Device
from privacy.accounts.models import User
from privacy.ledger.actors import SystemActor
from privacy.lib.errors.refusals import Refusal
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import DocumentOpening, IdentityDocument, Request, Right
from tests import factory
from tests.base import PortalTestCase
from tests.factory import NOON
from tests.sample_uploads import PDF

DELETION = RequestedRight("deletion")


class Office(PortalTestCase):
    """Two officers and one handler, and a device whose holder may or may not be the one who asks."""

    def setUp(self) -> None:
        self.odile, self.omar, self.hana = factory.make_officer(), factory.make_omar(), factory.make_handler()
        factory.grant_office_categories(self.omar, by=self.odile)
        self.device = factory.make_device(1)

    def at_the_desk(self, *asked: RequestedRight, by: User, **changes: Any) -> Request:
        """A request that a colleague wrote down; no documents came with it."""
        said = {"channel": "phone", "address": "", "actor": by, "target": factory.imei(1), **changes}
        return factory.ask(*asked, **said).request

    def proven_by_device(self, *asked: RequestedRight) -> Right:
        """A right of a case whose identity the device proved: nobody of the office has looked at it yet."""
        case = factory.ask(*asked, target=factory.imei(1)).request
        made = rights.challenge(case, actor=SystemActor("tests"), at=NOON)
        assert made is not None
        Challenge.objects.filter(id=made.id).update(state="confirmed", answered_at=NOON)
        case = rights.verify(case, method="device", actor=SystemActor("challenge"), at=NOON)
        return case.rights.get()

    def refused_by(self, constraint: str, statement: str, *values: object) -> None:
        """The portal's own role can't write it, past every verb."""
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == (DEVELOPMENT_ROLE,)
            cursor.execute(statement, values)


@pytest.mark.attack("17.2")
class ARequestEnteredAtTheDesk(Office):
    def test_is_not_verified_by_who_entered_it(self) -> None:
        case = self.at_the_desk(by=self.odile)
        factory.show_documents(case, to=self.odile)
        with pytest.raises(rights.SamePerson):
            rights.verify(case, method="documents", actor=self.odile, at=NOON)
        factory.show_documents(case, to=self.omar)
        assert rights.verify(case, method="documents", actor=self.omar, at=NOON).received_by == self.odile.reference

    def test_is_not_verified_by_who_entered_it_past_the_verbs(self) -> None:
        case = self.at_the_desk(by=self.odile)
        factory.show_documents(case, to=self.odile)
        self.refused_by(
            "rights_request_verifier_is_not_receiver",
            "UPDATE rights_request SET verified_by = %s, verified_at = now(), identity_method = 'documents',"
            " state = 'verified' WHERE id = %s",
            self.odile.reference,
            case.id,
        )
        self.refused_by(
            "who recorded a request is never changed",
            "UPDATE rights_request SET received_by = '' WHERE id = %s",
            case.id,
        )

    def test_says_who_entered_it_and_why_that_person_may_not_verify(self) -> None:
        case = self.at_the_desk(by=self.hana)
        factory.show_documents(case, to=self.hana)
        self.client.force_login(self.hana)
        path = reverse("admin:rights_request_change", args=[case.pk])
        typed = {"CHANGE_FORM-action": "verify", "index": "0", "_selected_action": str(case.pk), "confirmed": "1"}
        page = self.client.post(path, {**typed, "method": "documents"}).content.decode()
        case.refresh_from_db()
        assert case.verified_at is None
        assert "직접 등록한 요구" in page


@pytest.mark.attack("17.2")
class AnIdentityByDocuments(Office):
    def test_needs_documents(self) -> None:
        case = self.at_the_desk(by=self.hana)
        with pytest.raises(rights.UnseenDocuments):
            rights.verify(case, method="documents", actor=self.odile, at=NOON)

    def test_needs_documents_that_the_verifier_has_opened(self) -> None:
        case = self.at_the_desk(by=self.hana)
        factory.show_documents(case, to=self.omar)
        with pytest.raises(rights.UnseenDocuments):
            rights.verify(case, method="documents", actor=self.odile, at=NOON)
        rights.open_documents(case, actor=self.odile, at=NOON)
        assert rights.verify(case, method="documents", actor=self.odile, at=NOON).is_verified

    def test_needs_the_document_that_came_last_to_be_opened_too(self) -> None:
        case = self.at_the_desk(by=self.hana)
        factory.show_documents(case, to=self.odile)
        rights.attach_document(case, name="mandate.pdf", content=PDF, actor=self.hana, at=NOON)
        with pytest.raises(rights.UnseenDocuments):
            rights.verify(case, method="documents", actor=self.odile, at=NOON)

    def test_rests_on_documents_that_somebody_else_attached(self) -> None:
        case = factory.ask(target=factory.imei(1)).request
        rights.attach_document(case, name="id.pdf", content=PDF, actor=self.odile, at=NOON)
        factory.show_documents(case, to=self.odile)
        with pytest.raises(rights.SamePerson):
            rights.verify(case, method="documents", actor=self.odile, at=NOON)

    def test_is_not_written_without_an_opening_past_the_verbs(self) -> None:
        case = self.at_the_desk(by=self.hana)
        factory.show_documents(case, to=self.omar)
        self.refused_by(
            "opened by whoever verifies",
            "UPDATE rights_request SET verified_by = %s, verified_at = now(), identity_method = 'documents',"
            " state = 'verified' WHERE id = %s",
            self.odile.reference,
            case.id,
        )

    def test_keeps_who_opened_what(self) -> None:
        case = self.at_the_desk(by=self.hana)
        factory.show_documents(case, to=self.odile)
        opening = DocumentOpening.objects.get(document__request=case)
        assert (opening.opened_by, opening.opened_at) == (self.odile.reference, NOON)
        for table, column in (("documentopening", "opened_by"), ("identitydocument", "attached_by")):
            self.refused_by("only ever added", f"UPDATE rights_{table} SET {column} = %s", self.omar.reference)
        assert IdentityDocument.objects.get(request=case).attached_by == case.reference

    def test_is_decided_by_another_person(self) -> None:
        case = self.at_the_desk(by=self.hana)
        factory.show_documents(case, to=self.odile)
        rights.verify(case, method="documents", actor=self.odile, at=NOON)
        right = case.rights.get()
        for decide in (
            lambda: rights.grant(right, actor=self.odile, at=NOON),
            lambda: rights.refuse(right, ground="life-or-body", actor=self.odile, at=NOON),
        ):
            with pytest.raises(rights.SamePerson):
                decide()
        assert rights.grant(right, actor=self.omar, at=NOON).is_granted

    def test_is_decided_by_another_person_past_the_verbs(self) -> None:
        case = factory.make_verified(factory.ask(target=factory.imei(1)))
        decide = (
            "UPDATE rights_right SET decision = 'granted', decided_by = %s, decided_at = now(){} WHERE request_id = %s"
        )
        self.refused_by("rights_decider_is_not_verifier", decide.format(""), self.hana.reference, case.id)
        self.refused_by(
            "rights_decider_is_not_verifier", decide.format(", verifier = ''"), self.hana.reference, case.id
        )
        self.refused_by("is never changed", "UPDATE rights_request SET verified_by = 'U-OTHER' WHERE id = %s", case.id)
        self.refused_by(
            "is never changed", "UPDATE rights_request SET identity_method = 'device' WHERE id = %s", case.id
        )

    def test_comes_before_any_decision_past_the_verbs(self) -> None:
        case = factory.ask(target=factory.imei(1)).request
        self.refused_by(
            "nothing is decided before",
            "UPDATE rights_right SET decision = 'granted', decided_by = 'U', decided_at = now() WHERE request_id = %s",
            case.id,
        )


@pytest.mark.attack("17.2")
class WhatADeviceProved(Office):
    def test_is_given_or_destroyed_by_someone_other_than_the_decider(self) -> None:
        for asked in (RequestedRight("access"), DELETION, RequestedRight("consent-withdrawal")):
            right = self.proven_by_device(asked)
            rights.grant(right, actor=self.odile, at=NOON)
            with pytest.raises(rights.SamePerson):
                rights.carry_out(right, actor=self.odile, at=NOON)
            assert Device.objects.filter(id=self.device.id).exists()
            assert rights.begin_execution(right, actor=self.hana, at=NOON).started_by == self.hana.reference

    def test_is_not_released_by_the_decider_past_the_verbs(self) -> None:
        right = self.proven_by_device(DELETION)
        rights.grant(right, actor=self.odile, at=NOON)
        self.refused_by(
            "rights_given_or_destroyed_by_two_people",
            "UPDATE rights_right SET started_by = %s, started_at = now() WHERE id = %s",
            self.odile.reference,
            right.id,
        )

    def test_is_corrected_by_one_officer_since_the_person_asked_from_the_device(self) -> None:
        right = self.proven_by_device(
            RequestedRight("correction", category="device-registration", item="imei", wanted=factory.RIGHT_IMEI)
        )
        rights.grant(right, actor=self.odile, at=NOON)
        assert rights.carry_out(right, actor=self.odile, at=NOON).carried_out_at is not None


@pytest.mark.attack("17.2")
class OnePersonAlone(Office):
    def test_gets_nowhere_with_a_request_for_somebody_elses_number(self) -> None:
        """What was tried: recorded, verified by documents that nobody attached, granted and carried out by one."""
        case = self.at_the_desk(DELETION, by=self.odile, target=factory.registration(1)["serial_number"],
                                target_kind="serial_number")  # fmt: skip
        rights.attach_document(case, name="x.pdf", content=PDF, actor=self.odile, at=NOON)
        factory.show_documents(case, to=self.odile)
        right = case.rights.get()
        for step in (
            lambda: rights.verify(case, method="documents", actor=self.odile, at=NOON),
            lambda: rights.verify(case, method="device", actor=self.odile, at=NOON),
            lambda: rights.grant(right, actor=self.odile, at=NOON),
            lambda: rights.carry_out(right, actor=self.odile, at=NOON),
        ):
            with pytest.raises(Refusal):
                step()
        assert Device.objects.filter(id=self.device.id).exists()

    def test_is_not_needed_by_an_office_of_two_officers_and_one_handler(self) -> None:
        case = self.at_the_desk(DELETION, by=self.hana)
        rights.attach_document(case, name="id.pdf", content=PDF, actor=self.hana, at=NOON)
        factory.show_documents(case, to=self.omar)
        rights.verify(case, method="documents", actor=self.omar, at=NOON)
        right = rights.grant(case.rights.get(), actor=self.odile, at=NOON)
        assert rights.begin_execution(right, actor=self.hana, at=NOON).started_at == NOON
