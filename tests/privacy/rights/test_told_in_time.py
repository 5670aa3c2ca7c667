"""Each right of a case is owed by its own day until a letter tells it, and one press sends one answer (R-08, R-35)."""

from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.utils.translation import override

from privacy.ledger.actors import SystemActor
from privacy.rights import actions as rights
from privacy.rights import annual_report, lead_times
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.events import Event
from privacy.rights.models import Letter, Package, Request, Right, Step
from tests import factory
from tests.factories.accounts import NOON
from tests.privacy.rights.test_source_of_data import ACCESS, DAY, SOURCE, SourceCase

EXPLANATION = RequestedRight("decision-explanation", wanted="12월 1일에 내 기기가 자동으로 잠겼습니다")
SOURCE_DUE, ACCESS_DUE, EXPLANATION_DUE = date(2026, 11, 27), date(2026, 12, 4), date(2026, 12, 24)
REFUSED: dict[str, Any] = {"ground": "life-or-body"}


class ToldCase(SourceCase):
    def refuse(self, case: Request, kind: str, *, at: Any = NOON) -> Right:
        return rights.refuse(case.rights.get(kind=kind), **REFUSED, actor=self.odile, at=at)

    def due_on(self, case: Request) -> date:
        case.refresh_from_db()
        return case.due_on

    def tell(self, case: Request, kind: str, *, at: Any = NOON) -> None:
        rights.mark_letter_sent(case.letters.get(kind=kind, sent_at=None), actor=self.odile, at=at)

    def opened(self, case: Request, kind: str = "access") -> Right:
        """Its right of this kind, opened again by an objection."""
        omar = factory.make_omar()
        factory.grant_everything(omar, by=self.odile)
        made = rights.object_to(
            case.rights.get(kind=kind), statement="Nein", actor=Requester(case.reference), at=NOON + DAY
        )
        rights.decide_objection(made, outcome="upheld", actor=omar, at=NOON + 11 * DAY)
        return case.rights.get(kind=kind)

    def parts(self, case: Request) -> list[list[str]]:
        """Which rights each partial answer tells."""
        names = {str(right.id): right.kind for right in case.rights.all()}
        letters = case.letters.filter(kind="part-result").order_by("queued_at", "id")
        return [sorted(names[right] for right in letter.answers) for letter in letters]


@pytest.mark.law("R-08", "R-35")
class OwedTests(ToldCase):
    def test_what_was_done_early_keeps_nothing_due_first_from_being_told(self) -> None:
        case = self.ask(ACCESS, SOURCE, EXPLANATION, answer_by="email")
        self.refuse(case, "decision-explanation")
        self.answer(case)
        assert self.parts(case) == [["source"]]
        assert self.due_on(case) == SOURCE_DUE
        self.tell(case, "part-result")
        assert self.due_on(case) == ACCESS_DUE

    def test_what_is_done_is_owed_by_its_own_day_until_it_is_told(self) -> None:
        case = self.ask(ACCESS, EXPLANATION, answer_by="email")
        self.answer(case, "access")
        assert self.due_on(case) == ACCESS_DUE
        assert case in Request.objects.overdue(on=ACCESS_DUE + DAY)
        self.tell(case, "part-result", at=NOON + 15 * DAY)
        assert self.due_on(case) == EXPLANATION_DUE
        self.refuse(case, "decision-explanation", at=NOON + 16 * DAY)
        self.tell(case, "result", at=NOON + 16 * DAY)
        assert self.figures() == ({"access": [(15, False)], "decision-explanation": [(16, True)]}, 1, 0)

    def test_what_is_opened_again_is_owed_by_its_own_day_at_once(self) -> None:
        """It waits for no letter: what was told of the decision before tells nothing of the next."""
        case = self.ask(ACCESS, SOURCE, answer_by="email")
        self.refuse(case, "source")
        self.tell(case, "part-result")
        assert self.due_on(case) == ACCESS_DUE
        self.opened(case, "source")
        assert self.due_on(case) == SOURCE_DUE

    def test_what_the_answer_to_the_whole_told_is_owed_no_more_when_another_is_opened_again(self) -> None:
        case = self.ask(ACCESS, SOURCE, answer_by="email")
        self.refuse(case, "access")
        self.answer(case)
        self.tell(case, "result")
        self.opened(case)
        assert self.due_on(case) == ACCESS_DUE

    def test_figures_count_each_right_by_its_own_day_and_the_letter_that_told_it(self) -> None:
        case = self.ask(ACCESS, SOURCE)
        self.answer(case, "access", at=NOON + DAY)
        self.answer(case, at=NOON + 8 * DAY)
        assert self.figures() == ({"source": [(8, False)], "access": [(8, True)]}, 1, 0)

    def figures(self) -> tuple[dict[str, Any], int, int]:
        took = {kind: some for (_month, kind), some in lead_times.answers_since(date(2026, 1, 1)).items()}
        section = annual_report.rights_of_the_year(date(2026, 1, 1), date(2026, 12, 31))
        figures = {one.code: int(one.value) for one in section.figures}
        return took, figures["rights.answered"], figures["rights.in-time"]

    def test_on_record_is_the_day_by_which_that_part_was_owed(self) -> None:
        case = self.ask(SOURCE, EXPLANATION)
        self.answer(case)
        told = Step.objects.get(request=case, word=Event.PART_ANSWERED)
        assert told.facts["due_on"] == SOURCE_DUE.isoformat()
        assert self.due_on(case) == EXPLANATION_DUE


