"""Judge a PDF by all of its objects, as qpdf reads them (ISO 32000-2): no program, no file inside, no way out.

The file must be sound as it is: what only a repair makes readable, two programs may read in two ways.
"""

import base64
import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf

from privacy.lib.sandbox.picture_sizes import FAX, JUDGES, MAX_PIXELS, judge_fax, judge_jbig2
from privacy.lib.sandbox.pictures import refuse_two_formats
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
IMAGE_FILTERS = {*JUDGES, *FAX}
# An attribute of a page that qpdf adds: nothing that another program would read in another way.
PAGE_ATTRIBUTE = re.compile(r": kid \d+ \(from \d+\) ")
PICTURE_BETWEEN = re.compile(rb"(?<![^\s\0()<>\[\]{}/%])BI(?![^\s\0()<>\[\]{}/%])")
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
            for drawn in _drawn_by(value):
                _judge_pictures_between(drawn, drawn.read_bytes())
    if not len(pdf.pages):
        raise Rejected(DAMAGED)
    for page in pdf.pages:
        # Its parts are read as one, so a picture may begin in one and end in another.
        parts = [part.read_bytes() for part in _as_list(page.obj.get("/Contents")) if isinstance(part, pikepdf.Stream)]
        _judge_pictures_between(page, b"\n".join(parts))


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
    sides = [max(int(stream.get(name, 0)) for name in names) for names in (("/Width", "/W"), ("/Height", "/H"))]
    if stream.get("/Subtype") == "/Image" and sides[0] * sides[1] > MAX_PIXELS:
        raise Rejected(TOO_MANY_PIXELS)
    filters = [str(name) for name in _as_list(stream.get("/Filter"))]
    if len(filters) > MAX_FILTERS:
        raise Rejected(TOO_LARGE_UNPACKED)
    if "/Crypt" in filters:
        raise Rejected(LOCKED)
    if not filters or filters[-1] not in IMAGE_FILTERS:
        return len(stream.read_bytes())
    part, most = stream.read_raw_bytes(), 0
    for name in filters[:-1]:
        part = _unpacked_by(name, part)
        most = max(most, len(part) + 1)
    if most > MAX_UNPACKED:
        raise Rejected(TOO_LARGE_UNPACKED)
    _judge_picture(stream, filters, part)
    return most or len(part)


def _drawn_by(value: Any) -> list[Any]:
    """Return what a value holds that is drawn as a page is, besides pages.

    Forms, patterns, letters that are drawn, and what annotations look like, whatever those say that they are.
    """
    if isinstance(value, pikepdf.Stream):
        return [value] if value.get("/Subtype") == "/Form" or "/PatternType" in value else []
    if not isinstance(value, pikepdf.Dictionary):
        return []
    return [one for name in ("/CharProcs", "/AP") for one in _streams_in(value.get(name), levels=2)]


def _streams_in(value: Any, *, levels: int) -> list[Any]:
    """Return a stream, or those of a dictionary and, as looks have states (12.5.5), of the dictionaries in it."""
    if isinstance(value, pikepdf.Stream):
        return [value]
    if not isinstance(value, pikepdf.Dictionary) or not levels:
        return []
    return [found for _name, one in value.items() for found in _streams_in(one, levels=levels - 1)]


def _judge_pictures_between(drawn: Any, content: bytes) -> None:
    """Judge the pictures that stand between what is drawn (8.9.7)."""
    if not PICTURE_BETWEEN.search(content):
        return
    for one in pikepdf.parse_content_stream(drawn):
        if isinstance(one, pikepdf.ContentStreamInlineImage):
            said, data = one.iimage.obj, one.iimage.read_raw_bytes()
            if int(said.get("/Width", 0)) * int(said.get("/Height", 0)) > MAX_PIXELS:
                raise Rejected(TOO_MANY_PIXELS)
            filters = [str(name) for name in _as_list(said.get("/Filter"))]
            if not IMAGE_FILTERS.isdisjoint(filters):
                for name in filters[:-1]:
                    data = _unpacked_by(name, data)
                _judge_picture(said, filters, data)


def _judge_picture(stream: Any, filters: list[str], part: bytes) -> None:
    """Judge a picture by what it says itself: what the document says of it need not be so, and programs believe it."""
    parameters = _as_list(stream.get("/DecodeParms"))
    # Some programs read the short names of pictures in a page here too.
    if "/DP" in stream or len(parameters) not in (0, len(filters)):
        raise Rejected(DAMAGED)
    own = parameters[-1] if parameters else None
    if filters[-1] in FAX:
        given = {} if own is None else {key: int(own[key]) for key in ("/Columns", "/Rows") if key in own}
        judge_fax(given, height=max(int(stream.get(name, 0)) for name in ("/Height", "/H")))
    elif filters[-1] == "/JBIG2Decode":
        shared = b"" if own is None or "/JBIG2Globals" not in own else own["/JBIG2Globals"].read_bytes()
        judge_jbig2(shared + part)
    else:
        JUDGES[filters[-1]](part)


def _unpacked_by(name: str, part: bytes) -> bytes:
    """Return what one filter before a picture's own makes of bytes, at most ``MAX_UNPACKED``. Raises Rejected."""
    if name in ("/FlateDecode", "/Fl"):
        return zlib.decompressobj().decompress(part, MAX_UNPACKED)
    if name in ("/ASCIIHexDecode", "/AHx"):
        digits = re.sub(rb"\s", b"", part.partition(b">")[0])
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    if name in ("/ASCII85Decode", "/A85"):
        return base64.a85decode(part.partition(b"~>")[0].strip().removeprefix(b"<~"))
    # No program packs a picture by another one: how far it unpacks is not asked.
    raise Rejected(TOO_LARGE_UNPACKED)


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, pikepdf.Array) else [value]
