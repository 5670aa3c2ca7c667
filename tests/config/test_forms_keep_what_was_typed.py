"""A refused form keeps what was typed, and two people who write at once lose nothing, on every page of the console."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessGrant, User
from privacy.incidents import actions as incidents
from privacy.incidents.admin.forms import NoticeForm
from privacy.incidents.models import Incident
from privacy.lib.console import edit_conflicts
from privacy.lib.dates import clock
from privacy.policies.models import Parameter, PolicyVersion
from privacy.retention.models import Hold
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import ManagementPlan
from privacy.safeguards.models.management_plans import Section
from tests import factory
from tests.base import PortalTestCase
from tests.factories.safeguards import SECTIONS


class FormTestCase(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.hana, self.omar = factory.make_odile(), factory.make_hana(), factory.make_omar()

    def as_(self, user: User) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(user)
        return client

    def address(self, record: Model, page: str = "change") -> str:
        with override("en"):
            named = f"admin:{record._meta.app_label}_{record._meta.model_name}_{page}"
            return reverse(named, args=[] if page in {"add", "changelist"} else [record.pk])

    def press(self, user: User, record: Model, action: str, **answers: Any) -> Any:
        posted = {"CHANGE_FORM-action": action, "_selected_action": str(record.pk), **answers}
        return self.as_(user).post(self.address(record), posted, secure=True)

    def asked(self, user: User, record: Model, action: str) -> dict[str, Any]:
        """Open a button's form and return what a browser would post back."""
        form = self.press(user, record, action).context["form"]
        return {field.html_name: _posted(field.value()) for field in form if _posted(field.value()) is not None}

    def opened(self, user: User, record: Model) -> dict[str, Any]:
        """Open a record's page with fields and return what a browser would post back."""
        context = self.as_(user).get(self.address(record), secure=True).context
        parts = [context["adminform"].form]
        for inline in context["inline_admin_formsets"]:
            parts += [inline.formset.management_form, *inline.formset.forms]
        return {
            field.html_name: _posted(field.value())
            for part in parts
            for field in part
            if _posted(field.value()) is not None
        }


def _posted(value: Any) -> Any:
    return None if value is None or value is False else value


