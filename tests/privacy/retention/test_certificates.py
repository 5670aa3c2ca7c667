"""Certificates prove themselves: signed, never changed, printed in two languages, checked by anybody (P7.1)."""

import base64
import json
from datetime import date, timedelta
from unittest.mock import patch

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import Error, connection, transaction
from django.urls import reverse

from privacy.lib.crypto import document_signing
from privacy.retention import actions as retention
from privacy.retention.certificates import documents
from privacy.retention.models import Certificate, DestructionList, RegisterEntry
from privacy.vault import actions as vault
from privacy.vault.keyservice.refusals import KeysRefused
from privacy.vault.models import KeyCheck
from tests.base import PortalTestCase
from tests.factory import SWEEPER, at_noon, carry_out_all, make_expired_device, make_odile, sweep_on

DUE = date(2026, 5, 16)


def certified(number: int = 1) -> Certificate:
    make_expired_device(number, ended_on=date(2024, 5, 15))
    (row,) = carry_out_all(sweep_on(DUE))
    return row.certificates.get()


@pytest.mark.clause("P7.1")
class ACertificate(PortalTestCase):
    def test_is_signed_over_exactly_what_it_says(self) -> None:
        certificate = certified()
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(document_signing.public_key()))
        key.verify(base64.b64decode(certificate.signature), certificate.body.encode())
        with pytest.raises(InvalidSignature):
            key.verify(
                base64.b64decode(certificate.signature), certificate.body.replace('"people":1', '"people":2').encode()
            )

    def test_can_be_checked_from_its_file_alone(self) -> None:
        said = json.loads(documents.certificate_json(certified()))
        body = json.dumps(said["certificate"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(said["public_key"]))
        key.verify(base64.b64decode(said["signature"]), body.encode())

    def test_says_what_the_read_back_found_and_what_is_not_final_yet(self) -> None:
        said = certified().statement
        assert said["read_back"]["sound"]
        assert said["destroyed"].pop("counted_at")
        assert said["destroyed"] == {
            "archived": 0, "keys": 1, "key_kept": False, "listed": 1, "passed_over": {}, "people": 1,
            "rows": {"devices.device": 1, "devices.licence": 1},
        }  # fmt: skip
        assert said["finality"]["generation_ended_at"] == ""
        assert said["finality"]["last_key_dump_ends_on"] == "2026-05-27"

    @pytest.mark.law("D-09")
    def test_names_no_person(self) -> None:
        device = make_expired_device(3, ended_on=date(2024, 5, 15))
        (row,) = carry_out_all(sweep_on(DUE))
        body = row.certificates.get().body
        entry = RegisterEntry.objects.filter(list=row).values().get()
        for named in (str(device.subject_id), device.reference):
            assert named not in body
            assert named not in str(entry)

    def test_is_never_changed_or_removed(self) -> None:
        certificate = certified()
        for statement in (
            "UPDATE retention_certificate SET body = '{}' WHERE number = %s",
            "DELETE FROM retention_certificate WHERE number = %s",
        ):
            with (
                self.subTest(statement),
                pytest.raises(Error, match="only ever added"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement, [certificate.number])

    def test_prints_in_korean_and_english(self) -> None:
        certificate = certified()
        for language in ("ko", "en"):
            with self.subTest(language):
                printed = documents.certificate_pdf(certificate, language=language)
                assert printed.startswith(b"%PDF-")
                assert len(printed) > 10_000

    def test_of_finality_follows_when_the_master_keys_generation_has_ended(self) -> None:
        certificate = certified()
        at = at_noon(DUE + timedelta(days=10))
        assert retention.certify_finality(actor=SWEEPER, at=at) == 0
        KeyCheck.objects.filter(kind="master").update(current=False, ending_at=at, emptied_at=at, ended_at=at)
        assert vault.finality(certificate.number).final_at == at
        assert retention.certify_finality(actor=SWEEPER, at=at) == 1
        assert retention.certify_finality(actor=SWEEPER, at=at) == 0
        final = Certificate.objects.get(kind="finality")
        assert final.statement["certificate_digest"] == certificate.digest
        assert final.statement["finality"]["generation_ended_at"] == at.isoformat()

    def test_of_finality_that_is_refused_holds_back_no_other(self) -> None:
        refused, other = certified(1), certified(2)
        assert refused.list.done_at is not None
        type(refused.list).objects.filter(pk=refused.list_id).update(done_at=refused.list.done_at - timedelta(hours=1))
        at = at_noon(DUE + timedelta(days=10))
        KeyCheck.objects.filter(kind="master").update(current=False, ending_at=at, emptied_at=at, ended_at=at)

        def sign(body: str) -> str:
            if refused.digest in body:
                raise KeysRefused("untrue")
            return document_signing.file_signer.sign(body)

        with patch.object(document_signing, "sign", sign):
            assert retention.certify_finality(actor=SWEEPER, at=at) == 1
        assert Certificate.objects.get(kind="finality").list_id == other.list_id
        assert retention.certify_finality(actor=SWEEPER, at=at) == 1


@pytest.mark.clause("P7.1")
class TheCheckPage(PortalTestCase):
    def test_knows_what_we_issued(self) -> None:
        certificate = certified()
        spaced = " ".join(certificate.digest[i : i + 8] for i in range(0, 64, 8)).upper()
        answer = self.client.post(reverse("retention:verify"), {"digest": spaced})
        assert answer.status_code == 200
        assert certificate.number in answer.content.decode()

    def test_takes_the_file_itself(self) -> None:
        certificate = certified()
        file = SimpleUploadedFile("c.json", documents.certificate_json(certificate))
        answer = self.client.post(reverse("retention:verify"), {"file": file})
        assert certificate.number in answer.content.decode()

    def test_knows_nothing_of_an_altered_file(self) -> None:
        certificate = certified()
        altered = documents.certificate_json(certificate).replace(b'"people": 1', b'"people": 9')
        answer = self.client.post(reverse("retention:verify"), {"file": SimpleUploadedFile("c.json", altered)})
        assert certificate.number not in answer.content.decode()
        assert answer.status_code == 200

    def test_answers_bad_input_with_what_is_wrong(self) -> None:
        deep = b'{"certificate":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        for given in (
            {},
            {"digest": "zz"},
            {"digest": "a" * 150},
            {"file": SimpleUploadedFile("x", b"\0" * 5_300_000)},
        ):
            with self.subTest(given=str(given)[:40]):
                assert self.client.post(reverse("retention:verify"), given).status_code == 422
        for content in (deep, b"{", b'{"certificate": {"1": NaN}}', b"\xff\xfe"):
            answer = self.client.post(reverse("retention:verify"), {"file": SimpleUploadedFile("x", content)})
            assert answer.status_code == 200

    def test_says_that_a_record_was_altered(self) -> None:
        from privacy.retention.certificates import authenticity

        certificate = certified()
        forged = Certificate(
            number="C-FORG-ED00", list=DestructionList.objects.get(), kind="finality", body=certificate.body,
            digest="f" * 64, signature=certificate.signature, public_key=certificate.public_key,
            issued_at=certificate.issued_at,
        )  # fmt: skip
        forged.save(force_insert=True)
        found = authenticity.find_by_digest("f" * 64)
        assert found is not None
        assert not found.genuine


class TheConsole(PortalTestCase):
    def test_sends_the_certificate_as_pdf_and_as_file(self) -> None:
        certificate = certified()
        self.client.force_login(make_odile())
        for kind, media in (("ko", "application/pdf"), ("en", "application/pdf"), ("json", "application/json")):
            answer = self.client.get(reverse("admin:retention_certificate_file", args=[certificate.pk, kind]))
            assert answer["Content-Type"] == media
            assert answer["Content-Disposition"].startswith("attachment")
