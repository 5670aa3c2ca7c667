"""The scan of the document by which somebody asks: read before the approval, one alone, none left (P-08 … P-10)."""

import threading
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connections, transaction

from privacy.accounts.models import User
from privacy.disclosures import actions as disclosures
from privacy.disclosures import holdings
from privacy.disclosures.models import Disclosure
from privacy.ledger.authorization import NotPermitted
from privacy.lib.documents.upload_validation import InvalidUpload
from privacy.rights import reminders
from privacy.safeguards import actions as safeguards
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.sample_uploads import pdf, stream


def warrant(text: str) -> bytes:
    return pdf(stream(text.encode(), packed=False))


PDF = warrant("zebra")


@pytest.mark.clause("P5.1")
class ScanTests(PortalTestCase):
    """An agency's request is approved by somebody who can read its document (P-08 … P-10)."""

    def setUp(self) -> None:
        self.odile, self.omar = factory.make_odile(), factory.make_omar()
        factory.grant_scans(self.omar, by=self.odile)
        agency = factory.make_third_party("agency", kind="investigator")
        self.made = factory.make_disclosure(factory.make_device(1), "model", third_party=agency)

    def attach(self, content: bytes = PDF) -> Disclosure:
        self.made = disclosures.attach_scan(self.made, name="warrant.pdf", content=content, actor=self.odile, at=NOON)
        return self.made

    @pytest.mark.law("P-08")
    def test_without_the_scan_it_is_not_approved(self) -> None:
        with pytest.raises(disclosures.NoBasis):
            disclosures.approve(self.made, actor=self.omar, at=NOON)
        self.attach()
        factory.read_scan(self.made)
        assert disclosures.approve(self.made, actor=self.omar, at=NOON).state == "approved"

    def test_every_law_needs_its_document_and_the_database_says_so_too(self) -> None:
        made = factory.make_disclosure(factory.make_device(2), "model")
        with pytest.raises(disclosures.NoBasis):
            disclosures.approve(made, actor=self.omar, at=NOON)
        with pytest.raises(IntegrityError), transaction.atomic():
            Disclosure.objects.filter(id=made.id).update(state="approved", approved_by="x", approved_at=NOON)

    @pytest.mark.law("P-08", "P-10")
    def test_an_agency_says_who_asks_why_and_how_much(self) -> None:
        for missing in ("official", "reason", "relation", "extent", "record_class"):
            with pytest.raises(disclosures.NoBasis) as refused:
                self.ask(**{missing: ""})
            assert refused.value.pointer == f"/{missing}"
        with pytest.raises(disclosures.NoBasis):
            self.ask(record_class="confirmation")
        assert self.ask(record_class="confirmation", permit_no="2026-1").permit_no == "2026-1"

    @pytest.mark.law("P-11")
    def test_whatever_was_decided_about_the_company_it_is_asked_as_a_telecom_operator_is(self) -> None:
        for applies in (None, False, True):
            if applies is not None:
                safeguards.decide_applicability(
                    threshold="telecom", applies=applies, reasons="신고하지 않음", actor=self.odile, at=NOON
                )
            with pytest.raises(disclosures.NoBasis):
                self.ask(relation="")
            with pytest.raises(disclosures.NoBasis):
                self.ask(record_class="confirmation")

    @pytest.mark.law("P-08", "P-10")
    def test_nobody_but_an_agency_states_what_an_agency_states(self) -> None:
        """What the form shows for an agency alone is refused of anybody else: it would owe the minister a report."""
        said = {"official": "x", "reason": "x", "relation": "x", "extent": "x", "permit_no": "1"}
        consent = {"basis": "consent", "statute": "", "document_no": "", "purpose_code": "repair"}
        for field, value in {**said, "record_class": "confirmation"}.items():
            authority = disclosures.AuthorityRequest(**{field: value})  # type: ignore[arg-type]
            for basis in ({"basis": "law"}, consent):
                with pytest.raises(disclosures.NoBasis) as refused:
                    factory.make_disclosure(factory.make_device(3), "model", authority=authority, **basis)
                assert refused.value.pointer == f"/{field}"

    @pytest.mark.law("P-08", "P-10")
    def test_an_urgent_one_gets_its_document_afterwards_once_and_is_watched(self) -> None:
        with pytest.raises(disclosures.NoBasis):
            self.ask(urgent=True)
        # Asked on Tuesday the 24th: without delay is five days, and the fifth is a Sunday.
        for wrong in (date(2026, 11, 23), date(2026, 12, 1), date(2090, 1, 1)):
            with pytest.raises(disclosures.NoBasis) as refused:
                self.ask(urgent=True, document_due_on=wrong)
            assert refused.value.pointer == "/document_due_on"
        assert self.ask(urgent=True, document_due_on=date(2026, 11, 30)).urgent
        made = self.ask(urgent=True, document_due_on=date(2026, 11, 27))
        disclosures.approve(made, actor=self.omar, at=NOON)
        disclosures.provide(made, actor=self.odile, at=NOON)
        assert not Disclosure.objects.with_overdue_document(on=date(2026, 11, 27)).exists()
        assert made in Disclosure.objects.with_overdue_document(on=date(2026, 11, 28))
        assert reminders.daily_reminder(on=date(2026, 11, 28)).late_documents == 1
        disclosures.attach_scan(made, name="warrant.pdf", content=PDF, actor=self.odile, at=NOON)
        assert not Disclosure.objects.with_overdue_document(on=date(2026, 11, 28)).exists()
        with pytest.raises(disclosures.WrongState):
            disclosures.attach_scan(made, name="warrant.pdf", content=PDF, actor=self.odile, at=NOON)

    @pytest.mark.law("P-12")
    def test_it_is_for_the_few_who_may_see_investigations(self) -> None:
        hana = factory.make_hana()
        assert hana.may("disclosures.request_disclosure")
        with pytest.raises(NotPermitted):
            self.ask(actor=hana)
        self.attach()
        factory.read_scan(self.made)
        disclosures.approve(self.made, actor=self.omar, at=NOON)
        with pytest.raises(NotPermitted):
            disclosures.provide(self.made, actor=hana, at=NOON)

    def ask(self, *, actor: User | None = None, **said: object) -> Disclosure:
        return factory.make_disclosure(
            factory.make_device(3), "model", third_party=self.made.third_party, actor=actor or self.odile,
            authority=factory.make_authority(**said),
        )  # fmt: skip

    @pytest.mark.law("S-05")
    def test_it_is_sealed_and_read_on_record(self) -> None:
        row = self.attach()
        assert b"zebra" not in EncryptedFile.objects.get().content.ciphertext
        with pytest.raises(vault.NotScanned):
            disclosures.open_scan(row, actor=self.omar, at=NOON)
        assert not disclosures.has_read(row, actor=self.omar), "what did not open counts as read"
        factory.judge_files()
        assert disclosures.open_scan(row, actor=self.omar, at=NOON).content == PDF
        read = self.assertLedgered("ledger.read")
        assert read.task == "disclosures.scan.shown"
        assert f'"reason":"disclosure {row.reference}"' in read.payload

    def test_a_new_scan_takes_the_place_of_the_earlier_one(self) -> None:
        self.attach()
        row = self.attach(warrant("the right one"))
        assert EncryptedFile.objects.get().id == row.scan_id

    def test_it_can_not_be_changed_after_the_decision(self) -> None:
        self.attach()
        factory.read_scan(self.made)
        disclosures.approve(self.made, actor=self.omar, at=NOON)
        with pytest.raises(disclosures.WrongState):
            self.attach(warrant("another"))

    @pytest.mark.truth("34")
    def test_who_has_not_read_the_document_does_not_approve(self) -> None:
        self.attach()
        with pytest.raises(disclosures.DocumentNotRead):
            disclosures.approve(self.made, actor=self.omar, at=NOON)
        factory.read_scan(self.made)
        other = self.attach(warrant("another one"))
        with pytest.raises(disclosures.DocumentNotRead):
            disclosures.approve(other, actor=self.omar, at=NOON)

    @pytest.mark.truth("34")
    def test_an_approval_is_of_what_was_shown(self) -> None:
        shown = disclosures.approval_digest(self.made)
        self.attach()
        factory.read_scan(self.made)
        with pytest.raises(disclosures.ContentChanged):
            disclosures.approve(self.made, seen=shown, actor=self.omar, at=NOON)

    @pytest.mark.truth("scan-bound-to-approval")
    def test_a_document_that_was_exchanged_after_the_approval_stops_the_provision(self) -> None:
        self.attach()
        factory.read_scan(self.made)
        disclosures.approve(self.made, actor=self.omar, at=NOON)
        Disclosure.objects.filter(id=self.made.id).update(scan_digest="0" * 64)
        with pytest.raises(disclosures.ContentChanged):
            disclosures.provide(self.made, actor=self.odile, at=NOON)

    @pytest.mark.truth("scan-bound-to-approval")
    def test_the_document_of_an_urgent_one_may_come_between_approval_and_provision(self) -> None:
        made = self.ask(urgent=True, document_due_on=date(2026, 11, 27))
        disclosures.approve(made, actor=self.omar, at=NOON)
        disclosures.attach_scan(made, name="warrant.pdf", content=PDF, actor=self.odile, at=NOON)
        assert disclosures.provide(made, actor=self.odile, at=NOON).disclosure.state == "provided"

    @pytest.mark.truth("refused-scan-stays")
    def test_a_scan_that_is_refused_does_not_stay_sealed(self) -> None:
        row = self.attach()
        factory.read_scan(row)
        disclosures.approve(row, actor=self.omar, at=NOON)
        with pytest.raises(disclosures.WrongState):
            self.attach(warrant("another"))
        assert EncryptedFile.objects.get(category="disclosure-request").id == row.scan_id

    @pytest.mark.truth("refused-scan-stays")
    def test_one_that_was_sealed_and_never_attached_is_removed_later(self) -> None:
        row = self.attach()
        left = vault.receive_file(
            subject_id=row.id, category="disclosure-request", case=row.reference, name="x", content=PDF,
            actor=self.odile, at=NOON,
        )  # fmt: skip
        assert disclosures.discard_orphaned_scans(actor=self.odile, at=NOON + timedelta(minutes=30)) == 0
        assert disclosures.discard_orphaned_scans(actor=self.odile, at=NOON + timedelta(hours=2)) == 1
        assert not EncryptedFile.objects.filter(id=left.id).exists()
        assert EncryptedFile.objects.filter(id=row.scan_id).exists()

    def test_something_else_than_a_paper_is_refused(self) -> None:
        with pytest.raises(InvalidUpload):
            self.attach(b"<script>")

    @pytest.mark.law("P-09", "P-10")
    def test_it_ends_after_seven_years(self) -> None:
        self.attach()
        assert list(holdings.scans_due(date(2033, 11, 24), None)) == []  # type: ignore[arg-type]
        assert list(holdings.scans_due(date(2033, 11, 25), None)) == [[self.made.id]]  # type: ignore[arg-type]
        assert disclosures.destroy_scans([self.made.id], certificate="C", actor=self.odile, at=NOON) == 1
        assert list(holdings.scans_due(date(2033, 11, 25), None)) == []  # type: ignore[arg-type]


@pytest.mark.truth("scans-at-once")
def test_two_scans_at_once_leave_the_one_that_is_attached(portal_database: PortalDatabase) -> None:
    made = factory.make_disclosure(factory.make_device(1), "model")
    odile = factory.make_odile()
    barrier = threading.Barrier(2)

    def attach(number: int) -> None:
        barrier.wait()
        disclosures.attach_scan(made, name="x.pdf", content=warrant(str(number)), actor=odile, at=NOON)
        connections.close_all()

    for _round in range(3):
        threads = [threading.Thread(target=attach, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made.refresh_from_db()
        assert [file.id for file in EncryptedFile.objects.all()] == [made.scan_id]
