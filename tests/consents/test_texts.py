"""Texts of agreements: both languages, four notices, final once published; a new one may ask again (C-01, C-09)."""

from datetime import datetime, timedelta
from importlib import import_module

import pytest

from consents import actions as consents
from consents import advertising
from consents.models import NOTICES, Agreement, AgreementVersion, CurrentConsent
from devices import api_consents
from privacy.ledger.authorization import NotPermitted
from tests import factory
from tests.base import PortalTestCase

LATER = factory.NOON + timedelta(days=1)


def day_of_all() -> datetime:
    """The moment from which every text that the portal comes with is offered."""
    return max(version.published_at for version in AgreementVersion.objects.published() if version.published_at)


@pytest.mark.clause("P3.6")
class TextTest(PortalTestCase):
    @pytest.mark.law("C-01")
    def test_every_agreement_of_the_policy_has_a_text_with_the_four_notices_in_both_languages(self) -> None:
        codes = set(Agreement.objects.offered(day_of_all()).values_list("code", flat=True))
        assert codes == {
            "activation", "service-analytics", "app-log", "advertising-sms", "advertising-email", "advertising-push",
            "advertising-night", "marketing-use",
        }  # fmt: skip
        for version in AgreementVersion.objects.published():
            for part in ("title", "body", *NOTICES):
                for language in ("ko", "en"):
                    assert version.spoken(part, language).strip(), (version, part, language)

    def test_a_text_is_offered_from_its_publication_on(self) -> None:
        """The use for marketing can be agreed to from that moment, and nobody is asked before."""
        device, since = factory.make_device(), day_of_all()
        caller = factory.make_gate()
        for at, asked in ((since - timedelta(seconds=1), False), (since, True)):
            needed = api_consents.current_consents(device.id, caller=caller, at=at)["needed"]
            assert ("marketing-use" in {text["agreement"] for text in needed}) is asked
            assert Agreement.objects.offered(at).filter(code="marketing-use").exists() is asked
        factory.agree(device, "marketing-use", at=since)

    def test_a_portal_that_gets_the_marketing_text_later_claims_no_earlier_day(self) -> None:
        migration = import_module("consents.migrations.0005_marketing_use_text")
        for days, expected in ((-9, 0), (9, 9)):
            assert migration.offered_from(migration.SINCE + timedelta(days=days)) == migration.SINCE + timedelta(
                days=expected
            )

    @pytest.mark.law("C-04")
    def test_what_the_policy_collects_as_required_is_required_and_nothing_else(self) -> None:
        required = Agreement.objects.filter(required=True).values_list("code", flat=True)
        assert list(required) == ["activation", "service-analytics"]

    def test_a_new_text_takes_the_place_of_the_one_before(self) -> None:
        old = factory.text_in_force("app-log")
        new = factory.make_agreement_text("app-log", at=LATER, purpose_ko="오류 분석과 개선")
        old.refresh_from_db()
        assert (new.number, new.state) == (2, "published")
        assert (old.state, old.superseded_at) == ("superseded", LATER)
        assert new.digest != old.digest
        self.assertLedgered("consents.text.published", new)

    @pytest.mark.law("C-09")
    def test_who_agreed_to_a_text_that_asks_again_is_on_the_list(self) -> None:
        asked, spared, new = (
            factory.make_device(number, agreed=("activation", "service-analytics", "app-log")) for number in (1, 2, 3)
        )
        factory.make_agreement_text("app-log", at=LATER, asks_again=True)
        factory.agree(spared, "app-log", at=LATER + timedelta(hours=1))
        factory.decide(new, "app-log", "withdraw", at=LATER + timedelta(hours=1))
        listed = set(CurrentConsent.objects.needing_reconsent().values_list("subject_id", flat=True))
        assert listed == {asked.subject_id}

    def test_a_later_text_that_asks_nobody_does_not_take_the_question_back(self) -> None:
        asked = factory.make_device(1, agreed=("activation", "service-analytics", "advertising-email"))
        factory.make_agreement_text("advertising-email", at=LATER, asks_again=True)
        factory.make_agreement_text("advertising-email", at=LATER + timedelta(hours=1), asks_again=False)
        assert list(CurrentConsent.objects.needing_reconsent().values_list("subject_id", flat=True)) == [
            asked.subject_id
        ]
        answer = advertising.permission(asked.subject_id, "email", LATER + timedelta(hours=2))
        assert [reason.code for reason in answer.because] == ["text-changed"]
        caller = factory.make_gate()
        needed = api_consents.current_consents(asked.id, caller=caller, at=LATER + timedelta(hours=2))["needed"]
        assert ("advertising-email", "text-changed") in {(one["agreement"], one["reason"]) for one in needed}

    def test_a_text_that_does_not_ask_again_leaves_the_consents(self) -> None:
        factory.make_device(1, agreed=("activation", "service-analytics", "app-log"))
        factory.make_agreement_text("app-log", at=LATER, asks_again=False)
        assert not CurrentConsent.objects.needing_reconsent().exists()

    @pytest.mark.law("P-02", "C-09")
    @pytest.mark.truth("changed-notices-ask-again")
    def test_a_text_whose_notices_changed_asks_again_or_is_not_published(self) -> None:
        factory.make_device(1, agreed=("activation", "service-analytics", "app-log"))
        draft = consents.draft_text(
            Agreement.objects.get(code="app-log"),
            words={"items_ko": "오류 로그와 위치", "item_codes": ["location"], "asks_again": False},
            actor=factory.make_odile(),
            at=LATER,
        )
        with self.assertRaises(consents.AsksNobody) as refused:
            consents.publish_text(draft, actor=factory.make_omar(), at=LATER)
        assert str(AgreementVersion._meta.get_field("items_ko").verbose_name) in str(refused.exception)  # type: ignore[union-attr]
        consents.revise_text(draft, words={"asks_again": True}, actor=factory.make_odile(), at=LATER)
        assert consents.publish_text(draft, actor=factory.make_omar(), at=LATER).state == "published"
        assert CurrentConsent.objects.needing_reconsent().count() == 1

    @pytest.mark.truth("changed-notices-ask-again")
    def test_a_notice_that_is_only_spaced_or_spelt_anew_asks_nobody(self) -> None:
        before = factory.text_in_force("app-log")
        words = {"items_en": f"  {before.items_en.upper()} .", "title_en": "App log", "asks_again": False}
        assert factory.make_agreement_text("app-log", at=LATER, **words).state == "published"

    @pytest.mark.law("C-01")
    def test_an_incomplete_text_is_not_published(self) -> None:
        odile, omar = factory.make_odile(), factory.make_omar()
        draft = consents.draft_text(Agreement.objects.get(code="app-log"), words={}, actor=odile, at=LATER)
        for name in (f"{notice}_{language}" for notice in NOTICES for language in ("ko", "en")):
            said = getattr(draft, name)
            consents.revise_text(draft, words={name: " "}, actor=odile, at=LATER)
            with self.assertRaises(consents.IncompleteText):
                consents.publish_text(draft, actor=omar, at=LATER)
            consents.revise_text(draft, words={name: said}, actor=odile, at=LATER)
        assert NOTICES == ("purpose", "items", "retention", "refusal")
        assert consents.publish_text(draft, actor=omar, at=LATER).state == "published"

    def test_one_draft_at_once_and_a_draft_can_be_discarded(self) -> None:
        odile, agreement = factory.make_odile(), Agreement.objects.get(code="app-log")
        draft = consents.draft_text(agreement, words={}, actor=odile, at=LATER)
        with self.assertRaises(consents.DraftExists):
            consents.draft_text(agreement, words={}, actor=odile, at=LATER)
        consents.discard_text(draft, actor=odile, at=LATER)
        assert consents.draft_text(agreement, words={}, actor=odile, at=LATER).number == 2

    def test_a_published_text_is_no_draft_any_more(self) -> None:
        text = factory.text_in_force("app-log")
        for verb in (consents.publish_text, consents.discard_text):
            with self.assertRaises(consents.NotADraft):
                verb(text, actor=factory.make_odile(), at=LATER)

    def test_only_the_officer_drafts_and_publishes(self) -> None:
        with self.assertRaises(NotPermitted):
            consents.draft_text(Agreement.objects.get(code="app-log"), words={}, actor=factory.make_hana(), at=LATER)


