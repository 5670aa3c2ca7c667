"""Reading the text of the portal's own PDFs, so that tests see what a person who opens one sees.

Enough of the format for what typst writes: two bytes for a glyph, a table of characters
for a font.
"""

import re
import zlib

_OBJECT = re.compile(rb"(?s)\b(\d+) 0 obj\s(.*?)\bendobj")
_STREAM = re.compile(rb"(?s)stream\r?\n(.*?)\nendstream")
_FONTS = re.compile(rb"/Font\s*<<(.*?)>>")
_FONT = re.compile(rb"/(\w+) (\d+) 0 R")
_SHOWN = re.compile(
    rb"(?s)/(\w+) [\d.]+ Tf|(\[(?:\\.|\((?:\\.|[^\\)])*\)|[^\]])*\]) ?TJ"
    rb"|(\((?:\\.|[^\\)])*\)|<[0-9A-F]+>) ?Tj"
)
_STRING = re.compile(rb"(?s)\(((?:\\.|[^\\)])*)\)")
_ESCAPE = re.compile(rb"(?s)\\([0-7]{1,3}|.)")
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text_of(document: bytes) -> str:
    """Return everything that is written in a PDF, in the order of its pages, without any white space."""
    objects = {int(number): body for number, body in _OBJECT.findall(document)}
    for body in list(objects.values()):
        if b"/Type/ObjStm" in body:
            objects |= _packed(body)
    pages = [body for body in objects.values() if re.search(rb"/Type\s*/Page\b", body)]
    written = [_written(objects, page) for page in pages]
    assert any(written), "nothing is written in this document"
    return re.sub(r"\s+", "", "".join(written))


def without_spaces(text: str) -> str:
    """Return a text as ``text_of`` would: without white space, for looking it up in there."""
    return re.sub(r"\s+", "", text)


def _packed(body: bytes) -> dict[int, bytes]:
    """Return the objects of an object stream: numbers and places first, then the objects."""
    first = re.search(rb"/First (\d+)", body)
    assert first is not None
    content = _stream(body)
    heads = [int(word) for word in content[: int(first[1])].split()]
    places = [int(first[1]) + place for place in heads[1::2]]
    ends = [*places[1:], len(content)]
    return {number: content[at:end] for number, at, end in zip(heads[::2], places, ends, strict=True)}


def _characters(objects: dict[int, bytes], font: int) -> dict[int, str]:
    table = re.search(rb"/ToUnicode (\d+) 0 R", objects[font])
    assert table is not None
    found = {}
    for part in re.findall(rb"(?s)beginbfchar(.*?)endbfchar", _stream(objects[int(table[1])])):
        for glyph, text in re.findall(rb"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]+)>", part):
            found[int(glyph, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    return found


def _written(objects: dict[int, bytes], page: bytes) -> str:
    contents, resources = (re.search(rb"/%s (\d+) 0 R" % name, page) for name in (b"Contents", b"Resources"))
    assert contents is not None
    fonts = _FONTS.search(objects[int(resources[1])] if resources else page)
    glyphs = {
        name.decode(): _characters(objects, int(font)) for name, font in _FONT.findall(fonts[1] if fonts else b"")
    }
    text, font = [], ""
    for name, many, one in _SHOWN.findall(_stream(objects[int(contents[1])])):
        if name:
            font = name.decode()
            continue
        said = [bytes.fromhex(one[1:-1].decode())] if one.startswith(b"<") else _STRING.findall(many or one)
        for string in said:
            codes = string if one.startswith(b"<") else _ESCAPE.sub(_unescaped, string)
            text += [
                glyphs[font].get(int.from_bytes(codes[at : at + 2]), "\N{REPLACEMENT CHARACTER}")
                for at in range(0, len(codes), 2)
            ]
    return "".join(text)


def _unescaped(found: re.Match[bytes]) -> bytes:
    escape = found[1]
    return bytes([int(escape, 8)]) if escape.isdigit() else _NAMED.get(escape, escape)


def _stream(body: bytes) -> bytes:
    found = _STREAM.search(body)
    assert found is not None
    # What follows the packed text is the end of its line: packed text itself may end in a carriage return.
    return zlib.decompressobj().decompress(found[1]) if b"FlateDecode" in body[: found.start()] else found[1]
