"""The log for everybody: a client that knows only C2SP's tlog-tiles checks it over HTTP, and sees no entry."""

import base64
import hashlib
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings  # type: ignore[attr-defined]

from privacy.ledger.verify import open_checkpoint, parse_key
from tests.database import PortalDatabase
from tests.factories.ledger import make_entries, make_notary, publish_keys, seal, sign, tamper

# More than a full tile of the level above the leaves, and a partial one at every level.
SIZES = (1, 255, 256, 300, 65_536 + 600)


class ForeignClient:
    """Reads a log as the specification says; hashes on its own (RFC 6962, recursively)."""

    def __init__(self) -> None:
        self.http = Client()

    def get(self, address: str) -> bytes:
        answer = self.http.get(address)
        assert answer.status_code == HTTPStatus.OK, address
        assert not answer.cookies
        return answer.content

    def checkpoint(self) -> tuple[str, int, bytes]:
        origin, size, root = self.get("/log/checkpoint").decode().split("\n")[:3]
        return origin, int(size), base64.b64decode(root)

    def tile(self, level: int, number: int, width: int) -> list[bytes]:
        groups = [f"{number % 1000:03d}"]
        while number := number // 1000:
            groups.insert(0, f"x{number % 1000:03d}")
        raw = self.get(f"/log/tile/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < 256 else ""))
        assert len(raw) == 32 * width
        return [raw[at : at + 32] for at in range(0, len(raw), 32)]

    def subtree(self, level: int, place: int) -> bytes:
        """The root of the complete subtree of ``2**level`` leaves, from the highest tile that has it."""
        above, inside = divmod(level, 8)
        first = place << inside
        hashes = self.tile(above, first // 256, first % 256 + (1 << inside))[first % 256 :]
        while len(hashes) > 1:
            hashes = [both(*pair) for pair in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    def root(self, start: int, size: int) -> bytes:
        if size & (size - 1) == 0:
            return self.subtree(size.bit_length() - 1, start // size)
        left = 1 << (size - 1).bit_length() - 1
        return both(self.root(start, left), self.root(start + left, size - left))

    def proof(self, index: int, start: int, size: int) -> list[bytes]:
        if size == 1:
            return []
        left = 1 << (size - 1).bit_length() - 1
        if index < left:
            return [*self.proof(index, start, left), self.root(start + left, size - left)]
        return [*self.proof(index - left, start + left, size - left), self.root(start, left)]


def both(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


@pytest.fixture
def notes(portal_database: PortalDatabase, tmp_path: Path, settings: Settings) -> Iterator[dict[int, str]]:
    """A log that was signed at several sizes; the note of each."""
    notary = make_notary(tmp_path)
    publish_keys(notary)
    settings.NOTARY_STATE_DIR, settings.NOTARY_VKEYS = tmp_path, []
    signed: dict[int, str] = {}
    for size in SIZES:
        make_entries(portal_database, size - max(signed, default=0))
        while seal(portal_database):
            pass
        assert sign(portal_database, notary) == size
        signed[size] = notary.state.note
    yield signed


def test_a_foreign_client_checks_every_size_that_was_ever_signed(notes: dict[int, str]) -> None:
    client = ForeignClient()
    assert client.get("/log/checkpoint").decode() == notes[SIZES[-1]]
    keys = [parse_key(line) for line in client.get("/.well-known/ledger-vkeys").decode().split()]
    for size, note in notes.items():
        checkpoint = open_checkpoint(note.encode(), keys)
        assert client.root(0, size) == checkpoint.root
    _origin, size, root = client.checkpoint()
    for index in (0, 255, 256, 65_535, 65_536, size - 1):
        hashed = client.subtree(0, index)
        place, last = index, size - 1
        for sibling in client.proof(index, 0, size):
            while place == last and not place & 1:
                place, last = place >> 1, last >> 1
            hashed = both(sibling, hashed) if place & 1 or place == last else both(hashed, sibling)
            place, last = place >> 1, last >> 1
        assert hashed == root


def test_nothing_that_is_not_signed_and_no_entry_is_shown(
    portal_database: PortalDatabase, notes: dict[int, str]
) -> None:
    make_entries(portal_database, 10)
    seal(portal_database)
    client = Client()
    size = SIZES[-1]
    whole, inside = divmod(size, 256)
    assert client.get(f"/log/tile/0/{whole:03d}.p/{inside}").status_code == HTTPStatus.OK
    for address in (
        f"0/{whole:03d}.p/{inside + 1}", f"0/{whole:03d}", "1/001.p/3", "2/000", "2/000.p/2", "3/000.p/1",
        "entries/000", "0/0", "0/0000", "0/x000/000", "0/000.p/0", "0/000.p/256", "0/000.p/01", "8/000", "-1/000",
        "0/000.p/1/", "0/../checkpoint", "0/x999/x999/x999/x999/x999/x999/x999/999", "0/00٣",
    ):  # fmt: skip
        assert client.get(f"/log/tile/{address}").status_code == HTTPStatus.NOT_FOUND, address
    assert client.post("/log/checkpoint").status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_tiles_are_kept_by_caches_and_the_checkpoint_is_not(notes: dict[int, str]) -> None:
    client = Client()
    assert "immutable" in client.get("/log/tile/0/000")["Cache-Control"]
    assert "no-cache" in client.get("/log/checkpoint")["Cache-Control"]
    assert "Set-Cookie" not in client.get("/log/tile/0/000")


def test_before_anything_is_signed_there_is_no_checkpoint(portal_database: PortalDatabase) -> None:
    assert Client().get("/log/checkpoint").status_code == HTTPStatus.NOT_FOUND
    assert Client().get("/log/tile/0/000.p/1").status_code == HTTPStatus.NOT_FOUND


def test_the_policy_of_witnesses_is_shown_where_there_is_one(
    portal_database: PortalDatabase, tmp_path: Path, settings: Settings
) -> None:
    for path in ("", str(tmp_path / "not-there")):
        settings.WITNESS_POLICY = path
        assert Client().get("/log/witness-policy").status_code == HTTPStatus.NOT_FOUND
    settings.WITNESS_POLICY = str(tmp_path / "policy")
    (tmp_path / "policy").write_text("quorum none\n")
    assert Client().get("/log/witness-policy").content == b"quorum none\n"


@pytest.mark.attack("20.13")
def test_a_checkpoint_that_somebody_invented_is_not_shown(
    portal_database: PortalDatabase, notes: dict[int, str]
) -> None:
    client = ForeignClient()
    before, size = client.checkpoint(), max(notes)
    make_entries(portal_database, 300)
    seal(portal_database)
    tamper(
        portal_database,
        "INSERT INTO ledger.checkpoint (size, note, heads, signed_at)"
        f" VALUES ({size + 300}, 'privacy.extrus.example/ledger\n{size + 300}\nAAAA\n\n— x AAAA\n', 'x', now())",
    )
    assert client.checkpoint() == before
    assert client.http.get(f"/log/tile/0/x000/x000/{(size + 299) // 256:03d}").status_code == HTTPStatus.NOT_FOUND
