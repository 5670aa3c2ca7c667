"""Who is under 14 agrees to nothing alone: a representative is named, asked, heard, and forgotten (C-12, C-13)."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse

from consents import actions as consents
from consents.actions import representatives
from consents.models import (
    AgeStatement,
    AskedRepresentative,
    CurrentConsent,
    Decision,
    PlannedDestruction,
    Representative,
    RepresentativeRequest,
)
from consents.tasks import expire_requests
from devices import api_consents, schemas
from devices.models import Gateway
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.entries.payloads import facts_in
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import TooManyAttempts
from privacy.retention import locks
from privacy.retention.destruction import blockers
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests import factory
from tests.consents.children import CODE, MOTHER, ChildTestCase
from tests.factories.consents import TESTS


@pytest.mark.law("T-08", "C-12")
class AgeTests(ChildTestCase):
    def test_the_fourteenth_birthday_counts_and_the_date_is_not_kept(self) -> None:
        on = clock.kst_date(self.now)
        for born_on, child in ((on.replace(year=on.year - 14), False), (on + timedelta(1), True)):
            person = Subject.objects.create(registered_at=self.now)
            born_on = born_on.replace(year=on.year - 14)
            made = consents.state_age(person, born_on=born_on, actor=TESTS, at=self.now)
            assert made.is_child is child
            kept = str(AgeStatement.objects.filter(pk=made.pk).values())
            assert born_on.isoformat() not in kept
            assert str((born_on.year, born_on.month, born_on.day))[1:-1] not in kept
        assert made.of_age_from is not None
        assert made.of_age_from.day == 1
        assert on < made.of_age_from <= on + timedelta(62)

    def test_nobody_was_born_tomorrow_or_gets_older_by_asking_again(self) -> None:
        for impossible in (clock.today() + timedelta(1), date(1850, 1, 1)):
            with pytest.raises(consents.ImpossibleBirthDate):
                consents.state_age(self.person, born_on=impossible, actor=TESTS, at=self.now)
        self.child()
        assert factory.state_age(self.device, years=30, at=self.now).is_child

    def test_at_fourteen_they_decide_for_themselves_and_withdraw_what_was_agreed_for_them(self) -> None:
        request = self.named()
        factory.agree(self.device, "activation", at=self.now, representative={**MOTHER, "confirmation": "phone"})
        later = self.now + timedelta(days=800)
        with pytest.raises(consents.RepresentativeNeeded):
            factory.agree(self.device, "app-log", at=self.now)
        assert consents.is_child(self.person, at=later) is False
        assert factory.agree(self.device, "app-log", at=later)
        assert factory.decide(self.device, "activation", "withdraw", at=later)
        assert request.is_open

    def test_what_a_child_agreed_to_beside_collection_ends_at_once(self) -> None:
        factory.make_provision_agreement(at=self.now)
        for code in ("advertising-sms", "provision-acme"):
            factory.agree(self.device, code, at=self.now)
        self.child()
        standing = CurrentConsent.objects.of(self.person.id)
        ended = list(standing.exclude(agreement__kind="collection").select_related("decision"))
        assert {(row.choice, row.decision.method) for row in ended} == {("withdraw", "automatic")}
        assert standing.agreed().filter(agreement__kind="collection").exists()

    def test_the_page_asks_before_the_first_agreement(self) -> None:
        self.pressed("home", code=self.code)
        self.assertContains(self.client.get("/en/consents/app-log/"), "Enter my date of birth")
        text = factory.text_in_force("app-log").digest
        answer = self.client.post("/consents/app-log/", {"decision": "agree", "text": text})
        assert answer.status_code == 422
        self.pressed("age", birth_date="2000-01-31")
        assert self.client.post("/consents/app-log/", {"decision": "agree", "text": text}).status_code == 302

    def test_a_gateway_asks_where_children_may_use_its_devices(self) -> None:
        gate = factory.make_gate()
        sent = {
            "decision": "agree", "version": factory.text_in_force("app-log").number,
            "decided_at": self.now.isoformat(), "method": "app", "language": "ko",
        }  # fmt: skip

        def decide(**more: str) -> Any:
            body = schemas.Decision.model_validate({**sent, **more})
            return api_consents.decide(self.device.id, "app-log", body, caller=gate, at=self.now)

        Gateway.objects.filter(pk=gate.gateway_id).update(users="anybody")
        with pytest.raises(consents.AgeNotStated):
            decide()
        with pytest.raises(consents.RepresentativeNeeded):
            decide(birth_date=f"{self.now.year - 10}-01-01")
        assert api_consents.current_consents(self.device.id, caller=gate, at=self.now)["age"] == "child"
        Gateway.objects.filter(pk=gate.gateway_id).update(users="staff")
        AgeStatement.objects.all().delete()
        assert decide()


@pytest.mark.law("C-12", "C-13")
class RequestTests(ChildTestCase):
    @pytest.mark.law("C-05")
    def test_a_child_names_who_is_asked_by_text_and_reads_decides_and_is_confirmed(self) -> None:
        self.pressed("home", code=self.code)
        page = self.pressed("age", birth_date=f"{self.now.year - 10}-02-03")
        self.assertContains(page, "쉬운 말")
        assert vault.active_freezes(self.person.id, "device-registration", at=self.now)
        page = self.pressed("name_representative", channel="phone", **MOTHER)
        assert page.status_code == 200, page.content.decode()
        (asked,) = self.texts()
        assert asked.to == "01012345678"
        code = CODE.search(asked.text)
        assert code is not None, asked.text
        self.client.logout()
        assert self.pressed("representative", code="0" * 26).status_code == 422
        page = self.pressed("representative", code=code[0].lower())
        assert page.redirect_chain[-1][0].endswith("/texts/")
        form = page.context["form"]
        self.assertContains(page, f"<strong>{factory.text_in_force('activation').spoken('retention', 'ko')}</strong>")
        self.assertNotContains(page, "checked")
        told = {"relationship": "어머니", "texts": page.context["digests"]}
        assert self.pressed("representative_texts", **told).status_code == 422
        choices = {name: "agree" for name in form.fields if name.startswith("choice_")}
        page = self.pressed("representative_texts", **told, **choices)
        assert page.status_code == 200, page.content.decode()
        given = CurrentConsent.objects.agreed().filter(decision__by_representative=True)
        assert given.count() == len(choices) >= 2
        request = RepresentativeRequest.objects.get()
        assert (request.state, request.confirmation) == ("agreed", "website-sms")
        assert request.asked_with.startswith("consents.representative-question-text built-in ")
        assert not vault.active_freezes(self.person.id, "device-registration", at=self.now)
        (told_text,) = self.texts()
        assert request.reference in told_text.text
        request.refresh_from_db()
        assert request.told_at is not None
        assert not AskedRepresentative.objects.exists()
        row = Representative.objects.first()
        assert row is not None
        odile = factory.make_odile()
        with vault.opened(
            purpose=Purpose.RIGHTS, task="rights.access.exported", actor=odile, at=clock.now(), reason="x"
        ) as session:
            kept = session.decrypt(row, "particulars")
        assert kept == {**MOTHER, "relationship": "어머니"}
        words = ("asked", "question-sent", "agreed", "told")
        for entry in (self.assertLedgered(f"consents.representative.{word}") for word in words):
            assert "김하나" not in entry.payload
        assert self.pressed("representative", code=code[0]).status_code == 422

    @pytest.mark.asvs("7.4.4")
    def test_the_pages_of_a_representative_can_be_closed(self) -> None:
        code = consents.code_of(self.named("email", contact="hana@example.org"))
        page = self.pressed("representative", code=code)
        self.assertContains(page, 'action="/consents/representative/leave/"')
        closed = self.client.post("/consents/representative/leave/")
        assert closed.headers["Clear-Site-Data"] == '"cache"'
        assert self.client.get("/consents/representative/texts/").status_code == 302

    def test_by_mail_every_text_is_sent_and_an_officer_records_the_reply(self) -> None:
        request = self.named("email", contact="hana@example.org")
        self.texts()
        (sent,) = mail.outbox
        for notice in ("purpose", "retention", "refusal"):
            assert factory.text_in_force("activation").spoken(notice, "ko") in sent.body
        assert "- 목적: " in sent.body
        assert f"\n코드: {consents.code_of(request)}\n" in sent.body
        template = facts_in(self.assertLedgered("consents.representative.question-sent", request).payload)["template"]
        request.refresh_from_db()
        assert request.asked_with == template
        assert template.startswith("consents.representative-question-mail built-in ")
        versions = [factory.text_in_force("activation"), factory.text_in_force("service-analytics")]
        answer: dict[str, Any] = {
            "agreed": versions, "refused": [], "relationship": "아버지", "confirmation": "email", "method": "email",
            "actor": factory.make_hana(granted=False), "at": clock.now(),
        }  # fmt: skip
        with pytest.raises(consents.DocumentMissing):
            consents.answer_as_representative(request, **answer)
        made = consents.answer_as_representative(request, **answer, document="메일함 2026/11")
        assert (made.state, made.confirmation) == ("agreed", "email")
        assert not AskedRepresentative.objects.exists()
        with pytest.raises(IntegrityError), transaction.atomic():
            RepresentativeRequest.objects.filter(pk=made.pk).update(confirmation="")

    def test_a_refusal_ends_what_the_child_agreed_to_alone(self) -> None:
        request = self.named()
        by = consents.representative_actor(request)
        consents.refuse_as_representative(request, method="website", actor=by, at=clock.now())
        assert set(Decision.objects.filter(choice="withdraw").values_list("method", flat=True)) == {"website"}
        assert not AskedRepresentative.objects.exists()
        self.person.refresh_from_db()
        assert self.person.state == Subject.State.WITHDRAWN
        assert PlannedDestruction.objects.open().exists()
        with pytest.raises(consents.RequestEnded):
            consents.refuse_as_representative(request, actor=TESTS, at=clock.now())

    def test_without_an_answer_nothing_is_left_within_the_days_of_the_law(self) -> None:
        request = self.named()
        assert request.due_at + timedelta(days=1) <= self.now + timedelta(days=5)
        assert expire_requests() == 0
        RepresentativeRequest.objects.update(due_at=clock.now())
        assert (expire_requests(), expire_requests()) == (1, 0)
        assert set(Decision.objects.filter(choice="withdraw").values_list("method", flat=True)) == {"automatic"}
        assert not AskedRepresentative.objects.exists()
        assert PlannedDestruction.objects.open().exists()
        self.assertLedgered("consents.representative.forgotten")

    def test_a_confirmation_that_the_provider_refuses_is_sent_again(self) -> None:
        request = self.named()
        self.texts()
        by = consents.representative_actor(request)
        consents.answer_as_representative(
            request, agreed=[factory.text_in_force("activation"), factory.text_in_force("service-analytics")],
            refused=[], relationship="", confirmation="website-sms", method="website", actor=by, at=clock.now(),
        )  # fmt: skip
        self.box.trouble.append(422)
        assert not self.texts()
        assert AskedRepresentative.objects.exists()
        # Of a destroyed registration there would be nobody left to tell: nothing is due of it.
        assert RepresentativeRequest.objects.untold().get() == request
        with transaction.atomic():
            Subject.objects.filter(pk=self.person.pk).update(state="destroyed", destroyed_at=clock.now())
            assert not RepresentativeRequest.objects.untold().exists()
            transaction.set_rollback(True)
        GeneralOutbox.objects.filter(kind=representatives.TOLD_TEXT).update(not_before=self.now - timedelta(1))
        assert len(self.texts()) == 1
        request.refresh_from_db()
        assert request.told_at is not None
        assert not AskedRepresentative.objects.exists()

    def test_what_a_representative_agreed_to_on_the_device_settles_the_request(self) -> None:
        request, by = self.named(), {**MOTHER, "confirmation": "phone"}
        for code in ("activation", "service-analytics"):
            factory.agree(self.device, code, at=clock.now(), representative=by)
        assert expire_requests() == 0
        request.refresh_from_db()
        assert (request.state, request.confirmation) == ("agreed", "phone")
        assert not AskedRepresentative.objects.exists()
        assert not vault.active_freezes(self.person.id, "device-registration", at=clock.now())

    def test_a_gateway_that_sends_age_and_consent_in_one_call_settles_what_it_opened_and_opens_no_other(self) -> None:
        gate, at = factory.make_gate(), self.now + timedelta(minutes=2)

        def agree(code: str) -> None:
            body = schemas.Decision.model_validate({
                "decision": "agree", "version": factory.text_in_force(code).number, "method": "app", "language": "ko",
                "decided_at": (at - timedelta(minutes=1)).isoformat(), "birth_date": f"{at.year - 10}-01-01",
                "representative": {**MOTHER, "confirmation": "phone"},
            })  # fmt: skip
            api_consents.decide(self.device.id, code, body, caller=gate, at=at)

        agree("activation")
        assert vault.active_freezes(self.person.id, "device-registration", at=at)
        agree("service-analytics")
        expire_requests()
        assert RepresentativeRequest.objects.get().state == "agreed"
        assert not vault.active_freezes(self.person.id, "device-registration", at=at)
        agree("app-log")
        assert RepresentativeRequest.objects.count() == 1

    def test_naming_another_gives_no_more_time_and_few_are_named_in_a_day(self) -> None:
        first = self.named()
        second = consents.name_representative(
            first, name="이두리", channel="email", contact="b@example.org", language="ko", actor=TESTS, at=self.now
        )
        assert second.due_at == first.due_at
        held = vault.active_freezes(self.person.id, "device-registration", at=clock.now())
        assert [one.case for one in held] == [second.reference]
        assert AskedRepresentative.objects.get().pk == second.pk
        with pytest.raises(consents.NotTexted):
            consents.name_representative(
                second, name="x", channel="phone", contact="02-123-4567", language="ko", actor=TESTS, at=self.now
            )
        with pytest.raises(TooManyAttempts):
            for _time in range(3):
                second = consents.name_representative(
                    second, name="x", channel="email", contact="c@example.org", language="ko", actor=TESTS,
                    at=self.now,
                )  # fmt: skip

    def test_under_a_hold_who_was_named_stays(self) -> None:
        request = self.named()
        factory.make_hold(at=self.now)
        RepresentativeRequest.objects.update(due_at=datetime.fromisoformat("2020-01-01T00:00:00+00:00"))
        self.pressed("home", code=self.code)
        expire_requests()
        assert AskedRepresentative.objects.filter(pk=request.pk).exists()
        self.assertContains(self.client.get(reverse("consents:age")), "그 일이 끝나면 지울게요")
        done = "consents/representative_done.html"
        assert "보류가 끝나면" in render_to_string(done, {"answered": request, "kept": consents.is_asked_kept(request)})
        AskedRepresentative.objects.all().delete()
        self.assertContains(self.client.get(reverse("consents:age")), "연락처를 지웠어요")
        RepresentativeRequest.objects.update(asked_at=None)
        page = self.client.get(reverse("consents:age"))
        self.assertNotContains(page, "연락처를 지웠어요")
        self.assertContains(page, "알려 주지 않았어요")

    def test_one_request_that_can_not_end_keeps_no_other_from_ending(self) -> None:
        gone = self.named()
        subjects.mark_destroyed([self.person.id], certificate="C-1", actor=TESTS, at=clock.now())
        other = factory.state_age(factory.make_device(2, at=self.now), years=9, at=self.now).subject_id
        RepresentativeRequest.objects.update(due_at=clock.now())
        ended = representatives._end_own_consents

        def fails(row: RepresentativeRequest, **more: Any) -> None:
            if row.subject_id == other:
                raise ArithmeticError
            ended(row, **more)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(representatives, "_end_own_consents", fails)
            assert expire_requests() == 1
        gone.refresh_from_db()
        assert gone.state == "expired"
        assert not AskedRepresentative.objects.exists()
        assert expire_requests() == 1

    def test_an_answer_on_the_device_in_the_last_hour_is_one(self) -> None:
        request, by = self.named(), {**MOTHER, "confirmation": "phone"}
        for code in ("activation", "service-analytics"):
            factory.agree(self.device, code, at=clock.now(), representative=by)
        RepresentativeRequest.objects.update(due_at=clock.now())
        assert expire_requests() == 0
        request.refresh_from_db()
        assert request.state == "agreed"

    def test_two_clicks_at_once_ask_one_person_by_the_way_that_is_on_record(self) -> None:
        request, forget = self.child(), representatives.forget_asked
        given: dict[str, Any] = {"language": "ko", "actor": TESTS, "at": self.now}

        def meanwhile(subject_id: UUID, *, at: datetime) -> int:
            patch.undo()
            consents.name_representative(request, name="이두리", channel="email", contact="b@example.org", **given)
            return forget(subject_id, at=at)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(representatives, "forget_asked", meanwhile)
            made = consents.name_representative(request, channel="phone", **MOTHER, **given)
        assert made.channel == "email"
        assert consents.asked_contact(made, at=self.now) == {"name": "이두리", "contact": "b@example.org"}
        AskedRepresentative.objects.all().delete()
        self.pressed("home", code=self.code)
        # Killed between its two commits, nobody is asked: the page says no other.
        self.assertNotContains(self.client.get(reverse("consents:age")), "물어봤어요")

    def test_no_hold_is_placed_while_a_contact_is_forgotten(self) -> None:
        request = self.named()
        consents.refuse_as_representative(request, actor=TESTS, at=clock.now())
        found = list[int]()
        asked = blockers.is_on_hold

        def looked(*people: Any, **more: Any) -> bool:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted"
                    " AND classid = %s AND objid = %s AND mode = 'ShareLock'", [locks.LOCK_SPACE, locks.HOLDS],
                )  # fmt: skip
                found.append(cursor.rowcount)
            return asked(*people, **more)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(blockers, "is_on_hold", looked)
            consents.forget_asked(self.person.id, at=clock.now())
        assert found == [1]

    def test_the_console_records_what_came_on_paper(self) -> None:
        request = self.named()
        self.client.force_login(factory.make_hana())
        page = reverse("admin:consents_representativerequest_change", args=[request.pk])
        self.assertContains(self.client.get(page, secure=True), request.reference)
        versions = [str(factory.text_in_force(code).pk) for code in ("activation", "service-analytics")]
        given = {
            "CHANGE_FORM-action": "record_answer", "_selected_action": str(request.pk), "confirmed": "yes",
            "agreed": versions, "confirmation": "document", "relationship": "어머니", "document": "A-12",
        }  # fmt: skip
        AskedRepresentative.objects.all().delete()
        self.assertContains(self.client.post(page, given, secure=True), 'name="contact"')
        self.client.post(page, {**given, **MOTHER}, secure=True)
        request.refresh_from_db()
        assert (request.state, request.confirmation) == ("agreed", "document")
        assert Representative.objects.filter(subject_id=self.person.id).count() == 2
        decision = Decision.objects.filter(by_representative=True).first()
        assert decision is not None
        assert decision.method == "paper"
