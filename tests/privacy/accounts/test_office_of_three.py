"""An office of two officers and one handler works with production's numbers, also when one officer is away.

The clock is the test's: six days that end now, because the database lets no moment to come forgive a wait.
"""

from datetime import datetime, timedelta

import pytest

from privacy.accounts import actions as accounts
from privacy.accounts.models import EmergencyApproval, User
from privacy.accounts.second_person import NotASecondPerson
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.retention import actions as retention
from privacy.retention.models import ArchiveAccess
from privacy.retention.refusals import SamePerson
from tests import factory
from tests.base import PortalTestCase

TESTS = SystemActor("tests")
WHY = "Omar has left without notice, and the portal must stay open."


@pytest.mark.attack("17.3")
class OfficeOfThreeTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.omar = factory.make_odile(), factory.make_omar()
        self.hana, self.began = factory.make_hana(granted=False), clock.now() - timedelta(days=6)
        shipped = {
            "duties.account.days": 1, "duties.apart.days": 30, "duties.emergency.wait.hours": 24,
            "duties.emergency.review.hours": 72,
        }  # fmt: skip
        assert {code: rulebook.parameter(code, clock.today()) for code in shipped} == shipped

    def after(self, hours: int) -> datetime:
        return self.began + timedelta(hours=hours)

    def ask(self, actor: User, hours: int) -> ArchiveAccess:
        return retention.ask_access(
            rule="test", subject_id=factory.make_device().subject_id, law="법", document="1", reason="x", actor=actor,
            at=self.after(hours),
        )  # fmt: skip

    def test_with_both_officers_the_handler_asks_and_either_approves(self) -> None:
        for asker, approver in ((self.hana, self.odile), (self.odile, self.omar), (self.omar, self.odile)):
            access = self.ask(asker, hours=0)
            assert retention.approve_access(access, actor=approver, at=self.after(1)).approved_by == approver.ref

    def test_who_is_left_opens_a_second_officer_alone_and_then_they_are_two(self) -> None:
        accounts.deactivate_user(self.omar, why="left", actor=self.odile, at=self.after(0))
        act = accounts.ask_account(
            email="nari@extrus.example", name="Nari", role="officer", is_outside=False, reason="Omar left",
            actor=self.odile, at=self.after(0),
        )  # fmt: skip
        with pytest.raises(accounts.OwnAccess):
            accounts.approve_act(act, reason="x", actor=self.odile, at=self.after(1))
        with pytest.raises(accounts.NoEmergency):
            accounts.go_alone(act, reason=WHY, actor=self.odile, at=self.after(23))
        made = accounts.go_alone(act, reason=WHY, actor=self.odile, at=self.after(24))
        nari = accounts.approve_act(act, reason="x", actor=self.odile, at=self.after(25)).user
        assert nari is not None
        token = accounts.issue_invitation_token(nari.invitations.get().pk, actor=TESTS, at=self.after(26))
        assert token is not None
        accounts.accept_invitation(token, password=factory.PASSWORD, at=self.after(27))
        accounts.record_first_factor(user=nari, at=self.after(27))
        factory.make_pledge(nari)
        factory.make_training(nari)
        aram = factory.make_aram()
        accounts.review_emergency(made, outcome="justified", note="Omar left.", actor=aram, at=self.after(48))
        access = self.ask(self.odile, hours=60)
        with pytest.raises(NotASecondPerson):
            retention.approve_access(access, actor=nari, at=self.after(61))
        link = accounts.ask_confirmation(nari, reason="new colleague", actor=self.odile, at=self.after(62))
        token = accounts.issue_representative_token(link.pk, actor=TESTS, at=self.after(62))
        assert token is not None
        accounts.answer_representative_link(token, answer="yes", note="", at=self.after(70))
        assert retention.approve_access(access, actor=nari, at=self.after(71)).approved_by == nari.ref
        with pytest.raises(SamePerson):
            retention.approve_access(self.ask(nari, hours=72), actor=nari, at=self.after(73))
        assert EmergencyApproval.objects.get().outcome == "justified"
