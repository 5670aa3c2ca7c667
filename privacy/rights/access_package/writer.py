"""Making the file of an access package slice by slice: however many records a person has, few are in memory (R-03).

A ZIP of pages to read, the same as one JSON with its schema and as tables, and a signed manifest. Each slice is packed
by itself, so that a run that dies, or has no more time, is gone on with where it ended. Nothing touches a disk.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import batched, chain
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.translation import override

from privacy.lib.crypto import canonical_json, document_signing
from privacy.lib.dates import clock
from privacy.rights import right_scope
from privacy.rights.access_package import contents, csv_tables, html_pages, redactions, zip_stream
from privacy.rights.access_package.json_schema import SCHEMA
from privacy.rights.access_package.zip_stream import ZipEntry
from privacy.rights.actions.cases import people_of
from privacy.rights.models import Right
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.vault.decryption_session import DecryptionSession

# One piece is sealed as one file of the vault, which takes ten megabytes.
PIECE_BYTES = 4 * 2**20
# More records than this of one category go to pages of their own: a phone opens them, and nobody reads further.
PAGE_RECORDS = 500
# About so many records are read between two commits: some are in memory, and a death loses no more.
SLICE_RECORDS = 2_000


@dataclass
class PackageSlice:
    """What a slice adds: to content.json, to the pages behind it, and what the end needs to know of it."""

    content: bytes = b""
    pages: bytes = b""
    entries: list[ZipEntry] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)


class PackageWriter:
    """One package being made. ``progress`` says how far it is; it is plain and holds nothing personal."""

    def __init__(self, right: Right, *, read_at: datetime, progress: dict[str, Any] | None = None) -> None:
        self.right = right
        self.read_at = read_at
        self.language = right.request.language
        self.progress: dict[str, Any] = progress or {
            "categories": contents.categories_of(right, right.excluded),
            "category": 0, "source": 0, "after": "", "is_open": False,
            "counts": {}, "paged": {}, "crc": 0, "packed": 0, "size": 0,
        }  # fmt: skip
        self._marks = redactions.of_right(right.redactions)
        self._names = html_pages.CodeLabels(clock.kst_date(read_at))

    @property
    def is_read(self) -> bool:
        return bool(self.progress["category"] >= len(self.progress["categories"]))

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.progress["counts"])

    def begin(self) -> PackageSlice:
        """Write what stands before the records, and keep what the pages need of the rest."""
        content = contents.content_of(self.right, at=self.read_at)
        for name, value in content.items():
            if isinstance(value, list | dict):
                self.progress["counts"][name] = len(value)
        opening = ",".join(_member(name, content[name]) for name in sorted(content) if name < "held")
        held = ',"held":{' if self._has_held else ""
        return PackageSlice(self._packed(f"{{{opening}{held}"), kept={"content": content})

    def go_on(self, vault_session: DecryptionSession) -> PackageSlice:
        """Read a slice of the records: about ``SLICE_RECORDS``, whole categories where they are small."""
        written, text, read = PackageSlice(), [], 0
        with override(self.language):
            while not self.is_read and read < SLICE_RECORDS:
                code: str = self.progress["categories"][self.progress["category"]]
                begins = not self.progress["is_open"]
                records, ended = self._take(code, vault_session, most=SLICE_RECORDS)
                read += len(records)
                records = redactions.redacted(code, records, self._marks)
                text.append(self._json_of(code, records, begins=begins, ended=ended))
                if begins and ended and len(records) <= PAGE_RECORDS:
                    written.kept[code] = records
                else:
                    self._add_pages(code, records, written)
                if ended:
                    self.progress |= {"category": self.progress["category"] + 1, "source": 0, "after": ""}
                self.progress["is_open"] = not ended
        written.content = self._packed("".join(text))
        return written

    @property
    def place(self) -> dict[str, Any]:
        """Where reading stands: in which category and source, and behind which record."""
        return {name: self.progress[name] for name in ("category", "source", "after")}

    def go_to(self, place: Mapping[str, Any]) -> dict[str, Any]:
        """Let reading go on from a place; from the beginning where it is none. Returns the place."""
        category, source, after = (
            place.get(name, none) for name, none in (("category", 0), ("source", 0), ("after", ""))
        )
        if isinstance(category, int) and isinstance(source, int) and 0 <= category < len(self.progress["categories"]):
            self.progress |= {"category": category, "source": max(source, 0), "after": str(after)}
        return self.place

    def read(self, vault_session: DecryptionSession, *, most: int) -> list[tuple[str, list[dict[str, Any]]]]:
        """Read about so many records by category, with nothing left out and nothing written."""
        read: list[tuple[str, list[dict[str, Any]]]] = []
        while not self.is_read and sum(len(records) for _code, records in read) < most:
            code: str = self.progress["categories"][self.progress["category"]]
            records, ended = self._take(code, vault_session, most=most)
            read.append((code, records))
            if ended:
                self.progress |= {"category": self.progress["category"] + 1, "source": 0, "after": ""}
        return read

    def finish(self, kept: Mapping[str, Any]) -> "PackageTrailer":
        """Write what stands behind the records. ``kept`` is what all slices kept."""
        content = dict(kept["content"])
        if self._marks:
            # What the decision leaves out, as its letter says it, whether or not it is still held.
            content["redacted"] = [one.as_told() for one in self._marks]
        closing = "".join(f",{_member(name, content[name])}" for name in sorted(content) if name > "held")
        text = f"{'}' if self._has_held else ''}{closing}}}"
        packed = self._packed(text, end=zip_stream.FINISH)
        shown = {
            code: html_pages.Pages(self._page_names(code), self.progress["counts"][f"held/{code}"])
            if self.progress["paged"].get(code)
            else kept.get(code, [])
            for code in self.progress["categories"]
        }
        entry = ZipEntry("content.json", self.progress["crc"], self.progress["packed"], self.progress["size"], "")
        return PackageTrailer(entry, text.encode(), packed, content, shown, self.language)

    @property
    def _has_held(self) -> bool:
        return Right.Scope.ITEMS in right_scope.scope_of(self.right)

    def _packed(self, text: str, *, end: int = zip_stream.SYNC_FLUSH) -> bytes:
        plain = text.encode()
        packed = zip_stream.deflate(plain, end=end)
        self.progress["crc"] = zlib.crc32(plain, self.progress["crc"])
        self.progress["size"] += len(plain)
        self.progress["packed"] += len(packed)
        return packed

    def _json_of(self, code: str, records: list[dict[str, Any]], *, begins: bool, ended: bool) -> str:
        before = self.progress["counts"].get(f"held/{code}", 0)
        self.progress["counts"][f"held/{code}"] = before + len(records)
        opening = f"{',' if self.progress['category'] else ''}{canonical_json.dumps(code)}:[" if begins else ""
        between = "," if before and records else ""
        return opening + between + ",".join(canonical_json.dumps(record) for record in records) + ("]" if ended else "")

    def _add_pages(self, code: str, records: list[dict[str, Any]], written: PackageSlice) -> None:
        for some in batched(records, PAGE_RECORDS):
            number = self.progress["paged"].get(code, 0) + 1
            self.progress["paged"][code] = number
            shown = html_pages.records(code, number, some, known=self._names)
            page = render_to_string("rights/package_records.html", shown).encode()
            name = self._page_names(code)[-1]
            for member, text in ((name, page), (html_pages.table_name(name), csv_tables.table(some).encode())):
                entry, packed = _whole(member, text)
                written.entries.append(entry)
                written.pages += entry.header() + packed

    def _page_names(self, code: str) -> list[str]:
        return [f"{code}-{number:03}.html" for number in range(1, self.progress["paged"][code] + 1)]

    def _take(self, code: str, vault_session: DecryptionSession, *, most: int) -> tuple[list[dict[str, Any]], bool]:
        """Read on in a category; return the records and whether it has ended."""
        found: list[dict[str, Any]] = []
        sources = list(self._sources(code))
        while self.progress["source"] < len(sources):
            holding, person = sources[self.progress["source"]]
            # Of what is shown whole, nothing is parted: records with one key stay together (``redactions.marked``).
            if len(found) >= most and holding.export_slice is not None:
                return found, False
            more = False
            if holding.export_slice is not None:
                part = holding.export_slice(
                    person,
                    vault_session,
                    after=self.progress["after"],
                    most=most - len(found),
                    until=self.read_at,
                )
                found += part.records
                self.progress["after"], more = part.after, part.more
            elif holding.export is not None:
                # A case about two records of one person is told once.
                found += [record for record in holding.export(person, vault_session) if record not in found]
            if not more:
                self.progress |= {"source": self.progress["source"] + 1, "after": ""}
        return found, True

    def _sources(self, code: str) -> Iterator[tuple[Holding, UUID]]:
        for holding in holdings.for_category(code):
            if holding.export is not None:
                yield from ((holding, person) for person in people_of(self.right.request))


# The manifest again, as a paper that carries its proof.
PROOF = "manifest-proof.json"


@dataclass
class PackageTrailer:
    """The end of a package: everything that stands behind the records, and the checksum over the whole."""

    entry: ZipEntry
    text: bytes
    packed: bytes
    content: Mapping[str, Any]
    shown: Mapping[str, Any]
    language: str

    def digest(self, chunks: Iterable[bytes]) -> tuple[str, "hashlib._Hash"]:
        """Return the SHA-256 of content.json, and the running one of the file, from the packed chunks so far."""
        whole, plain = hashlib.sha256(self.entry.header()), hashlib.sha256()
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        for chunk in chain(chunks, [self.packed]):
            whole.update(chunk)
            plain.update(unpacker.decompress(chunk))
        return plain.hexdigest(), whole

    def tail(self, content_digest: str, pages: list[ZipEntry], *, issue: Callable[[bytes], bytes]) -> bytes:
        """Return what stands behind the pages: the first page, the schema, the manifest, its signature, the list.

        ``issue`` puts the manifest as a paper on record, whose proof its holder adds at /verify/ (decision 0231).
        """
        with override(self.language):
            page = html_pages.context({**self.content, "held": self.shown})
            files = {
                "schema.json": canonical_json.dumps(SCHEMA),
                "index.html": render_to_string("rights/package.html", page),
                "style.css": render_to_string("rights/package.css"),
            }
        names = html_pages.table_names(self.shown)
        files |= {names[code]: csv_tables.table(found) for code, found in self.shown.items() if _is_listed(found)}
        content = replace(self.entry, sha256=content_digest)
        written, entries = b"", [content, *pages]
        for name, text in files.items():
            written += self._member(name, text, entries)
        manifest = canonical_json.dumps(
            {
                **{name: self.content[name] for name in ("format", "case", "made_at")},
                **({"redacted": self.content["redacted"]} if "redacted" in self.content else {}),
                "files": {entry.name: entry.sha256 for entry in sorted(entries, key=lambda one: one.name)},
            }
        )
        signature = canonical_json.dumps(
            {
                "algorithm": "Ed25519",
                "public_key": document_signing.public_key(),
                "signature": document_signing.sign(manifest),
            }
        )
        written += self._member("manifest.json", manifest, entries)
        written += self._member("signature.json", signature, entries)
        paper = json.dumps({"manifest": json.loads(manifest)}, ensure_ascii=False, indent=2)
        written += self._member(PROOF, issue(paper.encode()).decode(), entries)
        return written + zip_stream.central_directory(entries)

    @staticmethod
    def _member(name: str, text: str, entries: list[ZipEntry]) -> bytes:
        entry, packed = _whole(name, text.encode())
        entries.append(entry)
        return entry.header() + packed


def _whole(name: str, text: bytes) -> tuple[ZipEntry, bytes]:
    packed = zip_stream.deflate(text, end=zip_stream.FINISH)
    return ZipEntry(name, zlib.crc32(text), len(packed), len(text), hashlib.sha256(text).hexdigest()), packed


def _is_listed(found: Any) -> bool:
    """Whether records stand on the first page, and are not on pages of their own or none."""
    return isinstance(found, list) and bool(found)


def _member(name: str, value: Any) -> str:
    return f"{canonical_json.dumps(name)}:{canonical_json.dumps(value)}"
