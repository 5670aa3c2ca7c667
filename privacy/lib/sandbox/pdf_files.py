"""Judge a PDF by all of its objects, as qpdf reads them (ISO 32000-2): no program, no file inside, no way out.

The file must be sound as it is: what only a repair makes readable, two programs may read in two ways.
"""

import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf

from privacy.lib.sandbox.pictures import MAX_PIXELS, refuse_two_formats
from privacy.lib.sandbox.rejection import (
    ACTIVE_CONTENT,
    DAMAGED,
    LOCKED,
    TOO_LARGE_UNPACKED,
    TOO_MANY_PIXELS,
    Rejected,
)

# A page of text or a scan needs none of these keys (12.6 actions, 7.11 files, 12.7.8 XFA, 13 multimedia).
ACTIVE_KEYS = {
    "/JS", "/JavaScript", "/AA", "/XFA", "/URI", "/EmbeddedFiles", "/EF", "/AF", "/Collection", "/RichMediaContent",
    "/RichMediaSettings", "/Renditions", "/FFilter", "/FDecodeParms", "/OPI", "/Requirements", "/SpiderInfo",
}  # fmt: skip
ACTIVE_NAMES = {
    "/JavaScript", "/Launch", "/URI", "/SubmitForm", "/ResetForm", "/ImportData", "/GoToR", "/GoToE", "/GoToDp",
    "/Rendition", "/Movie", "/Sound", "/Screen", "/Hide", "/Named", "/SetOCGState", "/RichMedia", "/RichMediaExecute",
    "/3D", "/U3D", "/PRC", "/GoTo3DView", "/FileAttachment", "/Filespec", "/EmbeddedFile", "/EncryptedPayload", "/PS",
}  # fmt: skip
NAMING_KEYS = ("/S", "/Type", "/Subtype")
# An action beside a page, a link or an outline leads to another place of the same file, if anywhere.
ACTION_KEYS = ("/A", "/OpenAction", "/Next", "/PA")
IMAGE_FILTERS = {"/DCTDecode", "/DCT", "/JPXDecode", "/JBIG2Decode", "/CCITTFaxDecode", "/CCF"}
# An attribute of a page that qpdf adds: nothing that another program would read in another way.
PAGE_ATTRIBUTE = re.compile(r": kid \d+ \(from \d+\) ")
MAX_UNPACKED = 384 * 2**20
MAX_FILTERS = 3
MAX_VALUES = 2_000_000


def read(content: bytes) -> Iterator[object]:
    """Yield nothing; return when the file may be taken. Raises Rejected."""
    refuse_two_formats(content)
    if b"%%EOF" not in content[-2048:]:
        raise Rejected(DAMAGED)
    try:
        with pikepdf.open(BytesIO(content), attempt_recovery=False, suppress_warnings=True) as pdf:
            _judge(pdf)
            if any(not PAGE_ATTRIBUTE.search(warning) for warning in pdf.get_warnings()):
                raise Rejected(DAMAGED)
    except pikepdf.PasswordError:
        raise Rejected(LOCKED) from None
    except (pikepdf.PdfError, RuntimeError) as error:
        raise Rejected(_reason(content, str(error))) from None
    yield from ()


def _reason(content: bytes, message: str) -> str:
    """Return what to tell of a file that qpdf can't read; its library for locked ones is not loaded here."""
    if "bad_alloc" in message:
        return TOO_LARGE_UNPACKED
    return LOCKED if b"/Encrypt" in content else DAMAGED


def _judge(pdf: pikepdf.Pdf) -> None:
    if pdf.is_encrypted or "/Encrypt" in pdf.trailer:
        raise Rejected(LOCKED)
    unpacked = values = 0
    for one in (pdf.trailer, *pdf.objects):
        for value in _values(one):
            values += 1
            if values > MAX_VALUES:
                raise Rejected(TOO_LARGE_UNPACKED)
            if isinstance(value, pikepdf.Stream):
                unpacked += _unpacked(value)
                if unpacked > MAX_UNPACKED:
                    raise Rejected(TOO_LARGE_UNPACKED)
    if not len(pdf.pages):
        raise Rejected(DAMAGED)


def _values(whole: Any) -> Iterator[Any]:
    """Yield an object and all that it holds directly, once each dictionary was found harmless."""
    open_values, members = [whole], list[Any]()
    while open_values:
        value = open_values.pop()
        yield value
        if isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
            _refuse_active(value)
            members = [member for _key, member in value.items()]
        elif isinstance(value, pikepdf.Array):
            members = list(value)
        else:
            continue
        # What is held by reference is an object of its own and comes by itself.
        open_values += [one for one in members if isinstance(one, pikepdf.Object) and not one.is_indirect]


def _refuse_active(value: Any) -> None:
    keys: set[str] = set(value.keys())
    if keys & ACTIVE_KEYS or (isinstance(value, pikepdf.Stream) and "/F" in keys):
        raise Rejected(ACTIVE_CONTENT)
    if any(str(value[key]) in ACTIVE_NAMES for key in NAMING_KEYS if isinstance(value.get(key), pikepdf.Name)):
        raise Rejected(ACTIVE_CONTENT)
    for key in ACTION_KEYS:
        action = value.get(key)
        if isinstance(action, pikepdf.Dictionary) and "/S" in action and str(action["/S"]) != "/GoTo":
            raise Rejected(ACTIVE_CONTENT)


def _unpacked(stream: Any) -> int:
    """Return to how many bytes a stream unpacks. Raises Rejected, and pikepdf.PdfError where it is damaged."""
    if stream.get("/Subtype") == "/Image" and int(stream.get("/Width", 0)) * int(stream.get("/Height", 0)) > MAX_PIXELS:
        raise Rejected(TOO_MANY_PIXELS)
    filters = [str(name) for name in _as_list(stream.get("/Filter"))]
    if len(filters) > MAX_FILTERS:
        raise Rejected(TOO_LARGE_UNPACKED)
    if "/Crypt" in filters:
        raise Rejected(LOCKED)
    if not filters or filters[-1] not in IMAGE_FILTERS:
        return len(stream.read_bytes())
    raw = stream.read_raw_bytes()
    if filters[0] not in ("/FlateDecode", "/Fl"):
        return len(raw)
    part = zlib.decompressobj().decompress(raw, MAX_UNPACKED)
    return len(part) + 1


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, pikepdf.Array) else [value]
