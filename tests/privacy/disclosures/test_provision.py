"""Nothing leaves without a basis and a second person, and never while it is frozen (P5.1; law P-01 … P-07)."""

import json
from datetime import date

import pytest
from django.db import IntegrityError, transaction

from privacy.accounts.models import User
from privacy.disclosures import actions as disclosures
from privacy.disclosures import holdings
from privacy.disclosures.models import DisclosedItem, Disclosure
from privacy.ledger.actors import NotPermitted
from privacy.lib import aeszip
from privacy.lib.papers import BadDocument
from privacy.rights import reminders
from privacy.vault import actions as vault
from privacy.vault.models import SealedFile
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


@pytest.mark.clause("P5.1")
class BasisTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)

    def test_a_law_names_its_statute_and_the_document(self) -> None:
        for missing in ({"statute": ""}, {"document_no": " "}):
            with pytest.raises(disclosures.NoBasis):
                factory.make_disclosure(self.device, **missing)

    def test_the_database_demands_statute_and_document_too(self) -> None:
        made = factory.make_disclosure(self.device)
        for missing in ({"statute": ""}, {"document_no": ""}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Disclosure.objects.filter(id=made.id).update(**missing)

    def test_a_consent_covers_recipient_items_and_purpose(self) -> None:
        factory.make_provision_agreement("acme", items=["model"], purposes=["repair"])
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

    def test_a_consent_that_was_withdrawn_is_no_basis_any_more(self) -> None:
        factory.make_provision_agreement("acme", items=["model"], purposes=["repair"])
        factory.agree(self.device, "provision-acme")
        made = factory.make_disclosure(
            self.device, "model", basis="consent", statute="", document_no="", purpose_code="repair"
        )
        factory.decide(self.device, "provision-acme", "withdraw")
        with pytest.raises(disclosures.NoBasis):
            disclosures.approve(made, actor=factory.make_omar(), at=NOON)

    def test_an_investigator_needs_a_law_of_its_own(self) -> None:
        agency = factory.make_third_party("agency", kind="investigator")
        factory.make_provision_agreement("agency", items=["model"], purposes=["investigation"])
        factory.agree(self.device, "provision-agency")
        with pytest.raises(disclosures.NoBasis):
            factory.make_disclosure(
                self.device, "model", third_party=agency, basis="consent", purpose_code="investigation"
            )

    def test_an_undeclared_item_is_not_provided(self) -> None:
        with pytest.raises(disclosures.NoBasis):
            factory.make_disclosure(self.device, "religion")

    def test_an_imei_goes_to_makers_and_carriers_or_on_the_officers_written_ground(self) -> None:
        customer = factory.make_third_party("customer", kind="customer")
        with pytest.raises(disclosures.TerminalNumber):
            factory.make_disclosure(self.device, "imei", third_party=customer)
        assert factory.make_disclosure(self.device, "model", third_party=customer)
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

    def test_who_asked_can_not_approve(self) -> None:
        with pytest.raises(disclosures.SamePerson):
            disclosures.approve(self.made, actor=factory.make_odile(), at=NOON)

    def test_the_database_says_so_too(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Disclosure.objects.filter(id=self.made.id).update(
                state="approved", approved_by=self.made.requested_by, approved_at=NOON
            )

    def test_a_handler_can_not_approve(self) -> None:
        with pytest.raises(NotPermitted):
            disclosures.approve(self.made, actor=factory.make_hana(), at=NOON)

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

    def test_the_file_is_encrypted_and_opens_with_its_passphrase(self) -> None:
        assert factory.imei(1).encode() not in self.made.file
        files = aeszip.unpack(self.made.file, passphrase=self.made.passphrase)
        rows = json.loads(files["content.json"])
        assert {row["item"]: row["value"] for row in rows} == {"imei": factory.imei(1), "model": "SM-S931N"}
        manifest = json.loads(files["manifest.json"])
        assert manifest["disclosure"] == self.made.disclosure.reference
        assert manifest["statute"] == "전기통신사업법 제83조제3항"

    def test_another_passphrase_does_not_open_it(self) -> None:
        with pytest.raises(aeszip.WrongPassphrase):
            aeszip.unpack(self.made.file, passphrase="0000")

    def test_the_passphrase_is_shown_apart_and_on_record(self) -> None:
        shown = disclosures.show_passphrase(self.made.disclosure, actor=factory.make_odile(), at=NOON)
        assert shown == self.made.passphrase
        self.assertLedgered("disclosures.passphrase.shown", self.made.disclosure)
        assert shown not in str(Disclosure.objects.values())

    def test_a_digest_of_each_value_is_kept_and_no_value(self) -> None:
        kept = {one.item: bytes(one.value_digest or b"") for one in DisclosedItem.objects.all()}
        assert len(set(kept.values())) == 2
        assert factory.imei(1) not in str(DisclosedItem.objects.values())

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

    def test_a_cell_that_looks_like_a_formula_is_text(self) -> None:
        other = factory.make_device(2, model_description="=HYPERLINK(1)")
        made = factory.make_provided(other, "model_description")
        table = aeszip.unpack(made.file, passphrase=made.passphrase)["content.csv"].decode("utf-8-sig")
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


class WhoHoldsWhatTests(PortalTestCase):
    def test_earlier_recipients_are_those_who_were_really_provided_with_the_item(self) -> None:
        device = factory.make_device(1)
        factory.make_provided(device, "imei")
        factory.make_disclosure(device, "imei", third_party=factory.make_third_party("asked"))
        factory.make_provided(device, "model", third_party=factory.make_third_party("other"))
        found = disclosures.earlier_recipients(
            subject_id=device.subject_id, category="device-registration", item="imei"
        )
        assert [party.code for party in found] == ["acme"]

    def test_a_case_queues_one_notice_for_each_recipient_however_often_it_is_called(self) -> None:
        device = factory.make_device(1)
        for code in ("acme", "beta", "gamma"):
            factory.make_provided(device, "imei", third_party=factory.make_third_party(code))
        factory.make_provided(device, "imei", document_no="again")
        case = factory.ask_correction().request
        for _time in range(2):
            disclosures.queue_notices(
                kind="corrected",
                case_id=case.id,
                case_reference=case.reference,
                subject_id=device.subject_id,
                category="device-registration",
                items=["imei"],
                actor=factory.make_odile(),
                at=NOON,
            )
        from privacy.disclosures.models import Notice

        assert Notice.objects.count() == 3
        twice = Notice.objects.get(third_party__code="acme")
        assert len(twice.disclosures) == 2

    def test_the_freeze_message_names_the_case(self) -> None:
        device = factory.make_device(1)
        factory.make_provision_agreement("acme", items=["imei"], purposes=["repair"])
        factory.agree(device, "provision-acme")
        case = factory.ask_correction().request
        with pytest.raises(vault.Frozen, match=case.reference):
            factory.make_disclosure(device, "imei", basis="consent", purpose_code="repair")


PDF = b"%PDF-1.7 warrant zebra %%EOF"


@pytest.mark.clause("P5.1")
class ScanTests(PortalTestCase):
    """An agency's request is approved by somebody who can read its document (P-08 … P-10)."""

    def setUp(self) -> None:
        self.odile, self.omar = factory.make_odile(), factory.make_omar()
        factory.grant_scans(self.omar, by=self.odile)
        agency = factory.make_third_party("agency", kind="investigator")
        self.made = factory.make_disclosure(factory.make_device(1), "model", third_party=agency)

    def attach(self, content: bytes = PDF) -> Disclosure:
        return disclosures.attach_scan(self.made, name="warrant.pdf", content=content, actor=self.odile, at=NOON)

    def test_without_the_scan_it_is_not_approved(self) -> None:
        with pytest.raises(disclosures.NoBasis):
            disclosures.approve(self.made, actor=self.omar, at=NOON)
        self.attach()
        assert disclosures.approve(self.made, actor=self.omar, at=NOON).state == "approved"

    def test_every_law_needs_its_document_and_the_database_says_so_too(self) -> None:
        made = factory.make_disclosure(factory.make_device(2), "model")
        with pytest.raises(disclosures.NoBasis):
            disclosures.approve(made, actor=self.omar, at=NOON)
        with pytest.raises(IntegrityError), transaction.atomic():
            Disclosure.objects.filter(id=made.id).update(state="approved", approved_by="x", approved_at=NOON)

    def test_an_agency_says_who_asks_why_and_how_much(self) -> None:
        for missing in ("official", "reason", "relation", "extent", "record_class"):
            with pytest.raises(disclosures.NoBasis) as refused:
                self.ask(**{missing: ""})
            assert refused.value.pointer == f"/{missing}"
        with pytest.raises(disclosures.NoBasis):
            self.ask(record_class="confirmation")
        assert self.ask(record_class="confirmation", permit_no="2026-1").permit_no == "2026-1"

    def test_an_urgent_one_gets_its_document_afterwards_once_and_is_watched(self) -> None:
        with pytest.raises(disclosures.NoBasis):
            self.ask(urgent=True)
        made = self.ask(urgent=True, document_due_on=date(2026, 11, 27))
        disclosures.approve(made, actor=self.omar, at=NOON)
        disclosures.provide(made, actor=self.odile, at=NOON)
        assert not Disclosure.objects.without_their_document(on=date(2026, 11, 27)).exists()
        assert made in Disclosure.objects.without_their_document(on=date(2026, 11, 28))
        assert reminders.pressing(on=date(2026, 11, 28)).late_documents == 1
        disclosures.attach_scan(made, name="warrant.pdf", content=PDF, actor=self.odile, at=NOON)
        assert not Disclosure.objects.without_their_document(on=date(2026, 11, 28)).exists()
        with pytest.raises(disclosures.WrongState):
            disclosures.attach_scan(made, name="warrant.pdf", content=PDF, actor=self.odile, at=NOON)

    def test_it_is_for_the_few_who_may_see_investigations(self) -> None:
        hana = factory.make_hana()
        assert hana.may("disclosures.request_disclosure")
        with pytest.raises(NotPermitted):
            self.ask(actor=hana)
        self.attach()
        disclosures.approve(self.made, actor=self.omar, at=NOON)
        with pytest.raises(NotPermitted):
            disclosures.provide(self.made, actor=hana, at=NOON)

    def ask(self, *, actor: User | None = None, **said: object) -> Disclosure:
        return factory.make_disclosure(
            factory.make_device(3), "model", third_party=self.made.third_party, actor=actor or self.odile,
            authority=factory.make_authority(**said),
        )  # fmt: skip

    def test_it_is_sealed_and_read_on_record(self) -> None:
        row = self.attach()
        assert b"zebra" not in SealedFile.objects.get().content.box
        assert disclosures.open_scan(row, actor=self.omar, at=NOON).content == PDF
        assert self.assertLedgered("ledger.read").task == "disclosures.scan.shown"

    def test_a_new_scan_takes_the_place_of_the_earlier_one(self) -> None:
        self.attach()
        row = self.attach(b"%PDF-1.7 the right one %%EOF")
        assert SealedFile.objects.get().id == row.scan_id

    def test_it_can_not_be_changed_after_the_decision(self) -> None:
        self.attach()
        disclosures.approve(self.made, actor=self.omar, at=NOON)
        with pytest.raises(disclosures.WrongState):
            self.attach(b"%PDF-1.7 another %%EOF")

    def test_something_else_than_a_paper_is_refused(self) -> None:
        with pytest.raises(BadDocument):
            self.attach(b"<script>")

    def test_it_ends_after_seven_years(self) -> None:
        self.attach()
        assert list(holdings.scans_due(date(2033, 11, 24), None)) == []  # type: ignore[arg-type]
        assert list(holdings.scans_due(date(2033, 11, 25), None)) == [[self.made.id]]  # type: ignore[arg-type]
        assert disclosures.destroy_scans([self.made.id], certificate="C", actor=self.odile, at=NOON) == 1
        assert list(holdings.scans_due(date(2033, 11, 25), None)) == []  # type: ignore[arg-type]
