"""Files from outside: checked, scanned, sealed; closed until the scanner found them clean (P8.5, SEC-43)."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.urls import reverse

from privacy.disclosures import actions as disclosures
from privacy.ledger.actors import System
from privacy.lib.ids import new_id
from privacy.lib.papers import BadDocument
from privacy.rights import actions as rights
from privacy.vault import actions as vault
from privacy.vault.events import Event
from privacy.vault.models import SealedFile
from privacy.vault.purposes import Purpose
from privacy.vault.tasks import scan_files
from tests.base import PortalTestCase
from tests.clamd import EICAR, running
from tests.factories.disclosures import grant_scans
from tests.factories.rights import make_officer
from tests.factory import NOON, ask, make_device, make_disclosure, make_omar, make_sealed_file
from tests.papers import PDF

INFECTED = PDF.replace(b"trailer", EICAR + b"\ntrailer")
WORKER = System("tests")
PRESSED = {"CHANGE_FORM-action": "read_scan", "index": "0"}


def receive(content: bytes = PDF) -> SealedFile:
    file = vault.receive_file(
        subject_id=new_id(), category="rights-request", case="K7-TEST", name="위임장.pdf", content=content,
        actor=WORKER, at=NOON,
    )  # fmt: skip
    return SealedFile.objects.get(id=file.id)


def read(file: SealedFile) -> bytes:
    with vault.opened(purpose=Purpose.RIGHTS, task="rights.evidence.shown", actor=WORKER, at=NOON) as door:
        content: bytes = door.reveal(file, "content")
    return content


@pytest.mark.clause("P8.5")
@pytest.mark.asvs("5.4.3")
class ScanTest(PortalTestCase):
    def test_a_clean_file_opens(self) -> None:
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            file = receive()
            assert daemon.received == [PDF]
        assert file.state == SealedFile.State.CLEAN
        assert read(file) == PDF
        self.assertLedgered(Event.FILE_CLEARED, file)

    def test_a_file_with_malware_is_kept_shut_and_on_record(self) -> None:
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            file = receive(INFECTED)
            assert (file.state, file.finding) == (SealedFile.State.QUARANTINE, "Eicar-Signature")
            with pytest.raises(vault.Quarantined):
                read(file)
        with pytest.raises(vault.Quarantined):  # and stays so when the scanner is gone
            read(file)
        self.assertLedgered(Event.FILE_QUARANTINED, file)

    @pytest.mark.fault("FLT-24")
    def test_without_an_answer_it_waits_closed_and_the_worker_asks_again(self) -> None:
        for mood, content, state in (
            ("error", PDF, SealedFile.State.CLEAN),
            ("break", INFECTED, SealedFile.State.QUARANTINE),
        ):
            with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
                daemon.mood = mood
                file = receive(content)
                assert file.state == SealedFile.State.PENDING
                with pytest.raises(vault.NotScanned):
                    read(file)
                assert scan_files() == 0
                daemon.mood = ""
                assert scan_files() == 1
                assert scan_files() == 0
            assert SealedFile.objects.get(id=file.id).state == state

    def test_a_list_with_one_unscanned_file_is_refused_as_a_whole(self) -> None:
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            receive()
            daemon.mood = "error"
            receive()
            rows = SealedFile.objects.filter(case="K7-TEST")
            for asked in (rows, list(rows)):
                with vault.opened(purpose=Purpose.RIGHTS, task="a.b.shown", actor=WORKER, at=NOON) as door:
                    assert len(list(door.reveal_many(asked, "name"))) == 2
                    with pytest.raises(vault.NotScanned):
                        door.reveal_many(asked, "content")

    def test_without_a_scanner_it_says_unscanned_and_is_scanned_once_there_is_one(self) -> None:
        file = receive()
        assert file.state == SealedFile.State.UNSCANNED
        assert read(file) == PDF
        assert scan_files() == 0
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            with pytest.raises(vault.NotScanned):
                read(file)
            assert scan_files() == 1
            assert read(SealedFile.objects.get(id=file.id)) == PDF

    def test_what_the_portal_made_itself_needs_no_scan(self) -> None:
        with override_settings(CLAMD_HOST="127.0.0.1:1"):
            assert read(make_sealed_file(category="rights-request")) == b"%PDF-1.7 evidence"
            assert not SealedFile.objects.unjudged().exists()

    def test_a_bad_file_is_not_kept(self) -> None:
        with pytest.raises(BadDocument):
            receive(b"MZ program")
        assert not SealedFile.objects.exists()


@pytest.mark.clause("P8.5")
class UploadsTakeThisPathTest(PortalTestCase):
    def test_evidence_of_a_requester(self) -> None:
        case = ask().request
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            rights.submit(case, name="id.pdf", content=INFECTED, actor=WORKER, at=NOON + timedelta(hours=1))
            with pytest.raises(vault.Quarantined):
                rights.open_document(case, actor=make_officer(), at=NOON)
        assert SealedFile.objects.get().state == SealedFile.State.QUARANTINE

    @pytest.mark.asvs("3.2.1")
    @pytest.mark.asvs("5.4.1")
    def test_a_scan_of_an_authority_comes_as_an_attachment_no_browser_runs(self) -> None:
        device = make_device(1)
        asked = make_disclosure(device, "model")
        omar = make_omar()
        grant_scans(omar, by=make_officer())
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            disclosures.attach_scan(asked, name="../../warrant.exe", content=PDF, actor=make_officer(), at=NOON)
            self.client.force_login(omar)
            page = reverse("admin:disclosures_disclosure_change", args=[asked.pk])
            answer = self.client.post(page, PRESSED | {"_selected_action": str(asked.pk)})
        assert answer.content == PDF
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{asked.reference}.pdf"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert "no-store" in answer.headers["Cache-Control"]
