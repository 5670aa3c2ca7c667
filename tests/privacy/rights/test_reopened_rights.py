"""A right that an objection opened again is decided anew: nothing that was made or told before decides it."""

from datetime import timedelta

import pytest

from privacy.rights import actions as rights
from privacy.rights import status_page, tasks
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.models import Letter, Objection, Package, PackageBuild, Request, Right
from privacy.vault import actions as vault
from privacy.vault.models import Freeze
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

LATER, LAW = NOON + timedelta(minutes=5), "통신비밀보호법 제15조의2"


class ReopenedCase(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.omar = factory.make_officer(), factory.make_omar()
        factory.grant_office_categories(self.omar, by=self.odile)
        self.device = factory.make_device(1)

    def right(self, *asked: RequestedRight, answer_by: str = "portal") -> Right:
        receipt = factory.ask(*asked, target=factory.imei(1), answer_by=answer_by, address="")
        right: Right = factory.make_verified(receipt).rights.get(position=1)
        return right

    def partly(self, right: Right, *excluded: str, ground: str) -> Right:
        return rights.grant_partly(right, excluded=list(excluded), ground=ground, law=LAW, actor=self.odile, at=NOON)

    def uphold(self, right: Right) -> Right:
        requester = Requester(right.request.reference)
        made: Objection = rights.object_to(right, statement="no", actor=requester, at=NOON + timedelta(minutes=1))
        rights.decide_objection(made, outcome="upheld", actor=self.omar, at=NOON)
        return Right.objects.get(id=right.id)


@pytest.mark.truth("copy-of-an-undecided-access")
class CopyOfReopenedAccessTests(ReopenedCase):
    def setUp(self) -> None:
        super().setUp()
        right = self.partly(self.right(RequestedRight("access")), "device-registration", ground="law")
        self.given = rights.carry_out(right, actor=self.odile, at=NOON)
        self.package = Package.objects.get()
        self.reopened = self.uphold(self.given)

    def test_no_copy_is_made_before_the_new_decision(self) -> None:
        rights.renew_packages(actor=tasks.WORKER, at=LATER)
        assert Package.objects.count() == 1
        assert not PackageBuild.objects.exists()

    def test_what_was_given_can_still_be_fetched_as_it_was(self) -> None:
        shown = status_page.context(Request.objects.get(), at=LATER)
        assert (shown["package"], shown["package_outdated"]) == (self.package, False)
        code = factory.pickup_code(self.package, at=LATER)
        assert b"".join(rights.download(self.package, code=code, at=LATER))

    def test_a_copy_of_the_earlier_decision_that_is_no_longer_so_is_not_offered_and_not_made_anew(self) -> None:
        factory.agree(self.device.subject_id, "service-analytics", at=LATER)
        later = LATER + timedelta(minutes=1)
        shown = status_page.context(Request.objects.get(), at=later)
        assert (shown["package"], shown["package_outdated"]) == (None, False)
        assert rights.renew_packages(actor=tasks.WORKER, at=later) == 0
        code = factory.pickup_code(self.package, at=later)
        with pytest.raises(rights.PackageGone, match="다시 결정하고"):
            rights.download(self.package, code=code, at=later)

    def test_the_new_decision_makes_a_copy_of_its_own(self) -> None:
        rights.carry_out(rights.grant(self.reopened, actor=self.odile, at=LATER), actor=self.odile, at=LATER)
        assert Package.objects.count() == 2
        newest = Package.objects.order_by("built_at").last()
        assert newest is not None
        assert newest.event_id == Right.objects.get().event_id
        rights.renew_packages(actor=tasks.WORKER, at=LATER)
        assert Package.objects.count() == 2


@pytest.mark.truth("old-answer-answers-nothing-new")
class OldAnswerTests(ReopenedCase):
    def test_an_earlier_result_that_goes_out_late_does_not_answer_what_was_opened_again(self) -> None:
        for answer_by in ("letter", "email"):
            with self.subTest(answer_by):
                right = self.right(RequestedRight("access", scope=("items",)), answer_by=answer_by)
                right = rights.refuse(right, ground="life-or-body", actor=self.odile, at=NOON)
                old = Letter.objects.get(request=right.request_id, kind="result")
                reopened = self.uphold(right)
                if answer_by == "letter":
                    rights.mark_letter_posted(old, actor=self.odile, at=LATER)
                else:
                    rights.mark_letter_sent(old, actor=tasks.WORKER, at=LATER)
                case = Request.objects.get(id=right.request_id)
                assert (case.state, case.notified_at) == ("in-review", None)
                assert case in Request.objects.unanswered()
                decided = rights.grant(reopened, actor=self.odile, at=LATER)
                assert decided.decision == "granted"


@pytest.mark.truth("suspension-opened-again")
class ReopenedSuspensionTests(ReopenedCase):
    def partly_suspended(self) -> Right:
        right = self.partly(self.right(RequestedRight("suspension")), "app-log", ground="legal-duty")
        return rights.carry_out(right, actor=self.odile, at=NOON)

    def frozen(self) -> set[str]:
        found = Freeze.objects.active(LATER).filter(subject_id=self.device.subject_id)
        return set(found.values_list("category", flat=True))

    def test_resumed_before_it_can_be_resumed_again(self) -> None:
        given = self.partly_suspended()
        rights.resume_processing(given, actor=self.odile, at=NOON)
        granted = rights.grant(self.uphold(given), actor=self.odile, at=LATER)
        done = rights.carry_out(granted, actor=self.odile, at=LATER)
        assert self.frozen() == {""}
        assert done in done.request.rights.suspending()
        rights.resume_processing(done, actor=self.odile, at=LATER)
        assert self.frozen() == set()

    def test_refused_anew_leaves_nothing_suspended_that_nobody_can_resume(self) -> None:
        reopened = self.uphold(self.partly_suspended())
        rights.refuse(reopened, ground="life-or-body", actor=self.odile, at=LATER)
        assert self.frozen() == set()
        assert not vault.active_freezes(self.device.subject_id, "device-registration", at=LATER)

    def test_other_parts_left_out_are_in_use_again(self) -> None:
        reopened = self.uphold(self.partly_suspended())
        again = rights.grant_partly(
            reopened, excluded=["device-registration"], ground="legal-duty", law=LAW, actor=self.odile, at=LATER
        )
        rights.carry_out(again, actor=self.odile, at=LATER)
        assert "device-registration" not in self.frozen()
        assert "app-log" in self.frozen()

    def test_taken_back_while_open_again_leaves_nothing_suspended(self) -> None:
        reopened = self.uphold(self.partly_suspended())
        rights.withdraw(reopened.request, actor=Requester(reopened.request.reference), at=LATER)
        assert self.frozen() == set()
