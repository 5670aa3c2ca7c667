"""A person of whom much is held: the package is made, kept and handed out piece by piece, with pages to read (P1.2)."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from unittest.mock import patch

import pytest

from devices import actions as devices
from privacy.lib.crypto import canonical_json
from privacy.rights import actions as rights
from privacy.rights import tasks
from privacy.rights.access_package import writer
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Package
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

REPORTS = 60


@pytest.mark.clause("P1.2")
class LargePackageTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        device = factory.make_device(1)
        batch = [
            factory.make_report(device, "configuration", at=NOON - timedelta(minutes=number))
            for number in range(REPORTS)
        ]
        devices.store_reports(factory.make_batch(*batch), gateway=factory.make_gate(), at=NOON)
        right = factory.make_granted(factory.ask(RequestedRight("access"), target=factory.imei(1), answer_by="portal"))
        # The real sizes need megabytes; the same code with small ones.
        with patch.object(writer, "PIECE_BYTES", 2_000), patch.object(writer, "PAGE_RECORDS", 25):
            rights.carry_out(right, actor=self.odile, at=NOON)
        self.package = Package.objects.get()

    def fetched(self) -> bytes:
        code = factory.pickup_code(self.package, at=NOON)
        return b"".join(rights.download(self.package, code=code, at=NOON))

    @pytest.mark.asvs("4.2.2", "15.2.2")
    def test_it_is_kept_in_sealed_pieces_and_handed_out_whole(self) -> None:
        assert self.package.pieces == factory.package_files().count() > 3
        whole = self.fetched()
        assert len(whole) == self.package.file_bytes
        assert hashlib.sha256(whole).hexdigest() == self.package.file_digest

    def test_a_missing_piece_hands_out_nothing(self) -> None:
        factory.package_files().order_by("case")[1].delete()
        with pytest.raises(rights.PackageGone):
            self.fetched()

    def test_every_piece_is_removed(self) -> None:
        self.fetched()
        assert rights.remove_packages(actor=tasks.WORKER, at=NOON + timedelta(hours=1)) == 0, "a slow line is at it"
        assert rights.remove_packages(actor=tasks.WORKER, at=NOON + timedelta(hours=2)) == 1
        assert not factory.package_files().exists()

    def test_pages_hold_every_record_and_the_first_page_leads_to_them(self) -> None:
        archive = zipfile.ZipFile(io.BytesIO(self.fetched()))
        names = [name for name in archive.namelist() if name.startswith("service-analytics-")]
        pages = sorted(name for name in names if name.endswith(".html"))
        assert len(pages) == 3
        tables = [archive.read(name).decode() for name in names if name.endswith(".csv")]
        assert sum(len(table.splitlines()) - 1 for table in tables) == REPORTS
        index = archive.read("index.html").decode()
        assert all(f'href="{page}"' in index for page in pages)
        assert sum(archive.read(page).decode().count("<dl>") for page in pages) == REPORTS
        assert self.package.contents["held/service-analytics"] == REPORTS

    def test_the_json_is_one_canonical_text_and_every_file_is_in_the_manifest(self) -> None:
        archive = zipfile.ZipFile(io.BytesIO(self.fetched()))
        text = archive.read("content.json").decode()
        content = json.loads(text)
        assert canonical_json.dumps(content) == text
        assert len(content["held"]["service-analytics"]) == REPORTS
        manifest = json.loads(archive.read("manifest.json"))
        assert set(manifest["files"]) == set(archive.namelist()) - {
            "manifest.json",
            "signature.json",
            "manifest-proof.json",
        }
        for name, digest in manifest["files"].items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest
