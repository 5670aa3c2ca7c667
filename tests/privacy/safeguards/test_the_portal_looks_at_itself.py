"""What the portal sees of its own safeguards: in order, not in order, or honestly not known."""

import os
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from unittest import mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import override_settings

from config.middleware import PERMISSIONS_POLICY
from privacy.ledger.models import Scrub
from privacy.safeguards import probes
from privacy.safeguards.looks import inside, outside, software
from privacy.safeguards.models import Evidence, Measure
from privacy.safeguards.models.measures import Result
from privacy.safeguards.probes import PROBES
from privacy.safeguards.tasks import look
from tests.base import PortalTestCase
from tests.clamd import MADE, running
from tests.factory import NOON, make_odile, make_sealed_file

STRICT = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS_POLICY,
}
DAY = timedelta(days=1)


@contextmanager
def site(headers: dict[str, str], context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A site on a real port that answers with these headers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    class Quiet(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A refused handshake is what some tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"{'https' if context else 'http'}://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def certificate(folder: Path, *, days: int) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that ends in some days, signed by itself, with a server's context."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - 2 * DAY)
        .not_valid_after(datetime.now(UTC) + days * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


@pytest.mark.clause("P8.2")
@pytest.mark.asvs("3.4.1")
def test_headers_are_looked_at_from_outside() -> None:
    with site(STRICT) as address, override_settings(PORTAL_URL=address):
        assert outside.headers(NOON).result == Result.PASSED
    for name in STRICT:
        less = {header: value for header, value in STRICT.items() if header != name}
        with site(less) as address, override_settings(PORTAL_URL=address):
            seen = outside.headers(NOON)
            assert (seen.result, name.lower() in seen.detail) == (Result.FAILED, True)
    weak = STRICT | {"Content-Security-Policy": "default-src *"}
    with site(weak) as address, override_settings(PORTAL_URL=address):
        assert outside.headers(NOON).result == Result.FAILED
    with override_settings(PORTAL_URL="http://127.0.0.1:1"):
        assert outside.headers(NOON).result == Result.UNKNOWN


@pytest.mark.clause("P8.4")
@pytest.mark.clause("P8.6")
def test_the_certificate_is_looked_at_as_a_browser_does(tmp_path: Path) -> None:
    with override_settings(PORTAL_URL="http://localhost:8000"):
        assert outside.certificate(NOON).result == Result.FAILED
    for days, trusted, result in ((90, True, Result.PASSED), (5, True, Result.FAILED), (90, False, Result.FAILED)):
        path, context = certificate(tmp_path, days=days)
        trust = {"SSL_CERT_FILE": str(path)} if trusted else {}
        with (
            site(STRICT, context) as address,
            override_settings(PORTAL_URL=address),
            mock.patch.dict(os.environ, trust),
        ):
            assert outside.certificate(datetime.now(UTC)).result == result, (days, trusted)
    with override_settings(PORTAL_URL="https://127.0.0.1:1"):
        assert outside.certificate(NOON).result == Result.UNKNOWN


class InsideTest(PortalTestCase):
    @pytest.mark.clause("P8.7")
    def test_three_databases_are_three(self) -> None:
        assert inside.databases_apart(NOON).result == Result.PASSED
        # Where an alias leads to a database that another leads to already:
        with mock.patch.object(inside, "ALIASES", ("default", "personal", "default")):
            assert inside.databases_apart(NOON).result == Result.FAILED

    @pytest.mark.clause("P8.2")
    def test_the_role_owns_nothing(self) -> None:
        assert inside.roles(NOON).result == Result.PASSED

    @pytest.mark.clause("P8.4")
    def test_passwords_are_stored_one_way(self) -> None:
        odile = make_odile(granted=False)
        type(odile).objects.filter(pk=odile.pk).update(password="argon2$argon2id$v=19$x$y$z")
        assert inside.passwords(NOON).result == Result.PASSED
        type(odile).objects.filter(pk=odile.pk).update(password="md5$salt$0123456789abcdef")
        assert inside.passwords(NOON).result == Result.FAILED

    @pytest.mark.clause("P8.3")
    def test_the_trail_is_verified_each_night(self) -> None:
        assert inside.trail(NOON).result == Result.UNKNOWN
        Scrub.objects.create(begun_at=NOON, finished_at=NOON, size=7, code=0)
        assert inside.trail(NOON + timedelta(hours=30)).result == Result.PASSED
        assert inside.trail(NOON + timedelta(hours=30, seconds=1)).result == Result.FAILED
        Scrub.objects.create(begun_at=NOON, finished_at=NOON + timedelta(hours=1), size=7, code=2)
        assert inside.trail(NOON + timedelta(hours=2)).result == Result.FAILED

    @pytest.mark.clause("P8.4")
    def test_the_master_key_does_not_grow_old(self) -> None:
        make_sealed_file()  # keys are enrolled by the first sealing
        begun = inside.KeyCheck.objects.get(kind="master", current=True).begun_at
        assert inside.master_key(begun + inside.KEY).result == Result.PASSED
        assert inside.master_key(begun + inside.KEY + DAY).result == Result.FAILED


@pytest.mark.clause("P8.6")
@pytest.mark.parametrize(
    ("probe", "setting", "most"),
    [(inside.backup, "BACKUP_STAMP", inside.BACKUP), (inside.restore_drill, "RESTORE_DRILL_STAMP", inside.DRILL)],
)
def test_backups_and_drills_have_an_age(
    probe: Callable[[datetime], probes.Seen], setting: str, most: timedelta, tmp_path: Path
) -> None:
    stamp = tmp_path / "stamp"
    with override_settings(**{setting: str(stamp)}):
        assert probe(NOON).result == Result.UNKNOWN
        stamp.touch()
        os.utime(stamp, (NOON.timestamp(), NOON.timestamp()))
        assert probe(NOON + most).result == Result.PASSED
        assert probe(NOON + most + timedelta(seconds=1)).result == Result.FAILED


class SoftwareTest(PortalTestCase):
    @pytest.mark.clause("P8.5")
    def test_signatures_are_of_the_last_day(self) -> None:
        assert software.signatures(NOON).result == Result.UNKNOWN
        made = datetime.strptime(MADE, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        with running() as daemon, override_settings(CLAMD_HOST=daemon.address):
            assert software.signatures(made + timedelta(hours=24)).result == Result.PASSED
            assert software.signatures(made + timedelta(hours=24, seconds=1)).result == Result.FAILED
        with override_settings(CLAMD_HOST="127.0.0.1:1"):
            assert software.signatures(NOON).result == Result.FAILED

    @pytest.mark.clause("P8.5")
    def test_files_do_not_wait_for_their_scan(self) -> None:
        assert software.files(NOON).result == Result.PASSED
        file = make_sealed_file()
        type(file).objects.filter(id=file.id).update(state="unscanned")
        assert software.files(NOON).result == Result.UNKNOWN
        type(file).objects.filter(id=file.id).update(state="pending")
        assert software.files(NOON + timedelta(hours=1)).result == Result.PASSED
        assert software.files(NOON + timedelta(hours=1, seconds=1)).result == Result.FAILED

    @pytest.mark.clause("P8.6")
    def test_packages_are_those_of_the_lock_and_what_is_not_asked_is_not_known(self) -> None:
        seen = software.packages(NOON)
        assert (seen.result, "PACKAGE_INDEX_LOOKUP" in seen.detail) == (Result.UNKNOWN, True)
        pinned = dict(software.PINNED.findall("django==1.0 \\\n    --hash=x\npsycopg[binary]==3.3.1 ; a\n"))
        assert pinned == {"django": "1.0", "psycopg": "3.3.1"}

    @pytest.mark.clause("P8.6")
    def test_another_version_than_the_locked_one_is_found(self) -> None:
        with mock.patch.object(software, "version_of", side_effect=lambda name: "0.0.1" if name == "django" else None):
            seen = software.packages(NOON)
        assert (seen.result, "django 0.0.1" in seen.detail) == (Result.FAILED, True)


class DailyLookTest(PortalTestCase):
    @pytest.mark.clause("P8.1")
    def test_each_look_is_evidence_with_result_detail_and_time(self) -> None:
        with override_settings(PORTAL_URL="http://127.0.0.1:1"):
            assert look() == len(PROBES)
        assert set(Measure.objects.values_list("code", flat=True)) == set(PROBES)
        for seen in Evidence.objects.select_related("measure"):
            assert seen.detail and seen.recorded_by == "system:safeguards"
            assert seen.measure.result == seen.result
        assert Measure.objects.get(code="tls").result == Result.FAILED  # http in development is said, not hidden
        assert Measure.objects.get(code="malware-signatures").result == Result.UNKNOWN

    def test_the_next_morning_adds_evidence_and_no_measure(self) -> None:
        with override_settings(PORTAL_URL="http://127.0.0.1:1"):
            look()
            look()
        assert Measure.objects.count() == len(PROBES)
        assert Evidence.objects.count() == 2 * len(PROBES)

    def test_a_look_that_breaks_is_a_failure_and_the_others_go_on(self) -> None:
        broken = probes.Probe(mock.Mock(side_effect=RuntimeError("x")), "other", "P8.2")
        with mock.patch.dict(PROBES, {"roles": broken}), override_settings(PORTAL_URL="http://127.0.0.1:1"):
            seen = probes.look(NOON)
        assert seen["roles"].result == Result.FAILED
        assert seen["databases-apart"].result == Result.PASSED
