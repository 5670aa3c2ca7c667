"""Requests that a token's own key must sign (SEC-39): a copied token, a replayed or an altered request does nothing."""

import base64
import itertools
import json
import secrets
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection
from django.http import HttpResponse
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from devices import actions as devices
from devices.models import Device, GatewayToken, RequestNonce, Scope
from devices.request_signatures import TOLERANCE_SECONDS, content_digest
from privacy.ledger.actors import SystemActor
from tests import factory
from tests.devices.base import ApiTestCase
from tests.devices.signing import public, signed_headers

TESTS = SystemActor("tests")


@pytest.mark.asvs("4.1.5")
class SignedRequestTests(ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.key = Ed25519PrivateKey.generate()
        made = devices.issue_token(
            factory.make_gateway("Gate"), scopes=Scope.values, signing_key=public(self.key), actor=TESTS, at=self.now
        )
        self.token, self.row = made.token, made.row

    def signed(
        self, method: str, path: str, content: bytes = b"", *, key: Ed25519PrivateKey | None = None, **changes: Any
    ) -> dict[str, str]:
        return signed_headers(method, path, content, keys={"sig": key or self.key}, now=self.now, **changes)

    def registers(self, **changes: Any) -> HttpResponse:
        path, content = f"/devices/{uuid4()}", json.dumps(factory.registration(7)).encode()
        return self.call("PUT", path, raw=content, **self.signed("PUT", path, content, **changes))

    def test_a_signed_request_is_taken(self) -> None:
        assert self.registers().status_code == 201
        device = self.device(2)
        batch = factory.make_batch(self.report(device))
        assert self.call("POST", "/reports", raw=batch, **self.signed("POST", "/reports", batch)).status_code == 200
        path = f"/devices/{device.id}/consents"
        assert self.call("GET", path, **self.signed("GET", path)).status_code == 200
        path = "/advertising?limit=5"
        assert self.call("GET", path, **self.signed("GET", path)).status_code != 401

    def refused(self, answer: HttpResponse) -> None:
        self.assertProblem(answer, 401, "bad-signature")

    def test_a_copied_token_is_useless(self) -> None:
        known = Device.objects.count()
        self.refused(self.call("PUT", f"/devices/{uuid4()}", factory.registration(7)))
        self.refused(self.send(self.report(uuid4())))
        self.refused(self.registers(key=Ed25519PrivateKey.generate()))
        assert Device.objects.count() == known
        self.assertLedgered("devices.signature.refused", self.row)

    def test_a_request_is_taken_once(self) -> None:
        nonce = secrets.token_urlsafe(16)
        assert self.registers(nonce=nonce).status_code == 201
        self.refused(self.registers(nonce=nonce))

    @pytest.mark.asvs("15.4.2")
    @pytest.mark.attack("17.9")
    def test_a_nonce_is_taken_in_one_statement(self) -> None:
        """Two at once are told apart by the row itself: none is looked for first, and none fails on the other."""
        nonce = secrets.token_urlsafe(16)
        path = f"/devices/{self.device(7).id}/consents"
        for status in (200, 401):
            with CaptureQueriesContext(connection) as asked:
                answer = self.call("GET", path, **self.signed("GET", path, nonce=nonce))
            assert answer.status_code == status
            found = [one["sql"] for one in asked if "devices_requestnonce" in one["sql"]]
            assert len(found) == 1
            assert "ON CONFLICT" in found[0]

    def test_what_was_signed_is_what_is_carried_out(self) -> None:
        path, content = f"/devices/{uuid4()}", json.dumps(factory.registration(7)).encode()
        headers = self.signed("PUT", path, content)
        other = json.dumps(factory.registration(8)).encode()
        for name, answer in {
            "another path": self.call("PUT", f"/devices/{uuid4()}", raw=content, **headers),
            "another method": self.call("PATCH", path, raw=content, **headers),
            "another query": self.call("PUT", f"{path}?x=1", raw=content, **headers),
            "another body": self.call("PUT", path, raw=other, **headers),
            "another body and its digest": self.call(
                "PUT", path, raw=other, **{**headers, "Content-Digest": content_digest(other)}
            ),
            "no digest": self.call("PUT", path, raw=content, **{**headers, "Content-Digest": ""}),
            "a body that was not signed": self.call("PUT", path, raw=content, **self.signed("PUT", path)),
            "packed afterwards": self.call("PUT", path, raw=content, packed=True, **headers),
        }.items():
            with self.subTest(name):
                self.refused(answer)
        assert self.call("PUT", path, raw=content, **headers).status_code == 201

    def test_only_what_was_signed_just_now(self) -> None:
        for late in (-TOLERANCE_SECONDS - 5, TOLERANCE_SECONDS + 5):
            self.refused(self.registers(late=late))
        assert self.registers(late=TOLERANCE_SECONDS - 30).status_code == 201

    @pytest.mark.asvs("11.2.5")
    def test_malformed_headers_are_refused_and_never_an_error(self) -> None:
        path, content = f"/devices/{uuid4()}", json.dumps(factory.registration(7)).encode()
        right = self.signed("PUT", path, content)
        wrong = ("", "sig=", "sig=::", "sig=:!!!:", "x" * 9_000, "=", ":", "gis" + right["Signature"][3:])
        for name, value in itertools.product(right, wrong):
            with self.subTest(name, value=value[:20]):
                self.refused(self.call("PUT", path, raw=content, **{**right, name: value}))

    def test_a_rotated_token_keeps_the_key(self) -> None:
        made = devices.rotate_token(self.row, actor=TESTS, at=self.now)
        self.token = made.token
        self.refused(self.call("PUT", f"/devices/{uuid4()}", factory.registration(7)))
        assert self.registers().status_code == 201

    @pytest.mark.asvs("11.6.1")
    def test_no_key_that_is_none(self) -> None:
        for key in ("x", "AAAA", base64.b64encode(b"k" * 31).decode(), "é" * 44):
            with pytest.raises(devices.InvalidSigningKey):
                devices.issue_token(
                    factory.make_gateway("Gate"), scopes=["reports"], signing_key=key, actor=TESTS, at=self.now
                )
        assert GatewayToken.objects.exclude(signing_key=None).count() == 1

    def test_nonces_are_kept_for_as_long_as_they_could_be_sent_again(self) -> None:
        self.registers()
        devices.delete_expired_nonces(at=self.now + timedelta(seconds=2 * TOLERANCE_SECONDS - 1))
        assert RequestNonce.objects.count() == 1
        devices.delete_expired_nonces(at=self.now + timedelta(seconds=2 * TOLERANCE_SECONDS + 60))
        assert not RequestNonce.objects.exists()

    def test_a_body_that_is_too_large_is_refused_as_such(self) -> None:
        with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1_000):
            path, content = f"/devices/{uuid4()}", b" " * 2_000
            self.assertProblem(
                self.call("PUT", path, raw=content, **self.signed("PUT", path, content)), 413, "too-large"
            )
