"""What the portal sees of its own safeguards: in order, not in order, or honestly not known."""

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import override_settings
from django.utils.translation import override

from config.embedded_postgres import EmbeddedServer
from config.middleware import PERMISSIONS_POLICY
from privacy.ledger.models import Scrub
from privacy.safeguards.automated_checks import infrastructure, registry, web_security
from privacy.safeguards.automated_checks.registry import CHECKS
from privacy.safeguards.models import Evidence, Measure
from privacy.safeguards.models.measures import Result
from privacy.safeguards.tasks import run_automated_checks
from tests.base import PortalTestCase
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
    """A site on a real port whose first page has these headers; a proxy answers the rest, as ours does of a probe."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            for name, value in headers.items() if self.path == "/" else ():
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
        assert web_security.headers(NOON).result == Result.PASSED
    for name in STRICT:
        less = {header: value for header, value in STRICT.items() if header != name}
        with site(less) as address, override_settings(PORTAL_URL=address):
            seen = web_security.headers(NOON)
            assert (seen.result, name.lower() in seen.detail) == (Result.FAILED, True)
    weak = STRICT | {"Content-Security-Policy": "default-src *"}
    with site(weak) as address, override_settings(PORTAL_URL=address):
        assert web_security.headers(NOON).result == Result.FAILED
    with override_settings(PORTAL_URL="http://127.0.0.1:1"):
        assert web_security.headers(NOON).result == Result.UNKNOWN


@pytest.mark.law("S-20")
@pytest.mark.asvs("12.1.4", "12.2.2", "12.3.2")
@pytest.mark.clause("P8.4")
@pytest.mark.clause("P8.6")
def test_the_certificate_is_looked_at_as_a_browser_does(tmp_path: Path) -> None:
    with override_settings(PORTAL_URL="http://localhost:8000"):
        assert web_security.certificate(NOON).result == Result.FAILED
    for days, trusted, result in ((90, True, Result.PASSED), (5, True, Result.FAILED), (90, False, Result.FAILED)):
        path, context = certificate(tmp_path, days=days)
        trust = {"SSL_CERT_FILE": str(path)} if trusted else {}
        with (
            site(STRICT, context) as address,
            override_settings(PORTAL_URL=address),
            mock.patch.dict(os.environ, trust),
        ):
            assert web_security.certificate(datetime.now(UTC)).result == result, (days, trusted)
    with override_settings(PORTAL_URL="https://127.0.0.1:1"):
        assert web_security.certificate(NOON).result == Result.UNKNOWN


class InsideTest(PortalTestCase):
    @pytest.mark.law("D-04", "S-35")
    @pytest.mark.clause("P8.7")
    def test_three_databases_are_three(self) -> None:
        assert infrastructure.database_separation(NOON).result == Result.PASSED
        # Where an alias leads to a database that another leads to already:
        with mock.patch.object(infrastructure, "ALIASES", ("default", "personal", "default")):
            assert infrastructure.database_separation(NOON).result == Result.FAILED

    @pytest.mark.clause("P8.2")
    def test_the_role_owns_nothing(self) -> None:
        assert infrastructure.database_roles(NOON).result == Result.PASSED

    @pytest.mark.law("S-18", "S-23")
    @pytest.mark.asvs("11.4.2")
    @pytest.mark.clause("P8.4")
    def test_passwords_are_stored_one_way(self) -> None:
        odile = make_odile(granted=False)
        type(odile).objects.filter(pk=odile.pk).update(password="argon2$argon2id$v=19$x$y$z")
        assert infrastructure.password_hashing(NOON).result == Result.PASSED
        type(odile).objects.filter(pk=odile.pk).update(password="md5$salt$0123456789abcdef")
        assert infrastructure.password_hashing(NOON).result == Result.FAILED

    @pytest.mark.clause("P8.3")
    def test_the_trail_is_verified_each_night(self) -> None:
        assert infrastructure.audit_trail(NOON).result == Result.UNKNOWN
        Scrub.objects.create(begun_at=NOON, finished_at=NOON, size=7, code=0)
        assert infrastructure.audit_trail(NOON + timedelta(hours=30)).result == Result.PASSED
        assert infrastructure.audit_trail(NOON + timedelta(hours=30, seconds=1)).result == Result.FAILED
        Scrub.objects.create(begun_at=NOON, finished_at=NOON + timedelta(hours=1), size=7, code=2)
        assert infrastructure.audit_trail(NOON + timedelta(hours=2)).result == Result.FAILED

    @pytest.mark.asvs("13.3.4")
    @pytest.mark.clause("P8.4")
    def test_the_master_key_does_not_grow_old(self) -> None:
        make_sealed_file()  # keys are enrolled by the first sealing
        begun = infrastructure.KeyCheck.objects.get(kind="master", current=True).begun_at
        assert infrastructure.master_key(begun + infrastructure.KEY).result == Result.PASSED
        assert infrastructure.master_key(begun + infrastructure.KEY + DAY).result == Result.FAILED


@contextmanager
def cluster(folder: Path, port: int) -> Iterator[EmbeddedServer]:
    """A cluster of its own that listens on a socket and on two addresses of this machine."""
    with mock.patch.dict(os.environ, {"PGPORT": str(port)}):
        made = EmbeddedServer(folder, {"fsync": "off", "listen_addresses": "'127.0.0.1,::1'"})
        made.start()
        try:
            yield made
        finally:
            made.release()
            made.stop("immediate")


def link(server: EmbeddedServer, port: int, database: str, host: str) -> Any:
    """A connection to one of a cluster's databases, by one of its addresses."""
    password = server.password_file.read_text()
    return psycopg.connect(host=host, port=port, user="postgres", password=password, dbname=database)


