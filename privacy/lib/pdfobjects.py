"""A PDF file as its objects (ISO 32000-1): numbered, packed into deflated object streams, found by an xref stream."""

import hashlib
import zlib
from collections.abc import Iterable
from struct import pack

PACKED = 200
LEVEL = 6


class PdfFile:
    """Objects in the order of their numbers. A number may be taken first and its object given later."""

    def __init__(self) -> None:
        self._objects: list[bytes | None] = []
        self._streams: set[int] = set()

    def take(self) -> int:
        """Return the number of an object that is given later."""
        self._objects.append(None)
        return len(self._objects)

    def give(self, body: str | bytes, number: int | None = None) -> int:
        """Put an object in; return its number."""
        number = number or self.take()
        self._objects[number - 1] = body.encode("latin-1") if isinstance(body, str) else body
        return number

    def stream(self, content: bytes, entries: str = "", *, deflated: bool = True) -> int:
        """Put a stream in; return its number."""
        number = self.take()
        if deflated:
            content, entries = zlib.compress(content, LEVEL), entries + "/Filter/FlateDecode"
        self._objects[number - 1] = _stream(content, entries)
        self._streams.add(number)
        return number

    def written(self, *, root: int, details: int) -> bytes:
        """Return the file. Its identifier is the digest of its objects: the same objects make the same file."""
        out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        places: dict[int, tuple[int, int, int]] = {}
        for number in sorted(self._streams):
            places[number] = (1, len(out), 0)
            out += b"%d 0 obj\n%b\nendobj\n" % (number, self._body(number))
        plain = [number for number in range(1, len(self._objects) + 1) if number not in self._streams]
        for start in range(0, len(plain), PACKED):
            numbers, holder = plain[start : start + PACKED], self.take()
            places[holder] = (1, len(out), 0)
            out += b"%d 0 obj\n%b\nendobj\n" % (holder, self._packed(numbers))
            places |= {number: (2, holder, place) for place, number in enumerate(numbers)}
        last, begins = self.take(), len(out)
        places[last] = (1, begins, 0)
        rows = [pack(">BLH", 0, 0, 65535), *(pack(">BLH", *places[number]) for number in range(1, last + 1))]
        identifier = hashlib.sha256(out).hexdigest()[:32]
        entries = (
            f"/Type/XRef/W[1 4 2]/Size {last + 1}/Root {root} 0 R/Info {details} 0 R"
            f"/ID[<{identifier}><{identifier}>]/Filter/FlateDecode"
        )
        index = _stream(zlib.compress(b"".join(rows), LEVEL), entries)
        out += b"%d 0 obj\n%b\nendobj\nstartxref\n%d\n%%%%EOF\n" % (last, index, begins)
        return bytes(out)

    def _body(self, number: int) -> bytes:
        body = self._objects[number - 1]
        if body is None:
            raise LookupError(f"Object {number} was taken and never given.")
        return body

    def _packed(self, numbers: Iterable[int]) -> bytes:
        heads, bodies, at = [], [], 0
        for number in numbers:
            body = self._body(number)
            heads.append(b"%d %d" % (number, at))
            bodies.append(body)
            at += len(body) + 1
        head = b" ".join(heads) + b"\n"
        content = zlib.compress(head + b"\n".join(bodies), LEVEL)
        return _stream(content, f"/Type/ObjStm/N {len(bodies)}/First {len(head)}/Filter/FlateDecode")


def text(value: str) -> str:
    """Return a text string as PDF writes it: UTF-16 in hexadecimal digits."""
    return f"<FEFF{value.encode('utf-16-be').hex().upper()}>"


def _stream(content: bytes, entries: str) -> bytes:
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (entries.encode("latin-1"), len(content), content)
