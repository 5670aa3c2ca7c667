"""Checking a document that somebody holds: by the SHA-256 in print, or by the file. It tells nothing about a person.

The kinds of documents are declared by each app (``privacy.lib.registries.issued_documents``); files are known by the
audit trail (``privacy.ledger.exports.document_issuance``). A certificate of this app is genuine when the pinned key
signed it and its entry on the audit trail has its digest: what the database's row says of itself proves nothing.
"""

import hashlib
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from privacy.ledger import verify, verify_papers
from privacy.ledger.actors import Actor
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.exports import document_issuance, paper_slots
from privacy.ledger.models import Entry
from privacy.lib.crypto import canonical_json, document_signing
from privacy.lib.registries import issued_documents
from privacy.lib.registries.issued_documents import DIGEST, IssuedDocument
from privacy.retention.certificates import documents, statement_texts, system_texts
from privacy.retention.certificates.statements import STATEMENT_FAMILY
from privacy.retention.events import Event
from privacy.retention.models import Certificate

MAX_UPLOAD_BYTES = 5 * 1024 * 1024
# A document that is JSON is small; a larger file is compared as it is.
MAX_JSON_BYTES = 256 * 1024
DOCUMENT_KINDS = {
    Certificate.Kind.DESTRUCTION: "destruction-certificate",
    Certificate.Kind.FINALITY: "finality-certificate",
    Certificate.Kind.ADDENDUM: "certificate-addendum",
}


def find_by_digest(digest: str) -> IssuedDocument | None:
    """Return what is known of the document with this SHA-256, or None: nothing is on record of it."""
    wanted = "".join(digest.split()).lower()
    if not DIGEST.fullmatch(wanted):
        return None
    # What a document says of itself goes before an entry of somebody's about it.
    known = [
        found for found in (issued_documents.find_document(wanted), document_issuance.find(wanted)) if found is not None
    ]
    return next((found for found in known if found.genuine), _lapsed(known[0]) if known else None)


def _lapsed(found: IssuedDocument) -> IssuedDocument:
    """Say of a document that can't be confirmed whether the reason is that its record is past its own term."""
    return replace(found, lapsed=not found.contradicted and Entry.objects.is_pruned(found.issued_at))


def find_by_file(raw: bytes) -> IssuedDocument | None:
    """Return what is known of a file: as it is, or, of a document in JSON, by what it says."""
    if verify_papers.MARK in raw:
        return _paper_with_slot(raw)
    found = find_by_digest(hashlib.sha256(raw).hexdigest())
    if (found is None or not found.genuine) and (said := _document(raw)) is not None:
        return _certificate_file(said) or find_by_digest(canonical_json.digest(said)) or found
    return found


def _paper_with_slot(raw: bytes) -> IssuedDocument | None:
    """Return what is known of a paper that carries its proof: its SHA-256 is that with an empty slot."""
    try:
        issued = verify_papers.issued_bytes(raw)
    except verify.Problem:
        return None
    found = find_by_digest(hashlib.sha256(issued).hexdigest())
    if found is None or paper_slots.is_as_written(raw, document_issuance.paper_keys()):
        return found
    return replace(found, genuine=False, contradicted=True, rows=[])


def _document(raw: bytes) -> dict[str, Any] | None:
    if len(raw) > MAX_JSON_BYTES:
        return None
    try:
        said: Any = canonical_json.read(raw)
        canonical_json.digest(said)
    except (ValueError, TypeError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _certificate_file(said: dict[str, Any]) -> IssuedDocument | None:
    """Return what is known of a certificate's file, spaced otherwise: it says what ours says, and nothing beside it."""
    if not isinstance(said.get("certificate"), dict):
        return None
    digest = canonical_json.digest(said["certificate"])
    found = find_by_digest(digest)
    certificate = Certificate.objects.filter(digest=digest).first()
    if found is None or certificate is None:
        return found
    ours = json.loads(documents.certificate_json(certificate))
    if canonical_json.digest(said) != canonical_json.digest(ours):
        return IssuedDocument(found.kind, found.number, found.issued_at, genuine=False)
    return found


def find_certificate(digest: str) -> IssuedDocument | None:
    """Return what is known of the certificate with this SHA-256: its digest is that of its statement."""
    certificate = Certificate.objects.select_related("list").filter(digest=digest).first()
    return None if certificate is None else _described(certificate)


def find_certificate_of_paper(code: str, number: str) -> IssuedDocument | None:
    """Return what is known of the certificate that a paper of this kind names as its own."""
    kinds = [kind for kind, paper in DOCUMENT_KINDS.items() if paper == code]
    certificate = Certificate.objects.select_related("list").filter(kind__in=kinds, number=number).first()
    return None if certificate is None else _described(certificate)


def _described(certificate: Certificate) -> IssuedDocument:
    genuine = is_genuine(certificate)
    said = certificate.statement if genuine else {}
    rows = []
    if genuine and certificate.kind == Certificate.Kind.DESTRUCTION:
        read = said["read_back"]
        rows = [
            (_("method"), statement_texts.method(said)),
            (_("data subjects"), str(said["destroyed"]["people"])),
            *[
                (_("left out: %(why)s") % {"why": why}, str(count))
                for why, count in statement_texts.skipped_by_reason(said)
            ],
            (_("keys destroyed"), str(said["destroyed"]["keys"])),
            (_("rows removed"), str(statement_texts.records_removed(said["destroyed"]["rows"]))),
            (_("found left by the read-back"), str(read.get("rows_left", 0) + read.get("keys_left", 0))),
        ]
    rows += system_texts.rows(said)
    return IssuedDocument(
        kind=certificate.get_kind_display(),
        number=certificate.number,
        issued_at=certificate.issued_at,
        genuine=genuine,
        rows=rows,
        contradicted=not _is_signed(certificate),
    )


def is_genuine(certificate: Certificate) -> bool:
    """Whether a certificate is what the pinned key signed and what the audit trail says was certified."""
    # Where entries of that time are past their own term, the signature alone has to do.
    return _is_signed(certificate) and (_is_on_record(certificate) or Entry.objects.is_pruned(certificate.issued_at))


def _is_signed(certificate: Certificate) -> bool:
    """Whether a certificate has its own digest and the signature of the pinned key, and is no other document."""
    try:
        said = json.loads(certificate.body)
    except ValueError:
        return False
    if not isinstance(said, dict) or not str(said.get("type", "")).startswith(STATEMENT_FAMILY):
        return False
    return hashlib.sha256(
        certificate.body.encode()
    ).hexdigest() == certificate.digest and document_signing.is_signed_by_portal(
        certificate.body, certificate.signature, certificate.public_key
    )


def _is_on_record(certificate: Certificate) -> bool:
    entries = Entry.objects.about(f"retention.destructionlist:{certificate.list_id}").filter(word=Event.CERTIFIED)
    said = [facts_in(entry.payload) for entry in entries]
    return any(
        (facts.get("certificate"), facts.get("digest")) == (certificate.number, certificate.digest) for facts in said
    )


def issue_certificate(certificate: Certificate, *, form: str, actor: Actor, at: datetime) -> bytes:
    """Return a certificate as PDF (``ko``, ``en``) or as the JSON that proves itself (``json``), put on record."""
    content = (
        documents.certificate_json(certificate)
        if form == "json"
        else documents.certificate_pdf(certificate, language=form)
    )
    kind = DOCUMENT_KINDS[Certificate.Kind(certificate.kind)]
    return document_issuance.issue(content, kind=kind, number=certificate.number, actor=actor, at=at)
