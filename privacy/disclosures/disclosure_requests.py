"""What a disclosure asks for, and the digests of it: what was approved is what is provided (SEC-07)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID

from privacy.disclosures.models import Disclosure
from privacy.lib.crypto import canonical_json


@dataclass(frozen=True)
class RequestedItem:
    """One item of one person that is to be provided; ``record_id`` narrows it to one record."""

    subject_id: UUID
    category: str
    item: str
    record_id: UUID | None = None


@dataclass(frozen=True)
class AuthorityRequest:
    """What an authority's request says, beside its statute and document number (law F-8, P-08 … P-10)."""

    official: str = ""
    reason: str = ""
    relation: str = ""
    extent: str = ""
    permit_no: str = ""
    record_class: str = ""
    urgent: bool = False
    document_due_on: date | None = None


def content_digest(disclosure: Disclosure, wanted: Sequence[RequestedItem]) -> str:
    """Return the digest of all that an approval is about (SEC-07: what was approved is what is provided)."""
    return canonical_json.digest(
        {
            "third_party": disclosure.third_party_id,
            "basis": disclosure.basis,
            "statute": disclosure.statute,
            "document_no": disclosure.document_no,
            "agreement": disclosure.agreement,
            "purpose": disclosure.purpose,
            "purpose_code": disclosure.purpose_code,
            "form": disclosure.form,
            "period": disclosure.period,
            "restrictions": disclosure.restrictions,
            "terminal_number_ground": disclosure.terminal_number_ground,
            "authority": {field.name: getattr(disclosure, field.name) for field in fields(AuthorityRequest)},
            "items": sorted(f"{one.subject_id}/{one.record_id or ''}/{one.category}/{one.item}" for one in wanted),
        }
    )


def approval_digest(disclosure: Disclosure) -> str:
    """Return the digest of all that an approver judges: what is asked for, and the document that asks for it."""
    return combined_digest(disclosure.content_digest, disclosure.scan_digest)


def combined_digest(content: str, scan: str) -> str:
    """Return the digest of a request and of the document that belongs to it."""
    return canonical_json.digest({"content": content, "scan": scan})
