"""Two accounts of one person count as one when a request is verified, decided, released and its code issued."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from config.databases import DEVELOPMENT_ROLE
from devices.models import Challenge
from privacy.accounts.models import AccessGrant, User
from privacy.accounts.second_person import NotASecondPerson
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.models import DestructionList
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Package, Request, Right
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.privacy.accounts.test_second_person import REFUSED, second_account

DELETION = RequestedRight("deletion")
DECIDE = "UPDATE rights_right SET decision = 'granted', decided_by = %s, decided_at = now() WHERE id = %s"
RELEASE = "UPDATE rights_right SET started_by = %s, started_at = now() WHERE id = %s"


@pytest.mark.attack("17.2")
class OnePersonWithTwoAccounts(PortalTestCase):
    """Odile asked for the second account and Omar approved it; both are officers, and Hana is a handler."""

    def setUp(self) -> None:
        self.odile, self.omar, self.hana = factory.make_officer(), factory.make_omar(), factory.make_handler()
        self.double = second_account(asked_by=self.odile, approved_by=self.omar)
        for user in (self.omar, self.double):
            factory.grant_office_categories(user, by=self.hana)
        self.device = factory.make_device(1)
        self.at = clock.now()

    def ask(self, *asked: RequestedRight, **changes: Any) -> Request:
        return factory.ask(*asked, **{"target": factory.imei(1), "at": self.at, **changes}).request

    def proven_by_device(self, *asked: RequestedRight) -> Right:
        case = self.ask(*asked)
        made = rights.challenge(case, actor=SystemActor("tests"), at=self.at)
        Challenge.objects.filter(id=made.id).update(state="confirmed", answered_at=self.at)
        case = rights.verify(case, method="device", actor=SystemActor("challenge"), at=self.at)
        return case.rights.get()

    def refused_past_the_verbs(self, statement: str, *values: object, match: str = REFUSED) -> None:
        with pytest.raises(IntegrityError, match=match), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == (DEVELOPMENT_ROLE,)
            cursor.execute(statement, values)

    def test_does_not_verify_what_the_other_account_recorded(self) -> None:
        case = self.ask(channel="phone", address="", actor=self.odile)
        factory.show_documents(case, to=self.double, at=self.at)
        with pytest.raises(NotASecondPerson):
            rights.verify(case, method="documents", actor=self.double, at=self.at)
        self.refused_past_the_verbs(
            "UPDATE rights_request SET verified_by = %s, verified_at = now(), identity_method = 'documents',"
            " state = 'verified' WHERE id = %s",
            self.double.ref,
            case.id,
        )
        factory.show_documents(case, to=self.omar, at=self.at)
        assert rights.verify(case, method="documents", actor=self.omar, at=self.at).is_verified

    def test_does_not_decide_what_the_other_account_verified(self) -> None:
        case = factory.verify_by_documents(self.ask(DELETION), actor=self.double, at=self.at)
        right = case.rights.get()
        for decide in (
            lambda: rights.grant(right, actor=self.odile, at=self.at),
            lambda: rights.refuse(right, ground="collected-by-law", law="법", actor=self.omar, at=self.at),
        ):
            with pytest.raises(NotASecondPerson):
                decide()
        self.refused_past_the_verbs(DECIDE, self.odile.ref, right.id)

    def test_does_not_decide_from_an_account_that_may_not_approve_yet(self) -> None:
        right = factory.verify_by_documents(self.ask(DELETION), actor=self.hana, at=self.at).rights.get()
        nari = factory.make_user("nari@extrus.example", "Nari", "officer")
        factory.make_used_invitation(nari, used_at=self.at)
        with pytest.raises(NotASecondPerson):
            rights.grant(right, actor=nari, at=self.at)
        self.refused_past_the_verbs(DECIDE, nari.ref, right.id)

    def test_does_not_release_what_the_other_account_granted(self) -> None:
        for asked in (RequestedRight("access"), DELETION, RequestedRight("consent-withdrawal")):
            right = rights.grant(self.proven_by_device(asked), actor=self.odile, at=self.at)
            with pytest.raises(NotASecondPerson):
                rights.carry_out(right, actor=self.double, at=self.at)
            self.refused_past_the_verbs(RELEASE, self.double.ref, right.id)
            right.refresh_from_db()
            assert right.started_at is None

    def test_does_not_grant_in_its_other_name_what_is_released_already(self) -> None:
        right = rights.grant(self.proven_by_device(DELETION), actor=self.odile, at=self.at)
        rights.carry_out(right, actor=self.hana, at=self.at)
        self.tie(self.hana)
        self.refused_past_the_verbs("UPDATE rights_right SET decided_by = %s WHERE id = %s", self.omar.ref, right.id)

    def test_does_not_issue_the_code_of_what_the_other_account_granted(self) -> None:
        person = Subject.objects.get(id=self.device.subject_id)
        factory.make_contact(person, kind="phone", value="010-1234-5678")
        case = self.ask(
            RequestedRight("access"), target_kind="phone", target="010-1234-5678", contact={"name": "Mina"},
            answer_by="portal",
        )  # fmt: skip
        case = factory.verify_by_documents(case, actor=self.hana, at=self.at)
        right = rights.grant(case.rights.get(), actor=self.odile, at=self.at)
        rights.carry_out(right, actor=self.hana, at=self.at)
        package = Package.objects.select_related("right__request").get()
        with pytest.raises(NotASecondPerson):
            rights.issue_pickup_code(package, actor=self.double, at=self.at)
        self.refused_past_the_verbs(
            "UPDATE rights_package SET code_issued_by = %s WHERE id = %s", self.double.ref, package.id
        )
        assert rights.issue_pickup_code(package, actor=self.hana, at=self.at)

    def test_does_not_stand_in_an_order_of_destruction_for_its_other_account(self) -> None:
        factory.end_waits_at_once()
        right = rights.grant(self.proven_by_device(DELETION), actor=self.odile, at=self.at)
        rights.carry_out(right, actor=self.hana, at=self.at)
        self.tie(self.hana)
        row = DestructionList.objects.filter(run__case=right.freeze_reference).first()
        assert row is not None
        for approver in (self.omar.ref, "case:x"):
            self.refused_past_the_verbs(
                "UPDATE retention_destructionlist SET approved_by = %s WHERE id = %s", approver, row.id
            )

    def tie(self, user: User) -> None:
        """A role that Omar approved for a colleague just now: the two don't count as two people for a while."""
        today = clock.today()
        AccessGrant.objects.create(
            user=user, role="auditor", reason="x", asked_by=self.odile.ref, approved_by=self.omar,
            granted_by=self.omar.ref, granted_at=self.at, valid_from=today, valid_until=today,
        )  # fmt: skip


@pytest.mark.attack("17.2")
class AListOfDestruction(PortalTestCase):
    """What the sweep proposes is approved by an account that may approve."""

    def setUp(self) -> None:
        factory.make_expired_device(ended_on=date(2024, 5, 15))
        self.list = factory.sweep_on(date(2026, 5, 16)).lists.get()
        self.nari = factory.make_user("nari@extrus.example", "Nari", "officer", fit=False)

    def test_is_not_approved_without_pledge_and_training(self) -> None:
        with pytest.raises(NotASecondPerson):
            retention.approve(self.list, actor=self.nari, at=clock.now())
        self.list.refresh_from_db()
        assert self.list.approved_by == ""

    def test_is_not_approved_past_the_verbs(self) -> None:
        approve = "UPDATE retention_destructionlist SET state = 'approved', approved_by = %s, approved_at = now(),"
        for approver, more in (
            (self.nari.ref, ""),
            ("rule:9", ""),
            ("rule:9", ", needs_approval = false"),
            ("rule:9", ", needs_approval = false, over_ceiling = false"),
        ):
            with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"{approve} not_before = now(){more} WHERE id = %s", [approver, self.list.id])
