"""The file a recipient gets: encrypted, readable by ordinary tools, with a manifest of what it is (P-06, S-21)."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from privacy.disclosures.contents import Content
from privacy.disclosures.models import Disclosure
from privacy.lib import aeszip, canonical, clock, names

# The table is read by people, in their language; the JSON beside it by machines, with the codes of the policy.
COLUMNS = {
    "person": _("Data subject"),
    "record": _("Record"),
    "category": _("Category"),
    "item": _("Item"),
    "value": _("Value"),
}


class OneItem(Protocol):
    @property
    def subject_id(self) -> UUID: ...
    @property
    def category(self) -> str: ...


def seal(disclosure: Disclosure, read: Mapping[Any, Sequence[Content]], *, at: datetime) -> tuple[str, bytes, str]:
    """Return the file's name, the encrypted file and its passphrase."""
    rows = [
        {
            "person": str(one.subject_id),
            "record": str(content.record_id),
            "category": one.category,
            "item": content.item,
            "value": content.value,
        }
        for one, found in read.items()
        for content in found
    ]
    body = canonical.dumps(rows).encode()
    with override(disclosure.third_party.language):
        table = _table(rows, on=clock.kst_date(at))
    manifest = canonical.dumps(
        {
            "disclosure": disclosure.reference,
            "recipient": {"reference": disclosure.third_party.reference, "organisation": disclosure.third_party.title},
            "basis": disclosure.basis,
            "statute": disclosure.statute,
            "document_no": disclosure.document_no,
            "agreement": disclosure.agreement,
            "purpose": disclosure.purpose,
            "restrictions": disclosure.restrictions,
            "made_at": at.isoformat(),
            "rows": len(rows),
            "files": {"content.json": digest(body), "content.csv": digest(table)},
        }
    ).encode()
    passphrase = passphrase_of(disclosure)
    files = {"manifest.json": manifest, "content.json": body, "content.csv": table}
    return f"{disclosure.reference}.zip", aeszip.pack(files, passphrase=passphrase), passphrase


def passphrase_of(disclosure: Disclosure) -> str:
    """Return the passphrase of a disclosure's file: 130 bits derived, not stored, so that it can travel apart."""
    made = salted_hmac("privacy.disclosures.passphrase", disclosure.id.bytes, algorithm="sha256").digest()
    return aeszip.spelled(made)


def digest(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _table(rows: Sequence[Mapping[str, Any]], *, on: date) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS.values())
    for row in rows:
        value = row["value"]
        text = value if isinstance(value, str) else canonical.dumps(value)
        named = (names.of(kind, row[kind], on=on) for kind in ("category", "item"))
        writer.writerow([row["person"], row["record"], *named, _not_a_formula(text)])
    return out.getvalue().encode("utf-8-sig")


def _not_a_formula(text: str) -> str:
    """A spreadsheet must not run what a device reported."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
