"""What a representative began to answer, and what became of it, is no consent of a child (C-12, C-13)."""

from datetime import datetime
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.urls import reverse

from consents import actions as consents
from consents.actions import representatives
from consents.models import (
    CurrentConsent,
    Decision,
    RepresentativeRequest,
)
from consents.representatives.texts import texts_to_decide
from consents.tasks import expire_requests
from privacy.lib.dates import clock
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from tests import factory
from tests.consents.children import MOTHER, ChildTestCase
from tests.factories.consents import TESTS


class HalfAnswerTests(ChildTestCase):
    def begin(self, request: RepresentativeRequest, code: str = "activation") -> Decision:
        """Record one of the decisions of an answer, after which the portal was killed or refused the next."""
        by = {**MOTHER, "confirmation": "website-sms"}
        return consents.decide(
            subject=self.person, version=factory.text_in_force(code), decision="agree", decided_at=clock.now(),
            method="website", language="ko", representative=by, once=True,
            actor=consents.representative_actor(request), at=clock.now(),
        )  # fmt: skip

    def test_what_was_recorded_of_an_answer_before_a_refusal_does_not_stand(self) -> None:
        request = self.named()
        for code in ("activation", "app-log"):
            self.begin(request, code)
        by = consents.representative_actor(request)
        consents.refuse_as_representative(request, method="website", actor=by, at=clock.now())
        assert not CurrentConsent.objects.of(self.person.id).agreed().filter(decision__by_representative=True).exists()
        self.person.refresh_from_db()
        assert self.person.state == Subject.State.WITHDRAWN

    def test_an_answer_goes_no_further_once_another_page_has_refused(self) -> None:
        request = self.named()
        opened = representatives._asked

        def meanwhile(row: RepresentativeRequest, *, at: datetime) -> dict[str, str]:
            particulars = opened(row, at=at)
            consents.refuse_as_representative(row, method="website", actor=TESTS, at=at)
            return particulars

        with patch.object(representatives, "_asked", meanwhile), pytest.raises(consents.RequestEnded):
            consents.answer_as_representative(
                request, agreed=texts_to_decide(self.person, at=clock.now()), refused=[], relationship="",
                confirmation="website-sms", method="website", actor=TESTS, at=clock.now(),
            )  # fmt: skip
        assert not CurrentConsent.objects.of(self.person.id).agreed().filter(decision__by_representative=True).exists()

    def test_half_an_answer_settles_nothing_and_is_given_again_and_confirmed(self) -> None:
        request = self.named()
        began = [self.begin(request, code) for code in ("activation", "service-analytics")]
        assert expire_requests() == 0
        request.refresh_from_db()
        assert request.state == "asked"
        versions = texts_to_decide(self.person, at=clock.now())
        assert {one.version for one in began} <= set(versions)
        made = consents.answer_as_representative(
            request, agreed=[one.version for one in began], refused=[], relationship="", confirmation="website-sms",
            method="website", actor=consents.representative_actor(request), at=clock.now(),
        )  # fmt: skip
        assert (made.state, made.answered_by) == ("agreed", "")
        assert Decision.objects.filter(by_representative=True).count() == len(began)
        assert not consents.unfinished_consents(self.person).exists()
        self.texts()
        made.refresh_from_db()
        assert made.told_at is not None

    def test_half_an_answer_is_no_answer_of_another_who_is_named_and_ends_with_the_time(self) -> None:
        first = self.named()
        began = self.begin(first)
        second = consents.name_representative(
            first, name="이두리", channel="email", contact="b@example.org", language="ko", actor=TESTS, at=clock.now()
        )
        by = consents.representative_actor(second)
        answer: dict[str, Any] = {
            "refused": [], "relationship": "", "confirmation": "equivalent", "method": "website", "actor": by,
        }  # fmt: skip
        with transaction.atomic():
            consents.answer_as_representative(second, agreed=[began.version], at=clock.now(), **answer)
            standing = CurrentConsent.objects.of(self.person.id).get(agreement=began.agreement)
            assert standing.decision.actor_ref == second.reference
            transaction.set_rollback(True)
        RepresentativeRequest.objects.filter(pk=second.pk).update(due_at=clock.now())
        assert expire_requests() == 1
        assert not CurrentConsent.objects.of(self.person.id).agreed().filter(agreement=began.agreement).exists()

    def test_where_another_is_named_half_an_answer_lets_nothing_be_used(self) -> None:
        first = self.named()
        for code in ("activation", "service-analytics"):
            self.begin(first, code)
        assert not consents.is_agreed_for(self.person)
        second = consents.name_representative(
            first, name="이두리", channel="email", contact="b@example.org", language="ko", actor=TESTS, at=clock.now()
        )
        held = vault.active_freezes(self.person.id, "device-registration", at=clock.now())
        assert [one.case for one in held] == [second.reference]

    def test_after_a_withdrawal_the_page_says_so_and_another_can_be_named(self) -> None:
        request, by = self.named(), {**MOTHER, "confirmation": "phone"}
        for code in ("activation", "service-analytics"):
            given = factory.agree(self.device, code, at=clock.now(), representative=by)
        expire_requests()
        self.pressed("home", code=factory.consent_code(given, at=clock.now()))
        page = self.client.get(reverse("consents:age"))
        self.assertContains(page, "더 할 일은 없어요")
        self.assertNotContains(page, 'name="contact"')
        for code in ("activation", "service-analytics"):
            factory.decide(self.device, code, "withdraw", at=clock.now())
        page = self.client.get(reverse("consents:age"))
        self.assertContains(page, "취소됐어요")
        self.assertContains(page, 'name="contact"')
        self.pressed("name_representative", channel="phone", **MOTHER)
        assert RepresentativeRequest.objects.exclude(pk=request.pk).get().state == "asked"
