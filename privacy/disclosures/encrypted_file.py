"""The file a recipient gets: encrypted, readable by ordinary tools, with a manifest of what it is (P-06, S-21).

Each row says whose it is by the number that notices name later, and by what was provided that identifies a device.
"""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from privacy.disclosures import item_values
from privacy.disclosures.item_values import ItemValue
from privacy.disclosures.models import Disclosure
from privacy.lib.crypto import canonical_json
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.documents import encrypted_zip
from privacy.lib.documents.spreadsheets import csv_cell
from privacy.policies import rulebook
from privacy.vault.derived_secrets import derive_secret

# The table is read by people, in their language; the JSON beside it by machines, with the codes of the policy.
COLUMNS = {
    "person": _("Data subject"),
    "identified_by": _("Identified by"),
    "record": _("Record"),
    "category": _("Category"),
    "item": _("Item"),
    "value": _("Value"),
}


class ItemLike(Protocol):
    @property
    def subject_id(self) -> UUID: ...
    @property
    def category(self) -> str: ...


def encrypt(disclosure: Disclosure, read: Mapping[Any, Sequence[ItemValue]], *, at: datetime) -> tuple[str, bytes, str]:
    """Return the file's name, the encrypted file and its passphrase."""
    on = clock.kst_date(at)
    rows = _rows(read, on=on)
    body = canonical_json.dumps(rows).encode()
    with override(disclosure.third_party.language):
        table = _table(rows, on=on)
    manifest = canonical_json.dumps(
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
    return (
        f"{disclosure.reference}.zip",
        encrypted_zip.pack(files, passphrase=passphrase, again=_secret(disclosure)),
        passphrase,
    )


def passphrase_of(disclosure: Disclosure) -> str:
    """Return the passphrase of a disclosure's file: 130 bits derived, not stored, so that it can travel apart."""
    return encrypted_zip.encode_passphrase(derive_secret("disclosures.passphrase", disclosure.id.bytes))


def _secret(disclosure: Disclosure) -> bytes:
    """What makes the file of a disclosure the same file when it is made again, and of nobody else's making."""
    return derive_secret("disclosures.file", disclosure.id.bytes)


def digest(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _rows(read: Mapping[Any, Sequence[ItemValue]], *, on: date) -> list[dict[str, Any]]:
    """Return a row for each value. ``subject`` and ``record_id`` are for machines: a webhook names them again."""
    called = item_values.references_of({one.subject_id for one in read})
    of_record, of_person = _identifiers(read, on=on)
    return [
        {
            "person": called[one.subject_id],
            "subject": str(one.subject_id),
            "identified_by": of_record.get(content.record_id) or of_person.get(one.subject_id, {}),
            "record": content.record,
            "record_id": str(content.record_id),
            "category": one.category,
            "item": content.item,
            "value": content.value,
        }
        for one, found in read.items()
        for content in found
    ]


def _identifiers(
    read: Mapping[Any, Sequence[ItemValue]], *, on: date
) -> tuple[dict[UUID, dict[str, Any]], dict[UUID, dict[str, Any]]]:
    """Return what is provided here that identifies a device: for each record, and for each person."""
    rules = rulebook.in_force(on)
    of_record: dict[UUID, dict[str, Any]] = {}
    of_person: dict[UUID, dict[str, Any]] = {}
    for one, found in read.items():
        declared = rules.categories[one.category].items if one.category in rules.categories else {}
        for content in found:
            if content.item in declared and declared[content.item].identifier:
                of_record.setdefault(content.record_id, {})[content.item] = content.value
                of_person.setdefault(one.subject_id, {}).setdefault(content.item, content.value)
    return of_record, of_person


def _table(rows: Sequence[Mapping[str, Any]], *, on: date) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS.values())
    for row in rows:
        identified = ", ".join(
            f"{display_names.display_name('item', item, on=on)}: {_text(value)}"
            for item, value in row["identified_by"].items()
        )
        named = (display_names.display_name(kind, row[kind], on=on) for kind in ("category", "item"))
        cells = (row["person"], identified, row["record"], *named, _text(row["value"]))
        writer.writerow([csv_cell(str(cell)) for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json.dumps(value)
