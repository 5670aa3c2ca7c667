"""Judge a JPEG or PNG: one picture of a bearable size that decodes to its end, and no document of another kind.

Behind a PNG nothing stands; what telephones write behind a JPEG may stay.
"""

import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image, MpoImagePlugin, TiffImagePlugin

from privacy.lib.sandbox.picture_sizes import MAX_PIXELS
from privacy.lib.sandbox.rejection import DAMAGED, TOO_MANY_PIXELS, TWO_FORMATS, Rejected

MAX_PARTS = 20_000
PNG = b"\x89PNG\r\n\x1a\n"
MARKUP = re.compile(rb"<(script|html|svg|\?php|!doctype)", re.IGNORECASE)
# Pillow loads its parts when it needs them; afterwards no file can be opened.
Image.preinit()
LOADED = (MpoImagePlugin, TiffImagePlugin)


def read(content: bytes) -> Iterator[object]:
    """Yield nothing; return when the picture may be taken. Raises Rejected."""
    refuse_two_formats(content)
    # Readers of PDF look for its beginning here, whatever stands before.
    if b"%PDF-" in content[:1024]:
        raise Rejected(TWO_FORMATS)
    kind = "PNG" if content.startswith(PNG) else "JPEG"
    if kind == "PNG":
        _must_end_with_its_last_part(content)
    picture = _opened(content, kind)
    if kind == "PNG" and getattr(picture, "is_animated", False):
        raise Rejected(DAMAGED)
    picture.load()
    yield from ()


def _opened(content: bytes, *kinds: str) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        picture = Image.open(BytesIO(content), formats=kinds)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Rejected(TOO_MANY_PIXELS) from None
    if picture.width * picture.height > MAX_PIXELS:
        raise Rejected(TOO_MANY_PIXELS)
    return picture


def refuse_two_formats(content: bytes) -> None:
    """Raise Rejected for a file that is a web page or an archive too."""
    if MARKUP.search(content[:1024]) or _is_archive(content):
        raise Rejected(TWO_FORMATS)


def _is_archive(content: bytes) -> bool:
    """Whether a ZIP archive ends where the file ends: its directory stands at the end, whatever stands before."""
    tail = content[-(2**16 + 22) :]
    at = tail.rfind(b"PK\x05\x06")
    return at >= 0 and len(tail) - at >= 22 and struct.unpack_from("<H", tail, at + 20)[0] == len(tail) - at - 22


def _must_end_with_its_last_part(content: bytes) -> None:
    """Check each part by its length and sum; the last one ends the file (PNG, third edition, 5.3)."""
    at = len(PNG)
    for _part in range(MAX_PARTS):
        length, kind = struct.unpack_from(">L4s", content, at)
        end = at + 12 + length
        if end > len(content) or zlib.crc32(content[at + 4 : end - 4]) != struct.unpack_from(">L", content, end - 4)[0]:
            raise Rejected(DAMAGED)
        if (at == len(PNG)) != (kind == b"IHDR"):
            raise Rejected(DAMAGED)
        if kind == b"IEND":
            if end != len(content):
                raise Rejected(TWO_FORMATS)
            return
        at = end
    raise Rejected(DAMAGED)
