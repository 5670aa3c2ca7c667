"""The officer's console: what is due, buttons that tell their consequences, the archive, downloads; and who may not."""

import re
from datetime import date, timedelta

import pytest
from django.contrib.admin import site
from django.db.models import Model
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts import actions as accounts
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies import rulebook
from privacy.policies.models import PolicyVersion
from privacy.retention import actions as retention
from privacy.retention.admin.holds import HoldAdmin
from privacy.retention.models import ArchiveAccess, ClockDoubt, DestructionList, Hold, PaperDestruction, RegisterEntry
from privacy.subjects.models import FalseIdentityFinding, Subject
from tests.base import PortalTestCase
from tests.factory import (
    at_noon,
    carry_out_all,
    make_aram,
    make_device,
    make_emin,
    make_expired_device,
    make_hana,
    make_hold,
    make_odile,
    make_omar,
    sweep_on,
)  # fmt: skip

DUE = date(2026, 5, 16)


class Console(PortalTestCase):
    def setUp(self) -> None:
        self.device = make_expired_device(ended_on=date(2024, 5, 15))
        self.row = sweep_on(DUE).lists.get()
        self.client.force_login(make_odile())

    def press_on_page(self, row: Model, action: str, **answers: str) -> HttpResponse:
        """Press a button on a record's own page."""
        pressed = {"CHANGE_FORM-action": action, "_selected_action": str(row.pk), "index": "0", **answers}
        url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        answer: HttpResponse = self.client.post(url, pressed, follow=True)
        return answer

    def press(self, model: str, action: str, *rows: object, **answers: str) -> HttpResponse:
        data = {"action": action, "_selected_action": [str(row.pk) for row in rows], **answers}  # type: ignore[attr-defined]
        answer: HttpResponse = self.client.post(reverse(f"admin:{model}_changelist"), data, follow=True)
        return answer


