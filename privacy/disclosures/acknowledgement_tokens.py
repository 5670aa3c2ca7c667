"""The one-time link by which a recipient acknowledges a notice: only its digest is kept (SEC-21)."""

import base64
import hashlib
from uuid import UUID

from privacy.vault.derived_secrets import derive_secret


def token_of(notice_id: UUID) -> str:
    """Return the token of a notice: 256 bits that only the portal can make.

    Derived, not stored, so that a delivery repeated after a crash carries the same link as the first.
    """
    made = derive_secret("disclosures.notice", notice_id.bytes)
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def digest_of(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(b"privacy.disclosures.token\0" + token.encode()).hexdigest()
