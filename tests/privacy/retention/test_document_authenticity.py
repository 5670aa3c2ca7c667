"""/verify/ knows every document that the portal issued, and no other (P7.1)."""

import base64
import hashlib
import json
import re
from datetime import date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from consents import receipts
from privacy.ledger import actions as ledger
from privacy.ledger import verify_papers
from privacy.ledger.events import Event
from privacy.ledger.exports import document_issuance, register_export
from privacy.ledger.exports.review_sheet import issue_review_sheet
from privacy.ledger.models import Entry, Review
from privacy.lib.crypto import canonical_json, document_signing
from privacy.lib.registries import registers
from privacy.retention.certificates import authenticity, documents
from privacy.retention.models import Certificate
from privacy.rights import actions as rights
from privacy.rights import status_page
from privacy.rights.models import Package
from privacy.safeguards import actions as safeguards
from privacy.workforce import actions as workforce
from tests import factory
from tests.base import PortalTestCase
from tests.factory import NOON, agree, carry_out_all, make_expired_device, make_mina, make_odile, sweep_on

DUE = date(2026, 5, 16)
GENUINE = "We issued this document, and it has not been altered."
DOUBTED = "We can't confirm this document."
UNKNOWN = "We have no record of this document."


def certified() -> Certificate:
    make_expired_device(1, ended_on=date(2024, 5, 15))
    (row,) = carry_out_all(sweep_on(DUE))
    certificate: Certificate = row.certificates.get()
    return certificate


def forge_certificate(certificate: Certificate, **changes: str | datetime) -> Certificate:
    said = certificate.statement
    said["destroyed"]["people"] = 9_999
    body = canonical_json.dumps(said)
    own = Ed25519PrivateKey.generate()
    raw = own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    values = {
        "number": "CF-FORG-ED00",
        "kind": Certificate.Kind.FINALITY,
        "body": body,
        "digest": hashlib.sha256(body.encode()).hexdigest(),
        "signature": base64.b64encode(own.sign(body.encode())).decode(),
        "public_key": base64.b64encode(raw).decode(),
        "issued_at": certificate.issued_at,
        **changes,
    }
    forged = Certificate(list=certificate.list, **values)
    forged.save(force_insert=True)
    return forged


def ask(*, digest: str = "", file: bytes | None = None) -> str:
    given: dict[str, object] = {"digest": digest}
    if file is not None:
        given["file"] = SimpleUploadedFile("document", file)
    return Client().post("/en" + reverse("retention:verify").removeprefix("/en"), given).content.decode()


@pytest.mark.truth("3")
@pytest.mark.clause("P7.1")
class AForgedCertificate(PortalTestCase):
    """Somebody with the portal's own database role inserts a certificate and signs it with a key of their own."""

    def test_with_a_key_of_its_own_is_not_confirmed(self) -> None:
        forged = forge_certificate(certified())
        assert document_signing.is_valid_signature(forged.body, forged.signature, forged.public_key)
        page = ask(digest=forged.digest)
        assert DOUBTED in page
        assert GENUINE not in page
        assert not re.search(r"\b9,?999\b", page)
        page = ask(file=documents.certificate_json(forged))
        assert DOUBTED in page

    def test_with_the_right_key_and_no_entry_on_the_trail_is_not_confirmed(self) -> None:
        certificate = certified()
        said = certificate.statement
        said["destroyed"]["people"] = 9_999
        body = canonical_json.dumps(said)
        # The key service signs it for nobody; whoever has its file does.
        signature = document_signing.file_signer.sign(body)
        forged = forge_certificate(certificate, signature=signature, public_key=document_signing.public_key())
        assert DOUBTED in ask(digest=forged.digest)

    @pytest.mark.asvs("11.2.2")
    def test_a_former_key_is_known_only_where_it_is_pinned(self) -> None:
        forged = forge_certificate(certified())
        assert not document_signing.is_signed_by_portal(forged.body, forged.signature, forged.public_key)
        with self.settings(CERTIFICATE_FORMER_KEYS=[forged.public_key]):
            assert document_signing.is_signed_by_portal(forged.body, forged.signature, forged.public_key)

    def test_the_true_one_still_is(self) -> None:
        certificate = certified()
        assert GENUINE in ask(digest=certificate.digest)
        assert GENUINE in ask(file=documents.certificate_json(certificate))

    def test_of_a_number_alone_it_does_not_speak_of_the_file(self) -> None:
        """A printout that was changed still carries the number of the true one."""
        certificate = certified()
        caution = "Whether a file in front of you is that document is checked by choosing the file."
        assert caution in ask(digest=certificate.digest)
        assert caution not in ask(file=documents.certificate_json(certificate))

    def test_a_file_whose_signature_was_exchanged_is_not_unaltered(self) -> None:
        said = json.loads(documents.certificate_json(certified()))
        said["signature"] = base64.b64encode(b"x" * 64).decode()
        assert DOUBTED in ask(file=json.dumps(said).encode())


