"""Training: plan, course and quiz, sessions with attendance, outside certificates, reminders (P8.9, law S-31)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from privacy.jobs.models import GeneralOutbox
from privacy.ledger.actors import NotPermitted
from privacy.lib.papers import BadDocument
from privacy.retention import actions as retention
from privacy.subjects import holdings
from privacy.vault.models import SealedFile
from privacy.workforce import actions as workforce
from privacy.workforce import standing, tasks
from privacy.workforce.models import Attempt, Attendance, Course, Session
from tests.base import PortalTestCase
from tests.factory import (
    NOON,
    carry_out_all,
    make_emin,
    make_hana,
    make_hold,
    make_odile,
    make_omar,
    make_pledge,
    make_training,
    make_user,
    sweep_on,
)

TODAY = date(2026, 11, 24)
PAPER = b"%PDF-1.7 %%EOF"


def the_course() -> Course:
    return Course.objects.get(code="privacy-basics")


def right_answers(course: Course) -> dict[int, int]:
    return {number: question["right"] for number, question in enumerate(course.questions)}


@pytest.mark.clause("P8.9")
class QuizTest(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.nina = make_user("nina@extrus.example", "Nina", "handler", fit=False)

    def take(self, **wrong: int) -> workforce.Result:
        answers = right_answers(the_course()) | {int(name[1:]): value for name, value in wrong.items()}
        return workforce.take_quiz(the_course(), answers=answers, actor=self.nina, at=NOON)

    def test_at_the_pass_mark_the_course_is_completed_for_the_months_of_the_rulebook(self) -> None:
        result = self.take(q0=1)
        assert result.score == 80
        assert result.attendance is not None
        assert result.attendance.valid_until == date(2027, 11, 24)
        self.assertLedgered("workforce.training.completed", result.attendance)

    def test_below_it_nothing_is_completed_and_the_try_is_kept(self) -> None:
        result = self.take(q0=1, q1=0)
        assert (result.score, result.wrong, result.attendance) == (60, (0, 1), None)
        assert standing.valid_training(self.nina, TODAY) is None
        assert Attempt.objects.get(user=self.nina).score == 60
        self.assertLedgered("workforce.quiz.failed")

    def test_every_question_is_answered(self) -> None:
        with pytest.raises(workforce.NotPassed):
            workforce.take_quiz(the_course(), answers={0: 0}, actor=self.nina, at=NOON)

    def test_a_course_that_ended_is_not_taken(self) -> None:
        course = workforce.end_course(the_course(), last_day=TODAY, actor=make_odile(granted=False), at=NOON)
        with pytest.raises(workforce.NotOffered):
            workforce.take_quiz(course, answers=right_answers(course), actor=self.nina, at=NOON + timedelta(days=1))

    def test_the_page_never_shows_which_answer_is_right(self) -> None:
        self.client.force_login(self.nina)
        page = self.client.get(reverse("workforce:course", args=["privacy-basics"])).content.decode()
        assert "right" not in page.split("<form")[-1]

    def test_a_course_that_was_taken_is_not_edited(self) -> None:
        self.take()
        with pytest.raises(DatabaseError, match="was taken"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE workforce_course SET pass_mark = 0")


@pytest.mark.clause("P8.9")
class SessionTest(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.hana, self.odile = make_hana(granted=False), make_odile(granted=False)

    def plan(self, held_on: date = TODAY) -> Session:
        return workforce.plan_session(
            the_course(), held_on=held_on, place="HQ", trainer="Odile", actor=self.hana, at=NOON
        )

    def test_a_plan_of_the_year_is_approved_by_another_and_holds_its_sessions(self) -> None:
        words = dict.fromkeys(("aim", "audience", "content", "method", "schedule"), "x")
        plan = workforce.draft_plan(year=2026, **words, actor=self.hana, at=NOON)
        with pytest.raises(NotPermitted):
            workforce.approve_plan(plan, actor=self.hana, at=NOON)
        workforce.approve_plan(plan, actor=self.odile, at=NOON)
        assert self.plan().plan == plan
        own = workforce.draft_plan(year=2027, **words, actor=self.odile, at=NOON)
        with pytest.raises(workforce.OwnPlan):
            workforce.approve_plan(own, actor=self.odile, at=NOON)

    def test_who_attended_is_trained_from_that_day_and_who_did_not_is_named(self) -> None:
        nina = make_user("nina@extrus.example", "Nina", "employee", fit=False)
        emin = make_user("enno@extrus.example", "Enno", "employee", fit=False)
        session = self.plan()
        workforce.register_attendance(session, [nina], actor=self.hana, at=NOON)
        workforce.register_attendance(session, [nina], actor=self.hana, at=NOON)
        assert Attendance.objects.get(user=nina).completed_on == TODAY
        self.client.force_login(self.odile)
        page = self.client.get(reverse("admin:workforce_session_change", args=[session.pk])).content.decode()
        assert "Enno" in page
        assert standing.valid_training(emin, TODAY) is None

    def test_nobody_attends_a_session_to_come_or_a_cancelled_one(self) -> None:
        with pytest.raises(workforce.NotOffered):
            workforce.register_attendance(self.plan(TODAY + timedelta(days=1)), [make_emin()], actor=self.hana, at=NOON)
        cancelled = workforce.cancel_session(self.plan(), actor=self.hana, at=NOON)
        with pytest.raises(workforce.NotOffered):
            workforce.register_attendance(cancelled, [make_emin()], actor=self.hana, at=NOON)


@pytest.mark.clause("P8.9")
class OutsideTest(PortalTestCase):
    def register(self, content: bytes = PAPER, **changes: Any) -> Attendance:
        course = Course.objects.filter(code="outside").first() or workforce.offer_course(
            code="outside", kind="outside", title_ko="외부", title_en="Outside", offered_from=TODAY,
            actor=make_hana(granted=False), at=NOON,
        )  # fmt: skip
        given = {"completed_on": TODAY, "name": "수료증.pdf", "content": content, "at": NOON, **changes}
        return workforce.register_certificate(make_emin(), course, actor=make_hana(granted=False), **given)

    def test_the_certificate_is_sealed_and_read_only_through_the_door(self) -> None:
        made = self.register()
        assert standing.valid_training(make_emin(), TODAY) is not None
        odile = make_odile()
        with pytest.raises(NotPermitted):
            workforce.open_certificate(made, actor=odile, at=NOON)
        from privacy.accounts.actions.granting import write_grant

        write_grant(
            user=odile, category="workforce", purpose="legal-duty", reason="x", valid_from=TODAY, valid_until=TODAY,
            actor=make_omar(), at=NOON,
        )  # fmt: skip
        assert workforce.open_certificate(made, actor=odile, at=NOON) == (PAPER, "application/pdf")

    def test_a_program_is_no_certificate(self) -> None:
        with pytest.raises(BadDocument):
            self.register(b"MZ program")

    def test_it_is_declared_and_due_three_years_after_it_ended(self) -> None:
        made = self.register()
        held = next(one for one in holdings.for_category("workforce"))
        assert held.due is not None
        term: Any = None
        end = made.valid_until.replace(year=made.valid_until.year + 3)
        assert list(held.due(end, term)) == []
        assert list(held.due(end + timedelta(days=1), term)) == [[make_emin().pk]]
        assert {"workforce.pledge", "workforce.attendance", "accounts.user"} <= set(holdings.of_staff())

    def test_a_hold_keeps_the_certificates(self) -> None:
        made = self.register()
        held = SealedFile.objects.filter(pk=made.certificate_id)
        hold = make_hold()
        day = date(TODAY.year + 10, 1, 2)
        carry_out_all(sweep_on(day))
        assert held.exists()
        retention.lift_hold(hold, reason="the lawsuit is over", actor=make_odile(), at=NOON)
        carry_out_all(sweep_on(day))
        assert not held.exists()


@pytest.mark.clause("P8.9")
@pytest.mark.clause("P8.10")
class ReminderTest(PortalTestCase):
    def remind(self, on: date = TODAY) -> list[str]:
        tasks.remind_on(on)
        rows = GeneralOutbox.objects.filter(kind__startswith="workforce.")
        return sorted(row.key for row in rows)

    def test_once_a_week_to_who_owes_something_soon_or_already(self) -> None:
        nina = make_user("nina@extrus.example", "Nina", "handler", fit=False)
        make_pledge(nina, valid_until=TODAY + timedelta(days=14))
        make_training(nina)
        late = make_user("lara@extrus.example", "Lara", "handler", fit=False)
        make_user("fay@extrus.example", "Fay", "employee")
        keys = self.remind()
        assert [key.rpartition(":")[2] for key in keys] == sorted([late.reference, nina.reference])
        assert self.remind(TODAY + timedelta(days=1)) == keys
        assert len(self.remind(TODAY + timedelta(days=7))) == 4

    def test_the_mail_says_what_to_do_in_both_languages_and_is_on_record(self) -> None:
        nina = make_user("nina@extrus.example", "Nina", "handler", fit=False)
        tasks.deliver_reminder({"on": TODAY.isoformat(), "to": nina.reference}, event=nina.pk, starts=1, at=NOON)
        (sent,) = mail.outbox
        assert sent.to == [nina.email]
        assert "/staff/pledges/" in sent.body
        assert "/en/staff/training/" in sent.body
        assert "보안 서약서에 서명하지 않았습니다." in sent.body
        self.assertLedgered("workforce.reminder.sent", nina)

    def test_who_did_it_meanwhile_hears_nothing(self) -> None:
        emin = make_emin()
        tasks.deliver_reminder({"on": TODAY.isoformat(), "to": emin.reference}, event=emin.pk, starts=1, at=NOON)
        assert not mail.outbox

    def test_officers_hear_who_is_overdue_by_reference(self) -> None:
        omar = make_omar()
        late = make_user("lara@extrus.example", "Lara", "handler", fit=False)
        assert any(omar.reference in key for key in self.remind() if key.startswith("workforce.report"))
        tasks.deliver_report({"on": TODAY.isoformat(), "to": omar.reference}, event=omar.pk, starts=1, at=NOON)
        assert late.reference in mail.outbox[-1].body
        assert "Lara" not in mail.outbox[-1].body