@pytest.mark.clause("P7.1")
class Lists(Console):
    @pytest.mark.truth("hunt")
    def test_a_list_that_nobody_has_approved_is_not_said_to_be_approved(self) -> None:
        assert self.row.state == "proposed"
        with override("en"):
            for page in (
                reverse("admin:retention_destructionlist_changelist"),
                reverse("admin:retention_destructionlist_change", args=[self.row.pk]),
                reverse("admin:retention_destructionlist_due"),
            ):
                said = self.client.get(page).content.decode()
                assert "approved by the officer" not in said, page
            assert (
                "an officer approves"
                in self.client.get(reverse("admin:retention_destructionlist_changelist")).content.decode()
            )

    def test_a_button_tells_what_will_be_gone_before_it_acts(self) -> None:
        page = self.press("retention_destructionlist", "approve", self.row)
        self.assertContains(page, self.row.reference)
        self.row.refresh_from_db()
        assert self.row.state == "proposed"
        self.press("retention_destructionlist", "approve", self.row, confirmed="yes")
        self.row.refresh_from_db()
        assert self.row.state == "approved"

    @pytest.mark.truth("hunt")
    def test_a_list_over_a_ceiling_lowered_since_says_before_and_after_that_a_second_officer_must_approve(self) -> None:
        page = reverse("admin:retention_destructionlist_change", args=[self.row.pk])
        second = "한도를 넘으므로 다른 보호책임자의 승인이 한 번 더 필요합니다."
        self.assertNotContains(self.press("retention_destructionlist", "approve", self.row), second)
        self.assertContains(self.client.get(page), "보호책임자가 승인")
        for code in ("destruction.ceiling.floor", "destruction.ceiling.percent"):
            policies.set_parameter(
                code=code, value=0, effective_on=clock.today(), basis="x", actor=SystemActor("tests"), at=clock.now()
            )
        self.assertContains(self.press("retention_destructionlist", "approve", self.row), second)
        self.assertContains(self.client.get(page), "보호책임자 두 명이 승인")
        told = f"{self.row.reference}: 승인했습니다. 다른 보호책임자 한 명이 더 승인해야 합니다."
        self.assertContains(self.press("retention_destructionlist", "approve", self.row, confirmed="yes"), told)
        self.client.force_login(make_omar())
        done = self.press("retention_destructionlist", "approve", self.row, confirmed="yes")
        self.assertContains(done, f"{self.row.reference} 목록을 승인했습니다.")
        self.assertNotContains(done, told)

    @pytest.mark.truth("hunt")
    def test_the_waiting_period_shown_is_the_one_that_will_hold(self) -> None:
        page = reverse("admin:retention_destructionlist_change", args=[self.row.pk])
        self.assertContains(self.client.get(page), "24시간")
        DestructionList.objects.filter(pk=self.row.pk).update(wait=timedelta(hours=7))
        self.assertContains(self.client.get(page), "24시간")
        DestructionList.objects.filter(pk=self.row.pk).update(wait=timedelta(hours=90))
        self.assertContains(self.client.get(page), "90시간")
        retention.approve(self.row, actor=make_odile(), at=clock.now())
        self.row.refresh_from_db()
        self.assertContains(self.client.get(page), "90시간")
        ordered = retention.order_destruction(
            self.device.subject_id, ["device-registration"], cause="deletion", case="x", ordered_by="system:tests",
            actor=SystemActor("tests"), at=clock.now(),
        )[0]  # fmt: skip
        own = reverse("admin:retention_destructionlist_change", args=[ordered.pk])
        of_the_record = re.sub(
            r'(?s)<details class="guide-part">.*?</details>', "", self.client.get(own).content.decode()
        )
        assert "24시간" not in of_the_record

    def test_a_finished_list_and_its_certificate_say_in_words_what_was_done(self) -> None:
        page = reverse("admin:retention_destructionlist_change", args=[self.row.pk])
        self.assertContains(self.client.get(page), "지남")
        carry_out_all(self.row.run)
        finished = self.client.get(page)
        self.assertNotContains(finished, "지남")
        self.assertContains(finished, "라이선스 (devices.licence): 1")
        page = reverse("admin:retention_certificate_change", args=[self.row.certificates.get().pk])
        said = self.client.get(page)
        for words in ("라이선스 만료일부터 2년", "personal · devices_device", "남은 자료: 0", "Odile"):
            self.assertContains(said, words)

    def test_aborting_takes_a_reason(self) -> None:
        self.press("retention_destructionlist", "abort", self.row, confirmed="yes", reason="")
        self.row.refresh_from_db()
        assert self.row.state == "proposed"
        self.press("retention_destructionlist", "abort", self.row, confirmed="yes", reason="disputed")
        self.row.refresh_from_db()
        assert self.row.abort_reason == "disputed"

    def test_a_refusal_is_shown_and_is_no_error(self) -> None:
        carry_out_all(self.row.run)
        page = self.press("retention_destructionlist", "abort", self.row, confirmed="yes", reason="too late")
        assert page.status_code == 200
        self.row.refresh_from_db()
        assert self.row.state == "done"

    def test_a_handler_and_an_auditor_have_no_button(self) -> None:
        for person in (make_hana(), make_aram()):
            self.client.force_login(person)
            self.press("retention_destructionlist", "approve", self.row, confirmed="yes")
            self.row.refresh_from_db()
            assert self.row.state == "proposed"

    def test_every_register_opens_for_the_officer_and_the_auditor_and_not_for_an_employee(self) -> None:
        make_hold(subject_id=make_device(9).subject_id)
        carry_out_all(self.row.run)
        self.row.refresh_from_db()
        models = (
            "destructionlist", "destructionrun", "certificate", "registerentry", "hold", "archiveaccess",
            "archivedrecord", "paperdestruction", "finding", "clockdoubt", "rewrite",
        )  # fmt: skip
        for person, status in ((make_odile(), 200), (make_emin(), 302)):
            self.client.force_login(person)
            for model in models:
                with self.subTest(model, person=person.name):
                    answer = self.client.get(reverse(f"admin:retention_{model}_changelist"))
                    assert answer.status_code == status, answer
        self.client.force_login(make_odile())
        for row in (self.row, self.row.run, self.row.certificates.get(), self.row.register_entry, Hold.objects.get()):
            page = self.client.get(reverse(f"admin:retention_{row._meta.model_name}_change", args=[row.pk]))
            assert page.status_code == 200

    def test_the_due_page_shows_today_the_coming_months_and_a_coming_policy(self) -> None:
        policies.create_draft(
            based_on=PolicyVersion.objects.in_force(clock.today()), actor=make_odile(), at=clock.now()
        )
        make_expired_device(7, ended_on=clock.today() - timedelta(days=700))
        retention.update_forecast(rules=rulebook.in_force(clock.today()), on=clock.today(), at=clock.now())
        page = self.client.get(reverse("admin:retention_destructionlist_due"))
        self.assertContains(page, "기기 등록 및 라이선스 정보")
        self.assertContains(page, "<svg")
        self.assertContains(page, "라이선스")
        self.client.force_login(make_emin())
        assert self.client.get(reverse("admin:retention_destructionlist_due")).status_code in (302, 403, 404)

    def test_a_jump_of_the_clock_is_confirmed_by_the_officer(self) -> None:
        doubt = ClockDoubt.objects.create(expected_at=at_noon(DUE), read_at=clock.now(), seen_at=clock.now())
        self.press("retention_clockdoubt", "confirm", doubt)
        doubt.refresh_from_db()
        assert doubt.settled_by == make_odile().ref


