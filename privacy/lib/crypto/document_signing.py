"""The portal's certificate key: Ed25519 over the canonical bytes of what a certificate or another document says."""

import base64
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@lru_cache(maxsize=2)
def _key(path: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ImproperlyConfigured("CERTIFICATE_KEY_FILE must hold an Ed25519 key (manage.py make_keys).")
    return key


class Signer(Protocol):
    """Who holds the key: the file of this process, or another process."""

    def public_key(self) -> str:
        """Return the public key, base64 of 32 bytes."""

    def sign(self, body: str) -> str:
        """Return the signature over the body's UTF-8 bytes, base64."""


class FileSigner:
    """Signs with the key of ``settings.CERTIFICATE_KEY_FILE``."""

    def public_key(self) -> str:
        raw = _key(Path(settings.CERTIFICATE_KEY_FILE)).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(raw).decode()

    def sign(self, body: str) -> str:
        return base64.b64encode(_key(Path(settings.CERTIFICATE_KEY_FILE)).sign(body.encode())).decode()


file_signer = FileSigner()
_signer: list[Signer] = [file_signer]


def use_signer(signer: Signer) -> None:
    """Have documents signed by somebody else than this process."""
    _signer[0] = signer


def public_key() -> str:
    """Return the public key, base64 of 32 bytes."""
    return _signer[0].public_key()


def sign(body: str) -> str:
    """Return the signature over the body's UTF-8 bytes, base64."""
    return _signer[0].sign(body)


def is_signed_by_portal(body: str, signature: str, public: str) -> bool:
    """Whether the signature is over exactly this body and by the portal's key, the present one or one before it.

    A public key that stands beside a signature proves nothing: whoever signs with a key of their own brings it along.
    """
    return public in {public_key(), *settings.CERTIFICATE_FORMER_KEYS} and is_valid_signature(body, signature, public)


def is_valid_signature(body: str, signature: str, public: str) -> bool:
    """Whether the signature is the key's over exactly this body."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(base64.b64decode(signature, validate=True), body.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
