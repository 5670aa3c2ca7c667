"""What people may hand in is told by its content: sound PDF, PNG and JPEG, and nothing that is more than a picture."""

import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.lib import papers
from privacy.lib.papers import BadDocument, examine
from tests.papers import PDF, chunk, jpeg, pdf_with, png

pytestmark = [pytest.mark.clause("P8.5"), pytest.mark.asvs("5.2.2")]


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a.txt", "a")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (pdf_with(b"1 0 << /Type /Page >>"), "application/pdf"),
        (png(), "image/png"),
        (png(1, 1, chunk(b"tEXt", b"k\0v")), "image/png"),
        (jpeg(), "image/jpeg"),
        (jpeg() + b"SEFH" + b"\0" * 40, "image/jpeg"),  # what a telephone adds
        (jpeg(8_000, 6_000), "image/jpeg"),
    ],
)
def test_sound_papers_pass(content: bytes, media_type: str) -> None:
    assert examine(content) == media_type


BAD = {
    "nothing": b"",
    "a program": b"MZ\x90\x00",
    "a web page": b"<!doctype html><script>alert(1)</script>",
    "a drawing with script": b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
    "an archive": archive(),
    "a macro document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "a picture with an archive behind it": jpeg() + archive(),
    "a PDF with an archive behind it": PDF + archive(),
    "a picture that is a page too": b"\xff\xd8\xff\xe0<html><script>x</script>" + jpeg()[4:],
    "a PNG with something behind its end": png() + b"x",
    "a cut PNG": png()[:-6],
    "a PNG whose sum is wrong": png()[:-1] + b"\0",
    "a PNG that begins with another part": b"\x89PNG\r\n\x1a\n" + chunk(b"tEXt", b"k\0v") + png()[8:],
    "a PNG of 3.6 thousand million pixels": png(60_000, 60_000),
    "a PNG without size": png(0, 1),
    "a JPEG of 3.6 thousand million pixels": jpeg(60_000, 60_000),
    "a JPEG that does not end": jpeg()[:-2],
    "a JPEG without a picture": b"\xff\xd8\xff\xd9",
    "a PDF that does not end": PDF[:-7],
    "a PDF with a program": PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /JavaScript /JS (app.alert(1)) >>"),
    "a PDF with a disguised program": PDF.replace(b"/Catalog", b"/Catalog /J#61vaScript 1 0 R"),
    "a PDF with a program in its object stream": pdf_with(b"<< /S /JavaScript >>"),
    "a PDF that starts something": PDF.replace(b"/Catalog", b"/Catalog /AA << /O << /S /Launch /F (cmd.exe) >> >>"),
    "a PDF with files inside": PDF.replace(b"/Catalog", b"/Catalog /Names << /EmbeddedFiles 3 0 R >>"),
    "a locked PDF": PDF.replace(b"/Root", b"/Encrypt 9 0 R /Root"),
    "a PDF that unpacks to a thousand times its size": pdf_with(b" " * (40 * 2**20)),
    "more than 10 MB": PDF.replace(b"trailer", b" " * papers.LIMIT + b"trailer"),
}


@pytest.mark.asvs("5.2.1")
@pytest.mark.asvs("5.2.6")
@pytest.mark.parametrize("what", BAD)
def test_everything_else_is_refused(what: str) -> None:
    with pytest.raises(BadDocument):
        examine(BAD[what])


@given(st.sampled_from([PDF, png(), jpeg(), pdf_with(b"<< >>")]), st.data())
def test_a_spoiled_paper_is_refused_or_read_and_never_breaks(paper: bytes, data: st.DataObject) -> None:
    spoiled = bytearray(paper)
    for _ in range(data.draw(st.integers(1, 4))):
        spoiled[data.draw(st.integers(0, len(spoiled) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BadDocument):
        assert examine(bytes(spoiled)) in papers.EXTENSIONS


@given(st.sampled_from([b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]), st.binary(max_size=300))
def test_noise_behind_a_beginning_is_never_a_paper_by_luck(beginning: bytes, noise: bytes) -> None:
    if beginning == b"\xff\xd8\xff" or (beginning == b"%PDF-" and b"%%EOF" in noise):
        return
    with pytest.raises(BadDocument):
        examine(beginning + noise)


def test_the_largest_paper_passes() -> None:
    room = papers.LIMIT - len(png()) - 12
    assert examine(png(1, 1, chunk(b"teSt", b"\0" * room))) == "image/png"