@pytest.mark.truth("certificate-file-that-says-more")
@pytest.mark.clause("P7.1")
class AFileOfACertificate(PortalTestCase):
    """Spaced otherwise it is the same file; with one word beside what the portal wrote it is another."""

    def test_says_what_the_certificate_says_and_nothing_more(self) -> None:
        content = documents.certificate_json(certified())
        said = json.loads(content)
        assert GENUINE in ask(file=json.dumps(said).encode())
        assert DOUBTED in ask(file=json.dumps({**said, "note": "Everything else was destroyed too."}).encode())
        assert DOUBTED in ask(file=json.dumps({**said, "signed": "by somebody else"}).encode())

    def test_names_nothing_twice(self) -> None:
        """Python reads the last of two, others the first: what its holder reads is not what was checked."""
        content = documents.certificate_json(certified())
        doubled = content.replace(b'"certificate": {', b'"certificate": {"people": 9999}, "certificate": {', 1)
        assert json.loads(doubled) == json.loads(content)
        assert UNKNOWN in ask(file=doubled)

    def test_that_is_no_text_is_unknown(self) -> None:
        assert UNKNOWN in ask(file=b'{"certificate": {"number": "\\ud800"}}')
        assert UNKNOWN in ask(file=b'{"number": "\\ud800"}')


@pytest.mark.truth("4")
class EveryDocument(PortalTestCase):
    """Taken out as its holder takes it out, each is known at /verify/; with one byte changed none is."""

    def knows(self, content: bytes, *codes: str) -> None:
        assert GENUINE in ask(file=content)
        issued = verify_papers.issued_bytes(content) if verify_papers.MARK in content else content
        assert GENUINE in ask(digest=hashlib.sha256(issued).hexdigest())
        assert UNKNOWN in ask(file=content + b"\n")
        for code in codes:
            assert GENUINE in ask(digest=code)

    def test_a_certificate_as_file_and_as_pdf(self) -> None:
        certificate = certified()
        self.client.force_login(make_odile())
        for kind in ("ko", "en", "json"):
            answer = self.client.get(reverse("admin:retention_certificate_file", args=[certificate.pk, kind]))
            assert GENUINE in ask(file=answer.content)

    def test_a_consent_receipt(self) -> None:
        decision = agree(make_mina(), "activation")
        document = receipts.for_decision(decision)
        assert GENUINE in ask(digest=receipts.digest(document))
        assert GENUINE in ask(file=json.dumps(document, ensure_ascii=False, indent=2).encode())
        altered = {**document, "lawful_basis": "contract"}
        assert UNKNOWN in ask(file=json.dumps(altered).encode())

    def test_a_pledge(self) -> None:
        pledge = make_odile().pledges.first()
        assert pledge is not None
        content = workforce.print_pledge(pledge, language="ko", actor=pledge.user, at=NOON)
        self.knows(content)

    def test_a_management_plan_by_its_seal(self) -> None:
        plan = factory.make_approved_plan()
        assert GENUINE in ask(digest=plan.seal)

    def test_an_annual_report(self) -> None:
        report = safeguards.make_report(year=2026, language="ko", actor=make_odile(), at=NOON)
        self.knows(safeguards.print_report(report, actor=make_odile(), at=NOON), report.digest)

    def test_an_answer_to_a_request_also_on_paper(self) -> None:
        case = factory.make_verified(factory.ask(target=factory.imei(1)))
        letter = case.letters.get()
        before = set(self.issued())
        content = status_page.letter_pdf(letter, language="en", actor=make_odile(), at=NOON)
        self.knows(content)
        entries = set(self.issued()) - before
        assert len(entries) == 2, "the file's SHA-256 and the one in print"
        for digest in entries:
            assert GENUINE in ask(digest=digest)

    def test_a_file_of_a_provision(self) -> None:
        handed = factory.make_provided(factory.make_device(1), "imei")
        assert GENUINE in ask(digest=hashlib.sha256(handed.file).hexdigest())

    def test_an_access_package(self) -> None:
        factory.make_device(1)
        right = factory.make_granted(factory.ask(target=factory.imei(1), answer_by="portal"))
        rights.carry_out(right, actor=factory.make_officer(), at=NOON)
        package = Package.objects.get()
        assert GENUINE in ask(digest=package.file_digest)

    def test_a_register(self) -> None:
        content = register_export.export_register(
            registers.get("destructions"), first=DUE, last=DUE, form="pdf", reason="inspection",
            actor=make_odile(), at=NOON,
        )  # fmt: skip
        self.knows(content)

    def test_a_review_sheet(self) -> None:
        review = Review.objects.create(
            period_from=date(2026, 10, 1), period_until=date(2026, 10, 31), start_index=0, end_index=0,
            due_on=date(2026, 11, 30), opened_at=NOON,
        )  # fmt: skip
        self.knows(issue_review_sheet(review, language="en", actor=make_odile(), at=NOON))

    def issued(self) -> list[str]:
        found = Entry.objects.filter(word="ledger.paper.issued").order_by("id")
        return [str(entry.about).removeprefix("paper:") for entry in found]


