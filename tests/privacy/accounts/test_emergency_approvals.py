"""One officer goes on alone where no second person is to be had: after the wait, told, reviewed (decision 0145)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from privacy.accounts import actions as accounts
from privacy.accounts.actions.emergency_approvals import OFFICER_TOLD, AlreadyReviewed
from privacy.accounts.actions.representative_links import REPRESENTATIVE_TOLD
from privacy.accounts.display_names import name_with_reference, names_with_references
from privacy.accounts.models import AccessGrant, AccountAct, EmergencyApproval, RepresentativeLink, User
from privacy.accounts.second_person import NotASecondPerson
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.models import ArchiveAccess
from privacy.retention.refusals import SamePerson
from tests import factory
from tests.base import PortalTestCase

WHY = "Omar is in hospital and the court's deadline ends tonight."
TESTS = SystemActor("tests")


class EmergencyTestCase(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.omar = factory.make_odile(granted=False), factory.make_omar()
        self.now = clock.now()

    def ask_archive(self, hours_ago: float = 25) -> ArchiveAccess:
        return retention.ask_access(
            rule="test", subject_id=factory.make_device().subject_id, law="법", document="1", reason="x",
            actor=self.odile, at=self.now - timedelta(hours=hours_ago),
        )  # fmt: skip

    def alone(self, about: models.Model, *, hours_ago: float = 0, actor: User | None = None) -> EmergencyApproval:
        at = self.now - timedelta(hours=hours_ago)
        return accounts.go_alone(about, reason=WHY, actor=actor or self.odile, at=at)

    def token(self, link: RepresentativeLink) -> str:
        found = accounts.issue_representative_token(link.pk, actor=TESTS, at=self.now)
        assert found is not None
        return found


@pytest.mark.attack("17.3")
class GoingOnAloneTests(EmergencyTestCase):
    def test_after_the_wait_the_asker_completes_the_act_under_the_name_of_the_emergency(self) -> None:
        access = self.ask_archive()
        with pytest.raises(SamePerson):
            retention.approve_access(access, actor=self.odile, at=self.now)
        made = self.alone(access)
        assert (made.asked_by, made.asked_at) == (access.asked_by, access.asked_at)
        assert retention.approve_access(access, actor=self.odile, at=self.now).approved_by == made.reference
        self.assertLedgered("accounts.emergency.made", access)

    def test_its_name_is_that_of_its_officer_asked_one_by_one_or_together(self) -> None:
        made = self.alone(self.ask_archive())
        refs = [self.odile.reference, self.omar.reference, made.reference, "U-NONE"]
        told = [f"{who.name} ({ref})" for who, ref in zip((self.odile, self.omar, self.odile), refs, strict=False)]
        assert names_with_references(refs) == dict(zip(refs, [*told, "U-NONE"], strict=True))
        assert names_with_references(refs) == {ref: name_with_reference(ref) for ref in refs}

    def test_not_before_it_is_over_and_without_a_written_reason(self) -> None:
        access = self.ask_archive(hours_ago=23)
        with pytest.raises(accounts.NoEmergency):
            self.alone(access)
        with pytest.raises(accounts.NoEmergency):
            accounts.go_alone(self.ask_archive(), reason="urgent", actor=self.odile, at=self.now)
        assert not EmergencyApproval.objects.exists()

    def test_it_serves_for_its_record_and_its_officer_alone(self) -> None:
        first, second = self.ask_archive(), self.ask_archive()
        made = self.alone(first)
        with pytest.raises(SamePerson):
            retention.approve_access(second, actor=self.odile, at=self.now)
        with pytest.raises(IntegrityError), transaction.atomic():
            ArchiveAccess.objects.filter(pk=second.pk).update(
                approved_by=made.reference, approved_at=self.now, until=self.now + timedelta(days=1)
            )

    def test_the_representative_and_every_officer_are_told_at_once(self) -> None:
        made = self.alone(self.ask_archive())
        assert made.told == 3
        assert GeneralOutbox.objects.filter(kind=OFFICER_TOLD).count() == 2
        assert GeneralOutbox.objects.filter(kind=REPRESENTATIVE_TOLD).count() == 1

    def test_an_account_is_opened_and_access_granted_alone_too(self) -> None:
        asked_at = self.now - timedelta(hours=25)
        act = accounts.ask_account(
            email="nari@extrus.example", name="Nari", role="handler", is_outside=False, reason="x", actor=self.odile,
            at=asked_at,
        )  # fmt: skip
        made = self.alone(act)
        nari = accounts.approve_act(act, reason="x", actor=self.odile, at=self.now).user
        assert nari is not None
        assert AccessGrant.objects.get(user=nari).granted_by == made.reference
        today = clock.today()
        asked = accounts.request_access(
            user=nari, category="app-log", purpose="error-analysis", reason="x", valid_from=today, valid_until=today,
            asked_by=self.odile, at=asked_at,
        )  # fmt: skip
        alone = self.alone(asked)
        granted = accounts.approve_access(asked, reason="x", actor=self.odile, at=self.now)
        assert (granted.granted_by, granted.approved_by) == (alone.reference, self.odile)

    def test_nobody_gives_access_to_themselves_by_it(self) -> None:
        today = clock.today()
        asked = accounts.request_access(
            user=self.odile, category="app-log", purpose="error-analysis", reason="x", valid_from=today,
            valid_until=today, at=self.now - timedelta(hours=25),
        )  # fmt: skip
        self.alone(asked)
        with pytest.raises(accounts.OwnAccess):
            accounts.approve_access(asked, reason="x", actor=self.odile, at=self.now)

    def test_raw_sql_of_the_portals_role_meets_the_same_rules(self) -> None:
        early, late = self.ask_archive(hours_ago=1), self.ask_archive()
        given: dict[str, Any] = {
            "made_by": self.odile.ref, "made_at": self.now, "reason": WHY, "told": 1,
            "review_due_at": self.now + timedelta(hours=72),
        }  # fmt: skip
        for changes in (
            {"about_id": early.pk},
            {"about_id": early.pk, "made_at": self.now + timedelta(days=9)},
            {"about_id": early.pk, "asked_at": self.now - timedelta(days=9)},
            {"about_id": late.pk, "reason": "urgent"},
            {"about_id": late.pk, "told": 0},
            {"about_id": late.pk, "made_by": "U-nobody"},
            {"about_id": late.pk, "about_table": "accounts_user"},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                EmergencyApproval.objects.create(**{"about_table": "retention_archiveaccess", **given, **changes})
        made = EmergencyApproval.objects.create(about_table="retention_archiveaccess", about_id=late.pk, **given)
        for statement in (
            "DELETE FROM accounts_emergencyapproval WHERE id = %s",
            "UPDATE accounts_emergencyapproval SET review_due_at = now() + interval '9 years' WHERE id = %s",
            "UPDATE accounts_emergencyapproval SET about_id = gen_random_uuid() WHERE id = %s",
        ):
            with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, [made.pk])
        for reviewer in (self.odile.ref, made.reference, "representative", "U-nobody"):
            with pytest.raises(IntegrityError), transaction.atomic():
                EmergencyApproval.objects.filter(pk=made.pk).update(
                    reviewed_by=reviewer, reviewed_at=self.now, outcome="justified"
                )


@pytest.mark.attack("17.3")
class ReviewTests(EmergencyTestCase):
    def test_another_closes_it_in_time(self) -> None:
        made = self.alone(self.ask_archive())
        with pytest.raises(NotASecondPerson):
            accounts.review_emergency(made, outcome="justified", note="x", actor=self.odile, at=self.now)
        aram = factory.make_aram()
        closed = accounts.review_emergency(made, outcome="justified", note="Checked.", actor=aram, at=self.now)
        assert closed.reviewed_by == aram.ref
        with pytest.raises(AlreadyReviewed):
            accounts.review_emergency(made, outcome="justified", note="x", actor=self.omar, at=self.now)

    def test_without_review_the_officers_emergencies_end_and_nothing_else_does(self) -> None:
        made = self.alone(self.ask_archive(hours_ago=200), hours_ago=80)
        access = self.ask_archive()
        with pytest.raises(accounts.EmergenciesEnded):
            self.alone(access)
        self.alone(access, actor=self.omar)
        assert self.odile.may("accounts.grant_access")
        with pytest.raises(accounts.NoEmergency):
            accounts.review_emergency(made, outcome="justified", note="late", actor=self.omar, at=self.now)

    def test_an_overdue_one_goes_to_the_representative_once_whose_link_closes_it(self) -> None:
        made = self.alone(self.ask_archive(hours_ago=200), hours_ago=80)
        assert accounts.escalate_overdue(actor=TESTS, at=self.now) == 1
        assert accounts.escalate_overdue(actor=TESTS, at=self.now) == 0
        link = made.links.latest("made_at")
        token = self.token(link)
        accounts.answer_representative_link(token, answer="yes", note="I knew.", at=self.now)
        made.refresh_from_db()
        assert (made.reviewed_by, made.outcome) == ("representative", "justified")
        with pytest.raises(accounts.LinkInvalid):
            accounts.answer_representative_link(token, answer="no", note="x", at=self.now)
        self.alone(self.ask_archive())

    def test_one_found_not_justified_ends_them_too(self) -> None:
        access = self.ask_archive()
        made = self.alone(access)
        accounts.review_emergency(made, outcome="unjustified", note="Omar was there.", actor=self.omar, at=self.now)
        with pytest.raises(SamePerson):
            retention.approve_access(access, actor=self.odile, at=self.now)
        with pytest.raises(accounts.EmergenciesEnded):
            self.alone(access)


@pytest.mark.attack("17.3")
class RepresentativeTests(EmergencyTestCase):
    def setUp(self) -> None:
        super().setUp()
        act = accounts.ask_reset(self.omar, reason="lost", actor=self.odile, at=self.now - timedelta(days=5))
        self.nari = factory.make_user("nari@extrus.example", "Nari", "officer")
        accounts.approve_act(act, reason="ok", actor=self.nari, at=self.now - timedelta(days=5))
        invitation = self.omar.invitations.get(used_at=None)
        token = accounts.issue_invitation_token(invitation.pk, actor=TESTS, at=self.now - timedelta(days=4))
        assert token is not None
        accounts.accept_invitation(token, password=factory.PASSWORD, at=self.now - timedelta(days=4))
        accounts.record_first_factor(user=self.omar, at=self.now - timedelta(days=4))

    def test_who_was_reset_counts_again_once_the_representative_confirmed_them(self) -> None:
        access = self.ask_archive()
        with pytest.raises(NotASecondPerson):
            retention.approve_access(access, actor=self.omar, at=self.now)
        link = accounts.ask_confirmation(self.omar, reason="new telephone", actor=self.odile, at=self.now)
        accounts.answer_representative_link(self.token(link), answer="yes", note="", at=self.now)
        assert retention.approve_access(access, actor=self.omar, at=self.now).approved_by == self.omar.ref
        self.assertLedgered("accounts.colleague.confirmed", self.omar)

    def test_a_no_or_silence_changes_nothing(self) -> None:
        access = self.ask_archive()
        for answer in ("", "no"):
            link = accounts.ask_confirmation(self.omar, reason="x", actor=self.odile, at=self.now)
            if answer:
                accounts.answer_representative_link(self.token(link), answer=answer, note="", at=self.now)
            with pytest.raises(NotASecondPerson):
                retention.approve_access(access, actor=self.omar, at=self.now)

    def test_no_answer_without_the_link_by_raw_sql(self) -> None:
        link = accounts.ask_confirmation(self.omar, reason="x", actor=self.odile, at=self.now)
        with pytest.raises(IntegrityError), transaction.atomic():
            RepresentativeLink.objects.filter(pk=link.pk).update(answer="yes", answered_at=self.now)
        with pytest.raises(IntegrityError), transaction.atomic():
            RepresentativeLink.objects.create(
                user=self.omar, asked_by=self.odile.ref, made_at=self.now, expires_at=self.now, answer="yes",
                answered_at=self.now,
            )  # fmt: skip
        assert AccountAct.objects.filter(kind="reset").count() == 1
