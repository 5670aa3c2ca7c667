"""Codes that open a page of one's own: shown once, kept as a digest; the same form sent twice gets the same code."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from django.utils.crypto import salted_hmac

from privacy.lib.documents.encrypted_zip import encode_passphrase


def new_form_nonce() -> str:
    """Return a mark for one showing of a form: 128 random bits that only its sender knows."""
    return secrets.token_urlsafe(16)


def normalize_code(code: str) -> str:
    """Return a typed code as it was made: spaces, hyphens, capitals and look-alike letters don't matter."""
    plain = "".join(code.upper().split()).replace("-", "")
    return plain.replace("O", "0").replace("I", "1").replace("L", "1").replace("U", "V")


@dataclass(frozen=True)
class AccessCodes:
    """The codes of one app's door; the same mark makes another code, and other digests, at each door."""

    door: str

    def of(self, submission: str) -> str:
        """Return the code that belongs to a form's mark: 130 bits (SEC-21 asks for 128), in groups of four."""
        return encode_passphrase(salted_hmac(f"privacy.{self.door}.code", submission, algorithm="sha256").digest())

    def digest(self, code: str) -> str:
        """Return what is kept of a code; spaces, hyphens, capitals and look-alike letters don't matter."""
        return hashlib.sha256(f"privacy.{self.door}.code\0{normalize_code(code)}".encode()).hexdigest()

    def mark(self, submission: str) -> str:
        """Return what is kept of a form's mark."""
        return hashlib.sha256(f"privacy.{self.door}.submission\0{submission}".encode()).hexdigest()


def example_code() -> str:
    """Return a code for an example, in the form of the real ones: it opens nothing."""
    return encode_passphrase(hashlib.sha256(b"example").digest())


def constant_time_equal(one: str, other: str) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(one, other)
