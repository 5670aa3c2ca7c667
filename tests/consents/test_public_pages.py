"""The consent pages: prove it, read, agree, disagree, withdraw, take the receipt; no account, no script (P3.6)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from consents import actions as consents
from consents import receipts
from consents.models import CurrentConsent, Decision
from devices import actions as devices
from devices.actions.challenges import WrongChallengeCode
from devices.models import Challenge
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase


@pytest.mark.clause("P3.6")
class ConsentPagesTest(PortalTestCase):
    def setUp(self) -> None:
        self.now = clock.now()
        self.device = factory.make_device(at=self.now)
        factory.state_age(self.device, at=self.now)
        self.decision = Decision.objects.get(agreement__code="activation")
        self.receipt = receipts.for_decision(self.decision)
        self.code = factory.consent_code(self.decision, at=self.now)

    def prove(self) -> Any:
        return self.client.post("/consents/", {"code": self.code}, follow=True)

    def test_a_consent_code_opens_the_list(self) -> None:
        page = self.prove()
        assert page.status_code == 200
        for code in ("activation", "app-log", "advertising-email"):
            self.assertContains(page, f"/consents/{code}/")
        self.assertLedgered("ledger.read")

    @pytest.mark.law("C-04")
    @pytest.mark.truth("29")
    def test_required_and_optional_agreements_are_listed_apart(self) -> None:
        page = self.prove()
        required, optional = page.content.decode().split("<caption>")[1:]
        for code, part in (("activation", required), ("service-analytics", required), ("app-log", optional)):
            assert f"/consents/{code}/" in part
        assert "/consents/app-log/" not in required
        self.assertContains(self.client.get("/en/consents/activation/"), "covers the minimum that the service needs")
        optional_one = self.client.get("/en/consents/app-log/")
        self.assertNotContains(optional_one, "covers the minimum that the service needs")
        self.assertContains(optional_one, "You have the right to refuse; refusing has no disadvantage")

    def test_what_can_not_be_agreed_to_yet_is_not_offered(self) -> None:
        self.prove()
        self.assertContains(self.client.get("/consents/"), "/consents/advertising-push/")
        factory.make_agreement_text("advertising-push", at=clock.now() + timedelta(days=1))
        self.assertNotContains(self.client.get("/consents/"), "/consents/advertising-push/")
        assert self.client.get("/consents/advertising-push/").status_code == 404

    @pytest.mark.truth("receipt-of-what-was-destroyed")
    def test_a_code_of_what_was_destroyed_is_told_as_that(self) -> None:
        Subject.objects.filter(pk=self.device.subject_id).update(state="destroyed", destroyed_at=self.now)
        page = self.prove()
        assert page.status_code == 422
        assert "파기되어 확인하거나 변경할 내용이 남아 있지 않습니다" in page.content.decode()

    @pytest.mark.asvs("6.3.8")
    def test_a_wrong_code_opens_nothing_and_says_the_same_for_all(self) -> None:
        ended = self.code
        factory.make_agreement_text("activation", at=self.now)
        again = factory.agree(self.device, "activation", at=clock.now(), actor=factory.make_gate())
        assert again != self.decision
        answers = []
        for code in ("0000 0000 0000 0000 0000 0000 00", ended, "x"):
            page = self.client.post("/consents/", {"code": code})
            assert page.status_code == 422
            answers.append([str(error) for error in page.context["form"].non_field_errors()])
        assert answers[0] == answers[1] == answers[2]
        assert self.client.get("/consents/app-log/").status_code == 302

    def press(self, code: str, decision: str, *, prefix: str = "", **more: Any) -> Any:
        """Press a button of the page as it is shown now."""
        path = f"{prefix}/consents/{code}/"
        text = self.client.get(path).context["version"].digest
        return self.client.post(path, {"decision": decision, "text": text}, **more)

    @pytest.mark.law("C-03", "C-10")
    def test_agreeing_and_withdrawing_take_one_click_each_on_the_same_page(self) -> None:
        self.prove()
        page = self.client.get("/consents/app-log/")
        self.assertContains(page, 'value="agree"')
        self.assertContains(page, 'value="disagree"')
        self.assertNotContains(page, "checked")
        self.press("app-log", "agree")
        assert CurrentConsent.objects.get(agreement__code="app-log").choice == "agree"
        page = self.client.get("/consents/app-log/")
        self.assertContains(page, 'value="withdraw"')
        answer = self.press("app-log", "withdraw", follow=True)
        assert CurrentConsent.objects.get(agreement__code="app-log").choice == "withdraw"
        self.assertContains(answer, "C-")

    @pytest.mark.law("C-01")
    def test_the_text_shows_its_four_notices_in_the_language_of_the_page(self) -> None:
        self.prove()
        text = factory.text_in_force("app-log")
        korean, english = self.client.get("/consents/app-log/"), self.client.get("/en/consents/app-log/")
        for notice in ("purpose", "items", "retention", "refusal"):
            self.assertContains(korean, text.spoken(notice, "ko"))
            self.assertContains(english, text.spoken(notice, "en"))
        self.press("app-log", "disagree", prefix="/en")
        assert Decision.objects.get(agreement__code="app-log").language == "en"

    def test_a_receipt_is_a_page_and_a_file(self) -> None:
        self.prove()
        path = f"/consents/receipts/{self.decision.reference}/"
        self.assertContains(self.client.get(path), receipts.digest(self.receipt))
        file = self.client.get(f"{path}?format=json")
        said = file.json()
        assert said.pop("paper")["statement"]["number"] == self.decision.reference
        assert said == self.receipt
        assert "attachment" in file.headers["Content-Disposition"]

    @pytest.mark.asvs("8.2.2")
    def test_another_persons_receipt_is_not_shown(self) -> None:
        other = factory.make_device(2, agreed=())
        theirs = factory.agree(other, "activation", at=self.now)
        self.prove()
        assert self.client.get(f"/consents/receipts/{theirs.reference}/").status_code == 404

    def test_what_can_not_be_decided_is_said_on_the_page(self) -> None:
        self.prove()
        page = self.press("app-log", "withdraw")
        assert page.status_code == 422
        self.assertContains(page, "error-summary", status_code=422)

    @pytest.mark.law("C-09")
    def test_a_changed_text_asks_again(self) -> None:
        self.prove()
        factory.make_agreement_text("activation", at=clock.now())
        page = self.client.get("/consents/activation/")
        self.assertContains(page, 'value="agree"')
        self.assertContains(page, 'value="withdraw"')

    @pytest.mark.asvs("7.3.2", "7.4.1", "7.4.4", "14.3.1")
    def test_the_pages_close_after_a_while_and_on_leaving(self) -> None:
        self.prove()
        session = self.client.session
        held = session["consents.holder"]
        session["consents.holder"] = {**held, "until": (clock.now() - timedelta(seconds=1)).isoformat()}
        session.save()
        assert self.client.get("/consents/app-log/").status_code == 302
        self.assertContains(self.prove(), 'action="/consents/leave/"')
        assert self.client.post("/consents/leave/").headers["Clear-Site-Data"] == '"cache"'
        assert self.client.get("/consents/app-log/").status_code == 302

    @pytest.mark.asvs("7.4.4")
    def test_each_of_the_pages_can_be_closed(self) -> None:
        self.prove()
        for path in ("", "app-log/", f"receipts/{self.decision.reference}/", "contacts/", "age/"):
            self.assertContains(self.client.get(f"/consents/{path}"), 'action="/consents/leave/"', count=1)

    @pytest.mark.truth("consent-double-click")
    def test_a_button_pressed_twice_makes_one_decision_and_one_receipt(self) -> None:
        self.prove()
        shown = {"text": factory.text_in_force("app-log").digest}
        for decision in ("agree", "withdraw"):
            first, second = (
                self.client.post("/consents/app-log/", {"decision": decision, **shown}) for _click in range(2)
            )
            assert first.status_code == 302
            assert second.headers["Location"] == first.headers["Location"]
            assert Decision.objects.filter(agreement__code="app-log", choice=decision).count() == 1

    @pytest.mark.truth("no-code-and-no-word")
    def test_a_code_that_is_not_issued_any_more_is_said_and_why(self) -> None:
        self.prove()
        page = f"/en/consents/receipts/{self.decision.reference}/"
        self.press("activation", "withdraw")
        answer = self.client.post(f"{page}code/", {"submission": "x"})
        self.assertContains(answer, "You have decided again since", status_code=422)
        now = Decision.objects.get(agreement__code="activation", choice="withdraw")
        answer = self.client.post(f"/en/consents/receipts/{now.reference}/code/", {"submission": "x"})
        self.assertContains(answer, "Your consent code")

    @pytest.mark.law("C-03")
    @pytest.mark.truth("consent-text-shown")
    def test_what_was_not_shown_is_not_agreed_to(self) -> None:
        self.prove()
        shown = {"text": factory.text_in_force("app-log").digest}
        newer = factory.make_agreement_text("app-log", at=clock.now())
        page = self.client.post("/consents/app-log/", {"decision": "agree", **shown})
        self.assertContains(page, newer.title, status_code=422)
        self.assertContains(page, "error-summary", status_code=422)
        assert not Decision.objects.filter(agreement__code="app-log").exists()

    @pytest.mark.truth("consent-that-cannot-come-back")
    def test_what_was_destroyed_is_not_offered_again_and_that_is_told_before(self) -> None:
        factory.agree(self.device, "app-log", at=self.now)
        report = factory.make_report(self.device, "app-log", at=self.now)
        devices.store_reports(factory.make_batch(report), gateway=factory.make_gate(), at=self.now)
        self.prove()
        path = "/en/consents/app-log/"
        self.assertContains(self.client.get(path), "only by registering the device again")
        self.press("app-log", "withdraw")
        ended = Decision.objects.get(agreement__code="app-log", choice="withdraw")
        assert consents.end_collection(ended, actor=SystemActor("consents"), at=clock.now() + factory.WITHDRAWAL_WAIT)
        page = self.client.get(path)
        self.assertNotContains(page, 'value="agree"')
        self.assertContains(page, "Register the device again to agree.")
        refused = self.client.post(path, {"decision": "agree", "text": factory.text_in_force("app-log").digest})
        self.assertContains(refused, "Register the device again to agree.", status_code=422, count=1)

    @pytest.mark.truth("consent-that-cannot-come-back")
    def test_who_has_left_is_offered_nothing_to_agree_to(self) -> None:
        self.prove()
        subjects.mark_withdrawn(
            Subject.objects.get(pk=self.device.subject_id), actor=SystemActor("tests"), at=clock.now()
        )
        factory.make_agreement_text("activation", at=clock.now())
        for code in ("app-log", "activation"):
            page = self.client.get(f"/en/consents/{code}/")
            self.assertNotContains(page, 'value="agree"')
            self.assertContains(page, "This registration has ended.")
        self.assertNotContains(self.client.get("/en/consents/"), "please decide again")

    @pytest.mark.truth("refusing-what-is-required")
    def test_what_refusing_a_required_agreement_means_is_told_beside_the_button(self) -> None:
        CurrentConsent.objects.filter(agreement__code="service-analytics").delete()
        self.prove()
        page = self.client.get("/en/consents/service-analytics/")
        self.assertContains(page, 'value="disagree"')
        self.assertContains(page, "If you refuse or withdraw it, your registration ends")

    @pytest.mark.truth("consent-leave")
    def test_closing_the_pages_signs_no_employee_out(self) -> None:
        emin = factory.make_emin()
        self.client.force_login(emin)
        self.prove()
        self.client.post("/consents/leave/")
        assert self.client.get("/consents/app-log/").status_code == 302
        assert self.client.session["_auth_user_id"] == str(emin.pk)


@pytest.mark.clause("P1.3")
class DeviceProofTest(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(at=clock.now())

    def begin(self, term: str) -> Any:
        return self.client.post("/consents/proof/device/", {"term": term}, follow=True)

    def confirm(self) -> None:
        row = Challenge.objects.get()
        devices.answer_challenge(
            device_id=row.device_id,
            challenge_id=row.id,
            confirmed=True,
            code=row.shown,
            gateway=factory.make_gate(),
            at=clock.now(),
        )

    def test_the_device_confirms_the_code_and_the_list_opens(self) -> None:
        page = self.begin(factory.imei(1))
        shown = Challenge.objects.get().shown
        self.assertContains(page, shown)
        self.assertContains(self.client.post("/consents/waiting/"), shown)
        self.confirm()
        page = self.client.post("/consents/waiting/", follow=True)
        self.assertContains(page, "/consents/app-log/")

    @pytest.mark.asvs("6.5.1")
    def test_a_confirmation_opens_one_session_and_no_second(self) -> None:
        """What it opens is kept in the session that asked, until it was opened: nobody else ever has it."""
        self.begin(factory.imei(1))
        other = Client()
        other.post("/consents/proof/device/", {"term": factory.imei(1)})
        first = Challenge.objects.get(shown=self.client.session["consents.waiting"]["shown"])
        devices.answer_challenge(
            device_id=first.device_id, challenge_id=first.id, confirmed=True, code=first.shown,
            gateway=factory.make_gate(), at=clock.now(),
        )  # fmt: skip
        other.post("/consents/waiting/")
        assert other.get("/consents/app-log/").status_code == 302
        self.client.post("/consents/waiting/")
        assert self.client.get("/consents/app-log/").status_code == 200
        self.client.post("/consents/leave/")
        self.client.post("/consents/waiting/")
        assert self.client.get("/consents/app-log/").status_code == 302

    @pytest.mark.truth("proof-says-what-is-missing")
    def test_what_can_not_name_a_device_is_said_and_kept(self) -> None:
        for term in ("", "4" * 81):
            page = self.client.post("/consents/proof/device/", {"term": term})
            assert page.status_code == 422
            assert page.context["proofs"][0][1].errors
            assert term in page.content.decode()

    @pytest.mark.asvs("6.3.8")
    def test_an_unknown_device_gets_the_same_page(self) -> None:
        known, unknown = self.begin(factory.imei(1)), self.begin(factory.imei(77))
        assert known.status_code == unknown.status_code == 200
        assert known.templates[0].name == unknown.templates[0].name
        assert len(known.content) == len(unknown.content)
        assert Challenge.objects.filter(device_id=self.device.id).count() == 1

    @pytest.mark.asvs("6.6.2")
    def test_each_asker_has_a_code_of_their_own(self) -> None:
        self.begin(factory.imei(1))
        self.client.session.flush()
        self.client.cookies.clear()
        self.begin(factory.imei(1))
        first, second = Challenge.objects.order_by("asked_at")
        assert first.shown != second.shown
        said: Any = {"device_id": self.device.id, "confirmed": True, "gateway": factory.make_gate(), "at": clock.now()}
        with pytest.raises(WrongChallengeCode):
            devices.answer_challenge(challenge_id=second.id, code=first.shown, **said)
        devices.answer_challenge(challenge_id=first.id, code=first.shown, **said)
        page = self.client.post("/consents/waiting/", follow=True)
        self.assertNotContains(page, "/consents/app-log/")

    def test_a_device_is_not_asked_without_end(self) -> None:
        for _again in range(6):
            self.begin(factory.imei(1))
        assert Challenge.objects.filter(device_id=self.device.id).count() == 3

    @pytest.mark.asvs("6.6.4")
    @pytest.mark.attack("17.21")
    def test_however_many_browsers_ask_and_whatever_was_answered_a_device_is_asked_three_times_a_day(self) -> None:
        pages, asked = [], Challenge.objects.filter(device_id=self.device.id)
        for number in range(40):
            self.client.cookies.clear()
            pages.append(len(self.begin(factory.imei(1)).content))
            for row in asked.filter(state="waiting"):
                devices.answer_challenge(
                    device_id=row.device_id,
                    challenge_id=row.id,
                    confirmed=number % 2 == 0,
                    code=row.shown,
                    gateway=factory.make_gate(),
                    at=clock.now(),
                )
        assert asked.count() == 3
        assert len(set(pages)) == 1
        Challenge.objects.update(asked_at=clock.now() - timedelta(hours=25))
        self.begin(factory.imei(1))
        assert asked.count() == 4

    def test_a_denied_code_opens_nothing(self) -> None:
        self.begin(factory.imei(1))
        row = Challenge.objects.get()
        devices.answer_challenge(
            device_id=row.device_id, challenge_id=row.id, confirmed=False, gateway=factory.make_gate(), at=clock.now()
        )
        assert self.client.post("/consents/waiting/", follow=True).templates[0].name == "consents/waiting.html"

    def test_an_unknown_way_leads_nowhere(self) -> None:
        assert self.client.post("/consents/proof/pigeon/", {"term": "x"}).status_code == 404
        assert self.client.get("/consents/waiting/").status_code == 302
        assert self.client.get(f"/consents/receipts/{uuid4()}/").status_code == 302
