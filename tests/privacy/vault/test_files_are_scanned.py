"""Files from outside: sealed at once, closed until they were scanned and examined (P8.5, SEC-43)."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.urls import reverse
from django.utils.translation import override

from privacy.disclosures import actions as disclosures
from privacy.ledger.actors import SystemActor
from privacy.lib.documents.upload_validation import InvalidUpload
from privacy.lib.identifiers.ids import new_id
from privacy.rights import actions as rights
from privacy.vault import actions as vault
from privacy.vault import keys
from privacy.vault.events import Event
from privacy.vault.models import EncryptedFile, SubjectKey
from privacy.vault.purposes import Purpose
from privacy.vault.tasks import scan_files
from tests.base import PortalTestCase
from tests.factories.disclosures import grant_scans
from tests.factories.rights import make_officer
from tests.factory import NOON, ask, make_device, make_disclosure, make_omar, make_sealed_file
from tests.fake_clamd import EICAR, running
from tests.sample_uploads import PDF, pdf, stream

INFECTED = pdf(stream(EICAR, packed=False))
WORKER = SystemActor("tests")
PRESSED = {"CHANGE_FORM-action": "read_scan", "index": "0"}


def receive(content: bytes = PDF) -> EncryptedFile:
    file = vault.receive_file(
        subject_id=new_id(), category="rights-request", case="K7-TEST", name="위임장.pdf", content=content,
        actor=WORKER, at=NOON,
    )  # fmt: skip
    return EncryptedFile.objects.get(id=file.id)


def read(file: EncryptedFile) -> bytes:
    with vault.opened(purpose=Purpose.RIGHTS, task="rights.evidence.shown", actor=WORKER, at=NOON) as vault_session:
        content: bytes = vault_session.decrypt(file, "content")
    return content


@pytest.mark.clause("P8.5")
@pytest.mark.asvs("5.4.3")
class ScanTest(PortalTestCase):
    def test_a_clean_file_opens(self) -> None:
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            file = receive()
            assert file.state == EncryptedFile.State.PENDING
            assert daemon.received == []  # nobody waits for the scanner in a request
            assert scan_files() == 1
            file.refresh_from_db()
            assert daemon.received == [PDF]
        assert file.state == EncryptedFile.State.CLEAN
        assert read(file) == PDF
        self.assertLedgered(Event.FILE_CLEARED, file)

    @pytest.mark.truth("scan-queue-head")
    def test_files_that_never_open_keep_nobody_behind_them_waiting(self) -> None:
        """Whose key is destroyed stood first each minute, and the files behind were never scanned."""
        stuck = [receive() for _number in range(2)]
        for file in stuck:
            vault.shred_subject(
                subject_id=file.subject_id, categories=None, cause="x", certificate="C", actor=WORKER, at=NOON
            )
        behind = receive()
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            assert vault.scan_files(actor=WORKER, at=NOON, most=4) == 1
        behind.refresh_from_db()
        assert behind.state == EncryptedFile.State.CLEAN

    @pytest.mark.truth("scan-stopped-by-a-missing-key")
    def test_a_file_whose_key_is_missing_stops_no_other(self) -> None:
        """Its row was committed, the transaction with its key was not: each minute the look ended with it."""
        stuck = receive()
        SubjectKey.objects.filter(subject_id=stuck.subject_id).delete()
        keys.caches.here().clear()
        behind = receive()
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            assert vault.scan_files(actor=WORKER, at=NOON, most=4) == 1
        behind.refresh_from_db()
        assert behind.state == EncryptedFile.State.CLEAN

    @pytest.mark.law("S-24")
    @pytest.mark.asvs("16.3.3")
    def test_a_file_with_malware_is_kept_shut_and_on_record(self) -> None:
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            file = receive(INFECTED)
            assert scan_files() == 1
            file.refresh_from_db()
            assert (file.state, file.finding) == (EncryptedFile.State.QUARANTINE, "Eicar-Signature")
            with pytest.raises(vault.Quarantined):
                read(file)
        with pytest.raises(vault.Quarantined):  # and stays so when the scanner is gone
            read(file)
        self.assertLedgered(Event.FILE_QUARANTINED, file)

    @pytest.mark.asvs("16.5.2", "16.5.3")
    @pytest.mark.fault("FLT-24")
    def test_without_an_answer_it_waits_closed_and_the_worker_asks_again(self) -> None:
        for mood, content, state in (
            ("error", PDF, EncryptedFile.State.CLEAN),
            ("break", INFECTED, EncryptedFile.State.QUARANTINE),
        ):
            with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
                daemon.mood = mood
                file = receive(content)
                assert file.state == EncryptedFile.State.PENDING
                with pytest.raises(vault.NotScanned):
                    read(file)
                assert scan_files() == 0
                daemon.mood = ""
                assert scan_files() == 1
                assert scan_files() == 0
            assert EncryptedFile.objects.get(id=file.id).state == state

    def test_a_list_with_one_unscanned_file_is_refused_as_a_whole(self) -> None:
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            receive()
            assert scan_files() == 1
            receive()
            rows = EncryptedFile.objects.filter(case="K7-TEST")
            for asked in (rows, list(rows)):
                with vault.opened(purpose=Purpose.RIGHTS, task="a.b.shown", actor=WORKER, at=NOON) as vault_session:
                    assert len(list(vault_session.decrypt_many(asked, "name"))) == 2
                    with pytest.raises(vault.NotScanned):
                        vault_session.decrypt_many(asked, "content")

    @pytest.mark.attack("17.5")
    @override_settings(OPEN_UNSCANNED_UPLOADS=False)
    def test_without_a_scanner_it_stays_closed_and_is_scanned_once_there_is_one(self) -> None:
        file = receive()
        assert scan_files() == 0
        assert file.state == EncryptedFile.State.PENDING
        with pytest.raises(vault.NotScanned):
            read(file)
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            assert scan_files() == 1
            assert read(EncryptedFile.objects.get(id=file.id)) == PDF

    def test_in_a_demonstration_without_a_scanner_it_opens_once_it_was_examined_and_says_so(self) -> None:
        file = receive()
        with pytest.raises(vault.NotScanned):
            read(file)
        assert scan_files() == 1
        assert scan_files() == 0
        file.refresh_from_db()
        assert (file.state, read(file)) == (EncryptedFile.State.UNSCANNED, PDF)
        with override_settings(OPEN_UNSCANNED_UPLOADS=False), pytest.raises(vault.NotScanned):
            read(file)
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            with pytest.raises(vault.NotScanned):
                read(file)
            assert scan_files() == 1
            assert EncryptedFile.objects.get(id=file.id).state == EncryptedFile.State.CLEAN

    @pytest.mark.attack("17.5")
    def test_what_is_clean_of_malware_and_no_sound_paper_stays_shut_and_says_why(self) -> None:
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            file = receive(pdf(catalog=b"/OpenAction << /S /JavaScript /JS (x) >>"))
            assert scan_files() == 1
        file.refresh_from_db()
        assert (file.state, file.finding) == (EncryptedFile.State.QUARANTINE, "active-content")
        with override("en"), pytest.raises(vault.Quarantined, match="program, a link or other files"):
            read(file)

    def test_a_run_ends_in_its_time(self) -> None:
        for _number in range(3):
            receive()
        assert vault.scan_files(actor=WORKER, at=NOON, seconds=0) == 0
        assert vault.scan_files(actor=WORKER, at=NOON) == 3

    def test_what_the_portal_made_itself_needs_no_scan(self) -> None:
        with override_settings(CLAMD_HOST="127.0.0.1:1"):
            assert read(make_sealed_file(category="rights-request")) == b"%PDF-1.7 evidence"
            assert not EncryptedFile.objects.unjudged().exists()

    def test_a_bad_file_is_not_kept(self) -> None:
        with pytest.raises(InvalidUpload):
            receive(b"MZ program")
        assert not EncryptedFile.objects.exists()


@pytest.mark.clause("P8.5")
class UploadsTakeThisPathTest(PortalTestCase):
    @pytest.mark.asvs("5.4.3")
    def test_evidence_of_a_requester(self) -> None:
        case = ask().request
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            rights.submit_document(case, name="id.pdf", content=INFECTED, actor=WORKER, at=NOON + timedelta(hours=1))
            scan_files()
            with pytest.raises(vault.Quarantined):
                rights.open_documents(case, actor=make_officer(), at=NOON)
        assert EncryptedFile.objects.get().state == EncryptedFile.State.QUARANTINE

    @pytest.mark.asvs("3.2.1", "5.3.2", "5.4.1", "5.4.2", "5.2.2")
    def test_a_scan_of_an_authority_comes_as_an_attachment_no_browser_runs(self) -> None:
        device = make_device(1)
        asked = make_disclosure(device, "model")
        omar = make_omar()
        grant_scans(omar, by=make_officer())
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            disclosures.attach_scan(asked, name="../../warrant.exe", content=PDF, actor=make_officer(), at=NOON)
            scan_files()
            self.client.force_login(omar)
            page = reverse("admin:disclosures_disclosure_change", args=[asked.pk])
            answer = self.client.post(page, PRESSED | {"_selected_action": str(asked.pk)})
        assert answer.content == PDF
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{asked.reference}.pdf"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        nothing = {f"{what} 'none'" for what in ("default-src", "object-src", "base-uri", "frame-ancestors")}
        assert set(answer.headers["Content-Security-Policy"].split("; ")) == {"sandbox", *nothing}
        assert "no-store" in answer.headers["Cache-Control"]