@pytest.mark.truth("refused-form")
class RefusedFormTests(FormTestCase):
    def test_what_a_verb_refuses_is_said_over_the_filled_form(self) -> None:
        incident = factory.make_incident()
        conclusion = "Nobody but the courier had the parcel."
        page = self.press(self.odile, incident, "propose", confirmed="yes", conclusion=conclusion)
        assert page.status_code == 200
        self.assertContains(page, conclusion)
        assert page.context["form"].non_field_errors()
        assert ("CHANGE_FORM-action", "propose") in page.context["again"]
        assert Incident.objects.get(pk=incident.pk).state == Incident.State.OPEN

    def test_of_several_records_those_that_are_left_are_asked_for_again(self) -> None:
        emin = factory.make_emin()
        factory.grant_pairs(emin, [("app-log", "error-analysis")], by=self.odile, on=clock.today())
        standing = emin.grants.get(category="app-log")
        ended = emin.grants.exclude(pk=standing.pk).get()
        accounts.revoke(grant=ended, why="over", actor=self.odile, at=clock.now())
        posted = {
            "action": "revoke", "index": "0", "select_across": "0", "confirmed": "yes",
            "reason": "The project is over.",
            "_selected_action": [str(standing.pk), str(ended.pk)],
        }  # fmt: skip
        page = self.as_(self.odile).post(self.address(ended, "changelist"), posted, secure=True)
        assert AccessGrant.objects.get(pk=standing.pk).revoked_at is not None
        self.assertContains(page, "The project is over.")
        assert [value for name, value in page.context["again"] if name == "_selected_action"] == [str(ended.pk)]

    def test_a_page_that_makes_a_record_keeps_what_was_typed(self) -> None:
        party = factory.make_third_party("acme")
        with override("en"):
            address = reverse("admin:disclosures_thirdparty_register")
        typed = {
            "confirmed": "yes", "code": party.code, "title": "Another company", "kind": "partner", "language": "en",
            "channel": "email", "mailbox": "privacy@example.com",
        }  # fmt: skip
        page = self.as_(self.odile).post(address, typed, secure=True)
        assert page.status_code == 200
        self.assertContains(page, "Another company")
        assert page.context["form"].errors

    def test_what_a_page_with_fields_may_not_save_stays_in_them(self) -> None:
        known = Parameter.objects.filter(code="rights.answer.days").latest("effective_on")
        typed = {
            "code": known.code, "value": "9", "effective_on": str(known.effective_on), "basis": "A new decree.",
        }  # fmt: skip
        page = self.as_(self.odile).post(self.address(known, "add"), typed, secure=True)
        assert page.status_code == 200
        self.assertContains(page, "A new decree.")
        assert Parameter.objects.filter(code=known.code).count() == 1

    def test_a_hold_that_is_refused_keeps_its_reason(self) -> None:
        with override("en"):
            address = reverse("admin:retention_hold_add")
        typed = {"kind": "court-order", "demanded_by": "Seoul court", "document": "2026-1", "reason": "x" * 5}
        page = self.as_(self.odile).post(address, typed, secure=True)
        assert page.status_code == 200
        self.assertContains(page, "Seoul court")

    def test_submit_for_review_over_unsaved_fields_saves_nothing_and_loses_nothing(self) -> None:
        version = factory.make_draft()
        typed = self.opened(self.hana, version) | {
            "CHANGE_FORM-action": "submit", "_selected_action": str(version.pk), "reason_en": "Not saved yet.",
        }  # fmt: skip
        page = self.as_(self.hana).post(self.address(version), typed, secure=True)
        assert page.status_code == 200
        self.assertContains(page, "Not saved yet.")
        self.assertContains(page, "Save first")
        version.refresh_from_db()
        assert version.state == PolicyVersion.State.DRAFT
        assert version.reason_en != "Not saved yet."

    def test_submit_for_review_over_saved_fields_submits(self) -> None:
        version = factory.make_draft(at=clock.now())
        typed = self.opened(self.hana, version) | {
            "CHANGE_FORM-action": "submit", "_selected_action": str(version.pk),
        }  # fmt: skip
        self.as_(self.hana).post(self.address(version), typed, secure=True)
        version.refresh_from_db()
        assert version.state == PolicyVersion.State.REVIEW


