"""Scans and photos of papers that people hand in: what they may be, told by their content, never by their name.

Nothing that can carry a program, refer to other files, hide an archive or unpack to more than a page of a few pixels
(SEC-42, ASVS 5.2). The checks read the file's structure with bounds of their own; no picture is ever decoded here.
"""

import re
import struct
import zlib
from collections.abc import Iterator

from django.utils.translation import gettext as _

from privacy.lib.refusals import Refusal

LIMIT = 10 * 2**20
MOST_PIXELS = 50_000_000
MOST_PARTS = 20_000
# What a page of text or a signature looks like in a PDF needs none of these.
ACTIVE = re.compile(
    rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA|SubmitForm|ImportData|GoToR|GoToE)(?![A-Za-z])"
)
OBJECT_STREAM = re.compile(rb"/ObjStm(?![A-Za-z])[^\0]{0,400}?stream\r?\n", re.DOTALL)
ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
MARKUP = re.compile(rb"<(script|html|svg|\?php|!doctype)", re.IGNORECASE)
MOST_UNPACKED = 32 * 2**20
EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


class BadDocument(Refusal):
    """Not a sound PDF, JPEG or PNG, or too large."""

    code = "bad-document"


def examine(content: bytes) -> str:
    """Return the media type of a paper, once its content was checked. Raises BadDocument."""
    if len(content) > LIMIT:
        raise BadDocument(_("The file is larger than %(limit)d MB.") % {"limit": LIMIT // 2**20})
    if content.startswith(b"%PDF-"):
        media_type, is_sound = "application/pdf", _pdf
    elif content.startswith(b"\xff\xd8\xff"):
        media_type, is_sound = "image/jpeg", _jpeg
    elif content.startswith(b"\x89PNG\r\n\x1a\n"):
        media_type, is_sound = "image/png", _png
    else:
        raise BadDocument(_("Send a PDF, JPEG or PNG file."))
    if MARKUP.search(content[:1024]) or _is_archive(content):
        raise BadDocument(_("The file is two kinds of file at once. Send a plain scan or photo."))
    try:
        is_sound(content)
    except (struct.error, IndexError, zlib.error) as broken:
        raise BadDocument(_("The file is damaged. Save it again, or send a photo.")) from broken
    return media_type


def _damaged() -> BadDocument:
    return BadDocument(_("The file is damaged. Save it again, or send a photo."))


def _is_archive(content: bytes) -> bool:
    """Whether a ZIP archive ends where the file ends: its directory stands at the end, whatever stands before."""
    tail = content[-(2**16 + 22) :]
    at = tail.rfind(b"PK\x05\x06")
    return at >= 0 and len(tail) - at >= 22 and struct.unpack_from("<H", tail, at + 20)[0] == len(tail) - at - 22


def _pixels(width: int, height: int) -> None:
    if not width or not height:
        raise _damaged()
    if width * height > MOST_PIXELS:
        raise BadDocument(
            _("The picture has more than %(most)d million pixels. Send a smaller one.")
            % {"most": MOST_PIXELS // 1_000_000}
        )


def _png(content: bytes) -> None:
    """Check each chunk by its length and sum; the last one ends the file (PNG, third edition, 5.3)."""
    at, parts = 8, 0
    while True:
        length, kind = struct.unpack_from(">L4s", content, at)
        end = at + 12 + length
        parts += 1
        if end > len(content) or not kind.isalpha() or parts > MOST_PARTS:
            raise _damaged()
        if zlib.crc32(content[at + 4 : end - 4]) != struct.unpack_from(">L", content, end - 4)[0]:
            raise _damaged()
        if (parts == 1) != (kind == b"IHDR"):
            raise _damaged()
        if kind == b"IHDR":
            _pixels(*struct.unpack_from(">LL", content, at + 8))
        if kind == b"IEND":
            break
        at = end
    if end != len(content):
        raise _damaged()


def _jpeg(content: bytes) -> None:
    """Check each segment up to the picture itself, and that the picture ends (ITU T.81, B.1.1).

    Telephones add things of their own behind the end, so that is no fault.
    """
    at, parts, sized = 2, 0, False
    while True:
        marker, kind = content[at], content[at + 1]
        parts += 1
        if marker != 0xFF or parts > MOST_PARTS:
            raise _damaged()
        if kind == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", content, at + 2)
        if length < 2 or at + 2 + length > len(content):
            raise _damaged()
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", content, at + 5)
            _pixels(width, height)
            sized = True
        at += 2 + length
        if kind == 0xDA:
            break
    if not sized or content.find(b"\xff\xd9", at) < 0:
        raise _damaged()


def _pdf(content: bytes) -> None:
    """Check that the document ends, is not locked, and carries no program and no file, in its object streams either."""
    if b"%%EOF" not in content[-2048:]:
        raise _damaged()
    for part in (content, *_object_streams(content)):
        plain = ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), part)
        if ACTIVE.search(plain):
            raise BadDocument(_("The PDF carries a program or other files. Print it to a plain PDF and send that."))
        if re.search(rb"/Encrypt(?![A-Za-z])", plain):
            raise BadDocument(_("The PDF is locked with a password. Send it without one."))


def _object_streams(content: bytes) -> Iterator[bytes]:
    left = MOST_UNPACKED
    for parts, found in enumerate(OBJECT_STREAM.finditer(content)):
        unpacked = zlib.decompressobj().decompress(content[found.end() :], left)
        left -= len(unpacked)
        if left <= 0 or parts > MOST_PARTS:
            raise BadDocument(_("The PDF unpacks to far more than its size. Send a plain scan."))
        yield unpacked
