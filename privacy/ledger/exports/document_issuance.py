"""Handing documents out: the SHA-256 of each file goes on the audit trail, signed, before it leaves.

``/verify/`` asks here whether a file is one that the portal handed out. Neither the database alone nor its role can
answer for it: an entry counts only with the signature of the pinned key (docs/decisions/0050).
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.events import Event
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

    The same file is put on record once. Raises UndeclaredDocumentKind, LedgerUnavailable: then nothing may be handed
    out.
    """
    issued_documents.get_kind(kind)
    for digest in filter(None, (hashlib.sha256(content).hexdigest(), code)):
        known = find(digest)
        if known is None or not known.genuine:
            said = {"kind": kind, "number": number, "issued_at": at.isoformat()}
            facts = {
                **said,
                "signature": document_signing.sign(_signed(digest, said)),
                "key": document_signing.public_key(),
            }
            ledger.record_autocommit(
                Event.DOCUMENT_ISSUED, actor=actor, at=at, about=(ENTRY_LABEL, digest), facts=facts
            )
    return content


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
    entries = Entry.objects.about(f"{ENTRY_LABEL}:{digest}").filter(word=Event.DOCUMENT_ISSUED).order_by("id")
    papers = [_paper(digest, facts_in(entry.payload)) for entry in entries[:MAX_ENTRIES]]
    known = [paper for paper in papers if paper is not None]
    return next((paper for paper in known if paper.genuine), known[0] if known else None)


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
        )
    except (KeyError, ValueError, TypeError):
        return None


def _signed(digest: str, said: Mapping[str, str]) -> str:
    return canonical_json.dumps({**said, "sha256": digest, "type": "extrus-privacy-portal/paper/1"})