@pytest.mark.law("S-35")
@pytest.mark.truth("28")
@pytest.mark.clause("P8.7")
def test_clusters_are_counted_and_not_the_names_that_lead_to_them(tmp_path: Path) -> None:
    names = ("portal_general", "portal_personal", "portal_archive")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with cluster(tmp_path / "one", port) as one, cluster(tmp_path / "two", port + 1) as two, override("en"):
        hosts = (str(one.socket), "127.0.0.1", "::1")
        same = [link(one, port, name, host) for name, host in zip(names, hosts, strict=True)]
        with mock.patch.object(infrastructure, "connections", dict(zip(infrastructure.ALIASES, same, strict=True))):
            assert "one cluster" in infrastructure.database_separation(NOON).detail
        apart = [same[1], link(two, port + 1, names[0], "127.0.0.1"), link(two, port + 1, names[2], "127.0.0.1")]
        with mock.patch.object(infrastructure, "connections", dict(zip(infrastructure.ALIASES, apart, strict=True))):
            assert "2 clusters" in infrastructure.database_separation(NOON).detail
        twice = [same[1], link(one, port, names[1], "::1"), apart[1]]
        with mock.patch.object(infrastructure, "connections", dict(zip(infrastructure.ALIASES, twice, strict=True))):
            assert infrastructure.database_separation(NOON).result == Result.FAILED
        for connection in {*same, *apart, *twice}:
            connection.close()


@pytest.mark.law("S-26")
@pytest.mark.clause("P8.6")
@pytest.mark.parametrize(
    ("probe", "setting", "most"),
    [
        (infrastructure.backup, "BACKUP_STAMP", infrastructure.BACKUP),
        (infrastructure.restore_drill, "RESTORE_DRILL_STAMP", infrastructure.DRILL),
    ],
)
def test_backups_and_drills_have_an_age(
    probe: Callable[[datetime], registry.CheckResult], setting: str, most: timedelta, tmp_path: Path
) -> None:
    stamp = tmp_path / "stamp"
    with override_settings(**{setting: str(stamp)}):
        assert probe(NOON).result == Result.UNKNOWN
        stamp.touch()
        os.utime(stamp, (NOON.timestamp(), NOON.timestamp()))
        assert probe(NOON + most).result == Result.PASSED
        assert probe(NOON + most + timedelta(seconds=1)).result == Result.FAILED


class DailyLookTest(PortalTestCase):
    @pytest.mark.asvs("16.3.4")
    @pytest.mark.clause("P8.1")
    def test_each_look_is_evidence_with_result_detail_and_time(self) -> None:
        with override_settings(PORTAL_URL="http://127.0.0.1:1"):
            assert run_automated_checks() == len(CHECKS)
        assert set(Measure.objects.values_list("code", flat=True)) == set(CHECKS)
        for seen in Evidence.objects.select_related("measure"):
            assert seen.detail and seen.recorded_by == "system:safeguards"
            assert seen.measure.result == seen.result
        assert Measure.objects.get(code="tls").result == Result.FAILED  # http in development is said, not hidden
        assert Measure.objects.get(code="malware-signatures").result == Result.UNKNOWN

    def test_the_next_morning_adds_evidence_and_no_measure(self) -> None:
        with override_settings(PORTAL_URL="http://127.0.0.1:1"):
            run_automated_checks()
            run_automated_checks()
        assert Measure.objects.count() == len(CHECKS)
        assert Evidence.objects.count() == 2 * len(CHECKS)

    def test_a_look_that_breaks_is_a_failure_and_the_others_go_on(self) -> None:
        broken = registry.AutomatedCheck(mock.Mock(side_effect=RuntimeError("x")), "other", "P8.2")
        with mock.patch.dict(CHECKS, {"roles": broken}), override_settings(PORTAL_URL="http://127.0.0.1:1"):
            seen = registry.run_checks(NOON)
        assert seen["roles"].result == Result.FAILED
        assert seen["databases-apart"].result == Result.PASSED
