"""Every kind of document that the portal hands out, so that whoever holds one can check it at ``/verify/``.

Each app declares its kinds in its own ``issued_documents.py`` (found at start-up as ``admin.py`` is)::

    issued_documents.declare("pledge", name=_("security pledge"), find=_by_seal)

A file is known by the SHA-256 of its bytes, which is put on the audit trail when it is handed out
(``privacy.ledger.exports.document_issuance``); nothing more is needed for that. ``find`` is for documents that carry a
SHA-256 of their own in print, such as a seal: it returns what is known of that number, or None. It must not believe
the database's row alone: whoever can write a row can write its digest beside it, but not the audit trail or the
certificate key. Where a paper only repeats a record of the portal's, ``find_record`` returns what is known of that
record by the paper's kind and number: the paper is genuine where the record is, and /verify/ shows what that says.
``is_superseded`` says of a number whether a later document, or a withdrawal, has taken its place. ``has_proof`` gives a
kind a slot for its proof, by which it is checked without us (``privacy.ledger.exports.paper_slots``).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from django.utils.functional import Promise

DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class IssuedDocument:
    """What is known of a document: its kind, its number, when it was issued, whether it is as it was issued.

    ``lapsed`` says of one that is not confirmed that the entry which would prove it is past its own term;
    ``contradicted``, that its own signature, seal or digest speaks against it, whatever became of the entry;
    ``superseded`` of a genuine one, that a later one of its kind, or a withdrawal, has taken its place.
    """

    kind: str | Promise
    number: str
    issued_at: datetime
    genuine: bool
    rows: list[tuple[str, str]] = field(default_factory=list)
    lapsed: bool = False
    contradicted: bool = False
    superseded: bool = False


type Finder = Callable[[str], IssuedDocument | None]
type RecordFinder = Callable[[str, str], IssuedDocument | None]


@dataclass(frozen=True)
class DocumentKind:
    """A kind of document: what it is called, and how one is found by what it carries in print."""

    code: str
    name: str | Promise
    find: Finder | None = None
    find_record: RecordFinder | None = None
    has_proof: bool = False
    is_superseded: Callable[[str], bool] | None = None


class UndeclaredDocumentKind(LookupError):
    """Nothing is handed out that nobody could check: declare its kind in the app's ``issued_documents.py``."""


_kinds: dict[str, DocumentKind] = {}


def declare(
    code: str,
    *,
    name: str | Promise,
    find: Finder | None = None,
    find_record: RecordFinder | None = None,
    has_proof: bool = False,
    is_superseded: Callable[[str], bool] | None = None,
) -> None:
    """Declare a kind of document. Raises ValueError for a code that stands for another one already."""
    kind = DocumentKind(code, name, find, find_record, has_proof, is_superseded)
    if _kinds.setdefault(code, kind) != kind:
        raise ValueError(f"Two kinds of documents have the code {code!r}.")


def document_kinds() -> Mapping[str, DocumentKind]:
    """Every declared kind, by its code."""
    return MappingProxyType(_kinds)


def get_kind(code: str) -> DocumentKind:
    """Return a kind. Raises UndeclaredDocumentKind."""
    try:
        return _kinds[code]
    except KeyError:
        raise UndeclaredDocumentKind(code) from None


def find_document(digest: str) -> IssuedDocument | None:
    """Return what the kinds know of the document that carries this SHA-256; what is genuine before what is not."""
    found = [known for one in _kinds.values() if one.find is not None and (known := one.find(digest)) is not None]
    return next((known for known in found if known.genuine), found[0] if found else None)
