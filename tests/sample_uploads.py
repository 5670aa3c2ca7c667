"""Small sound papers for tests, made from the formats' own rules, and the pieces to spoil them with."""

import struct
import zlib
from base64 import b64decode
from io import BytesIO

from PIL import Image


def pdf(*more: bytes, catalog: bytes = b"", page: bytes = b"", trailer: bytes = b"", version: bytes = b"1.7") -> bytes:
    """A PDF of one empty page with ``more`` objects (from 4 on), and its table of where each is."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] %s >>" % page,
        *more,
    ]
    out, places = b"%%PDF-%s\n" % version, []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return b"%s%strailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        out, head, len(objects) + 1, trailer, len(out),
    )  # fmt: skip


def stream(body: bytes, *, more: bytes = b"", packed: bool = True) -> bytes:
    """An object with a stream of this content."""
    body = zlib.compress(body) if packed else body
    kind = b"/Filter /FlateDecode " if packed else b""
    return b"<< %s%s/Length %d >>\nstream\n%s\nendstream" % (kind, more, len(body), body)


PDF = pdf()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))


def png(width: int = 1, height: int = 1, *more: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + pixels + chunk(b"IEND", b"")


JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1x"
    "eXBkeFxlZ2P/wAALCAABAAEBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQR"
    "BRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4"
    "eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEB"
    "AAA/AOkr/9k="
)


def jpeg(width: int = 1, height: int = 1) -> bytes:
    """A sound JPEG of one pixel, or one that only says to be larger."""
    at = JPEG.index(b"\xff\xc0")
    return JPEG[: at + 5] + struct.pack(">HH", height, width) + JPEG[at + 9 :]


def jpeg_2000() -> bytes:
    """A sound JPEG 2000 of eight by eight pixels, in its box."""
    made = BytesIO()
    Image.new("RGB", (8, 8)).save(made, "JPEG2000", no_jp2=False)
    return made.getvalue()


def jbig2(kind: int, body: bytes) -> bytes:
    """A segment of a JBIG2 picture as it stands in a PDF: of the first page, which refers to no other."""
    return struct.pack(">IBBBI", 0, kind, 0, 1, len(body)) + body
