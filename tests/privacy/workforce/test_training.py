"""Training: plan, course and quiz, sessions with attendance, outside certificates, reminders (P8.9, law S-31)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from privacy.accounts.models import User
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.authorization import NotPermitted
from privacy.lib.dates import clock
from privacy.lib.documents.upload_validation import InvalidUpload
from privacy.lib.errors.refusals import Refusal
from privacy.lib.registries import registers
from privacy.subjects import holdings
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from privacy.workforce import actions as workforce
from privacy.workforce import compliance, tasks
from privacy.workforce.absences import absences
from privacy.workforce.actions import completions
from privacy.workforce.models import Course, CourseCompletion, QuizAttempt, TrainingSession
from tests.base import PortalTestCase
from tests.factories.retention import lift_hold
from tests.factory import (
    NOON,
    carry_out_all,
    judge_files,
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
from tests.sample_uploads import PDF

TODAY = date(2026, 11, 24)
PAPER = PDF


def the_course() -> Course:
    return Course.objects.get(code="privacy-basics")


def right_answers(course: Course) -> dict[int, int]:
    return {number: question["right"] for number, question in enumerate(course.questions)}


@pytest.mark.clause("P8.9")
class QuizTest(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.nina = make_user("nina@extrus.example", "Nina", "handler", fit=False)

    def take(self, **wrong: int) -> workforce.QuizResult:
        answers = right_answers(the_course()) | {int(name[1:]): value for name, value in wrong.items()}
        return workforce.take_quiz(the_course(), answers=answers, actor=self.nina, at=NOON)

    def test_at_the_pass_mark_the_course_is_completed_for_the_months_of_the_rulebook(self) -> None:
        result = self.take(q0=1)
        assert result.score == 80
        assert result.attendance is not None
        assert result.attendance.valid_until == date(2027, 11, 24)
        self.assertLedgered("workforce.training.completed", result.attendance)

    @pytest.mark.law("F-14")
    def test_the_record_of_training_says_who_was_trained_when_how_and_with_what_result(self) -> None:
        self.take(q0=1)
        odile = make_odile(granted=False)
        register = registers.get("training")
        (row,) = (
            found
            for cells in register.rows(registers.ExportScope(TODAY, TODAY, odile, NOON, "점검"))
            if self.nina.reference in str((found := dict(zip(register.headings, cells, strict=True)))["이수자"])
        )
        assert (row["과정"], row["이수일"], row["평가(점)"]) == (the_course().title_ko, TODAY, 80)
        assert row["방법"] and row["유효기간"] == date(2027, 11, 24)

    @pytest.mark.truth("pressed-twice")
    def test_answers_sent_twice_are_two_tries_and_one_training(self) -> None:
        first, again = self.take(), self.take()
        assert first.attendance == again.attendance
        assert CourseCompletion.objects.filter(user=self.nina).count() == 1
        assert QuizAttempt.objects.filter(user=self.nina).count() == 2

    @pytest.mark.law("S-31")
    def test_below_it_nothing_is_completed_and_the_try_is_kept(self) -> None:
        result = self.take(q0=1, q1=0)
        assert (result.score, result.wrong, result.attendance) == (60, (0, 1), None)
        assert compliance.valid_training(self.nina, TODAY) is None
        assert QuizAttempt.objects.get(user=self.nina).score == 60
        self.assertLedgered("workforce.quiz.failed")

    def test_every_question_is_answered(self) -> None:
        with pytest.raises(workforce.QuizIncomplete):
            workforce.take_quiz(the_course(), answers={0: 0}, actor=self.nina, at=NOON)

    def test_a_course_that_ended_is_not_taken(self) -> None:
        course = workforce.end_course(the_course(), last_day=TODAY, actor=make_odile(granted=False), at=NOON)
        with pytest.raises(workforce.CourseNotOffered):
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

    def plan(self, held_on: date = TODAY) -> TrainingSession:
        return workforce.plan_session(
            the_course(), held_on=held_on, place="HQ", trainer="Odile", actor=self.hana, at=NOON
        )

    @pytest.mark.law("S-31", "F-14", "O-03")
    def test_a_plan_of_the_year_is_approved_by_another_and_holds_its_sessions(self) -> None:
        words = dict.fromkeys(("aim", "audience", "content", "method", "schedule"), "x")
        plan = workforce.draft_plan(year=2026, **words, actor=self.hana, at=NOON)
        with pytest.raises(NotPermitted):
            workforce.approve_plan(plan, actor=self.hana, at=NOON)
        workforce.approve_plan(plan, actor=self.odile, at=NOON)
        session = self.plan()
        assert session.plan == plan
        register = registers.get("training-plan")
        (cells,) = register.rows(registers.ExportScope(TODAY, TODAY, self.odile, NOON, "점검"))
        row = dict(zip(register.headings, cells, strict=True))
        assert (row["연도"], row["목적"], row["대상"], row["내용"], row["방법"]) == (2026, "x", "x", "x", "x")
        assert (row["일자"], row["장소"], row["강사"]) == (TODAY, "HQ", "Odile")
        own = workforce.draft_plan(year=2027, **words, actor=self.odile, at=NOON)
        with pytest.raises(workforce.OwnPlan):
            workforce.approve_plan(own, actor=self.odile, at=NOON)

    @pytest.mark.law("S-31", "F-14")
    def test_the_register_names_who_was_absent_and_when_they_were_trained_later(self) -> None:
        nina = make_user("nina@extrus.example", "Nina", "employee", fit=False)
        enno = make_user("enno@extrus.example", "Enno", "employee", fit=False)
        User.objects.filter(pk__in=[nina.pk, enno.pk]).update(joined_at=NOON)
        session = self.plan()

        def told() -> dict[str, str]:
            window = registers.ExportScope(TODAY, TODAY, self.odile, NOON, "점검")
            register = registers.get("training-plan")
            (row,) = register.rows(window)
            return dict(zip(register.headings, row, strict=True))

        assert told()["불참자"] == "", "nobody is absent from what was not held yet"
        workforce.register_attendance(session, [nina], actor=self.hana, at=NOON)
        assert f"Enno ({enno.reference})" in told()["불참자"]
        assert "Nina" not in told()["불참자"]
        assert enno.reference in told()["보충 교육 미이수자"]
        assert told()["불참자 보충 교육일"] == "", "a column of days holds no word"
        assert self.odile.reference not in told()["불참자"], "she gave it"
        later = TODAY + timedelta(days=7)
        at = NOON + timedelta(days=7)
        again = workforce.plan_session(the_course(), held_on=later, place="HQ", trainer="Odile", actor=self.hana, at=at)
        workforce.register_attendance(again, [enno], actor=self.hana, at=at)
        assert f"{enno.reference} {later}" in told()["불참자 보충 교육일"]
        assert enno.reference not in told()["보충 교육 미이수자"]

    @pytest.mark.law("F-14")
    def test_who_leaves_afterwards_was_absent_all_the_same_and_is_not_to_be_trained(self) -> None:
        enno = make_user("enno@extrus.example", "Enno", "employee", fit=False)
        User.objects.filter(pk=enno.pk).update(joined_at=NOON)
        session = self.plan()
        workforce.register_attendance(session, [self.hana], actor=self.hana, at=NOON)
        User.objects.filter(pk=enno.pk).update(is_active=False, left_at=NOON + timedelta(days=1))
        session.refresh_from_db()
        assert enno in [one.user for one in absences(session)]
        self.client.force_login(self.odile)
        page = reverse("admin:workforce_trainingsession_change", args=[session.pk])
        assert "Enno" not in self.client.get(page).content.decode()

    @pytest.mark.law("S-31", "F-14")
    def test_who_attended_is_trained_from_that_day_and_who_did_not_is_named(self) -> None:
        nina = make_user("nina@extrus.example", "Nina", "employee", fit=False)
        emin = make_user("enno@extrus.example", "Enno", "employee", fit=False)
        late = make_user("late@extrus.example", "Tardy", "employee", fit=False)
        User.objects.filter(pk__in=[nina.pk, emin.pk]).update(joined_at=NOON)
        User.objects.filter(pk=late.pk).update(joined_at=clock.midnight(TODAY + timedelta(days=1)))
        session = self.plan()
        workforce.register_attendance(session, [nina], actor=self.hana, at=NOON)
        workforce.register_attendance(session, [nina], actor=self.hana, at=NOON)
        assert CourseCompletion.objects.get(user=nina).completed_on == TODAY
        self.client.force_login(self.odile)
        page = self.client.get(reverse("admin:workforce_trainingsession_change", args=[session.pk])).content.decode()
        assert "Enno" in page
        assert "Tardy" not in page, "who joined on the next day was not absent"
        assert compliance.valid_training(emin, TODAY) is None

    @pytest.mark.truth("session-twice")
    def test_a_session_that_is_planned_twice_is_one(self) -> None:
        assert self.plan() == self.plan()
        assert self.plan(TODAY + timedelta(days=1)) != self.plan()
        cancelled = workforce.cancel_session(self.plan(), actor=self.hana, at=NOON)
        assert self.plan() != cancelled

    @pytest.mark.truth("course-ended-yesterday")
    def test_a_course_does_not_end_on_a_day_that_is_over(self) -> None:
        with pytest.raises(Refusal):
            workforce.end_course(the_course(), last_day=TODAY - timedelta(days=1), actor=self.odile, at=NOON)
        assert the_course().offered_until is None

    @pytest.mark.truth("session-after-the-course")
    def test_no_session_is_held_after_the_course_has_ended(self) -> None:
        session = self.plan(TODAY + timedelta(days=7))
        with pytest.raises(workforce.SessionsPlanned):
            workforce.end_course(the_course(), last_day=TODAY, actor=self.odile, at=NOON)
        workforce.cancel_session(session, actor=self.hana, at=NOON)
        workforce.end_course(the_course(), last_day=TODAY, actor=self.odile, at=NOON)
        assert self.plan().held_on == TODAY
        with pytest.raises(workforce.CourseNotOffered):
            self.plan(TODAY + timedelta(days=1))

    def test_nobody_attends_a_session_to_come_or_a_cancelled_one(self) -> None:
        with pytest.raises(workforce.CourseNotOffered):
            workforce.register_attendance(self.plan(TODAY + timedelta(days=1)), [make_emin()], actor=self.hana, at=NOON)
        cancelled = workforce.cancel_session(self.plan(), actor=self.hana, at=NOON)
        with pytest.raises(workforce.CourseNotOffered):
            workforce.register_attendance(cancelled, [make_emin()], actor=self.hana, at=NOON)


@pytest.mark.clause("P8.9")
class OutsideTest(PortalTestCase):
    def register(self, content: bytes = PAPER, **changes: Any) -> CourseCompletion:
        course = Course.objects.filter(code="outside").first() or workforce.offer_course(
            code="outside", kind="outside", title_ko="외부", title_en="Outside", offered_from=TODAY,
            actor=make_hana(granted=False), at=NOON,
        )  # fmt: skip
        given = {"completed_on": TODAY, "name": "수료증.pdf", "content": content, "at": NOON, **changes}
        return workforce.register_certificate(make_emin(), course, actor=make_hana(granted=False), **given)

    def test_the_certificate_is_sealed_and_read_only_through_the_door(self) -> None:
        made = self.register()
        assert compliance.valid_training(make_emin(), TODAY) is not None
        odile = make_odile()
        with pytest.raises(NotPermitted):
            workforce.open_certificate(made, actor=odile, at=NOON)
        from privacy.accounts.actions.access_grants import write_grant

        write_grant(
            user=odile, category="workforce", purpose="legal-duty", reason="x", valid_from=TODAY, valid_until=TODAY,
            asked_by=odile.ref, actor=make_omar(), at=NOON,
        )  # fmt: skip
        with pytest.raises(vault.NotScanned):
            workforce.open_certificate(made, actor=odile, at=NOON)
        judge_files()
        assert workforce.open_certificate(made, actor=odile, at=NOON) == (PAPER, "application/pdf")

    @pytest.mark.truth("expired-certificate")
    def test_a_certificate_whose_term_is_over_says_so(self) -> None:
        made = self.register()
        workforce.remove_certificates([made.user_id], certificate="C-1", actor=make_odile(), at=NOON)
        with pytest.raises(workforce.NoCertificate):
            workforce.open_certificate(made, actor=make_odile(), at=NOON)

    @pytest.mark.truth("certificate-twice")
    def test_a_certificate_sent_twice_is_one_training_with_one_scan(self) -> None:
        made = self.register()
        assert self.register(name="again.pdf").pk == made.pk
        assert CourseCompletion.objects.filter(method="certificate").count() == 1
        assert EncryptedFile.objects.filter(category="workforce").count() == 1
        with pytest.raises(workforce.AlreadyRegistered, match=made.reference):
            self.register(PAPER + b"another scan")
        assert EncryptedFile.objects.filter(category="workforce").count() == 1
        assert self.register(completed_on=TODAY - timedelta(days=1)).pk != made.pk

    def test_a_hold_keeps_both_scans_of_one_training(self) -> None:
        held = EncryptedFile.objects.get(pk=self.register().certificate_id)
        make_hold()
        completions._discard(held, actor=make_odile(), at=NOON)
        assert EncryptedFile.objects.filter(pk=held.pk).exists()

    def test_a_program_is_no_certificate(self) -> None:
        with pytest.raises(InvalidUpload):
            self.register(b"MZ program")

    def test_it_is_declared_and_due_three_years_after_it_ended(self) -> None:
        made = self.register()
        held = next(one for one in holdings.for_category("workforce"))
        assert held.due is not None
        term: Any = None
        end = made.valid_until.replace(year=made.valid_until.year + 3)
        assert list(held.due(end, term)) == []
        assert list(held.due(end + timedelta(days=1), term)) == [[make_emin().pk]]
        assert {"workforce.pledge", "workforce.coursecompletion", "accounts.user"} <= set(holdings.staff_holdings())

    def test_a_hold_keeps_the_certificates(self) -> None:
        made = self.register()
        held = EncryptedFile.objects.filter(pk=made.certificate_id)
        hold = make_hold()
        day = date(TODAY.year + 10, 1, 2)
        carry_out_all(sweep_on(day))
        assert held.exists()
        lift_hold(hold, reason="the lawsuit is over", at=NOON)
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
        assert "보안서약서에 서명하지 않았습니다." in sent.body
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

    @pytest.mark.truth("reminder-of-nothing")
    def test_a_report_of_nothing_and_one_to_who_is_no_officer_any_more_are_not_sent(self) -> None:
        omar = make_omar()
        given: dict[str, Any] = {"event": omar.pk, "starts": 1, "at": NOON}
        tasks.deliver_report({"on": TODAY.isoformat(), "to": omar.reference}, **given)
        assert not mail.outbox
        make_user("lara@extrus.example", "Lara", "handler", fit=False)
        tasks.deliver_report({"on": TODAY.isoformat(), "to": make_hana().reference}, **given)
        assert not mail.outbox
