"""Whatever somebody sends: nothing hostile is ever opened, and the worker goes on (SEC-42; security.md, 6.9)."""

import os
import subprocess
import sys
from datetime import timedelta
from itertools import batched

import pytest
from django.db import connection
from django.test import override_settings

from privacy.ledger.actors import SystemActor
from privacy.lib.documents.upload_validation import InvalidUpload
from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose
from tests.base import PortalTestCase
from tests.database import LOCKS_HERE, ROOT
from tests.factory import NOON
from tests.fake_clamd import running
from tests.hostile_files import hostile_files, hostile_pdfs
from tests.sample_uploads import PDF

WORKER = SystemActor("tests")


def receive(content: bytes) -> EncryptedFile | None:
    """Send a file as anybody may; None where it was not even taken."""
    try:
        return vault.receive_file(
            subject_id=new_id(), category="rights-request", case="K7-TEST", name="x", content=content, actor=WORKER,
            at=NOON,
        )  # fmt: skip
    except InvalidUpload:
        return None


def judge_all() -> None:
    """Let the worker look until nothing waits; a machine that is too busy for one looks again."""
    at = NOON
    while EncryptedFile.objects.unjudged().exists():
        at += timedelta(minutes=1)
        vault.scan_files(actor=WORKER, at=at)


def opens(file: EncryptedFile) -> bool:
    with vault.opened(purpose=Purpose.RIGHTS, task="rights.evidence.shown", actor=WORKER, at=NOON) as vault_session:
        try:
            vault_session.decrypt(EncryptedFile.objects.get(id=file.id), "content")
        except (vault.NotScanned, vault.Quarantined):
            return False
    return True


@pytest.mark.asvs("5.3.1")
@pytest.mark.attack("17.4")
@pytest.mark.attack("17.5")
@pytest.mark.clause("P8.5")
class HostileFilesTest(PortalTestCase):
    def test_of_sixteen_pdfs_and_files_of_seven_kinds_none_is_served(self) -> None:
        """The scanner knows none of them: what the confined process finds is all that stands in their way."""
        self.none_is_served([*hostile_pdfs().items(), *hostile_files(35)])

    @pytest.mark.faults
    def test_nor_of_150_files(self) -> None:
        for part in batched(hostile_files(150), 25, strict=True):
            self.none_is_served(list(part))

    def none_is_served(self, sent: list[tuple[str, bytes]]) -> None:
        before = EncryptedFile.objects.quarantined().count()
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            taken = [(name, file) for name, content in sent if (file := receive(content)) is not None]
            assert len(taken) > len(sent) * 3 // 4
            assert not [name for name, file in taken if opens(file)]  # pending
            judge_all()
            assert not [name for name, file in taken if opens(file)]
            sound = receive(PDF)
            judge_all()
            assert sound is not None
            assert opens(sound)
        assert EncryptedFile.objects.quarantined().count() == before + len(taken)

    def test_taking_a_file_in_reads_nothing_of_it(self) -> None:
        """No child is started, nothing but the beginning is looked at, and none of the readers is loaded."""
        with override_settings(CLAMD_HOST="127.0.0.1:1"):
            assert receive(b"%PDF-1.7\n" + b"\0" * (10 * 2**20 - 100)) is not None
        script = (
            "import sys, django; django.setup();"
            "from django.urls import get_resolver; get_resolver().url_patterns;"
            "readers = {'pikepdf', 'PIL.PngImagePlugin', 'privacy.lib.sandbox.pdf_files'};"
            "print(sorted(readers & set(sys.modules)))"
        )
        environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(ROOT)}
        shown = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
        assert shown.stdout.strip() == "[]"

    def test_places_are_given_back(self) -> None:
        assert receive(next(iter(hostile_pdfs().values()))) is not None
        judge_all()
        with connection.cursor() as cursor:
            cursor.execute(f"{LOCKS_HERE} AND locktype = 'advisory' AND classid = %s", [0x53414E44])
            assert cursor.fetchone() == (0,)
