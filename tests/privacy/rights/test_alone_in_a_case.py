"""One officer goes on alone with a case where no second person is to be had: step by step, told and reviewed (0160)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from devices.models import Challenge, Device
from privacy.accounts import actions as accounts
from privacy.accounts.actions.emergency_approvals import OFFICER_TOLD
from privacy.accounts.actions.representative_links import REPRESENTATIVE_TOLD
from privacy.accounts.models import EmergencyApproval
from privacy.accounts.second_person import NotASecondPerson
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.retention import actions as retention
from privacy.retention.certificates import statement_texts
from privacy.retention.models import Certificate, RegisterEntry
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.models import Package, Request, Right
from tests import factory
from tests.base import PortalTestCase
from tests.sample_uploads import PDF

WHY = "Omar and Hana are in hospital, and the answer is due this week."
DELETION = RequestedRight("deletion")
TESTS = SystemActor("tests")


class OneOfficerLeft(PortalTestCase):
    """Odile alone, in days that end now: the database lets no moment to come forgive a wait."""

    def setUp(self) -> None:
        self.odile, self.omar = factory.make_officer(), factory.make_omar()
        factory.grant_office_categories(self.omar, by=self.odile)
        self.began = clock.now() - timedelta(hours=90)
        self.device = factory.make_device(1)

    def after(self, hours: float) -> datetime:
        return self.began + timedelta(hours=hours)

    def at_the_desk(self, *asked: RequestedRight) -> Request:
        """A request that Odile wrote down, with the document that she was shown."""
        said: dict[str, Any] = {"channel": "visit", "address": "", "actor": self.odile, "at": self.after(0)}
        case = factory.ask(*(asked or (DELETION,)), target=factory.imei(1), **said).request
        rights.attach_document(case, name="id.pdf", content=PDF, actor=self.odile, at=self.after(0))
        factory.show_documents(case, to=self.odile, at=self.after(0))
        return case

    def by_post(self, *asked: RequestedRight) -> Request:
        """A request from the public page, with a document that the requester sent; Odile has checked it."""
        case = factory.ask(*(asked or (DELETION,)), target=factory.imei(1), at=self.after(0)).request
        return factory.verify_by_documents(case, actor=self.odile, at=self.after(0))

    def by_device(self, *asked: RequestedRight) -> Right:
        """A right that a device proved, and that Odile granted."""
        case = factory.ask(*(asked or (DELETION,)), target=factory.imei(1), at=self.after(0)).request
        made = rights.challenge(case, actor=TESTS, at=self.after(0))
        assert made is not None
        Challenge.objects.filter(id=made.id).update(state="confirmed", answered_at=self.after(0))
        case = rights.verify(case, method="device", actor=SystemActor("challenge"), at=self.after(0))
        return rights.grant(case.rights.get(), actor=self.odile, at=self.after(0))

    def alone(self, case: Request, hours: float) -> EmergencyApproval:
        return accounts.go_alone(case, reason=WHY, actor=self.odile, at=self.after(hours))

    def refused_by_the_database(self, statement: str, *values: object) -> None:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)


@pytest.mark.attack("17.3")
class TheWholeChainTests(OneOfficerLeft):
    def test_each_step_has_its_own_wait_reason_and_name(self) -> None:
        case = self.at_the_desk()
        right = case.rights.get()
        steps = (
            lambda at: rights.verify(case, method="documents", actor=self.odile, at=at),
            lambda at: rights.grant(right, actor=self.odile, at=at),
            lambda at: rights.begin_execution(right, actor=self.odile, at=at),
        )
        made: list[str] = []
        for n, step in enumerate(steps):
            with pytest.raises(Refusal):
                step(self.after(25 * n + 1))
            with pytest.raises(accounts.NoEmergency):
                self.alone(case, 25 * n + 23)
            made.append(self.alone(case, 25 * n + 25).reference)
            step(self.after(25 * n + 25))
        case.refresh_from_db()
        right.refresh_from_db()
        assert [case.verified_by, right.decided_by, right.started_by] == made
        assert len(set(made)) == 3
        assert GeneralOutbox.objects.filter(kind=REPRESENTATIVE_TOLD).count() == 3
        assert GeneralOutbox.objects.filter(kind=OFFICER_TOLD).count() == 6
        assert EmergencyApproval.objects.unreviewed().count() == 3, "they stay on Today"

    def test_the_destruction_waits_and_then_comes_to_its_end(self) -> None:
        case = self.by_post()
        right = case.rights.get()
        self.alone(case, 24)
        rights.grant(right, actor=self.odile, at=self.after(24))
        self.alone(case, 48)
        begun = rights.begin_execution(right, actor=self.odile, at=self.after(48))
        assert begun.waits_until == self.after(72)
        rights.continue_execution(right, actor=TESTS, at=self.after(73))
        right.refresh_from_db()
        assert right.carried_out_at is not None
        assert not Device.objects.filter(id=self.device.id).exists()
        assert {entry.requested_by for entry in RegisterEntry.objects.all()} == {begun.started_by}
        statement = Certificate.objects.latest("id").statement
        assert statement["approval"]["approved_by"] == begun.decided_by
        assert statement_texts.describe_actors(begun.decided_by) == f"Odile ({begun.decided_by})"

    def test_a_refusal_is_a_decision_too(self) -> None:
        case = self.by_post()
        right = case.rights.get()
        self.alone(case, 24)
        words = {"ground": "collected-by-law", "law": "법 제1조"}
        assert rights.refuse(right, **words, actor=self.odile, at=self.after(24)).decided_by.startswith("EM-")

    def test_what_a_device_proved_is_released_alone(self) -> None:
        right = self.by_device(RequestedRight("access"))
        with pytest.raises(rights.SamePerson):
            rights.begin_execution(right, actor=self.odile, at=self.after(23))
        made = self.alone(right.request, 24)
        rights.carry_out(right, actor=self.odile, at=self.after(24))
        right.refresh_from_db()
        assert right.started_by == made.reference
        assert Package.objects.filter(right=right).exists()

    def test_a_decision_of_a_machine_is_answered_alone_after_the_wait(self) -> None:
        for verified in (self.by_post, self.by_device):
            found = verified(RequestedRight("decision-review", wanted="잠김"))
            right = found if isinstance(found, Right) else self.granted_alone(found)
            said: dict[str, Any] = {"outcome": "not-reflected", "said": {"result": "살폈습니다"}}
            with pytest.raises(Refusal):
                rights.answer_decision(right, **said, actor=self.odile, at=self.after(47))
            made = self.alone(right.request, 48)
            rights.answer_decision(right, **said, actor=self.odile, at=self.after(48))
            right.refresh_from_db()
            assert right.started_by == made.reference

    def granted_alone(self, case: Request) -> Right:
        self.alone(case, 24)
        return rights.grant(case.rights.get(), actor=self.odile, at=self.after(24))

    def test_a_code_is_issued_alone_to_who_has_neither_mailbox_nor_device(self) -> None:
        said: dict[str, Any] = {
            "target_kind": "email",
            "target": "nobody@example.org",
            "contact": {"name": "Mina"},
            "answer_by": "portal",
        }
        case = factory.ask(RequestedRight("access"), at=self.after(0), **said).request
        case = factory.verify_by_documents(case, actor=self.odile, at=self.after(0))
        right = case.rights.get()
        package = Package.objects.create(
            right=rights.grant(right, actor=self.omar, at=self.after(1)), event_id=right.event_id, file_digest="x",
            file_bytes=1, built_at=self.after(2), expires_at=self.after(200),
        )  # fmt: skip
        with pytest.raises(rights.SamePerson):
            rights.issue_pickup_code(package, actor=self.omar, at=self.after(90))
        made = accounts.go_alone(package, reason=WHY, actor=self.omar, at=self.after(89))
        assert rights.issue_pickup_code(package, actor=self.omar, at=self.after(90))
        package.refresh_from_db()
        assert package.code_issued_by == made.reference


@pytest.mark.attack("17.3")
class NotFurtherThanAskedTests(OneOfficerLeft):
    def test_an_approval_serves_one_step(self) -> None:
        case = self.at_the_desk()
        self.alone(case, 24)
        rights.verify(case, method="documents", actor=self.odile, at=self.after(24))
        right = case.rights.get()
        with pytest.raises(NotASecondPerson):
            rights.grant(right, actor=self.odile, at=self.after(25))
        self.alone(case, 48)
        rights.grant(right, actor=self.odile, at=self.after(48))
        with pytest.raises(Refusal):
            rights.begin_execution(right, actor=self.odile, at=self.after(49))

    def test_a_document_that_comes_later_begins_the_wait_anew(self) -> None:
        case = self.at_the_desk()
        self.alone(case, 24)
        rights.attach_document(case, name="b.pdf", content=PDF, actor=self.odile, at=self.after(25))
        factory.show_documents(case, to=self.odile, at=self.after(25))
        with pytest.raises(rights.SamePerson):
            rights.verify(case, method="documents", actor=self.odile, at=self.after(26))
        with pytest.raises(accounts.NoEmergency):
            self.alone(case, 26)

    def test_a_mandate_that_odile_attached_herself_is_not_recorded_by_the_approval_of_another_step(self) -> None:
        receipt = factory.ask(target=factory.imei(1), requester="agent", address="", at=self.after(0))
        case = factory.verify_by_documents(
            receipt.request, actor=self.odile, at=self.after(0), authority="power-of-attorney"
        )
        Request.objects.filter(id=case.id).update(authority_until=date(2020, 12, 31))
        rights.attach_document(case, name="m.pdf", content=PDF, actor=self.odile, at=self.after(1))
        factory.show_documents(case, to=self.odile, at=self.after(1))
        self.alone(case, 25)
        said: dict[str, Any] = {
            "authority": "power-of-attorney",
            "mandate": factory.make_mandate(),
            "actor": self.odile,
        }
        with pytest.raises(rights.SamePerson):
            rights.renew_authority(case, **said, at=self.after(26))
        rights.submit_document(case, name="m.pdf", content=PDF, actor=Requester(case.reference), at=self.after(27))
        factory.show_documents(case, to=self.odile, at=self.after(27))
        rights.renew_authority(case, **said, at=self.after(28))

    def test_what_was_stopped_is_not_decided_again_by_the_same_approval(self) -> None:
        case = self.by_post()
        right = case.rights.get()
        self.alone(case, 24)
        rights.grant(right, actor=self.odile, at=self.after(24))
        rights.begin_execution(right, actor=self.omar, at=self.after(25))
        rights.stop_destruction(right, reason="Mina called.", actor=self.omar, at=self.after(26))
        with pytest.raises(rights.SamePerson):
            rights.grant(right, actor=self.odile, at=self.after(27))
        with pytest.raises(accounts.NoEmergency):
            self.alone(case, 27)

    def test_none_where_the_next_step_needs_nobody_else(self) -> None:
        case = factory.ask(DELETION, target=factory.imei(1), at=self.after(0)).request
        rights.submit_document(case, name="id.pdf", content=PDF, actor=Requester(case.reference), at=self.after(0))
        with pytest.raises(accounts.NoEmergency):
            self.alone(case, 30)
        right = self.by_device(RequestedRight("suspension"))
        with pytest.raises(accounts.NoEmergency):
            self.alone(right.request, 30)

    def test_a_second_person_needs_none_of_it(self) -> None:
        case = self.at_the_desk()
        self.alone(case, 24)
        factory.show_documents(case, to=self.omar, at=self.after(24))
        assert rights.verify(case, method="documents", actor=self.omar, at=self.after(24)).verified_by == self.omar.ref

    def test_who_went_on_alone_is_not_their_own_second_person_afterwards(self) -> None:
        case = self.at_the_desk()
        made = self.alone(case, 24)
        rights.verify(case, method="documents", actor=self.odile, at=self.after(24))
        right = case.rights.get()
        decide = "UPDATE rights_right SET decision = 'granted', decided_by = %s, decided_at = %s WHERE id = %s"
        self.refused_by_the_database(decide, self.odile.ref, self.after(25), right.id)
        self.refused_by_the_database(decide, made.reference, self.after(25), right.id)
        granted = rights.grant(right, actor=self.omar, at=self.after(25))
        assert rights.begin_execution(granted, actor=self.omar, at=self.after(26)).started_by == self.omar.ref


@pytest.mark.attack("17.3")
class RawSqlTests(OneOfficerLeft):
    VERIFY = (
        "UPDATE rights_request SET verified_by = %s, verified_at = %s, identity_method = %s, state = 'verified'"
        " WHERE id = %s"
    )
    DECIDE = "UPDATE rights_right SET decision = 'granted', decided_by = %s, decided_at = %s WHERE id = %s"
    RELEASE = "UPDATE rights_right SET started_by = %s, started_at = %s WHERE id = %s"

    def test_no_invented_name_of_an_emergency_takes_a_step(self) -> None:
        case = self.at_the_desk()
        for method in ("documents", "device"):
            self.refused_by_the_database(self.VERIFY, "EM-NONE-HERE", self.after(25), method, case.id)
        posted = factory.ask(RequestedRight("access"), target=factory.imei(1), at=self.after(0)).request
        self.refused_by_the_database(self.VERIFY, "EM-NONE-HERE", self.after(25), "device", posted.id)
        case = self.by_post(RequestedRight("access"), DELETION)
        right = case.rights.get(kind="deletion")
        self.refused_by_the_database(self.DECIDE, "EM-NONE-HERE", self.after(25), right.id)
        rights.grant(right, actor=self.omar, at=self.after(25))
        self.refused_by_the_database(self.RELEASE, "EM-NONE-HERE", self.after(25), right.id)

    def test_an_approval_of_one_case_or_step_is_none_of_another(self) -> None:
        first, right = self.at_the_desk(), self.by_device()
        made = self.alone(first, 24)
        self.refused_by_the_database(self.RELEASE, made.reference, self.after(25), right.id)
        self.refused_by_the_database(self.VERIFY, made.reference, self.after(23), "documents", first.id)
        self.refused_by_the_database(self.VERIFY, made.reference, self.after(99), "documents", first.id)

    def test_the_steps_of_one_person_are_not_two_names(self) -> None:
        case = self.by_post()
        right = case.rights.get()
        self.alone(case, 24)
        rights.grant(right, actor=self.odile, at=self.after(24))
        right.refresh_from_db()
        for name in (self.odile.ref, right.decided_by):
            self.refused_by_the_database(self.RELEASE, name, self.after(25), right.id)

    def test_nor_are_they_for_an_answer_about_a_decision_of_a_machine(self) -> None:
        right = self.by_device(RequestedRight("decision-refusal", wanted="잠김"))
        for name in (self.odile.ref, "EM-NONE-HERE", "U-NOBODY", "worker"):
            self.refused_by_the_database(self.RELEASE, name, self.after(25), right.id)
        with connection.cursor() as cursor:
            cursor.execute(self.RELEASE, [self.omar.ref, self.after(25), right.id])


@pytest.mark.attack("17.3")
class TwoAccountsTests(OneOfficerLeft):
    def setUp(self) -> None:
        super().setUp()
        self.double = factory.make_user("double@extrus.example", "Double", "officer")
        factory.make_used_invitation(self.double, used_at=self.began - timedelta(days=3), asked_by=self.odile.ref)
        factory.grant_office_categories(self.double, by=self.omar)

    def test_the_second_account_does_not_follow_what_the_first_did_alone(self) -> None:
        case = self.at_the_desk()
        self.alone(case, 24)
        rights.verify(case, method="documents", actor=self.odile, at=self.after(24))
        right = case.rights.get()
        with pytest.raises(NotASecondPerson):
            rights.grant(right, actor=self.double, at=self.after(25))
        self.refused_by_the_database(RawSqlTests.DECIDE, self.double.ref, self.after(25), right.id)
        self.alone(case, 48)
        rights.grant(right, actor=self.odile, at=self.after(48))
        with pytest.raises(NotASecondPerson):
            rights.begin_execution(right, actor=self.double, at=self.after(49))
        self.refused_by_the_database(RawSqlTests.RELEASE, self.double.ref, self.after(49), right.id)

    def test_nor_answers_about_a_decision_of_a_machine_that_it_granted(self) -> None:
        right = self.by_device(RequestedRight("decision-review", wanted="잠김"))
        said: dict[str, Any] = {"outcome": "not-reflected", "said": {"result": "x"}}
        with pytest.raises(NotASecondPerson):
            rights.answer_decision(right, **said, actor=self.double, at=self.after(25))
        self.refused_by_the_database(RawSqlTests.RELEASE, self.double.ref, self.after(25), right.id)

    def test_documents_attached_by_one_account_are_not_checked_by_the_other(self) -> None:
        case = factory.ask(DELETION, target=factory.imei(1), at=self.after(0)).request
        rights.attach_document(case, name="id.pdf", content=PDF, actor=self.odile, at=self.after(0))
        factory.show_documents(case, to=self.double, at=self.after(80))
        with pytest.raises(NotASecondPerson):
            rights.verify(case, method="documents", actor=self.double, at=self.after(81))
        self.refused_by_the_database(RawSqlTests.VERIFY, self.double.ref, self.after(81), "documents", case.id)

    def test_neither_reviews_the_objection_to_what_was_refused_alone(self) -> None:
        case = self.by_post()
        right = case.rights.get()
        self.alone(case, 24)
        words = {"ground": "collected-by-law", "law": "법 제1조"}
        refused = rights.refuse(right, **words, actor=self.odile, at=self.after(24))
        made = rights.object_to(refused, statement="x", actor=Requester(case.reference), at=self.after(25))
        for actor in (self.odile, self.double):
            with pytest.raises(NotASecondPerson):
                rights.decide_objection(made, outcome="dismissed", actor=actor, at=self.after(26))
        assert rights.decide_objection(made, outcome="dismissed", actor=self.omar, at=self.after(26)).reviewer

    def test_an_order_of_destruction_names_no_emergency_that_did_not_release_it(self) -> None:
        case = self.by_post()
        made = self.alone(case, 24)
        for name in (made.reference, "EM-NONE-HERE"):
            with pytest.raises(IntegrityError), transaction.atomic():
                retention.order_destruction(
                    self.device.subject_id, ["device-registration"], cause="deletion", case=f"{case.reference}#1",
                    ordered_by=name, approved_by=self.omar.ref, actor=TESTS, at=self.after(30),
                )  # fmt: skip


class ConsoleTests(OneOfficerLeft):
    def page(self, case: Request) -> str:
        self.client.force_login(self.odile)
        return self.client.get(reverse("admin:rights_request_change", args=[case.pk])).content.decode()

    def test_the_page_of_a_case_offers_it_and_its_button_completes_it(self) -> None:
        case = self.at_the_desk()
        way = reverse("admin:accounts_emergencyapproval_alone", args=["rights_request", case.pk])
        page = self.page(case)
        assert way in page
        assert "다음 단계" in page
        assert self.client.post(way, {"reason": WHY}).headers["Location"].endswith(f"/{case.pk}/change/")
        made = EmergencyApproval.objects.get()
        assert made.reference in self.page(case)
        typed = {"CHANGE_FORM-action": "verify", "index": "0", "_selected_action": str(case.pk), "confirmed": "1"}
        self.client.post(reverse("admin:rights_request_change", args=[case.pk]), {**typed, "method": "documents"})
        case.refresh_from_db()
        assert case.verified_by == made.reference

    def test_a_step_that_anybody_may_take_says_nothing_of_it(self) -> None:
        case = factory.ask(DELETION, target=factory.imei(1), at=self.after(0)).request
        assert "/alone/" not in self.page(case)