@pytest.mark.truth("two-writers")
class TwoWritersTests(FormTestCase):
    def test_sections_of_a_plan_written_by_two_are_both_kept(self) -> None:
        plan = factory.make_plan()
        first = self.asked(self.odile, plan, "edit")
        second = self.asked(self.omar, plan, "edit")
        one, two = list(Section)[:2]
        self.press(self.odile, plan, "edit", **{**first, "confirmed": "yes", one.value: "Odile's text"})
        page = self.press(
            self.omar, plan, "edit", **{**second, "confirmed": "yes", one.value: "Omar's", two.value: "Omar too"}
        )
        assert page.status_code == 200
        self.assertContains(page, "Odile&#x27;s text")
        assert page.context["form"][one.value].value() == "Omar's"
        plan.refresh_from_db()
        assert (plan.sections[one.value], plan.sections[two.value]) == ("Odile's text", SECTIONS[two.value])

        again = {field.html_name: _posted(field.value()) for field in page.context["form"]}
        again = {name: value for name, value in again.items() if value is not None}
        both = {**again, "confirmed": "yes", one.value: "Odile's text and Omar's"}
        assert self.press(self.omar, plan, "edit", **both).status_code == 302
        plan.refresh_from_db()
        assert (plan.sections[one.value], plan.sections[two.value]) == ("Odile's text and Omar's", "Omar too")

    def test_a_field_that_i_left_alone_takes_what_the_other_wrote(self) -> None:
        incident = factory.make_incident()
        mine = self.asked(self.omar, incident, "write_notice")
        theirs = self.asked(self.odile, incident, "write_notice")
        self.press(
            self.odile, incident, "write_notice", **{**theirs, "confirmed": "yes", "advice_en": "Change the PIN."}
        )
        page = self.press(
            self.omar, incident, "write_notice", **{**mine, "confirmed": "yes", "course_en": "A lost parcel."}
        )
        form = page.context["form"]
        assert (form["advice_en"].value(), form["course_en"].value()) == ("Change the PIN.", "A lost parcel.")
        again = {field.html_name: field.value() for field in form if _posted(field.value()) is not None}
        self.press(self.omar, incident, "write_notice", **again, confirmed="yes")
        incident.refresh_from_db()
        assert (incident.advice_en, incident.course_en) == ("Change the PIN.", "A lost parcel.")

    def test_who_saves_between_the_check_and_the_verb_is_seen_too(self) -> None:
        incident = factory.make_incident()

        def read(row: Incident) -> dict[str, Any]:
            return {name: getattr(row, name) for name in NoticeForm.Meta.fields}

        form_class = edit_conflicts.versioned_form(NoticeForm)
        opened = {field.html_name: field.value() for field in form_class(initial=read(incident))}
        typed = {name: value for name, value in opened.items() if _posted(value) is not None}
        form = form_class({**typed, "course_en": "Mine."}, initial=read(incident))
        assert form.is_valid(), form.errors
        known = {**read(incident), "course_en": "Theirs."}
        incidents.describe_incident(incident, **known, actor=self.odile, at=clock.now())
        with pytest.raises(edit_conflicts.EditConflict):
            edit_conflicts.save_if_unchanged(incident, form, read, lambda: pytest.fail("saved over another's text"))
        assert "Theirs." in str(form.errors["course_en"])

    def test_the_text_of_the_policy_written_by_two_is_kept(self) -> None:
        version = factory.make_draft()
        section = version.sections.get(code="duties")
        first, second = self.opened(self.hana, section), self.opened(self.odile, section)
        saved = self.as_(self.hana).post(self.address(section), {**first, "body_en": "Hana's duties."}, secure=True)
        assert saved.status_code == 302
        page = self.as_(self.odile).post(self.address(section), {**second, "body_en": "Odile's duties."}, secure=True)
        assert page.status_code == 200
        self.assertContains(page, "Hana&#x27;s duties.")
        self.assertContains(page, "Odile&#x27;s duties.")
        section.refresh_from_db()
        assert section.body_en == "Hana's duties."
        again = {
            field.html_name: field.value()
            for field in page.context["adminform"].form
            if _posted(field.value()) is not None
        }
        merged = {**again, "body_en": "Both duties."}
        assert self.as_(self.odile).post(self.address(section), merged, secure=True).status_code == 302
        section.refresh_from_db()
        assert section.body_en == "Both duties."

    def test_rows_of_a_draft_written_by_two_are_kept(self) -> None:
        version = factory.make_draft()
        first, second = self.opened(self.hana, version), self.opened(self.odile, version)
        key = next(name for name in first if name.endswith("-law_en"))
        assert self.as_(self.hana).post(self.address(version), {**first, key: "Law A"}, secure=True).status_code == 302
        page = self.as_(self.odile).post(self.address(version), {**second, key: "Law B"}, secure=True)
        assert page.status_code == 200
        self.assertContains(page, "Law A")
        self.assertContains(page, "Law B")

    def test_the_plan_of_one_writer_is_saved_as_ever(self) -> None:
        plan = factory.make_plan()
        mine = self.asked(self.odile, plan, "edit")
        one = next(iter(Section)).value
        assert self.press(self.odile, plan, "edit", **{**mine, "confirmed": "yes", one: "A"}).status_code == 302
        assert ManagementPlan.objects.get(pk=plan.pk).sections[one] == "A"
        safeguards.submit_plan(plan, actor=self.odile, at=clock.now() + timedelta(minutes=1))


@pytest.mark.truth("33")
class MadeRecordTests(FormTestCase):
    def test_the_message_names_the_record_that_was_made(self) -> None:
        with override("en"):
            address = reverse("admin:retention_hold_add")
        typed = {"kind": "litigation", "demanded_by": "Seoul court", "document": "2026-1", "reason": "a lawsuit"}
        page = self.as_(self.odile).post(address, typed, secure=True, follow=True)
        said = " ".join(str(message) for message in page.context["messages"])
        assert Hold.objects.get().reference in said

    def test_the_message_names_the_gateway_that_was_made(self) -> None:
        with override("en"):
            address = reverse("admin:devices_gateway_add")
        page = self.as_(self.odile).post(
            address, {"title": "MDM", "rate": "10", "users": "staff"}, secure=True, follow=True
        )
        assert "MDM" in " ".join(str(message) for message in page.context["messages"])
