"""How a case ends, and ends anew: what was written in it has an end exactly as long as the case has one."""

from datetime import timedelta
from pathlib import Path

import pytest

from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.rights import actions as rights
from privacy.rights import status_page, tasks
from privacy.rights.actors import Requester
from privacy.rights.models import Letter, Objection, Particulars, Request
from privacy.rights.refusals import ParticularsGone
from privacy.rights.retention_expiry import particulars_due
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.privacy.retention.kill_at_commit import KILLED, Copies, run_until_commit

LATER = NOON + timedelta(days=3)


def answered() -> Request:
    """A refused access of which the person was told by e-mail."""
    case = factory.make_verified(factory.ask(address=""))
    rights.refuse(case.rights.get(), ground="life-or-body", actor=factory.make_officer(), at=NOON)
    rights.mark_letter_sent(Letter.objects.get(request=case, kind="result"), actor=tasks.WORKER, at=NOON)
    return Request.objects.get(id=case.id)


def ends_of(case: Request) -> set[object]:
    return set(Particulars.objects.filter(subject_id=case.id).values_list("closed_on", flat=True))


@pytest.mark.truth("end-of-words")
@pytest.mark.fault("FLT-03")
def test_a_closing_that_dies_after_its_commit_still_ends_what_was_written(
    portal_database: PortalDatabase, tmp_path: Path
) -> None:
    answered()

    def close() -> None:
        rights.close_case(Request.objects.get(), actor=factory.make_officer(), at=LATER)

    with Copies(portal_database, tmp_path).copy():
        assert run_until_commit(close, 1) == KILLED
        case = Request.objects.get()
        assert case.state == "closed"
        assert ends_of(case) == {None}, "the death came where it was meant to come"
        tasks.resume()
        assert ends_of(case) == {clock.kst_date(LATER)}


@pytest.mark.truth("end-of-words")
@pytest.mark.fault("FLT-03")
def test_an_upheld_objection_that_dies_after_its_commit_takes_the_end_away(
    portal_database: PortalDatabase, tmp_path: Path
) -> None:
    case = answered()
    rights.object_to(case.rights.get(), statement="no danger", actor=Requester(case.reference), at=NOON)
    rights.close_case(case, actor=factory.make_officer(), at=LATER)
    factory.grant_office_categories(factory.make_omar(), by=factory.make_officer())

    def uphold() -> None:
        rights.decide_objection(Objection.objects.get(), outcome="upheld", actor=factory.make_omar(), at=LATER)

    with Copies(portal_database, tmp_path).copy():
        assert run_until_commit(uphold, 1) == KILLED
        assert Request.objects.get().state == "in-review"
        tasks.resume()
        assert ends_of(case) == {None}


@pytest.mark.truth("objection-words")
class WordsOfAnObjectionTests(PortalTestCase):
    def test_they_are_not_destroyed_before_somebody_has_read_them(self) -> None:
        case = answered()
        objection = rights.object_to(case.rights.get(), statement="no", actor=Requester(case.reference), at=NOON)
        rights.close_case(case, actor=factory.make_officer(), at=NOON)
        years = rulebook.parameter("rights.records.years", NOON.date())
        over = clock.kst_date(NOON).replace(year=NOON.year + years) + timedelta(days=2)
        term = rulebook.in_force(NOON.date()).retention("device-registration")
        assert not list(particulars_due(over, term))
        omar = factory.make_omar()
        factory.grant_office_categories(omar, by=factory.make_officer())
        rights.decide_objection(objection, outcome="dismissed", actor=omar, at=LATER)
        assert list(particulars_due(over, term)) == [[case.id]]

    def test_gone_they_are_missed_in_words(self) -> None:
        case = answered()
        objection = rights.object_to(case.rights.get(), statement="no", actor=Requester(case.reference), at=NOON)
        Particulars.objects.all().delete()
        with pytest.raises(ParticularsGone):
            rights.read_objection(objection, actor=factory.make_officer(), at=LATER)