class Holds(Console):
    def test_are_placed_by_a_form_and_lifted_by_a_button(self) -> None:
        subject = Subject.objects.get(pk=self.device.subject_id)
        given = {
            "kind": "investigation", "subject": subject.reference, "category": "", "demanded_by": "서울경찰청",
            "document": "2026-77", "reason": "수사", "until": "",
        }  # fmt: skip
        self.client.post(reverse("admin:retention_hold_add"), given)
        hold = Hold.objects.get()
        assert hold.subject_id == subject.id
        self.press("retention_hold", "ask_lifting", hold, confirmed="yes", reason="closed")
        self.press("retention_hold", "lift", hold, confirmed="yes")
        hold.refresh_from_db()
        assert hold.stands, "who asked does not lift it"
        self.client.force_login(make_omar())
        self.press("retention_hold", "lift", hold, confirmed="yes")
        hold.refresh_from_db()
        assert not hold.stands

    @pytest.mark.truth("hold-past-its-day")
    def test_one_past_its_last_day_keeps_nothing_and_says_so(self) -> None:
        yesterday = clock.today() - timedelta(days=1)
        over = make_hold(until=yesterday, at=clock.now() - timedelta(days=3))
        self.client.get(reverse("admin:retention_hold_changelist"))
        shown = HoldAdmin(Hold, site).stands_shown
        assert not shown(over)
        assert shown(make_hold(until=clock.today(), at=clock.now()))
        assert not Hold.objects.active(clock.today()).filter(pk=over.pk).exists()

    def test_an_unknown_reference_is_told_on_the_form(self) -> None:
        given = {"kind": "litigation", "subject": "S-0000-0000", "demanded_by": "x", "document": "y", "reason": "z"}
        page = self.client.post(reverse("admin:retention_hold_add"), given)
        assert page.status_code == 200
        assert not Hold.objects.exists()


