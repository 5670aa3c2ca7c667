"""Signing what a certificate states: of a destruction, of its finality, or what was confirmed after it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from privacy.lib.crypto import canonical_json, document_signing
from privacy.retention.models import Certificate, DestructionList


def sign_certificate(
    row: DestructionList, kind: Certificate.Kind, number: str, statement: Mapping[str, Any], *, at: datetime
) -> Certificate:
    """Sign a statement about a list and keep it as a certificate, in the caller's transaction."""
    body = canonical_json.dumps(statement)
    return Certificate.objects.create(
        number=number,
        list=row,
        kind=kind,
        body=body,
        digest=hashlib.sha256(body.encode()).hexdigest(),
        signature=document_signing.sign(body),
        public_key=document_signing.public_key(),
        issued_at=at,
    )
