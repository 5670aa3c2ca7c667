"""One decision for each agreement, appended and provable; withdrawing is as easy as agreeing (P3.6)."""

from contextlib import suppress
from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError

from consents import actions as consents
from consents import advertising, consent_status, precedence
from consents.models import AgreementVersion, CurrentConsent, Decision
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.authorization import NotPermitted
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase


@pytest.mark.clause("P3.6")
class DecisionTest(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(agreed=())
        self.subject = Subject.objects.get(pk=self.device.subject_id)

    @pytest.mark.law("C-08", "F-13")
    def test_an_agreement_says_who_what_when_how_and_by_which_text(self) -> None:
        decision = factory.agree(self.device, "activation")
        assert (decision.subject_id, decision.decided_at) == (self.device.subject_id, factory.NOON)
        assert decision.text_digest == factory.text_in_force("activation").digest
        assert (decision.choice, decision.method, decision.language) == ("agree", "app", "ko")
        assert decision.reference.startswith("C-")
        entry = self.assertLedgered("consents.decision.agreed", decision)
        assert decision.text_digest in entry.payload

    @pytest.mark.law("C-02")
    @pytest.mark.truth("29")
    def test_each_agreement_is_decided_by_itself(self) -> None:
        rests_on = {
            "activation": "device-registration", "service-analytics": "service-analytics", "app-log": "app-log"
        }  # fmt: skip
        for number, (agreement, own) in enumerate(rests_on.items(), start=2):
            person = factory.make_device(number, agreed=(agreement,)).subject_id
            allowed = {
                category for category in rests_on.values() if consent_status.is_agreed(person, category, factory.NOON)
            }
            assert allowed == {own}, agreement

    @pytest.mark.law("C-02")
    @pytest.mark.truth("29")
    def test_each_purpose_of_the_policy_has_one_agreement_and_no_text_covers_two(self) -> None:
        texts = AgreementVersion.objects.published().filter(agreement__kind="collection")
        assert sorted(text.purpose_codes for text in texts) == [["analytics"], ["error-analysis"], ["registration"]]
        items = [item for text in texts for item in text.item_codes]
        assert len(items) == len(set(items))

    @pytest.mark.law("C-03")
    def test_a_disagreement_is_recorded_too(self) -> None:
        decision = factory.decide(self.device, "app-log", "disagree")
        assert decision.choice == "disagree"
        self.assertLedgered("consents.decision.disagreed", decision)
        assert not consent_status.is_agreed(self.subject.id, "app-log", factory.NOON)

    def test_the_same_decision_again_is_the_same_receipt(self) -> None:
        first = factory.agree(self.device, "app-log")
        second = factory.agree(self.device, "app-log", at=factory.NOON)
        assert first.pk == second.pk
        assert Decision.objects.count() == 1

    @pytest.mark.law("C-10")
    def test_a_withdrawal_ends_the_agreement_and_queues_the_destruction(self) -> None:
        factory.agree(self.device, "app-log")
        later = factory.NOON + timedelta(hours=1)
        decision = factory.decide(self.device, "app-log", "withdraw", at=later)
        assert not consent_status.is_agreed(self.subject.id, "app-log", later)
        assert consent_status.is_agreed(self.subject.id, "app-log", factory.NOON) is False
        assert GeneralOutbox.objects.filter(key__startswith=f"consents.ended:{decision.id}:").exists()
        assert [row.choice for row in Decision.objects.order_by("decided_at")] == ["agree", "withdraw"]

    def test_a_withdrawal_here_ends_what_a_device_agreed_to_whose_clock_runs_ahead(self) -> None:
        ahead, gate = factory.NOON + timedelta(minutes=4), factory.make_gate()
        later = factory.NOON + timedelta(minutes=1)
        for code in ("advertising-sms", "app-log"):
            factory.agree(self.device, code, decided_at=ahead, actor=gate)
            factory.decide(self.device, code, "withdraw", at=later, method="website")
        current = CurrentConsent.objects.of(self.subject.id)
        assert set(current.values_list("choice", flat=True)) == {"withdraw"}
        stood = advertising.latest_decision(self.subject.id, "advertising-sms", ahead + timedelta(hours=1))
        assert stood is not None and stood.choice == "withdraw"
        # What a device said earlier by the same clock, and what arrives late, changes nothing.
        factory.agree(self.device, "app-log", at=later, decided_at=ahead - timedelta(minutes=6), actor=gate)
        assert current.get(agreement__code="app-log").choice == "withdraw"

    def test_a_withdrawal_on_a_device_that_was_set_right_or_runs_behind_takes_effect(self) -> None:
        minute, gate = timedelta(minutes=1), factory.make_gate()
        for code, agreed, withdrawn in (("advertising-sms", 4, 2), ("app-log", 0, -5), ("advertising-email", 4, -5)):
            factory.agree(self.device, code, decided_at=factory.NOON + agreed * minute, actor=gate)
            factory.decide(
                self.device, code, "withdraw", at=factory.NOON + 5 * minute, actor=gate,
                decided_at=factory.NOON + withdrawn * minute,
            )  # fmt: skip
        current = CurrentConsent.objects.of(self.subject.id)
        assert set(current.values_list("choice", flat=True)) == {"withdraw"}
        # Beyond the error of a clock it is an old one that comes late.
        later = factory.NOON + timedelta(hours=1)
        factory.agree(self.device, "advertising-sms", at=later, decided_at=later, actor=gate)
        factory.decide(
            self.device, "advertising-sms", "withdraw", at=later + minute, decided_at=later - 6 * minute, actor=gate
        )
        assert current.get(agreement__code="advertising-sms").choice == "agree"

    def test_no_late_agreement_revives_what_a_withdrawal_ended(self) -> None:
        """In every order of arrival, an agreement that follows a withdrawal is dated after all that it ended."""
        minute, gate = timedelta(minutes=1), factory.make_gate()
        said = [("agree", 3), ("withdraw", 0), ("agree", 2), ("agree", 5)]
        for number, order in enumerate(permutations(said)):
            device, at = factory.make_device(100 + number, agreed=()), factory.NOON + timedelta(hours=1)
            stands, ended = "", -9
            for late, (choice, dated) in enumerate(order):
                try:
                    factory.decide(
                        device, "app-log", choice, actor=gate, decided_at=factory.NOON + dated * minute,
                        at=factory.NOON + (6 + late) * minute,
                    )  # fmt: skip
                except consents.NothingToWithdraw:
                    continue
                latest = max(one for _choice, one in order[: late + 1])
                if choice == "withdraw":
                    stands, ended = "withdraw", latest
                elif dated > ended:
                    stands = "agree"
                now = CurrentConsent.objects.of(device.subject_id).get(agreement__code="app-log").choice
                assert now == stands, order[: late + 1]
                then = precedence.stood_at(Decision.objects.of(device.subject_id).order_by("recorded_at"), at)
                assert then is not None and then.choice == stands, order[: late + 1]

    def test_what_took_no_effect_when_it_arrived_stood_at_no_moment(self) -> None:
        """In every order of arrival and at every moment; at the last one what stands now stood."""
        minute, gate = timedelta(minutes=1), factory.make_gate()
        said = [("agree", 3), ("disagree", 1), ("withdraw", 0), ("agree", 2), ("agree", 9)]
        for number, order in enumerate(permutations(said)):
            device, took_effect = factory.make_device(200 + number, agreed=()), set[UUID]()
            for late, (choice, dated) in enumerate(order):
                with suppress(consents.NothingToWithdraw):
                    made = factory.decide(
                        device, "app-log", choice, actor=gate, decided_at=factory.NOON + dated * minute,
                        at=factory.NOON + (6 + late) * minute,
                    )  # fmt: skip
                    now = CurrentConsent.objects.of(device.subject_id).get(agreement__code="app-log").decision_id
                    took_effect |= {made.pk} & {now}
            history = list(Decision.objects.of(device.subject_id).order_by("recorded_at"))
            for moment in range(-1, 12):
                stood = precedence.stood_at(history, factory.NOON + moment * minute)
                assert stood is None or stood.choice != "agree" or stood.pk in took_effect, (order, moment)
            assert stood is not None and stood.pk == now, order

    def test_nothing_can_be_withdrawn_that_was_not_agreed_to(self) -> None:
        with self.assertRaises(consents.NothingToWithdraw):
            factory.decide(self.device, "app-log", "withdraw")
        factory.decide(self.device, "app-log", "disagree")
        with self.assertRaises(consents.NothingToWithdraw):
            factory.decide(self.device, "app-log", "withdraw", at=factory.NOON + timedelta(hours=1))

    def test_a_decision_that_arrives_late_is_kept_and_changes_nothing(self) -> None:
        factory.decide(self.device, "app-log", "disagree", at=factory.NOON)
        factory.agree(self.device, "app-log", decided_at=factory.NOON - timedelta(hours=1))
        assert Decision.objects.count() == 2
        assert CurrentConsent.objects.get().choice == "disagree"

    def test_a_decision_of_the_future_is_refused(self) -> None:
        with self.assertRaises(consents.DecidedInTheFuture):
            factory.agree(self.device, "app-log", decided_at=factory.NOON + timedelta(minutes=6))

    def test_a_draft_and_a_replaced_text_are_not_decided_about(self) -> None:
        old = factory.text_in_force("app-log")
        factory.make_agreement_text("app-log", at=factory.NOON)
        with self.assertRaises(consents.TextNotOffered):
            factory.agree(self.device, "app-log", version=old, at=factory.NOON + timedelta(seconds=1))
        # A device that was offline sends what its user decided before the text was replaced.
        assert factory.agree(self.device, "app-log", version=old, decided_at=factory.NOON - timedelta(seconds=1))

    @pytest.mark.law("C-07")
    def test_words_that_do_not_exist_are_refused(self) -> None:
        for changes in ({"method": "telepathy"}, {"language": "fr"}):
            with self.assertRaises(consents.UnknownValue):
                factory.agree(self.device, "app-log", **changes)

    @pytest.mark.law("C-07")
    def test_each_way_of_the_decree_is_taken_and_kept_with_the_decision(self) -> None:
        for number, method in enumerate(("paper", "phone", "phone-website", "website", "email", "app")):
            said, at = ("agree", "withdraw")[number % 2], factory.NOON + timedelta(hours=number)
            made = factory.decide(self.device, "app-log", said, method=method, actor=factory.make_hana(), at=at)
            assert (made.choice, made.method) == (said, method)

    @pytest.mark.law("C-07")
    def test_only_handlers_record_what_was_said_on_the_telephone(self) -> None:
        with self.assertRaises(NotPermitted):
            factory.agree(self.device, "app-log", method="phone", actor=factory.make_emin())
        assert factory.agree(self.device, "app-log", method="phone", actor=factory.make_hana())


@pytest.mark.asvs("14.2.4", "16.4.2")
class AppendOnlyTest(PortalTestCase):
    def refused(self, statement: str) -> None:
        with (
            self.assertRaises((InternalError, IntegrityError)),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    @pytest.mark.law("C-08")
    def test_a_decision_is_never_changed_nor_removed(self) -> None:
        factory.agree(factory.make_device(agreed=()), "activation")
        self.refused("UPDATE consents_decision SET choice = 'disagree'")
        self.refused("DELETE FROM consents_currentconsent; DELETE FROM consents_decision")
        assert Decision.objects.get().choice == "agree"

    def test_a_published_text_is_never_changed_nor_removed(self) -> None:
        self.refused("UPDATE consents_agreementversion SET body_ko = 'x'")
        self.refused("UPDATE consents_agreementversion SET digest = repeat('0', 64), state = 'superseded'")
        self.refused("DELETE FROM consents_agreementversion")

    def test_the_first_texts_carry_the_digest_that_their_words_have(self) -> None:
        versions = AgreementVersion.objects.select_related("agreement")
        assert versions.count() == 8
        for version in versions:
            assert version.digest == version.computed_digest(), version


@pytest.mark.clause("P3.6")
class RepresentativeTest(PortalTestCase):
    """A legal representative decides for a child under 14, and that is confirmed (law C-12)."""

    mother = {"name": "김하나", "contact": "010-1234-5678", "relationship": "mother", "confirmation": "mobile-identity"}

    @pytest.mark.law("C-12")
    def test_the_decision_says_how_it_was_confirmed_and_not_by_whom(self) -> None:
        device = factory.make_device(agreed=())
        decision = factory.agree(device, "activation", representative=self.mother)
        assert decision.by_representative
        assert decision.confirmation == "mobile-identity"
        entry = self.assertLedgered("consents.decision.agreed", decision)
        for secret in ("김하나", "1234-5678"):
            assert secret not in entry.payload

    @pytest.mark.law("C-12")
    def test_name_and_contact_are_sealed_in_the_personal_database(self) -> None:
        from consents.models import Representative
        from privacy.vault import actions as vault
        from privacy.vault.purposes import Purpose

        decision = factory.agree(factory.make_device(agreed=()), "activation", representative=self.mother)
        row = Representative.objects.get(pk=decision.pk)
        assert str(row.particulars) == "••••••"
        with vault.opened(
            purpose=Purpose.RIGHTS,
            task="rights.access.exported",
            actor=factory.make_odile(),
            at=factory.NOON,
            reason="x",
        ) as vault_session:
            assert vault_session.decrypt(row, "particulars")["name"] == "김하나"

    @pytest.mark.law("C-12", "C-13")
    def test_without_a_confirmation_it_does_not_count(self) -> None:
        device = factory.make_device(agreed=())
        for missing in ("confirmation", "name", "contact"):
            with self.assertRaises(consents.UnconfirmedRepresentative):
                factory.agree(device, "activation", representative={**self.mother, missing: ""})
        assert not Decision.objects.exists()
