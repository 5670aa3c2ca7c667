"""A security key made of software, for tests of what is signed with one (WebAuthn 3)."""

import json
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from privacy.accounts.models import User

HERE = "http://localhost"
PRESENT_AND_VERIFIED = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


class SoftwareKey:
    """A security key made of software, which says what a browser would say, or what an attacker's would."""

    def __init__(self, name: bytes = b"k") -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id, self.counter = name * 32, 0

    def _said(self, kind: str, options: dict[str, Any], origin: str, **more: Any) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": origin, "crossOrigin": False, **more}
        return bytes(CollectedClientData(json.dumps(said).encode()))

    def make(self, options: dict[str, Any], *, origin: str = HERE, **more: Any) -> dict[str, Any]:
        said = self._said("webauthn.create", options["publicKey"], origin, **more)
        attested = AttestedCredentialData.create(
            b"\0" * 16, self.id, ES256.from_cryptography_key(self.private.public_key())
        )
        made_with = PRESENT_AND_VERIFIED | AuthenticatorData.FLAG.AT
        data = AuthenticatorData.create(sha256(b"localhost"), made_with, self.counter, attested)
        made = AttestationObject.create("none", data, {})
        return self._answer({"clientDataJSON": websafe_encode(said), "attestationObject": websafe_encode(bytes(made))})

    def sign(
        self,
        options: dict[str, Any],
        *,
        origin: str = HERE,
        counter: int | None = None,
        flags: AuthenticatorData.FLAG = PRESENT_AND_VERIFIED,
        **more: Any,
    ) -> Any:
        said = self._said("webauthn.get", options["publicKey"], origin, **more)
        self.counter = self.counter + 1 if counter is None else counter
        data = AuthenticatorData.create(sha256(b"localhost"), flags, self.counter)
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

    def belongs_to(self, user: User) -> Authenticator:
        """Enter the key as one of an account's, as adding it does."""
        made = self.make({"publicKey": {"challenge": websafe_encode(b"c" * 32)}})
        kept: Authenticator = Authenticator.objects.create(
            user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "blue", "credential": made}
        )
        return kept
