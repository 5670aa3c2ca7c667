"""Making the file of an access package piece by piece: however many records a person has, few are in memory (R-03).

A ZIP of pages to read, the same as one JSON with its schema, and a signed manifest. Nothing touches a disk.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched, chain
from typing import Any, BinaryIO, cast

from django.template.loader import render_to_string
from django.utils.translation import override

from privacy.lib import canonical, clock
from privacy.retention import signing
from privacy.rights import packagepage
from privacy.rights.schema import SCHEMA

# One piece is sealed as one file of the vault, which takes ten megabytes.
PIECE_BYTES = 4 * 2**20
# More records than this of one kind go to pages of their own: a phone opens them, and nobody reads further.
PAGE_RECORDS = 500
EPOCH = (1980, 1, 1, 0, 0, 0)


class Pieces:
    """Where the ZIP is written: whole pieces can be taken away while it still grows; it can't be sought in."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, part: bytes) -> int:
        self._waiting += part
        return len(part)

    def flush(self) -> None:
        """Nothing waits anywhere else."""

    def whole(self) -> Iterator[bytes]:
        """Take the pieces that are full."""
        while len(self._waiting) >= PIECE_BYTES:
            yield self._take(PIECE_BYTES)

    def rest(self) -> Iterator[bytes]:
        """Take what is left at the end."""
        if self._waiting:
            yield self._take(len(self._waiting))

    def _take(self, size: int) -> bytes:
        piece = bytes(self._waiting[:size])
        del self._waiting[:size]
        return piece


@dataclass
class Packing:
    """One package being made. ``pieces`` is read to its end; then ``counts`` says how much is inside."""

    content: Mapping[str, Any]
    language: str
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._digests: dict[str, str] = {}
        self._pages: dict[str, bytes] = {}
        self._shown: dict[str, Any] = {}
        self._names = packagepage.Names(clock.kst_date(datetime.fromisoformat(self.content["made_at"])))

    def pieces(self) -> Iterator[bytes]:
        """Yield the ZIP: content.json, schema.json, index.html and its pages, manifest.json and its signature."""
        out = Pieces()
        with (
            override(self.language),
            zipfile.ZipFile(cast(BinaryIO, out), "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        ):
            yield from self._add(archive, out, "content.json", self._json())
            yield from self._add(archive, out, "schema.json", [canonical.dumps(SCHEMA).encode()])
            page = packagepage.context({**self.content, "held": self._shown})
            yield from self._add(archive, out, "index.html", [render_to_string("rights/package.html", page).encode()])
            yield from self._add(archive, out, "style.css", [render_to_string("rights/package.css").encode()])
            for name, packed in self._pages.items():
                yield from self._add(archive, out, name, [zlib.decompress(packed)])
            manifest = canonical.dumps(
                {
                    **{name: self.content[name] for name in ("format", "case", "made_at")},
                    "files": dict(sorted(self._digests.items())),
                }
            )
            yield from self._add(archive, out, "manifest.json", [manifest.encode()])
            signature = canonical.dumps(
                {"algorithm": "Ed25519", "public_key": signing.public_key(), "signature": signing.sign(manifest)}
            )
            yield from self._add(archive, out, "signature.json", [signature.encode()])
        yield from out.whole()
        yield from out.rest()

    def _add(
        self, archive: zipfile.ZipFile, out: Pieces, name: str, parts: Iterator[bytes] | list[bytes]
    ) -> Iterator[bytes]:
        digest = hashlib.sha256()
        member = zipfile.ZipInfo(name, EPOCH)
        member.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(member, "w") as entry:
            for part in parts:
                entry.write(part)
                digest.update(part)
                yield from out.whole()
        self._digests[name] = digest.hexdigest()

    def _json(self) -> Iterator[bytes]:
        """Yield the content in its canonical spelling, and keep of it what the pages need."""
        opening = "{"
        for name in sorted(self.content):
            yield f"{opening}{canonical.dumps(name)}:".encode()
            opening = ","
            if name == "held":
                yield from self._held(self.content["held"])
            else:
                yield canonical.dumps(self.content[name]).encode()
                if isinstance(self.content[name], list | dict):
                    self.counts[name] = len(self.content[name])
        yield b"}"

    def _held(self, held: Mapping[str, Iterator[dict[str, Any]]]) -> Iterator[bytes]:
        opening = "{"
        for category in sorted(held):
            yield f"{opening}{canonical.dumps(category)}:[".encode()
            opening = ","
            between = ""
            for records in self._read(category, held[category]):
                yield (between + ",".join(canonical.dumps(record) for record in records)).encode()
                between = ","
            yield b"]"
        yield b"{}" if opening == "{" else b"}"

    def _read(self, category: str, records: Iterator[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], ...]]:
        """Read the records of a category batch by batch; one batch stands on the first page, more get their own."""
        batches = batched(records, PAGE_RECORDS)
        first, second = next(batches, ()), next(batches, ())
        self.counts[f"held/{category}"] = len(first)
        yield first
        if not second:
            self._shown[category] = list(first)
            return
        names = [self._page(category, 1, first)]
        for number, some in enumerate(chain([second], batches), start=2):
            self.counts[f"held/{category}"] += len(some)
            names.append(self._page(category, number, some))
            yield some
        self._shown[category] = packagepage.Pages(names, self.counts[f"held/{category}"])

    def _page(self, category: str, number: int, records: tuple[dict[str, Any], ...]) -> str:
        name = f"{category}-{number:03}.html"
        shown = packagepage.records(category, number, records, known=self._names)
        page = render_to_string("rights/package_records.html", shown)
        self._pages[name] = zlib.compress(page.encode())
        return name