@pytest.mark.law("R-08", "R-35")
class OnePressTests(ToldCase):
    def test_what_is_decided_together_is_told_together_and_shown_before(self) -> None:
        case = self.ask(SOURCE, ACCESS, EXPLANATION)
        source, access, _explanation = case.rights.order_by("position")
        chosen = [rights.ChosenDecision(one.position, Right.Decision.REFUSED, "", REFUSED) for one in (source, access)]
        (shown,) = rights.preview_result(case, chosen, actor=self.odile, at=NOON)
        refused = [(one, REFUSED) for one in (source, access)]
        rights.decide_together(case, granted=[], refused=refused, read="", actor=self.odile, at=NOON)
        assert self.parts(case) == [["access", "source"]]
        assert self.due_on(case) == EXPLANATION_DUE
        with override("ko"):
            said = self.told(case, "part-result", "ko")
        assert all(name in said and name in shown.text for name in ("수집 출처", "열람"))

    def test_two_decisions_of_one_moment_are_both_told(self) -> None:
        case = self.ask(SOURCE, ACCESS, EXPLANATION)
        for kind in ("source", "access"):
            self.refuse(case, kind)
        assert self.parts(case) == [["source"], ["access"]]
        assert Letter.objects.filter(request=case, sent_at=NOON, kind="part-result").count() == 2


@pytest.mark.law("R-08")
class CopyTests(ToldCase):
    def test_a_copy_stays_until_the_answer_that_tells_of_it_has_gone_out_and_its_time_is_over(self) -> None:
        case = self.ask(ACCESS, SOURCE, answer_by="email")
        self.answer(case, "access")
        late = NOON + 8 * DAY
        assert not self.removed(at=late)
        self.answer(case, at=late)
        assert not self.removed(at=late + 8 * DAY)
        self.tell(case, "result", at=late + 8 * DAY)
        assert not self.removed(at=late + 9 * DAY)
        assert self.removed(at=late + 30 * DAY)

    def test_on_the_status_page_its_time_begins_when_the_answer_stands_there(self) -> None:
        case = self.ask(ACCESS, SOURCE)
        self.answer(case, "access")
        self.answer(case, at=NOON + 8 * DAY)
        assert Package.objects.get().can_be_downloaded(at=NOON + 9 * DAY)
        assert not Package.objects.get().can_be_downloaded(at=NOON + 12 * DAY)

    def test_a_copy_whose_decision_is_opened_again_does_not_stay_for_its_answer(self) -> None:
        case = self.ask(ACCESS, SOURCE, answer_by="email")
        self.answer(case, "access")
        right = case.rights.get(kind="access")
        Right.objects.filter(id=right.id).update(event_id=uuid4())
        assert self.removed(at=NOON + 8 * DAY)

    def removed(self, *, at: datetime) -> bool:
        rights.remove_packages(actor=SystemActor("rights"), at=at)
        return Package.objects.get().removed_at is not None


@pytest.mark.law("R-09")
class PostponedBesideOthersTests(ToldCase):
    def test_access_is_put_off_within_its_own_term(self) -> None:
        case = self.ask(ACCESS, SOURCE)
        assert rights.postponable_until(case) == ACCESS_DUE
        access, said = case.rights.get(kind="access"), {"reason": "restoring", "actor": self.odile}
        alone, together = date(2027, 1, 3), date(2027, 6, 2)
        with pytest.raises(rights.NotPostponable):
            rights.postpone(access, expected_on=together + DAY, at=NOON + 9 * DAY, **said)
        assert not rights.postpone(access, expected_on=alone, at=NOON + 9 * DAY, **said).needs_approval
        other = self.ask(ACCESS, EXPLANATION)
        self.refuse(other, "access")
        with pytest.raises(rights.NotPostponable):
            rights.postpone(self.opened(other), expected_on=alone, at=NOON + 12 * DAY, **said)


@pytest.mark.law("R-28")
class FeeTests(ToldCase):
    def test_a_fee_is_not_set_once_the_answer_to_that_part_tells_it(self) -> None:
        case = self.ask(ACCESS, EXPLANATION, answer_by="email")
        fee: dict[str, Any] = {"postage_won": 0, "cause_with_controller": False, "actor": self.odile, "at": NOON}
        rights.set_fee(case, fee_won=5_000, **fee)
        self.answer(case, "access")
        with pytest.raises(rights.WrongState):
            rights.set_fee(case, fee_won=9_000, **fee)