@pytest.mark.clause("P5.1")
class ProvisionTest(PortalTestCase):
    """A consent to provision covers a recipient, items and a purpose, and nothing beyond (law P-02)."""

    @pytest.mark.law("P-02", "C-02")
    def test_it_covers_what_it_names(self) -> None:
        from consents import consent_status

        device = factory.make_device()
        factory.make_provision_agreement("acme", items=["model", "os_version"], purposes=["disclosure"])
        asked = {"recipient": "acme", "purpose": "disclosure", "at": LATER}
        assert consent_status.covers_provision(device.subject_id, items=["model"], **asked) is None
        decision = factory.agree(device, "provision-acme", at=LATER)
        assert consent_status.covers_provision(device.subject_id, items=["model"], **asked) == decision
        assert consent_status.covers_provision(device.subject_id, items=["model", "imei"], **asked) is None
        assert (
            consent_status.covers_provision(device.subject_id, items=["model"], **{**asked, "purpose": "analytics"})
            is None
        )
        assert (
            consent_status.covers_provision(device.subject_id, items=["model"], **{**asked, "recipient": "other"})
            is None
        )
        factory.decide(device, "provision-acme", "withdraw", at=LATER + timedelta(hours=1))
        assert consent_status.covers_provision(device.subject_id, items=["model"], **asked) is None
