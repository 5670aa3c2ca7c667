"""Nothing leaves without a basis and a second person, and never while it is frozen (P5.1; law P-01 … P-07)."""

import csv
import hashlib
import io
import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import DisclosedItem, Disclosure
from privacy.ledger.authorization import NotPermitted
from privacy.policies import policy_document
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.encrypted_zips import REFUSED, opened
from tests.factories.accounts import NOON


@pytest.mark.clause("P5.1")
class BasisTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)

    @pytest.mark.law("P-03")
    def test_no_ground_of_public_institutions_is_a_statute_of_its_own(self) -> None:
        """PIPA art. 18(2) proviso: what an agency's letter often cites beside its own statute, or alone."""
        for ground in (
            "개인정보 보호법 제18조제2항제7호", "개인정보보호법 18조 2항 8호", "법 제18조제2항제7호",
            "개인정보 보호법 제18조제2항제7호, 동법 제18조제2항제8호", "PIPA art. 18(2)5", "the Act, art. 18(2)7",
            "「개인정보 보호법」 제18조(개인정보의 목적 외 이용·제공 제한) 제2항 제7호",
            "개인정보 보호법 제18조②항 7호",
            "PIPA Article 18, paragraph 2, subparagraph 7", "PIPA §18(2)(7)", "PIPA art. 18(2) no. 9",
        ):  # fmt: skip
            with pytest.raises(disclosures.NoBasis) as refused:
                factory.make_disclosure(self.device, "model", statute=ground)
            assert refused.value.pointer == "/statute", ground
        for statute in (
            "형사소송법 제199조제2항, 개인정보 보호법 제18조제2항제7호",
            "개인정보 보호법 제18조제2항제3호",
            "PIPA art. 18(2) no. 2",
            "PIPA Article 18, paragraph 2, subparagraph 1",
            "PIPA art. 18(2)7 and Criminal Procedure Act art. 199(2)",
        ):
            assert factory.make_disclosure(self.device, "model", statute=statute), statute

    @pytest.mark.law("P-01", "P-03")
    def test_a_law_names_its_statute_and_the_document(self) -> None:
        for missing in ({"statute": ""}, {"document_no": " "}):
            with pytest.raises(disclosures.NoBasis):
                factory.make_disclosure(self.device, **missing)

    def test_the_database_demands_statute_and_document_too(self) -> None:
        made = factory.make_disclosure(self.device)
        for missing in ({"statute": ""}, {"document_no": ""}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Disclosure.objects.filter(id=made.id).update(**missing)

    @pytest.mark.law("P-01", "P-02")
    def test_a_consent_covers_recipient_items_and_purpose(self) -> None:
        factory.name_recipient("acme", items=["model"], purposes=["repair"])
        consent = {"basis": "consent", "statute": "", "document_no": ""}
        with pytest.raises(disclosures.NoBasis):
            factory.make_disclosure(self.device, "model", purpose_code="repair", **consent)
        decision = factory.agree(self.device, "provision-acme")
        for wrong in (
            {"purpose_code": "marketing"},
            {"purpose_code": ""},
            {"purpose_code": "repair", "third_party": factory.make_third_party("other")},
        ):
            with pytest.raises(disclosures.NoBasis):
                factory.make_disclosure(self.device, "model", **consent, **wrong)
        with pytest.raises(disclosures.NoBasis):
            factory.make_disclosure(self.device, "model", "imei", purpose_code="repair", **consent)
        made = factory.make_disclosure(self.device, "model", purpose_code="repair", **consent)
        assert made.disclosed.get().consent == decision.reference

    @pytest.mark.law("P-01")
    def test_a_consent_that_was_withdrawn_is_no_basis_any_more(self) -> None:
        factory.name_recipient("acme", items=["model"], purposes=["repair"])
        factory.agree(self.device, "provision-acme")
        made = factory.make_disclosure(
            self.device, "model", basis="consent", statute="", document_no="", purpose_code="repair"
        )
        factory.decide(self.device, "provision-acme", "withdraw")
        with pytest.raises(disclosures.NoBasis):
            disclosures.approve(made, actor=factory.make_omar(), at=NOON)

    @pytest.mark.truth("9")
    def test_a_recipient_that_the_policy_in_force_does_not_name_gets_nothing_by_consent(self) -> None:
        consent = {"basis": "consent", "statute": "", "document_no": "", "purpose_code": "repair"}
        factory.make_third_party("acme")
        factory.make_provision_agreement("acme", items=["model", "os_version"], purposes=["repair"])
        factory.agree(self.device, "provision-acme")
        with override("en"), pytest.raises(disclosures.RecipientNotInPolicy) as refused:
            factory.make_disclosure(self.device, "model", **consent)
        assert refused.value.pointer == "/third_party"
        for said in ("2020-12-01", "Acme Devices", "Publish a revision"):
            assert said in str(refused.value)
        factory.make_named()
        made = factory.make_disclosure(self.device, "model", "os_version", **consent)
        disclosures.approve(made, actor=factory.make_omar(), at=NOON)
        assert disclosures.provide(made, actor=factory.make_odile(), at=NOON).disclosure.state == "provided"

    @pytest.mark.truth("9")
    def test_nor_an_item_that_it_does_not_say_goes_there(self) -> None:
        consent = {"basis": "separate-consent", "statute": "", "document_no": "", "purpose_code": "repair"}
        factory.name_recipient("acme", items=["model"], purposes=["repair"])
        factory.make_agreement_text("provision-acme", item_codes=["model", "os_version"], purpose_codes=["repair"])
        factory.agree(self.device, "provision-acme")
        assert factory.make_disclosure(self.device, "model", **consent)
        with (
            override("en"),
            pytest.raises(disclosures.RecipientNotInPolicy, match="receives: Operating system version") as refused,
        ):
            factory.make_disclosure(self.device, "os_version", **consent)
        assert refused.value.pointer == "/items"

    @pytest.mark.truth("9")
    def test_a_version_that_is_announced_names_nobody_yet_and_one_without_the_table_never(self) -> None:
        consent = {"basis": "consent", "statute": "", "document_no": "", "purpose_code": "repair"}
        factory.make_third_party("acme")
        factory.make_provision_agreement("acme", items=["model"], purposes=["repair"])
        factory.agree(self.device, "provision-acme")
        factory.make_named(at=NOON + timedelta(days=20))
        with pytest.raises(disclosures.RecipientNotInPolicy):
            factory.make_disclosure(self.device, "model", **consent)
        later = NOON + timedelta(days=20)
        assert factory.make_disclosure(self.device, "model", at=later, **consent)
        text = {
            "sections": [{"body": {"ko": "[[recipients]]", "en": "Nobody."}}],
            "tables": {"recipients": [{"code": "x"}]},
        }
        assert policy_document.listed_rows(text, "recipients") == []

    @pytest.mark.law("P-03")
    def test_an_investigator_needs_a_law_of_its_own(self) -> None:
        agency = factory.make_third_party("agency", kind="investigator")
        factory.make_provision_agreement("agency", items=["model"], purposes=["investigation"])
        factory.agree(self.device, "provision-agency")
        with pytest.raises(disclosures.NoBasis):
            factory.make_disclosure(
                self.device, "model", third_party=agency, basis="consent", purpose_code="investigation"
            )

    @pytest.mark.law("P-01")
    def test_an_undeclared_item_is_not_provided(self) -> None:
        with pytest.raises(disclosures.NoBasis):
            factory.make_disclosure(self.device, "religion")

    @pytest.mark.law("P-07")
    def test_an_imei_goes_to_makers_and_carriers_or_on_the_officers_written_ground(self) -> None:
        customer = factory.make_third_party("customer", kind="customer")
        with pytest.raises(disclosures.TerminalNumberNotAllowed):
            factory.make_disclosure(self.device, "imei", third_party=customer)
        assert factory.make_disclosure(self.device, "model", third_party=customer)
        assert factory.make_disclosure(self.device, "imei"), "the maker that repairs it"
        assert factory.make_disclosure(
            self.device, "imei", third_party=customer, terminal_number_ground="warrant 2026-1187"
        )

    def test_a_retired_third_party_gets_nothing(self) -> None:
        party = factory.make_third_party()
        disclosures.retire_party(party, actor=factory.make_odile(), at=NOON)
        party.refresh_from_db()
        with pytest.raises(disclosures.Retired):
            factory.make_disclosure(self.device, third_party=party)


@pytest.mark.clause("P5.1")
@pytest.mark.asvs("2.3.5")
class SecondPersonTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)
        self.made = factory.attach_scan(factory.make_disclosure(self.device))

    @pytest.mark.law("P-06", "P-07")
    def test_who_asked_can_not_approve(self) -> None:
        with pytest.raises(disclosures.SamePerson):
            disclosures.approve(self.made, actor=factory.make_odile(), at=NOON)

    @pytest.mark.law("P-06")
    def test_the_database_says_so_too(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Disclosure.objects.filter(id=self.made.id).update(
                state="approved", approved_by=self.made.requested_by, approved_at=NOON
            )

    def test_a_handler_can_not_approve(self) -> None:
        with pytest.raises(NotPermitted):
            disclosures.approve(self.made, actor=factory.make_hana(), at=NOON)

    @pytest.mark.asvs("2.3.1")
    def test_nothing_is_provided_before_it_is_approved(self) -> None:
        with pytest.raises(disclosures.WrongState):
            disclosures.provide(self.made, actor=factory.make_odile(), at=NOON)

    def test_what_was_approved_is_what_is_provided(self) -> None:
        disclosures.approve(self.made, actor=factory.make_omar(), at=NOON)
        DisclosedItem.objects.create(
            disclosure=self.made, subject_id=self.device.subject_id, category="device-registration", item="os_version"
        )
        with pytest.raises(disclosures.ContentChanged):
            disclosures.provide(self.made, actor=factory.make_odile(), at=NOON)

    def test_a_second_decision_learns_of_the_first(self) -> None:
        omar = factory.make_omar()
        disclosures.approve(self.made, actor=omar, at=NOON)
        with pytest.raises(disclosures.WrongState) as refused:
            disclosures.approve(self.made, actor=omar, at=NOON)
        assert omar.reference in str(refused.value)

    def test_a_refusal_has_its_reason(self) -> None:
        with pytest.raises(disclosures.MissingReason):
            disclosures.refuse(self.made, reason=" ", actor=factory.make_omar(), at=NOON)
        refused = disclosures.refuse(self.made, reason="no warrant", actor=factory.make_omar(), at=NOON)
        assert refused.state == "refused"
        with pytest.raises(disclosures.WrongState):
            disclosures.provide(refused, actor=factory.make_odile(), at=NOON)

    @pytest.mark.law("P-05", "P-09")
    def test_nothing_is_deleted_from_the_register(self) -> None:
        from django.db.models import ProtectedError

        with pytest.raises(ProtectedError):
            self.made.third_party.delete()
        with pytest.raises(ProtectedError):
            self.made.delete()


@pytest.mark.clause("P5.1")
class HandOverTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)
        self.made = factory.make_provided(self.device, "imei", "model")

    @pytest.mark.law("P-06", "S-21")
    def test_the_file_is_encrypted_and_opens_with_its_passphrase(self) -> None:
        assert factory.imei(1).encode() not in self.made.file
        files = opened(self.made.file, self.made.passphrase)
        rows = json.loads(files["content.json"])
        assert {row["item"]: row["value"] for row in rows} == {"imei": factory.imei(1), "model": "SM-S931N"}
        assert all(row["identified_by"] == {"imei": factory.imei(1)} for row in rows)
        manifest = json.loads(files["manifest.json"])
        assert manifest["disclosure"] == self.made.disclosure.reference
        assert manifest["statute"] == "전기통신사업법 제83조제3항"

    @pytest.mark.truth("34")
    def test_the_recipient_can_tell_whose_row_it_is(self) -> None:
        """By what was provided that identifies a device, else by the number that the notices name too."""
        person = Subject.objects.get(id=self.device.subject_id).reference
        without = factory.make_provided(self.device, "model", document_no="2026-1188")
        for made, identified in ((self.made, factory.imei(1)), (without, "")):
            table = opened(made.file, made.passphrase)["content.csv"].decode("utf-8-sig")
            for row in csv.DictReader(io.StringIO(table)):
                assert row["Data subject"] == person
                assert identified in row["Identified by"]
                assert bool(row["Identified by"]) == bool(identified)
                assert row["Record"] == self.device.reference
            assert str(self.device.subject_id) not in table

    def test_another_passphrase_does_not_open_it(self) -> None:
        with pytest.raises(REFUSED):
            opened(self.made.file, "0000")

    def test_the_passphrase_is_shown_apart_and_on_record(self) -> None:
        shown = disclosures.show_passphrase(self.made.disclosure, actor=factory.make_odile(), at=NOON)
        assert shown == self.made.passphrase
        self.assertLedgered("disclosures.passphrase.shown", self.made.disclosure)
        assert shown not in str(Disclosure.objects.values())

    @pytest.mark.truth("lost-file")
    def test_a_file_whose_answer_was_lost_is_fetched_again_by_who_provided_it_for_an_hour(self) -> None:
        row, odile = self.made.disclosure, factory.make_odile()
        hour = timedelta(hours=1)
        again = disclosures.fetch_again(row, actor=odile, at=NOON + hour - timedelta(seconds=1))
        assert again.file == self.made.file
        assert hashlib.sha256(again.file).hexdigest() == row.file_digest
        entry = self.assertLedgered("disclosures.file.fetched", row)
        assert str(self.device.subject_id) in entry.subjects
        with pytest.raises(disclosures.WrongState):
            disclosures.fetch_again(row, actor=odile, at=NOON + hour)
        with pytest.raises(disclosures.WrongState):
            disclosures.fetch_again(row, actor=factory.make_hana(), at=NOON)

    @pytest.mark.truth("lost-file")
    def test_what_has_changed_meanwhile_is_not_the_file_that_was_provided(self) -> None:
        Disclosure.objects.filter(id=self.made.disclosure.id).update(file_digest="0" * 64)
        with pytest.raises(disclosures.ContentChanged):
            disclosures.fetch_again(self.made.disclosure, actor=factory.make_odile(), at=NOON)
        with pytest.raises(disclosures.WrongState):
            disclosures.fetch_again(
                factory.make_disclosure(factory.make_device(2)), actor=factory.make_odile(), at=NOON
            )

    @pytest.mark.law("P-06")
    def test_a_digest_of_each_value_is_kept_and_no_value(self) -> None:
        kept = {one.item: bytes(one.value_digest or b"") for one in DisclosedItem.objects.all()}
        assert len(set(kept.values())) == 2
        assert factory.imei(1) not in str(DisclosedItem.objects.values())

    @pytest.mark.law("P-06")
    def test_the_opening_and_the_provision_are_on_record(self) -> None:
        read = self.assertLedgered("ledger.read")
        assert str(self.device.subject_id) in read.subjects
        self.assertLedgered("disclosures.disclosure.provided", self.made.disclosure)

    def test_it_is_provided_once(self) -> None:
        with pytest.raises(disclosures.WrongState):
            disclosures.provide(self.made.disclosure, actor=factory.make_odile(), at=NOON)

    def test_a_duty_under_law_passes_a_freeze(self) -> None:
        factory.ask_correction()
        again = factory.make_provided(self.device, "imei", document_no="2026-2000")
        assert again.disclosure.state == "provided"

    @pytest.mark.asvs("1.2.10")
    def test_a_cell_that_looks_like_a_formula_is_text(self) -> None:
        other = factory.make_device(2, model_description="=HYPERLINK(1)")
        made = factory.make_provided(other, "model_description")
        table = opened(made.file, made.passphrase)["content.csv"].decode("utf-8-sig")
        assert ",'=HYPERLINK(1)" in table

    def test_whoever_lacks_the_grant_gets_nothing(self) -> None:
        from privacy.accounts.models import AccessGrant

        made = factory.attach_scan(factory.make_disclosure(self.device, "model"))
        disclosures.approve(made, actor=factory.make_omar(), at=NOON)
        hana = factory.make_hana(granted=False)
        assert not AccessGrant.objects.filter(user=hana, role="").exists()
        with pytest.raises(NotPermitted):
            disclosures.provide(made, actor=hana, at=NOON)
        made.refresh_from_db()
        assert made.state == "approved"
