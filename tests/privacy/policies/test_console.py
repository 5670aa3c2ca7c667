"""The policy in the console: a handler drafts, the officer judges and publishes, the auditor only reads."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts.models import User
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies import rulebook
from privacy.policies.models import (
    Agency,
    ExtraHoliday,
    Notice,
    Officer,
    Parameter,
    ParameterChange,
    PolicyVersion,
    RetentionRule,
    Review,
)
from tests import factory
from tests.base import PortalTestCase


def at(page: str, record: Model) -> str:
    """Return the address of a record's page in the English console."""
    arguments = [] if page == "add" else [record.pk]
    with override("en"):
        return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_{page}", args=arguments)


class ConsoleTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile(granted=False)
        self.hana = factory.make_hana(granted=False)

    def browser(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def page(self, user: User, record: Any) -> str:
        response = self.browser(user).get(at("change", record), secure=True)
        assert response.status_code == 200
        return response.content.decode()

    def press(self, user: User, record: Any, action: str, **answers: str) -> str:
        """Press a button on the record's page and, where it asks, confirm with the answers."""
        names = set(re.findall(r'name="(CHANGE_FORM-action)"', self.page(user, record)))
        posted = dict.fromkeys(names, action) | {"_selected_action": str(record.pk), **answers}
        response = self.browser(user).post(at("change", record), posted, secure=True, follow=True)
        assert response.status_code == 200
        return response.content.decode()

    def approve(self, user: User, version: PolicyVersion, *, meanwhile: Callable[[], object] | None = None) -> str:
        """Press *Approve*, read what is approved, and confirm it."""
        asked = self.press(user, version, "approve")
        [read] = re.findall(r'name="read" value="([0-9a-f]{64})"', asked)
        if meanwhile is not None:
            meanwhile()
        return self.press(user, version, "approve", confirmed="yes", read=read)

    def form_of(self, user: User, address: str) -> dict[str, Any]:
        """Return what a browser would post back unchanged."""
        response = self.browser(user).get(address, secure=True)
        assert response.status_code == 200, response.status_code
        form = response.context["adminform"].form
        posted: dict[str, Any] = {}
        for bound in [form, *[inline.formset for inline in response.context["inline_admin_formsets"]]]:
            forms = [bound.management_form, *bound.forms] if hasattr(bound, "management_form") else [bound]
            for part in forms:
                for field in part:
                    value = field.value()
                    if value is not None and value is not False:
                        posted[field.html_name] = value
        return posted

    @pytest.mark.clause("P0.2")
    def test_a_version_goes_from_draft_to_publication_by_buttons(self) -> None:
        self.press(self.hana, factory.the_policy(), "draft_from")
        version = PolicyVersion.objects.open().get()
        address = at("change", version)

        assert "Still missing before publication" in self.page(self.hana, version)
        posted = self.form_of(self.hana, address)
        day = clock.today() + timedelta(31)
        posted |= {"effective_on": day.isoformat(), "reason_ko": "이유", "reason_en": "Reason"}
        key = next(name for name, value in posted.items() if name.endswith("-code") and value == "duties")
        posted[key.replace("-code", "-position")] = "99"
        response = self.browser(self.hana).post(address, posted, secure=True, follow=True)
        assert response.redirect_chain, response.context["errors"]
        assert version.sections.get(code="duties").position == 99
        duties = at("change", version.sections.get(code="duties"))
        posted = self.form_of(self.hana, duties) | {"body_en": "Users are careful."}
        assert self.browser(self.hana).post(duties, posted, secure=True).status_code == 302
        assert version.sections.get(code="duties").body_en == "Users are careful."

        self.press(self.hana, version, "submit")
        assert PolicyVersion.objects.get(pk=version.pk).state == PolicyVersion.State.REVIEW
        assert "someone else must review it" in self.approve(self.hana, version)
        self.approve(self.odile, version)
        asked = self.press(self.odile, version, "publish")
        assert "stays public permanently" in asked
        assert PolicyVersion.objects.get(pk=version.pk).state == PolicyVersion.State.REVIEW
        self.press(self.odile, version, "publish", confirmed="yes", effective_on=day.isoformat())
        published = PolicyVersion.objects.get(pk=version.pk)
        assert (published.state, published.number) == (PolicyVersion.State.PUBLISHED, day.isoformat())
        assert Notice.objects.filter(version=published).exists()
        self.assertLedgered("policies.version.published", published)

    @pytest.mark.truth("approved-is-what-was-read")
    def test_an_approval_is_of_what_the_reviewer_read(self) -> None:
        at_ = clock.now()
        version = factory.make_version_under_review(at=at_)
        asked = self.press(self.odile, version, "approve")
        assert f"/policyversion/{version.pk}/preview/" in asked
        assert "kept 3 years" in asked, "the rules that change are named"

        def rewritten() -> None:
            policies.return_to_draft(version, note="Five years.", actor=self.odile, at=at_)
            rule = RetentionRule.objects.get(category__version=version, category__code="device-registration")
            rule.years = 5
            policies.revise_draft(version, rows=[rule], actor=self.hana, at=at_)
            policies.submit(version, actor=self.hana, at=at_)

        told = self.approve(self.odile, version, meanwhile=rewritten)
        assert "Read it again" in told
        assert not Review.objects.filter(verdict="approved").exists()
        self.approve(self.odile, version)
        assert Review.objects.filter(verdict="approved").count() == 1

    def test_rules_of_a_draft_are_edited_on_the_page_of_their_category(self) -> None:
        version = factory.make_draft()
        category = version.categories.get(code="app-log")
        address = at("change", category)
        posted = self.form_of(self.hana, address)
        key = next(name for name in posted if name.endswith("-months"))
        posted |= {key: "2", "purposes": ["error-analysis", "analytics"]}
        response = self.browser(self.hana).post(address, posted, secure=True, follow=True)
        assert response.redirect_chain, response.context["errors"]
        assert rulebook.read(version).retention("app-log").months == 2
        assert rulebook.read(version).category("app-log").purposes == {"error-analysis", "analytics"}

    @pytest.mark.truth("33")
    def test_a_retention_rule_is_headed_by_the_name_of_its_category(self) -> None:
        category = factory.make_draft().categories.get(code="service-analytics")
        page = self.page(self.hana, category)
        assert str(category.pk) not in re.sub(r"<[^>]*>", "", page)
        assert "+5y0m" not in page
        assert "Service improvement and analysis data: end of the service" in page

    def test_a_version_is_returned_with_a_note(self) -> None:
        version = factory.make_version_under_review(at=clock.now())
        self.press(self.odile, version, "return_to_draft", confirmed="yes", note="")
        assert not Review.objects.exists()
        self.press(self.odile, version, "return_to_draft", confirmed="yes", note="Say why.")
        assert Review.objects.get().note == "Say why."
        assert PolicyVersion.objects.get(pk=version.pk).state == PolicyVersion.State.DRAFT

    def test_a_draft_is_discarded_after_asking(self) -> None:
        version = factory.make_draft()
        assert "be undone" in self.press(self.hana, version, "discard")
        assert PolicyVersion.objects.get(pk=version.pk).state == PolicyVersion.State.DRAFT
        self.press(self.hana, version, "discard", confirmed="yes")
        assert PolicyVersion.objects.get(pk=version.pk).state == PolicyVersion.State.DISCARDED

    def test_a_published_version_has_no_form(self) -> None:
        address = at("change", factory.the_policy())
        assert 'name="reason_ko"' not in self.page(self.odile, factory.the_policy())
        response = self.browser(self.odile).post(address, {"reason_ko": "x"}, secure=True)
        assert response.status_code == 403
        assert factory.the_policy().reason_ko == "개인정보 처리방침 시행"

    def test_the_auditor_reads_and_changes_nothing(self) -> None:
        version = factory.make_draft()
        page = self.page(factory.make_aram(), version)
        assert 'name="reason_ko"' not in page
        assert 'value="submit"' not in page
        forged = {"CHANGE_FORM-action": "submit", "_selected_action": str(version.pk)}
        self.browser(factory.make_aram()).post(at("change", version), forged, secure=True)
        assert PolicyVersion.objects.get(pk=version.pk).state == PolicyVersion.State.DRAFT

    def test_the_list_says_where_text_and_numbers_differ(self) -> None:
        factory.make_proposal(at=datetime(2021, 6, 1, 3, 0, tzinfo=UTC))
        with override("en"):
            address = reverse("admin:policies_policyversion_changelist")
        assert "differs from version" not in self.browser(self.odile).get(address, secure=True).content.decode()
        policies.set_parameter(
            code="rights.answer.days",
            value=7,
            effective_on=clock.today(),
            basis="R-08",
            actor=self.odile,
            at=clock.now(),
        )
        assert "differs from version 2021-07-01" in self.browser(self.odile).get(address, secure=True).content.decode()

    @pytest.mark.attack("17.3")
    def test_a_value_that_lessens_a_protection_is_requested_by_one_and_approved_by_another(self) -> None:
        tomorrow = clock.today() + timedelta(days=1)
        posted = {"code": "destruction.ceiling.percent", "value": "99", "effective_on": str(tomorrow), "basis": "x"}
        browser = self.browser(self.odile)
        refused = browser.post(at("add", Parameter()), posted, secure=True, follow=True)
        assert "lessens a protection" in refused.content.decode()
        assert not Parameter.objects.filter(value=99).exists()
        assert browser.post(at("add", ParameterChange()), posted, secure=True).status_code == 302
        change = ParameterChange.objects.get()
        self.press(self.odile, change, "approve", confirmed="yes")
        assert not Parameter.objects.filter(value=99).exists()
        self.press(factory.make_omar(), change, "approve", confirmed="yes")
        assert Parameter.objects.get(value=99).effective_on == tomorrow
        assert browser.post(at("add", ParameterChange()), posted | {"value": "100"}, secure=True).status_code == 200
        other = posted | {"effective_on": str(tomorrow + timedelta(days=1)), "value": "100"}
        browser.post(at("add", ParameterChange()), other, secure=True)
        self.press(self.odile, ParameterChange.objects.get(value=100), "refuse")
        assert ParameterChange.objects.get(value=100).refused_by == self.odile.ref

    def test_a_preview_shows_the_draft_and_what_differs(self) -> None:
        version = factory.make_draft()
        address = at("preview", version)
        response = self.browser(self.hana).get(address, secure=True)
        shown = response.content.decode()
        assert "<ins>3" in shown
        response = self.browser(factory.make_emin()).get(address, secure=True)
        assert response.status_code in (302, 403)

    @pytest.mark.clause("P2.1")
    def test_the_officer_is_designated_and_reached(self) -> None:
        officer = Officer.objects.get()
        address = at("change", officer)
        posted = self.form_of(self.odile, address) | {"email": "privacy@extrus.example", "name_en": "Odile"}
        assert self.browser(self.odile).post(address, posted, secure=True).status_code == 302
        officer.refresh_from_db()
        assert officer.email == "privacy@extrus.example"

        add = at("add", Officer())
        posted |= {"name": "김보호", "designated_from": "2020-11-01"}
        response = self.browser(self.odile).post(add, posted, secure=True, follow=True)
        assert "2020-12-01" in response.content.decode()
        assert Officer.objects.count() == 1
        posted |= {"designated_from": "2027-01-01"}
        assert self.browser(self.odile).post(add, posted, secure=True).status_code == 302
        assert Officer.objects.count() == 2
        assert self.browser(self.hana).get(add, secure=True).status_code == 403

    def test_agencies_holidays_and_numbers_are_kept_by_the_officer(self) -> None:
        client = self.browser(self.odile)
        agency = Agency.objects.get(phone="118")
        address = at("change", agency)
        assert client.post(address, self.form_of(self.odile, address), secure=True).status_code == 302
        agency.refresh_from_db()
        assert agency.last_verified_on == clock.today()

        add = at("add", ExtraHoliday())
        assert client.post(add, {"day": "2026-12-04", "name": "임시공휴일"}, secure=True).status_code == 302
        self.press(self.odile, ExtraHoliday.objects.get(), "withdraw")
        assert not ExtraHoliday.objects.exists()

        add = at("add", Parameter())
        value = {"code": "rights.answer.days", "value": "7", "effective_on": "2027-03-09", "basis": "R-08"}
        # at most three sign-ins live at once; the helpers above took the first one's place
        client = self.browser(self.odile)
        assert client.post(add, value, secure=True).status_code == 302
        assert Parameter.objects.get(code="rights.answer.days", effective_on="2027-03-09").value == 7
        response = client.post(add, value, secure=True, follow=True)
        assert response.status_code == 200
        assert Parameter.objects.filter(code="rights.answer.days").count() == 2

    def test_a_notice_is_posted_by_hand(self) -> None:
        texts = {"title_ko": "점검", "title_en": "Works", "body_ko": "내용", "body_en": "Contents"}
        posted = {"kind": "general", **texts, "posted_on": clock.today().isoformat(), "posted_until": ""}
        add = at("add", Notice())
        assert self.browser(self.odile).post(add, posted, secure=True).status_code == 302
        assert Notice.objects.get().title_en == "Works"
        posted["kind"] = "revision"
        assert self.browser(self.odile).post(add, posted, secure=True).status_code == 200
        assert Notice.objects.count() == 1