class PaperAndRegister(Console):
    def test_paper_is_recorded_by_a_handler_and_confirmed_by_the_officer(self) -> None:
        self.client.force_login(make_hana())
        given = {
            "medium": "paper", "contents": "신청서", "amount": "3", "amount_unit": "상자", "method": "shred",
            "place": "본사", "due_since": str(clock.today()), "destroyed_on": str(clock.today()),
            "reason": "보유기간 경과", "executor": "파쇄㈜", "witness": "정경수",
        }  # fmt: skip
        self.client.post(reverse("admin:retention_paperdestruction_add"), given)
        entry = PaperDestruction.objects.get().register_entry
        self.client.post(reverse("admin:retention_paperdestruction_add"), {**given, "method": "degauss"})
        assert PaperDestruction.objects.count() == 1
        self.client.force_login(make_odile())
        self.press("retention_registerentry", "confirm", entry)
        assert RegisterEntry.objects.get().confirmed_by == make_odile().ref

    @pytest.mark.truth("paper-twice")
    def test_a_paper_sent_twice_is_one_row_and_other_content_is_another(self) -> None:
        self.client.force_login(make_hana())
        address = reverse("admin:retention_paperdestruction_add")
        form = self.client.get(address).context["adminform"].form
        given = {
            "medium": "paper", "contents": "신청서", "amount": "3", "amount_unit": "상자", "method": "shred",
            "place": "본사", "due_since": str(clock.today()), "destroyed_on": str(clock.today()),
            "reason": "보유기간 경과", "executor": "파쇄㈜", "witness": "정경수",
            "submission": form["submission"].value(),
        }  # fmt: skip
        assert given["submission"]
        self.client.post(address, given)
        again = self.client.post(address, given)
        assert again.status_code == 302
        assert RegisterEntry.objects.count() == PaperDestruction.objects.count() == 1
        self.client.post(address, {**given, "contents": "동의서"})
        assert RegisterEntry.objects.count() == PaperDestruction.objects.count() == 2

    def test_the_register_is_downloaded_in_both_forms(self) -> None:
        carry_out_all(self.row.run)
        for kind, begins in (("xlsx", b"PK"), ("pdf", b"%PDF-")):
            asked = {"first": "2020-12-01", "last": "2099-12-31", "form": kind, "reason": "inspection"}
            answer = self.client.post(reverse("admin:register", args=["destructions"]), asked)
            assert answer.content.startswith(begins)


class Archive(Console):
    def test_is_asked_for_approved_and_read_by_two_people(self) -> None:
        from tests.privacy.retention.test_archive import archive_an_access, rule_of

        device = archive_an_access(recorded_on=clock.today() - timedelta(days=20), destroyed_on=clock.today(), number=9)
        rule = rule_of(device)
        given = {
            "subject": Subject.objects.get(pk=device.subject_id).reference, "rule": rule, "law": "통신비밀보호법 13조",
            "document": "2026-1", "reason": "허가서",
        }  # fmt: skip
        self.client.post(reverse("admin:retention_archiveaccess_add"), given)
        access = ArchiveAccess.objects.get()
        self.press("retention_archiveaccess", "approve", access, confirmed="yes")
        access.refresh_from_db()
        assert access.approved_at is None, "who asks does not approve"
        self.client.force_login(make_omar())
        self.press("retention_archiveaccess", "approve", access, confirmed="yes")
        accounts.grant(
            asked_by=make_odile(),
            user=make_odile(), category=f"archive-{rule}", purpose="legal-duty", reason="court",
            valid_from=clock.today(), valid_until=None, actor=make_omar(), at=clock.now(),
        )  # fmt: skip
        self.client.force_login(make_odile())
        self.assertContains(self.press_on_page(access, "read"), "unlock")
        access.refresh_from_db()
        assert access.reads == 1


@pytest.mark.clause("P1.8")
class FalseIdentity(Console):
    def test_is_recorded_on_the_subjects_page(self) -> None:
        subject = Subject.objects.get(pk=make_device(5).subject_id)
        self.assertContains(self.press_on_page(subject, "find_false_identity"), subject.reference)
        answers = {"confirmed": "yes", "grounds": "another's serial", "evidence": "a" * 64}
        self.press_on_page(subject, "find_false_identity", **answers)
        assert FalseIdentityFinding.objects.get().subject == subject

    def test_a_person_is_found_by_the_whole_reference_only(self) -> None:
        subject = Subject.objects.get(pk=self.device.subject_id)
        url = reverse("admin:subjects_subject_changelist")
        self.assertContains(self.client.get(url, {"q": subject.reference.lower()}), str(subject.pk))
        self.assertNotContains(self.client.get(url, {"q": subject.reference[:6]}), str(subject.pk))
