"""An emergency approval is of the act as it was asked for: asked anew, it waits anew (decision 0155)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from consents import actions as consents
from consents.actions.agreements import OwnText
from consents.models import Agreement, AgreementVersion
from privacy.accounts import actions as accounts
from privacy.accounts.models import EmergencyApproval
from privacy.accounts.second_person import NotASecondPerson
from privacy.retention import actions as retention
from tests import factory
from tests.privacy.accounts.test_emergency_approvals import TESTS, EmergencyTestCase


@pytest.mark.attack("17.3")
class AskedAnewTests(EmergencyTestCase):
    def draft(self) -> AgreementVersion:
        return consents.draft_text(
            Agreement.objects.get(code="app-log"), words={}, actor=self.odile, at=self.now - timedelta(hours=25)
        )

    def test_a_text_that_was_changed_since_is_not_published_by_it(self) -> None:
        draft = self.draft()
        made = self.alone(draft, hours_ago=0.5)
        consents.revise_text(
            draft, words={"body_en": "Other words."}, actor=self.odile, at=self.now - timedelta(minutes=5)
        )
        with pytest.raises(OwnText):
            consents.publish_text(draft, actor=self.odile, at=self.now)
        with pytest.raises(IntegrityError), transaction.atomic():
            AgreementVersion.objects.filter(pk=draft.pk).update(published_by=made.reference, published_at=self.now)
        with pytest.raises(accounts.NoEmergency):
            self.alone(draft)

    def test_a_text_as_it_was_asked_for_is(self) -> None:
        draft = self.draft()
        made = self.alone(draft, hours_ago=0.5)
        assert consents.publish_text(draft, actor=self.odile, at=self.now).published_by == made.reference

    def test_what_waits_for_nobody_any_more_has_none(self) -> None:
        access = self.ask_archive()
        retention.approve_access(access, actor=self.omar, at=self.now)
        with pytest.raises(accounts.NoEmergency):
            self.alone(access)
        assert not EmergencyApproval.objects.exists()


@pytest.mark.attack("17.3")
class ConfirmedBeforeTests(EmergencyTestCase):
    def test_a_confirmation_asked_for_before_a_reset_does_not_cover_it(self) -> None:
        asked = accounts.ask_confirmation(self.omar, reason="x", actor=self.odile, at=self.now - timedelta(days=6))
        nari = factory.make_user("nari@extrus.example", "Nari", "officer")
        act = accounts.ask_reset(self.omar, reason="lost", actor=self.odile, at=self.now - timedelta(days=5))
        accounts.approve_act(act, reason="ok", actor=nari, at=self.now - timedelta(days=5))
        invitation = self.omar.invitations.get(used_at=None)
        token = accounts.issue_invitation_token(invitation.pk, actor=TESTS, at=self.now - timedelta(days=4))
        assert token is not None
        accounts.accept_invitation(token, password=factory.PASSWORD, at=self.now - timedelta(days=4))
        accounts.record_first_factor(user=self.omar, at=self.now - timedelta(days=4))
        accounts.answer_representative_link(self.token(asked), answer="yes", note="", at=self.now)
        with pytest.raises(NotASecondPerson):
            retention.approve_access(self.ask_archive(), actor=self.omar, at=self.now)
