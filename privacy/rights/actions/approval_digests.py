"""Digests of what a request says: what was read is decided, what was granted is what is carried out (SEC-07)."""

import hashlib

from django.utils.translation import gettext as _

from privacy.lib.crypto import canonical_json
from privacy.rights.actions.cases import people_of
from privacy.rights.models import Particulars, Request, Right
from privacy.rights.refusals import ContentChanged


def digest_of_request(case: Request) -> str:
    """Return a digest of all that a decision on a case is about: what it asks, in which words, about which records."""
    words = Particulars.objects.filter(about_id=case.id).first()
    sealed = [] if words is None else [words.claimed, words.wanted, words.explanation]
    asked = [
        [
            right.position, right.kind, right.category, right.item, right.agreement, str(right.record_id or ""),
            sorted(right.scope), str(right.event_id), *right.redactions,
        ]
        for right in case.rights.order_by("position")
    ]  # fmt: skip
    return canonical_json.digest(
        {
            "asked": asked,
            "words": [box.ciphertext.hex() if box is not None else "" for box in sealed],
            "people": [str(person) for person in people_of(case)],
        }
    )


def must_be_as_read(case: Request, read: str) -> None:
    """Raise ContentChanged where a locked case says something else than ``read``, the digest of what was shown."""
    if read and read != digest_of_request(case):
        raise ContentChanged(
            _("This request changed after you opened this page. Open the case again and read it, then decide.")
        )


def approval_digest(particulars: Particulars, right: Right) -> str:
    """Return a digest of what a decision is about: the right, and the sealed words as they lie there (SEC-07)."""
    box = particulars.wanted.ciphertext if particulars.wanted is not None else b""
    parts = (right.kind, right.category, right.item, right.agreement, str(right.record_id or ""), ",".join(right.scope))
    left_out = canonical_json.dumps(right.redactions).encode() if right.redactions else b""
    return hashlib.sha256("\0".join(parts).encode() + b"\0" + box + left_out).hexdigest()
