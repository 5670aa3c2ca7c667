"""How large a picture inside a PDF is, by its own head: what a program unpacks that shows it (ISO 32000-2, 7.4).

Nothing is decoded. What is not as its format has it, or could be read as a larger picture by another program, is
refused, and so is what tells its size only while it is decoded: nothing unmeasured is let through (decision 0438).
"""

import re
import struct
from collections.abc import Callable, Mapping

from privacy.lib.sandbox.rejection import DAMAGED, TOO_MANY_PIXELS, UNMEASURED, Rejected

MAX_PIXELS = 50_000_000
# A picture of colours has four channels at most; one more is transparency.
MAX_SAMPLES = 5 * MAX_PIXELS
JP2 = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
CODE_STREAM = b"\xff\x4f\xff\x51"
# Behind the beginning of a scan of a JPEG the next marker that is none of its data.
NEXT_MARKER = re.compile(rb"\xff+(?=[^\x00\xd0-\xd7\xff])")
# Segments of JBIG2 that make pictures whose size stands in them, and that make none (ITU-T T.88, 7.3). Symbols, texts
# made of them and patterns are as large as their code makes them.
REGIONS, NO_PICTURES = {36, 38, 39, 40, 42, 43}, {49, 50, 51, 52, 53, 62}
PAGE, STRIPE_END, UNKNOWN = 48, 50, 0xFFFF_FFFF


def must_be_bearable(width: int, height: int, *, channels: int = 1) -> None:
    """Raise Rejected for a picture without size or with too many pixels."""
    if width <= 0 or height <= 0:
        raise Rejected(DAMAGED)
    if width * height > MAX_PIXELS or width * height * channels > MAX_SAMPLES:
        raise Rejected(TOO_MANY_PIXELS)


def judge_jpeg(content: bytes) -> None:
    """Raise Rejected where a JPEG is too large by any of its frames, or has none (ITU-T T.81, annex B)."""
    if content[:2] != b"\xff\xd8":
        raise Rejected(DAMAGED)
    at, frames = 2, 0
    while at < len(content):
        kind, at = _marker(content, at)
        if kind == 0xD9:
            break
        (length,) = struct.unpack_from(">H", content, at)
        if length < 2:
            raise Rejected(DAMAGED)
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", content, at + 3)
            must_be_bearable(width, height)
            frames += 1
        elif kind == 0xDC:
            # The number of lines comes later: programs disagree about which one holds.
            raise Rejected(UNMEASURED)
        at += length
        if kind == 0xDA:
            found = NEXT_MARKER.search(content, at)
            at = found.start() if found else len(content)
    if frames != 1:
        raise Rejected(DAMAGED)


def _marker(content: bytes, at: int) -> tuple[int, int]:
    """Return the marker at a place, which fill bytes may precede, and where its segment begins."""
    if content[at] != 0xFF:
        raise Rejected(DAMAGED)
    while content[at] == 0xFF:
        at += 1
    if content[at] in (0x00, 0xD8):
        raise Rejected(DAMAGED)
    return content[at], at + 1


def judge_jpeg_2000(content: bytes) -> None:
    """Raise Rejected where a JPEG 2000 is too large by any of its code streams or by the box around them."""
    if content.startswith(CODE_STREAM):
        _judge_code_stream(content, 0)
        return
    if not content.startswith(JP2):
        raise Rejected(DAMAGED)
    if not _judge_boxes(content, 0, len(content)):
        raise Rejected(DAMAGED)


def _judge_boxes(content: bytes, at: int, end: int) -> int:
    """Judge what the boxes of a JP2 say; return how many code streams are in them (ISO/IEC 15444-1, annex I)."""
    streams = 0
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", content, at)
        begins = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", content, begins)
            begins += 8
        stop = at + length if length else end
        if stop < begins or stop > end:
            raise Rejected(DAMAGED)
        if kind == b"jp2h":
            _judge_boxes(content, begins, stop)
        elif kind == b"ihdr":
            height, width = struct.unpack_from(">II", content, begins)
            must_be_bearable(width, height)
        elif kind == b"jp2c":
            _judge_code_stream(content, begins)
            streams += 1
        at = stop
    return streams


def _judge_code_stream(content: bytes, at: int) -> None:
    if content[at : at + 4] != CODE_STREAM:
        raise Rejected(DAMAGED)
    right, bottom, left, top = struct.unpack_from(">IIII", content, at + 8)
    (channels,) = struct.unpack_from(">H", content, at + 40)
    # The whole reference grid: where the picture on it begins, and how finely it is read, is the program's matter.
    if left >= right or top >= bottom:
        raise Rejected(DAMAGED)
    must_be_bearable(right, bottom, channels=channels)


def judge_fax(parameters: Mapping[str, int], *, height: int) -> None:
    """Raise Rejected where a picture of a fax machine is too large by its parameters (7.4.6)."""
    must_be_bearable(parameters.get("/Columns", 1_728), max(parameters.get("/Rows", 0), height))


def judge_jbig2(content: bytes) -> None:
    """Raise Rejected where a JBIG2 picture is too large, or is made of parts that say their size only when decoded."""
    at, width, height, drawn = 0, 0, 0, 0
    while at < len(content):
        kind, at, length = _segment(content, at)
        if kind == PAGE:
            width, height = struct.unpack_from(">II", content, at)
            must_be_bearable(width, 1 if height == UNKNOWN else height)
        elif kind in REGIONS:
            across, down, _left, top = struct.unpack_from(">IIII", content, at)
            must_be_bearable(across, down)
            # A page of unknown height grows to where a region ends.
            must_be_bearable(width, top + down)
            drawn += across * down
            if drawn > MAX_SAMPLES:
                raise Rejected(TOO_MANY_PIXELS)
        elif kind == STRIPE_END:
            (bottom,) = struct.unpack_from(">I", content, at)
            must_be_bearable(width, bottom + 1)
        elif kind not in NO_PICTURES:
            raise Rejected(UNMEASURED)
        at += length
        if at > len(content):
            raise Rejected(DAMAGED)
    if not width:
        raise Rejected(DAMAGED)


def _segment(content: bytes, at: int) -> tuple[int, int, int]:
    """Return the kind of the segment at a place, where its data begins and how long that is (7.2)."""
    number, flags, referred = struct.unpack_from(">IBB", content, at)
    at += 5
    count = referred >> 5
    if count == 7:
        count = struct.unpack_from(">I", content, at)[0] & 0x1FFF_FFFF
        at += 4 + (count + 8) // 8
    else:
        at += 1
    at += count * (1 if number <= 256 else 2 if number <= 65_536 else 4)
    at += 4 if flags & 0x40 else 1
    (length,) = struct.unpack_from(">I", content, at)
    if length == UNKNOWN:
        raise Rejected(UNMEASURED)
    return flags & 0x3F, at + 4, length


JUDGES: dict[str, Callable[[bytes], None]] = {
    "/DCTDecode": judge_jpeg, "/DCT": judge_jpeg, "/JPXDecode": judge_jpeg_2000, "/JBIG2Decode": judge_jbig2,
}  # fmt: skip
FAX = {"/CCITTFaxDecode", "/CCF"}
