"""A time stamp authority (RFC 3161) for tests: a real HTTP server whose tokens are really signed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

POLICY = "1.2.3.4.1"


class Authority:
    """A root, a stamping certificate below it, and what makes its answers others than they should be."""

    def __init__(self) -> None:
        self.clock = lambda: datetime.now(UTC)
        self.imprint: bytes | None = None
        self.nonce: int | None = None
        self.status = "granted"
        self.asked = 0
        self._root_key, self._key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.root = self._certificate("root", "root", self._root_key, is_root=True)
        self._own = self._certificate("stamps", "root", self._key, is_root=False)

    @property
    def pem(self) -> bytes:
        """The root certificate, as an auditor has it from the authority."""
        return self.root.public_bytes(serialization.Encoding.PEM)

    def _certificate(
        self, name: str, issuer: str, key: ec.EllipticCurvePrivateKey, *, is_root: bool
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=400))
            .not_valid_after(now + timedelta(days=400))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._root_key.public_key()), critical=False
            )
        )
        if not is_root:
            made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return made.sign(self._root_key, hashes.SHA256())

    def answer(self, asked: bytes) -> bytes:
        """Stamp what a request names."""
        self.asked += 1
        if self.status != "granted":
            return bytes(tsp.TimeStampResp({"status": {"status": self.status}}).dump())
        request = tsp.TimeStampReq.load(asked)
        imprint = request["message_imprint"].copy()
        if self.imprint is not None:
            imprint["hashed_message"] = self.imprint
        stamp = tsp.TSTInfo(
            {
                "version": "v1", "policy": POLICY, "message_imprint": imprint, "serial_number": self.asked,
                "gen_time": self.clock().replace(microsecond=0),
                "nonce": self.nonce if self.nonce is not None else request["nonce"].native,
            }
        )  # fmt: skip
        return bytes(
            tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": self._signed(stamp)}).dump()
        )

    def _signed(self, stamp: tsp.TSTInfo) -> cms.ContentInfo:
        own = asn1_x509.Certificate.load(self._own.public_bytes(serialization.Encoding.DER))
        hashed = algos.DigestAlgorithm({"algorithm": "sha256"})
        content = stamp.dump()
        certificate_id = tsp.ESSCertIDv2({"cert_hash": sha256(own.dump()).digest()})
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [sha256(content).digest()]}),
                cms.CMSAttribute(
                    {
                        "type": "signing_certificate_v2",
                        "values": [tsp.SigningCertificateV2({"certs": [certificate_id]})],
                    }
                ),
            ]
        )
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    "issuer_and_serial_number",
                    cms.IssuerAndSerialNumber({"issuer": own.issuer, "serial_number": own.serial_number}),
                ),
                "digest_algorithm": hashed,
                "signed_attrs": attributes,
                "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
                "signature": self._key.sign(attributes.dump(force=True), ec.ECDSA(hashes.SHA256())),
            }
        )
        signed = cms.SignedData(
            {
                "version": "v3", "digest_algorithms": [hashed],
                "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
                "certificates": [own], "signer_infos": [signer],
            }
        )  # fmt: skip
        return cms.ContentInfo({"content_type": "signed_data", "content": signed})


@contextmanager
def serving(authority: Authority) -> Iterator[str]:
    """Serve an authority on this machine, and yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = authority.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
