"""A finding goes to the holder of its account, who explains; the reviewer accepts or asks again; the sheet has all."""

import html
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts.models import User
from privacy.ledger import actions as ledger
from privacy.ledger.actions.reviews import ExplanationRequired, SeparationOfDuties, WrongReviewState
from privacy.ledger.admin.reviews import _explained_findings
from privacy.ledger.exports import review_sheet
from privacy.ledger.models import Finding, FindingQuestion, Review
from privacy.ledger.review import signed_digests
from privacy.lib.dates import clock
from tests.base import PortalTestCase
from tests.factories.accounts import NOON, make_aram, make_hana, make_odile, make_omar, make_used_invitation, make_user

LIST = reverse("admin:ledger_finding_changelist")
ASKED = "What did you need this data for?"
SAID = "For case K7-8F3K-92QX, on the telephone."


def make_finding(account: str, review: Review, **more: Any) -> Finding:
    return Finding.objects.create(
        review=review,
        rule=Finding.Rule.BULK,
        account=account,
        count=3,
        first_at=NOON,
        last_at=NOON,
        raised_at=NOON,
        **more,
    )


def read_on_page(page: str) -> str:
    found = re.search(r'name="read" value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


class QuestionTests(PortalTestCase):
    def setUp(self) -> None:
        self.aram, self.hana, self.omar = make_aram(), make_hana(), make_omar()
        self.review = Review.objects.create(
            period_from=date(2026, 10, 1), period_until=date(2026, 10, 31), due_on=date(2026, 12, 15), opened_at=NOON,
            start_index=0, end_index=0, root="0" * 64,
        )  # fmt: skip
        self.finding = make_finding(self.hana.ref, self.review)

    def ask(self, finding: Finding | None = None, by: User | None = None) -> FindingQuestion:
        about = finding or self.finding
        return ledger.ask_account_holder(finding=about, question=ASKED, actor=by or self.aram, at=NOON)

    def answer(self, question: FindingQuestion, by: User | None = None, said: str = SAID) -> None:
        ledger.answer_question(question=question, answer=said, actor=by or self.hana, at=NOON + timedelta(days=1))

    def test_asked_answered_accepted_and_all_on_the_sheet(self) -> None:
        question = self.ask()
        assert question.due_on == clock.kst_date(NOON) + timedelta(days=10)
        self.answer(question)
        ledger.accept_answer(finding=self.finding, measure="none", actor=self.aram, at=NOON)
        self.finding.refresh_from_db()
        assert (self.finding.explanation, self.finding.explained_by) == (SAID, self.aram.ref)
        for word in ("asked", "answered", "accepted"):
            self.assertLedgered(f"ledger.finding.{word}", self.finding)
        with override("en"):
            sheet = str(review_sheet._payload(self.review))
        assert ASKED in sheet
        assert SAID in sheet

    def test_asked_again_both_answers_stay(self) -> None:
        self.answer(self.ask(), said="I don't remember it.")
        self.answer(self.ask())
        with override("en"):
            sheet = str(review_sheet._payload(self.review))
        assert "I don't remember it." in sheet
        assert SAID in sheet

    def test_nobody_asks_accepts_or_answers_for_themselves_or_another(self) -> None:
        with pytest.raises(SeparationOfDuties):
            self.ask(by=self.hana)
        question = self.ask()
        with pytest.raises(SeparationOfDuties):
            self.answer(question, by=self.omar)
        self.answer(question)
        with pytest.raises(SeparationOfDuties):
            ledger.accept_answer(finding=self.finding, actor=self.hana, at=NOON)

    def test_nobody_settles_with_another_account_of_theirs(self) -> None:
        second = make_user("hana.two@extrus.example", "Hana", "auditor")
        make_used_invitation(second, used_at=NOON - timedelta(days=3), asked_by=self.hana.ref)
        self.answer(self.ask())
        with pytest.raises(SeparationOfDuties):
            ledger.accept_answer(finding=self.finding, actor=second, at=NOON)
        with pytest.raises(SeparationOfDuties):
            ledger.explain_finding(finding=self.finding, explanation=SAID, measure="", actor=second, at=NOON)
        ledger.accept_answer(finding=self.finding, actor=self.aram, at=NOON)

    def test_an_answer_that_nobody_has_read_is_not_accepted(self) -> None:
        """A colleague asked again while the page stood open, and the answer is another one by now."""
        read = self.ask()
        self.answer(read)
        self.answer(self.ask(), said="I was curious about a neighbour.")
        with pytest.raises(WrongReviewState):
            ledger.accept_answer(finding=self.finding, answer=read.pk, actor=self.aram, at=NOON)
        self.finding.refresh_from_db()
        assert self.finding.explanation == ""

    def test_nobody_signs_over_findings_about_another_account_of_theirs(self) -> None:
        second = make_user("hana.two@extrus.example", "Hana", "auditor")
        make_used_invitation(second, used_at=NOON - timedelta(days=3), asked_by=self.hana.ref)
        ledger.explain_finding(finding=self.finding, explanation=SAID, measure="", actor=self.aram, at=NOON)
        Review.objects.update(state=Review.State.SAMPLED)
        words = {"checked": "Looked at all of them.", "conclusion": "Nothing to add here."}
        with pytest.raises(SeparationOfDuties):
            ledger.sign_review(review=self.review, **words, actor=second, at=NOON)
        ledger.sign_review(review=self.review, **words, actor=self.aram, at=NOON)

    def test_a_finding_that_is_explained_asks_nobody_and_keeps_its_words(self) -> None:
        question = self.ask()
        assert FindingQuestion.objects.unanswered().get() == question
        ledger.explain_finding(finding=self.finding, explanation=ASKED, measure="", actor=self.aram, at=NOON)
        assert not FindingQuestion.objects.unanswered().exists()
        self.answer(question)
        with pytest.raises(WrongReviewState):
            ledger.accept_answer(finding=self.finding, actor=self.aram, at=NOON)
        self.finding.refresh_from_db()
        assert self.finding.explanation == ASKED

    def test_not_twice_not_without_words_not_after_the_signature(self) -> None:
        with pytest.raises(WrongReviewState):
            self.ask(make_finding("system:sweep", self.review))
        with pytest.raises(WrongReviewState):
            ledger.accept_answer(finding=self.finding, actor=self.aram, at=NOON)
        question = self.ask()
        with pytest.raises(WrongReviewState):
            self.ask()
        with pytest.raises(ExplanationRequired):
            self.answer(question, said="work")
        Review.objects.update(state=Review.State.SIGNED, reviewer=self.aram.ref, signed_at=NOON)
        with pytest.raises(WrongReviewState):
            self.answer(question)
        assert not FindingQuestion.objects.unanswered().exists()

    def test_an_answer_changed_after_the_signature_changes_its_digest(self) -> None:
        before = signed_digests.review_digest(self.review)
        self.answer(self.ask())
        asked = signed_digests.review_digest(self.review)
        FindingQuestion.objects.update(answer="Something else than was said.")
        assert len({before, asked, signed_digests.review_digest(self.review)}) == 3

    def test_when_it_was_asked_answered_and_accepted_is_signed_too(self) -> None:
        """The sheet prints the moments: an answer of after its day is not made one of before it."""
        self.answer(self.ask())
        ledger.accept_answer(finding=self.finding, actor=self.aram, at=NOON + timedelta(days=2))
        seen = {signed_digests.review_digest(self.review)}
        for moment in ("asked_at", "answered_at", "accepted_at"):
            FindingQuestion.objects.update(**{moment: NOON + timedelta(days=5)})
            seen.add(signed_digests.review_digest(self.review))
        assert len(seen) == 4


class RoundTests(PortalTestCase):
    """The reviewer at the list, the account holder at the staff door."""

    def setUp(self) -> None:
        QuestionTests.setUp(self)  # type: ignore[arg-type]
        self.own = make_finding(self.aram.ref, self.review)
        self.many = [make_finding(self.omar.ref, self.review) for _place in range(3)]

    def press(self, action: str, findings: list[Finding], **answers: str) -> str:
        self.client.force_login(self.aram)
        chosen = {"action": action, "_selected_action": [str(one.pk) for one in findings], **answers}
        self.last = self.client.post(LIST, chosen, follow=True).content.decode()
        return self.last

    def test_one_own_line_refuses_none_of_the_others(self) -> None:
        chosen = [self.own, self.finding, *self.many]
        page = self.press("ask", chosen)
        assert "1건은 제외했습니다" in page
        self.press("ask", chosen, confirmed="yes", question=ASKED)
        assert FindingQuestion.objects.count() == 4
        assert not self.own.questions.exists()
        self.press("explain", chosen, confirmed="yes", explanation="Looked at with the team lead.", measure="")
        assert set(Finding.objects.filter(explained_at=None)) == {self.own}

    def test_pressed_twice_the_second_press_says_that_nothing_was_left_to_do(self) -> None:
        self.press("ask", self.many, confirmed="yes", question=ASKED)
        assert "3건은 제외했습니다" in self.press("ask", self.many, confirmed="yes", question=ASKED)
        assert FindingQuestion.objects.count() == 3

    def test_the_list_asks_as_often_for_many_accounts_as_for_few(self) -> None:
        self.client.force_login(self.aram)
        asked = []
        self.client.get(LIST)
        for first, last in ((0, 3), (3, 20)):
            for place in range(first, last):
                make_finding(make_user(f"u{place}@extrus.example", f"Colleague {place}").ref, self.review)
            with CaptureQueriesContext(connection) as queries:
                assert "Colleague 2" in self.client.get(LIST).content.decode()
            asked.append(len(queries))
        assert asked[0] == asked[1]

    def test_the_list_is_filtered_by_account_and_state(self) -> None:
        self.press("ask", self.many, confirmed="yes", question=ASKED)
        self.client.force_login(self.aram)
        for query, count in (({"of": self.omar.ref}, 3), ({"step": "asked"}, 3), ({"step": "open"}, 2)):
            assert self.client.get(LIST, query).context["cl"].result_count == count, query
        page = self.client.get(LIST, {"o": "2"}).content.decode()
        assert self.omar.name in page

    def test_refused_words_keep_the_selection(self) -> None:
        page = self.press("ask", self.many, confirmed="yes", question="why")
        for one in self.many:
            assert f'value="{one.pk}"' in page
        assert not FindingQuestion.objects.exists()

    @pytest.mark.asvs("8.2.2")
    def test_the_holder_explains_at_the_staff_door_and_nobody_else_sees_it(self) -> None:
        self.press("ask", [self.finding], confirmed="yes", question=ASKED)
        question = FindingQuestion.objects.get()
        address = reverse("accounts:explain-access", args=[question.pk])
        self.client.force_login(self.omar)
        assert self.client.get(address).status_code == 404
        assert self.client.post(address, {"answer": SAID}).status_code == 404
        self.client.force_login(self.hana)
        assert address in self.client.get(reverse("accounts:staff")).content.decode()
        page = self.client.get(address).content.decode()
        assert ASKED in page
        assert self.client.post(address, {"answer": "work"}).status_code == 400
        assert self.client.post(address, {"answer": SAID}).status_code == 302
        assert address not in self.client.get(reverse("accounts:staff")).content.decode()
        assert SAID in self.press("accept", [self.finding])

    def test_an_answer_to_what_was_explained_meanwhile_is_promised_no_further_step(self) -> None:
        self.press("ask", [self.finding], confirmed="yes", question=ASKED)
        address = reverse("accounts:explain-access", args=[FindingQuestion.objects.get().pk])
        self.press("explain", [self.finding], confirmed="yes", explanation="Looked at with the team lead.", measure="")
        self.client.force_login(self.hana)
        page = self.client.post(address, {"answer": SAID}, follow=True).content.decode()
        assert "이미 소명이 등록되어 있어" in page
        assert FindingQuestion.objects.get().answer == SAID

    def test_what_a_colleague_has_explained_meanwhile_is_not_written_over_by_the_dozen(self) -> None:
        ledger.explain_finding(
            finding=self.finding, explanation="In the office of a court.", measure="", actor=self.omar, at=NOON
        )
        page = self.press(
            "explain", [self.finding, *self.many], confirmed="yes", explanation="Looked at by me.", measure=""
        )
        self.finding.refresh_from_db()
        assert (self.finding.explanation, self.finding.explained_by) == ("In the office of a court.", self.omar.ref)
        assert "1건은 제외했습니다" in page
        assert Finding.objects.filter(explanation="Looked at by me.").count() == 3

    def test_the_page_before_accepting_binds_what_it_shows(self) -> None:
        for finding in self.many[:2]:
            question = ledger.ask_account_holder(finding=finding, question=ASKED, actor=self.aram, at=NOON)
            ledger.answer_question(question=question, answer=SAID, actor=self.omar, at=NOON)
        self.press("accept", self.many[:2])
        read = read_on_page(self.last)
        again = ledger.ask_account_holder(finding=self.many[0], question=ASKED, actor=self.aram, at=NOON)
        ledger.answer_question(question=again, answer="I was curious about it.", actor=self.omar, at=NOON)
        page = self.press("accept", self.many[:2], confirmed="yes", measure="", read=read)
        assert not Finding.objects.exclude(explained_at=None).exists()
        assert "I was curious about it." in page
        self.press("accept", self.many[:2], confirmed="yes", measure="", read=read_on_page(page))
        assert set(Finding.objects.exclude(explained_at=None)) == set(self.many[:2])
        assert Finding.objects.get(pk=self.many[0].pk).explanation == "I was curious about it."

    def test_the_reviewer_signs_over_the_answers_that_the_page_shows(self) -> None:
        Finding.objects.exclude(pk=self.finding.pk).delete()
        self.press("ask", [self.finding], confirmed="yes", question=ASKED)
        self.press("explain", [self.finding], confirmed="yes", explanation="Looked at with the team lead.", measure="")
        Review.objects.update(state=Review.State.SAMPLED)
        before = _explained_findings(self.review)
        ledger.answer_question(question=FindingQuestion.objects.get(), answer=SAID, actor=self.hana, at=NOON)
        assert SAID in _explained_findings(self.review)
        assert ASKED in before

    def test_an_employee_without_a_role_answers_too(self) -> None:
        emin = make_user("emin@extrus.example", "Emin")
        finding = make_finding(emin.ref, self.review)
        self.press("ask", [finding], confirmed="yes", question=ASKED)
        self.client.force_login(emin)
        address = reverse("accounts:explain-access", args=[FindingQuestion.objects.get().pk])
        assert self.client.post(address, {"answer": "가" * 120}).status_code == 302

    def test_whoever_may_not_review_has_no_buttons(self) -> None:
        self.client.force_login(make_odile())
        page = self.client.get(LIST)
        assert page.context.get("action_form") is None or 'value="ask"' not in page.content.decode()

    def test_buttons_that_one_may_not_press_are_not_shown(self) -> None:
        self.client.force_login(self.aram)
        own = self.client.get(reverse("admin:ledger_finding_change", args=[self.own.pk])).content.decode()
        other = self.client.get(reverse("admin:ledger_finding_change", args=[self.finding.pk])).content.decode()
        assert 'value="explain"' not in own
        assert 'value="explain"' in other
