"""How fresh the software is: malware signatures, files that wait for a scan, packages against lock file and index."""

import json
import threading
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest import mock

import pytest
import requests
from django.test import override_settings

from privacy.accounts.signin.adapters import CompanyAdapter
from privacy.ledger.witness import asking
from privacy.safeguards.automated_checks import software
from privacy.safeguards.models.measures import Result
from tests.base import PortalTestCase
from tests.factory import NOON, make_sealed_file
from tests.fake_clamd import MADE, running


@contextmanager
def package_index(known: dict[str, list[dict[str, str]]]) -> Iterator[tuple[str, list[str]]]:
    """A package index on a real port that lists these vulnerabilities, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            name = self.path.split("/")[2]
            body = json.dumps({"vulnerabilities": known[name]}).encode() if name in known else b""
            self.send_response(200 if body else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class SoftwareTest(PortalTestCase):
    @pytest.mark.law("S-24")
    @pytest.mark.clause("P8.5")
    def test_signatures_are_of_the_last_day(self) -> None:
        assert software.malware_signatures(NOON).result == Result.UNKNOWN
        made = datetime.strptime(MADE, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            assert software.malware_signatures(made + timedelta(hours=24)).result == Result.PASSED
            assert software.malware_signatures(made + timedelta(hours=24, seconds=1)).result == Result.FAILED
        with override_settings(CLAMD_HOST="127.0.0.1:1"):
            assert software.malware_signatures(NOON).result == Result.FAILED

    @pytest.mark.clause("P8.5")
    def test_files_do_not_wait_for_their_scan(self) -> None:
        assert software.unscanned_files(NOON).result == Result.PASSED
        file = make_sealed_file()
        type(file).objects.filter(id=file.id).update(state="unscanned")
        assert software.unscanned_files(NOON).result == Result.UNKNOWN
        type(file).objects.filter(id=file.id).update(state="pending")
        assert software.unscanned_files(NOON + timedelta(hours=1)).result == Result.PASSED
        assert software.unscanned_files(NOON + timedelta(hours=1, seconds=1)).result == Result.FAILED

    @pytest.mark.clause("P8.6")
    def test_packages_are_those_of_the_lock_and_what_is_not_asked_is_not_known(self) -> None:
        seen = software.packages(NOON)
        assert (seen.result, "PACKAGE_INDEX_URL" in seen.detail) == (Result.UNKNOWN, True)
        pinned = dict(software.PINNED.findall("django==1.0 \\\n    --hash=x\npsycopg[binary]==3.3.1 ; a\n"))
        assert pinned == {"django": "1.0", "psycopg": "3.3.1"}

    @pytest.mark.asvs("15.1.2", "15.2.1")
    @pytest.mark.clause("P8.6")
    def test_another_version_than_the_locked_one_is_found(self) -> None:
        with mock.patch.object(
            software, "installed_version", side_effect=lambda name: "0.0.1" if name == "django" else None
        ):
            seen = software.packages(NOON)
        assert (seen.result, "django 0.0.1" in seen.detail) == (Result.FAILED, True)

    @pytest.mark.law("S-33", "S-24")
    @pytest.mark.asvs("15.2.1")
    @pytest.mark.clause("P8.6")
    def test_the_package_index_of_the_setting_is_asked_for_known_vulnerabilities(self) -> None:
        weak = {"id": "CVE-2026-0001"}
        withdrawn = {"id": "CVE-2026-0002", "withdrawn": "2026-02-01T00:00:00Z"}
        with package_index({}) as (url, asked), override_settings(PACKAGE_INDEX_URL=url):
            assert software.packages(NOON).result == Result.PASSED
        version = software.installed_version("django")
        assert f"/simple/django/{version}/json" in asked
        with (
            package_index({"django": [weak, withdrawn]}) as (url, _asked),
            override_settings(PACKAGE_INDEX_URL=url + "/"),
        ):
            seen = software.packages(NOON)
        assert (seen.result, "django CVE-2026-0001." in seen.detail) == (Result.FAILED, True)
        with override_settings(PACKAGE_INDEX_URL="http://127.0.0.1:1"):
            assert software.packages(NOON).result == Result.UNKNOWN


@pytest.mark.asvs("15.3.2")
def test_a_redirect_is_an_answer_and_leads_nowhere() -> None:
    """The package index, the witnesses and the identity provider are asked where the operator says that they are."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/inside")  # type: ignore[attr-defined]
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        with override_settings(PACKAGE_INDEX_URL=address), pytest.raises(urllib.error.HTTPError):
            software.vulnerabilities("django", "6.0")
        assert asking._post(address, 1, [], "note")[0] == 302
        with CompanyAdapter().get_requests_session() as session, pytest.raises(requests.TooManyRedirects):
            session.get(address)
        assert asked and "/inside" not in asked
    finally:
        server.shutdown()
        server.server_close()