@pytest.mark.truth("4")
class AnEntryOfSomebodyElse(PortalTestCase):
    def test_without_our_signature_confirms_nothing(self) -> None:
        """Whoever may write to the trail can put any digest there, but can't sign it."""
        digest = hashlib.sha256(b"forged").hexdigest()
        facts = {
            "kind": "pledge", "number": "PL-FORG-ED00", "issued_at": NOON.isoformat(),
            "signature": base64.b64encode(b"x" * 64).decode(), "key": document_signing.public_key(),
        }  # fmt: skip
        ledger.record(Event.DOCUMENT_ISSUED, actor=make_odile(), at=NOON, about=("paper", digest), facts=facts)
        assert DOUBTED in ask(digest=digest)
        found = authenticity.find_by_digest(digest)
        assert found is not None
        assert not found.genuine


@pytest.mark.attack("18.2")
@pytest.mark.truth("4")
class APaperThatPassesForACertificate(PortalTestCase):
    """Its entry is signed with our key: only the certificate that it names can speak against it."""

    def put_on_record(self, digest: str, *, kind: str, number: str) -> None:
        said = {"kind": kind, "number": number, "issued_at": NOON.isoformat()}
        # The key service signs it for nobody.
        signature = document_signing.file_signer.sign(document_issuance._signed(digest, said))
        facts = {**said, "signature": signature, "key": document_signing.public_key()}
        ledger.record(Event.DOCUMENT_ISSUED, actor=make_odile(), at=NOON, about=("paper", digest), facts=facts)

    def test_without_a_certificate_is_not_confirmed(self) -> None:
        true = certified()
        given = {
            "no such number": ("destruction-certificate", "C-FORG-ED00"),
            "a number of the other kind": ("finality-certificate", true.number),
            "a kind that only sounds like it": ("certificate of destruction", true.number),
        }
        for why, (kind, number) in given.items():
            digest = hashlib.sha256(why.encode()).hexdigest()
            self.put_on_record(digest, kind=kind, number=number)
            with self.subTest(why=why):
                page = ask(digest=digest)
                assert DOUBTED in page
                assert GENUINE not in page

    def test_of_a_forged_certificate_is_not_confirmed(self) -> None:
        forged = forge_certificate(certified())
        self.put_on_record("a" * 64, kind="finality-certificate", number=forged.number)
        assert DOUBTED in ask(digest="a" * 64)

    def test_says_what_the_certificate_says(self) -> None:
        true = certified()
        self.put_on_record("a" * 64, kind="destruction-certificate", number=true.number)
        found, stated = authenticity.find_by_digest("a" * 64), authenticity.find_by_digest(true.digest)
        assert found is not None and stated is not None
        assert found.rows
        assert (found.genuine, found.rows) == (True, stated.rows)

    def test_does_not_stand_before_the_certificate_with_that_digest(self) -> None:
        true = certified()
        self.put_on_record(true.digest, kind="pledge", number="PL-FORG-ED00")
        found = authenticity.find_by_digest(true.digest)
        assert found is not None
        assert (found.number, found.genuine) == (true.number, True)