@pytest.mark.truth("bounce-after-closing")
class BounceAfterClosingTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        self.case = answered()

    def bounce(self, letter: Letter) -> None:
        rights.mark_letter_bounced(letter, actor=tasks.WORKER, at=LATER)
        self.case.refresh_from_db()

    def result(self) -> Letter:
        return Letter.objects.filter(kind="result").latest("queued_at")

    def test_a_closed_case_is_unanswered_again_and_its_words_go_on(self) -> None:
        rights.close_case(self.case, actor=self.odile, at=NOON)
        self.bounce(self.result())
        assert (self.case.state, self.case.notified_at, self.case.closed_at) == ("decided", None, None)
        assert ends_of(self.case) == {None}
        assert self.case in Request.objects.overdue(on=self.case.due_on + timedelta(days=1))
        told = status_page.context(self.case, at=LATER)
        assert not told["settled"]
        assert "반송되었습니다" in str(told["story"][-1]["what"])

    def test_posted_instead_it_is_answered_and_closed_again(self) -> None:
        rights.close_case(self.case, actor=self.odile, at=NOON)
        self.bounce(self.result())
        rights.mark_letter_posted(self.result(), actor=self.odile, at=LATER)
        self.case.refresh_from_db()
        rights.close_case(self.case, actor=self.odile, at=LATER)
        assert ends_of(self.case) == {clock.kst_date(LATER)}

    def second_result(self) -> tuple[Letter, Letter]:
        """The result that was sent, and another, unsent, that follows an upheld objection."""
        first = self.result()
        omar = factory.make_omar()
        factory.grant_office_categories(omar, by=self.odile)
        right = self.case.rights.get()
        objection = rights.object_to(right, statement="no", actor=Requester(self.case.reference), at=NOON)
        rights.decide_objection(objection, outcome="upheld", actor=omar, at=NOON)
        rights.refuse(right, ground="life-or-body", actor=self.odile, at=LATER)
        assert self.result() != first
        return first, self.result()

    def test_an_earlier_answer_that_comes_back_takes_nothing_from_the_newest_but_its_day(self) -> None:
        first, second = self.second_result()
        rights.mark_letter_sent(second, actor=tasks.WORKER, at=LATER)
        self.case.refresh_from_db()
        assert self.case.notified_at == NOON
        self.bounce(first)
        assert (self.case.state, self.case.notified_at) == ("notified", LATER)

    def test_answered_is_who_was_reached_in_whichever_order_results_come_back(self) -> None:
        first, second = self.second_result()
        self.bounce(first)
        assert (self.case.state, self.case.notified_at) == ("decided", None)
        rights.mark_letter_sent(second, actor=tasks.WORKER, at=LATER)
        self.bounce(second)
        assert (self.case.state, self.case.notified_at) == ("decided", None)
        late = NOON + timedelta(days=40)
        rights.mark_letter_posted(self.result(), actor=self.odile, at=late)
        self.case.refresh_from_db()
        assert self.case.notified_at == late

    def test_the_newest_and_then_an_earlier_result_come_back_and_nobody_is_answered(self) -> None:
        first, second = self.second_result()
        rights.mark_letter_sent(second, actor=tasks.WORKER, at=LATER)
        self.bounce(second)
        assert (self.case.state, self.case.notified_at) == ("decided", NOON)
        self.bounce(first)
        assert (self.case.state, self.case.notified_at) == ("decided", None)

    def test_an_earlier_result_that_is_posted_again_and_stays_tells_since_when(self) -> None:
        first, second = self.second_result()
        rights.mark_letter_sent(second, actor=tasks.WORKER, at=LATER)
        self.bounce(second)
        self.bounce(first)
        posted = NOON + timedelta(days=4)
        rights.mark_letter_posted(first, actor=self.odile, at=posted)
        self.case.refresh_from_db()
        assert (self.case.state, self.case.notified_at) == ("decided", posted)
        rights.mark_letter_posted(second, actor=self.odile, at=NOON + timedelta(days=40))
        self.case.refresh_from_db()
        assert (self.case.state, self.case.notified_at) == ("notified", posted)

    def test_where_both_results_came_back_nobody_is_answered(self) -> None:
        omar = factory.make_omar()
        factory.grant_office_categories(omar, by=self.odile)
        self.bounce(self.result())
        right = self.case.rights.get()
        objection = rights.object_to(right, statement="no", actor=Requester(self.case.reference), at=NOON)
        rights.decide_objection(objection, outcome="upheld", actor=omar, at=NOON)
        rights.refuse(right, ground="life-or-body", actor=self.odile, at=LATER)
        rights.mark_letter_sent(self.result(), actor=tasks.WORKER, at=LATER)
        self.bounce(self.result())
        assert (self.case.state, self.case.notified_at) == ("decided", None)

    def test_a_result_that_comes_back_during_a_review_leaves_nobody_answered(self) -> None:
        omar = factory.make_omar()
        factory.grant_office_categories(omar, by=self.odile)
        objection = rights.object_to(
            self.case.rights.get(), statement="no", actor=Requester(self.case.reference), at=NOON
        )
        rights.decide_objection(objection, outcome="upheld", actor=omar, at=NOON)
        self.bounce(self.result())
        assert (self.case.state, self.case.notified_at) == ("in-review", None)
