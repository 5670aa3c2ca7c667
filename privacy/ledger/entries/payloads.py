"""The text of an entry: one canonical JSON object, kept and hashed exactly as it is written.

It carries references, ids, field names and codes, never personal values, so that destroying a subject's
key leaves every hash as it was.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from json.encoder import encode_basestring as _quoted
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models

from privacy.ledger import request_context
from privacy.lib.crypto.random_pool import random_bytes
from privacy.lib.record_labels import about_label

if TYPE_CHECKING:
    from privacy.ledger.actors import Actor

# A tile's entry has a 16-bit length (C2SP tlog-tiles); the columns hashed before the payload take their share.
MAX_PAYLOAD = 60_000
# Above this many, an entry keeps the count and the digest of the list (ledger.md, Writing).
MAX_SUBJECTS = 200
# References only, and nothing that the search column's own punctuation could be mistaken for.
_SUBJECT = re.compile(r"[A-Za-z0-9._:/+-]{1,64}")
# The escape that JSON writes for NUL. Who types a backslash and "u0000" gets two backslashes, and is no such case.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_EVENT_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_-]*)+")


def compose(
    word: StrEnum,
    *,
    actor: Actor | None,
    at: datetime | None,
    about: models.Model | tuple[str, object] | None = None,
    subjects: Iterable[str | UUID] = (),
    count: int | None = None,
    task: str = "",
    purpose: str = "",
    reason: str = "",
    result: str = "",
    facts: Mapping[str, Any] | None = None,
) -> tuple[str, str]:
    """Return the payload and its nonce.

    Raises ``ValueError`` for what may never be on the ledger: a word outside an ``events.py``, facts that aren't plain
    JSON, or a payload that no tile can hold.
    """
    said = str(word)
    if type(word) is str or not _is_event_name(said):
        raise ValueError(f"{word!r} is not a word of an events.py (app.noun.past-participle).")
    context = request_context.current()
    kind, ref = (actor.kind, actor.ref) if actor is not None else context.who
    nonce = new_nonce()
    named = _subject_fields(subjects, count) if subjects or count is not None else {}
    # In the order of their names, as canonical JSON has them; what is empty is left out.
    texts = (
        ("about", about_key(about)),
        ("actor", ref),
        ("at", at.isoformat() if at is not None else ""),
        ("by", kind),
        ("door", context.door),
        ("from", context.address),
        ("nonce", nonce),
        ("peer", context.peer if context.peer != context.address else ""),
        ("purpose", str(purpose)),
        ("reason", reason),
        ("request", context.request_id),
        ("result", result if result != "ok" else ""),
        ("task", task),
        ("word", said),
    )
    fields = [f'"{name}":{_quoted(value)}' for name, value in texts if value]
    if facts or named:
        others = {"facts": dict(facts or {}), **named}
        fields += [
            f'"{name}":{canonical_json(value)}' for name, value in others.items() if value not in ("", None, {}, [])
        ]
        fields.sort(key=_name)
    text = "{" + ",".join(fields) + "}"
    _refuse_unstorable(text)
    if len(text) > MAX_PAYLOAD // 4 and len(text.encode()) > MAX_PAYLOAD:
        raise ValueError(f"An entry holds at most {MAX_PAYLOAD} bytes: put ids and counts on the ledger, not contents.")
    return text, nonce


def parse_payload(payload: str) -> dict[str, Any]:
    """Return what an entry says. Raises ``ValueError`` for what is no JSON object, or nested too deeply to be read.

    The stamp lets in neither; whoever rules the database can put both there.
    """
    try:
        said = json.loads(payload)
    except RecursionError:
        raise ValueError("The entry is nested too deeply.") from None
    if not isinstance(said, dict):
        raise ValueError("The entry is no JSON object.")
    return said


def facts_in(payload: str) -> dict[str, Any]:
    """Return the facts that an entry states; none of one that can't be read."""
    try:
        facts = parse_payload(payload).get("facts")
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def new_nonce() -> str:
    """Return 128 random bits that no other entry has."""
    return urlsafe_b64encode(random_bytes(16))[:22].decode()


def _name(field: str) -> str:
    return field[: field.index(":")]


@lru_cache(maxsize=4096)
def _is_event_name(word: str) -> bool:
    return _EVENT_NAME.fullmatch(word) is not None


def canonical_json(value: object) -> str:
    """Return canonical JSON; refuse what JSON or PostgreSQL's text can't hold (NaN, NUL, lone surrogates)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)
    _refuse_unstorable(text)
    return text


def _refuse_unstorable(text: str) -> None:
    """Refuse what PostgreSQL's text can't hold."""
    if "\\u0000" in text and _NUL.search(text):
        raise ValueError("A NUL character can't be on the ledger.")
    text.encode()


def about_key(about: models.Model | tuple[str, object] | None) -> str:
    """Return ``label:id`` of the record an entry is about, such as ``rights.request:0192…``."""
    if about is None:
        return ""
    if isinstance(about, models.Model):
        return f"{about_label(about)}:{about.pk}"
    label, key = about
    return f"{label}:{key}"


def people_beside(subjects: Iterable[str | UUID]) -> list[str]:
    """Return the list that is kept beside an entry, as its digest takes it; nothing where the entry names everybody."""
    references = sorted(map(str, subjects))
    return references if len(references) > MAX_SUBJECTS else []


def subjects_digest(subjects: Iterable[str]) -> str:
    """Return the digest that stands for a long list of subjects: SHA-256 of the sorted references, one a line."""
    return hashlib.sha256("\n".join(sorted(subjects)).encode()).hexdigest()


def _subject_fields(subjects: Iterable[str | UUID], count: int | None) -> dict[str, Any]:
    references = [str(subject) for subject in subjects]
    if strange := [reference for reference in references if not _SUBJECT.fullmatch(reference)]:
        raise ValueError(f"{strange[0]!r} is no pseudonymous reference of a data subject.")
    if len(references) > MAX_SUBJECTS:
        return {"count": len(references), "digest": subjects_digest(references)}
    return {"subjects": references, "count": count}


def _plain(value: object) -> str:
    if isinstance(value, (UUID, datetime)) or hasattr(value, "isoformat"):
        return value.isoformat() if hasattr(value, "isoformat") else str(value)
    raise ValueError(f"{type(value).__name__} can't be a fact on the ledger: give an id or a code.")
