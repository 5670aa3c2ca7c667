"""Security keys: only from this page's own origin, never from a frame, and never a copy of the key (WebAuthn)."""

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from tests import factory
from tests.base import PortalTestCase

HERE = "http://localhost"
PRESENT_AND_VERIFIED = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV
CONFIRM, ADD = "/staff/security/confirm/key/", "/staff/security/key/"


class SoftwareKey:
    """A security key made of software, which says what a browser would say, or what an attacker's would."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id, self.counter = b"k" * 32, 0

    def _said(self, kind: str, options: dict[str, Any], origin: str, **more: Any) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": origin, "crossOrigin": False, **more}
        return bytes(CollectedClientData(json.dumps(said).encode()))

    def make(self, options: dict[str, Any], *, origin: str = HERE, **more: Any) -> dict[str, Any]:
        said = self._said("webauthn.create", options["publicKey"], origin, **more)
        attested = AttestedCredentialData.create(
            b"\0" * 16, self.id, ES256.from_cryptography_key(self.private.public_key())
        )
        flags = PRESENT_AND_VERIFIED | AuthenticatorData.FLAG.AT
        data = AuthenticatorData.create(sha256(b"localhost"), flags, self.counter, attested)
        made = AttestationObject.create("none", data, {})
        return self._answer({"clientDataJSON": websafe_encode(said), "attestationObject": websafe_encode(bytes(made))})

    def sign(self, options: dict[str, Any], *, origin: str = HERE, counter: int | None = None, **more: Any) -> Any:
        said = self._said("webauthn.get", options["publicKey"], origin, **more)
        self.counter = self.counter + 1 if counter is None else counter
        data = AuthenticatorData.create(sha256(b"localhost"), PRESENT_AND_VERIFIED, self.counter)
        signature = self.private.sign(bytes(data) + sha256(said), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": websafe_encode(said),
                "authenticatorData": websafe_encode(bytes(data)),
                "signature": websafe_encode(signature),
            }
        )

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        known = websafe_encode(self.id)
        return {"id": known, "rawId": known, "type": "public-key", "response": response}


@pytest.mark.attack("17.23")
@pytest.mark.asvs("6.7.2")
class SecurityKeyTests(PortalTestCase):
    def setUp(self) -> None:
        self.omar = factory.make_omar()
        secret = factory.give_app(self.omar)
        self.browser, self.key = Client(headers={"host": "localhost"}), SoftwareKey()
        self.browser.post("/sign-in/", {"login": self.omar.email, "password": factory.PASSWORD})
        self.browser.post("/sign-in/second/", {"code": factory.next_code(self.omar, secret)})

    def options(self, page: str) -> dict[str, Any]:
        asked: dict[str, Any] = json.loads(self.browser.get(page).context["options"])
        assert websafe_decode(asked["publicKey"]["challenge"])
        return asked

    def add(self, **lie: Any) -> bool:
        made = self.key.make(self.options(ADD), **lie)
        return self.browser.post(ADD, {"name": "blue", "credential": json.dumps(made)}).status_code == 302

    def confirm(self, **lie: Any) -> bool:
        signed = self.key.sign(self.options(CONFIRM), **lie)
        return self.browser.post(CONFIRM, {"credential": json.dumps(signed)}).status_code == 302

    def test_a_key_is_added_and_used_from_this_page(self) -> None:
        assert self.add()
        assert all(self.confirm() for _time in range(3))
        assert Authenticator.objects.get(type="webauthn").data["counter"] == 3

    def test_other_origins_and_frames_are_refused(self) -> None:
        lies: tuple[dict[str, Any], ...] = (
            {"origin": "http://localhost:8443"},
            {"origin": "https://localhost"},
            {"origin": "http://evil.localhost"},
            {"origin": "http://localhost.evil.example"},
            {"crossOrigin": True},
            {"topOrigin": "http://localhost"},
        )
        for lie in lies:
            with self.subTest(**lie):
                assert not self.add(**lie)
        assert not Authenticator.objects.filter(type="webauthn").exists()
        assert self.add()
        for lie in lies:
            with self.subTest(**lie):
                assert not self.confirm(**lie)
        assert self.confirm()

    def test_a_counter_that_does_not_grow_is_a_copy_of_the_key(self) -> None:
        assert self.add()
        assert self.confirm(counter=7)
        for counter in (7, 6, 0):
            assert not self.confirm(counter=counter)
        assert self.confirm(counter=8)

    def test_a_key_without_a_counter_is_taken(self) -> None:
        assert self.add()
        assert all(self.confirm(counter=0) for _time in range(3))

    def test_what_is_no_answer_is_refused(self) -> None:
        assert self.add()
        self.options(CONFIRM)
        for sent in ("{}", "[]", "7", '{"response": {}}', '{"response": {"clientDataJSON": "eyJ9"}}', "x"):
            assert self.browser.post(CONFIRM, {"credential": sent}).status_code == 200
