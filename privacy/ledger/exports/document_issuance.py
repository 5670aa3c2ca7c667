"""Handing documents out: the SHA-256 of each file goes on the audit trail, signed, before it leaves.

``/verify/`` asks here whether a file is one that the portal handed out. Neither the database alone nor its role can
answer for it: an entry counts only with the signature of the pinned key (docs/decisions/0050).
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.ledger import actions as ledger
from privacy.ledger import request_context, verify_papers
from privacy.ledger.actors import Actor
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.events import Event
from privacy.ledger.exports import paper_slots
from privacy.ledger.models import Entry
from privacy.lib.crypto import canonical_json, document_signing
from privacy.lib.documents import pdf
from privacy.lib.registries import issued_documents
from privacy.lib.registries.issued_documents import IssuedDocument

ENTRY_LABEL = "paper"
# Somebody who can write to the trail could put entries before the true one, but not without end.
MAX_ENTRIES = 100


def issue(content: bytes, *, kind: str, number: str, actor: Actor, at: datetime, code: str = "") -> bytes:
    """Put a file on the audit trail as handed out and return it; ``code`` is the SHA-256 that it carries in print.

    The same file is put on record once. One of a kind with proofs is returned with its proof, as soon as a checkpoint
    covers its entry; until then with its signature alone. The entry says no network address, because it goes with the
    paper. Raises UndeclaredDocumentKind, LedgerUnavailable: then nothing may be handed out.
    """
    has_proof = issued_documents.get_kind(kind).has_proof
    if has_proof:
        content = paper_slots.with_slot(content)
    for digest in filter(None, (hashlib.sha256(content).hexdigest(), code)):
        known = find(digest)
        if known is None or not known.genuine:
            said = {"kind": kind, "number": number, "issued_at": at.isoformat()}
            facts = {
                **said,
                "signature": document_signing.sign(_signed(digest, said)),
                "key": document_signing.public_key(),
            }
            with request_context.override(address="", peer=""):
                ledger.record_autocommit(
                    Event.DOCUMENT_ISSUED, actor=actor, at=at, about=(ENTRY_LABEL, digest), facts=facts
                )
    return with_proof(content) if has_proof else content


def with_proof(content: bytes) -> bytes:
    """Return an issued paper with what proves it in its slot, as far as it can be proved now."""
    digest = hashlib.sha256(verify_papers.issued_bytes(content)).hexdigest()
    for entry in _entries(digest):
        facts = facts_in(entry.payload)
        found = _paper(digest, facts)
        if found is not None and found.genuine:
            said = {name: facts[name] for name in ("issued_at", "kind", "number")}
            return paper_slots.fill(
                content,
                statement={**said, "sha256": digest, "type": verify_papers.TYPE},
                signature=facts["signature"],
                key=facts["key"],
                entry_id=entry.id,
            )
    return content


def paper_keys() -> list[str]:
    """Return the verifier keys of papers: the present one, and those before it."""
    name = f"{settings.LEDGER_ORIGIN}/papers"
    keys = [document_signing.public_key(), *settings.CERTIFICATE_FORMER_KEYS]
    return [verify_papers.vkey(name, base64.b64decode(key)) for key in keys]


def issue_sheet(
    payload: Mapping[str, Any],
    *,
    kind: str,
    number: str,
    language: str,
    made_at: datetime,
    actor: Actor,
    at: datetime,
) -> bytes:
    """Return a sheet as PDF that can be checked on paper too: the SHA-256 of what it says stands at its end."""
    code = canonical_json.digest({"kind": kind, "number": number, "language": language, "sheet": dict(payload)})
    with override(language):
        checkable = {
            **payload,
            "footer": _("Check this document at %(address)s") % {"address": verification_url()},
            "blocks": [*payload["blocks"], {"kind": "digest", "label": "SHA-256", "value": code}],
        }
        content = pdf.render("sheet", checkable, language=language, made_at=made_at)
    return issue(content, kind=kind, number=number, actor=actor, at=at, code=code)


def verification_url() -> str:
    """Return where a document can be checked, in the language that is active."""
    return f"{settings.PORTAL_URL}{reverse('retention:verify')}"


def find(digest: str) -> IssuedDocument | None:
    """Return what the audit trail knows of the file with this SHA-256."""
    papers = [_paper(digest, facts_in(entry.payload)) for entry in _entries(digest)]
    known = [paper for paper in papers if paper is not None]
    return next((paper for paper in known if paper.genuine), known[0] if known else None)


def _entries(digest: str) -> Iterable[Entry]:
    entries = Entry.objects.about(f"{ENTRY_LABEL}:{digest}").filter(word=Event.DOCUMENT_ISSUED)
    return entries.order_by("id")[:MAX_ENTRIES]


def _paper(digest: str, facts: Mapping[str, str]) -> IssuedDocument | None:
    try:
        said = {name: facts[name] for name in ("kind", "number", "issued_at")}
        kind = issued_documents.document_kinds().get(said["kind"])
        signed = document_signing.is_signed_by_portal(_signed(digest, said), facts["signature"], facts["key"])
        record = kind.find_record(kind.code, said["number"]) if kind and kind.find_record else None
        # Signed is whatever a page asks for: it is ours if its kind is, and the record that it repeats.
        known = kind is not None and (kind.find_record is None or (record is not None and record.genuine))
        genuine = signed and known
        return IssuedDocument(
            kind=kind.name if kind else said["kind"],
            number=said["number"],
            issued_at=datetime.fromisoformat(said["issued_at"]),
            genuine=genuine,
            rows=record.rows if genuine and record else [],
            contradicted=not genuine,
            superseded=bool(genuine and kind and kind.is_superseded and kind.is_superseded(said["number"])),
        )
    except (KeyError, ValueError, TypeError):
        return None


def _signed(digest: str, said: Mapping[str, str]) -> str:
    return canonical_json.dumps({**said, "sha256": digest, "type": verify_papers.TYPE})
