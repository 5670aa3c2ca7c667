"""What people may hand in is told by its content: sound PDF, PNG and JPEG, and nothing that is more than a picture."""

import io
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from privacy.lib.documents import upload_validation
from privacy.lib.documents.upload_validation import InvalidUpload, examine_upload, recognise_upload
from privacy.lib.sandbox import pdf_files, pictures
from privacy.lib.sandbox.rejection import Rejected
from tests.hostile_files import hostile_pdfs
from tests.sample_uploads import PDF, chunk, jpeg, pdf, png, stream

pytestmark = [pytest.mark.clause("P8.5"), pytest.mark.asvs("5.2.2"), pytest.mark.django_db]

LINK = b"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /GoTo /D [3 0 R /Fit] >> >>]"


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a.txt", "a")
    return out.getvalue()


def picture(kind: str, mode: str, width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height)).save(out, kind)
    return out.getvalue()


def judge(content: bytes) -> str:
    return examine_upload(content, recognise_upload(content))


SOUND: dict[str, tuple[Callable[[], bytes], str]] = {
    "a PDF": (lambda: PDF, "application/pdf"),
    "with a packed text": (lambda: pdf(stream(b"BT (x) Tj ET"), page=b"/Contents 4 0 R"), "application/pdf"),
    "with a place to begin": (lambda: pdf(catalog=b"/OpenAction [3 0 R /Fit]"), "application/pdf"),
    "with a leap inside": (lambda: pdf(page=LINK), "application/pdf"),
    "a PNG": (png, "image/png"),
    "a PNG with a remark": (lambda: png(1, 1, chunk(b"tEXt", b"k\0v")), "image/png"),
    "a JPEG": (jpeg, "image/jpeg"),
    "what a telephone adds": (lambda: jpeg() + b"SEFH" + b"\0" * 40, "image/jpeg"),
    "a large photo": (lambda: picture("JPEG", "RGB", 8_000, 6_000), "image/jpeg"),
    "a large scan": (lambda: picture("PNG", "RGB", 5_000, 7_000), "image/png"),
}  # fmt: skip


@pytest.mark.parametrize("what", SOUND)
def test_sound_papers_pass(what: str) -> None:
    make, media_type = SOUND[what]
    content = make()
    assert recognise_upload(content) == media_type
    assert examine_upload(content, media_type) == ""


@pytest.mark.truth("pictures-by-chance")
def test_a_picture_whose_compressed_bytes_happen_to_read_js_is_no_program() -> None:
    """Three bytes: one scan of 5 MB in five holds them."""
    assert judge(pdf(stream(b"\x01\x02/JS\x03\x04 /JavaScript", packed=False))) == ""


NOT_TAKEN = {
    "nothing": b"",
    "a program": b"MZ\x90\x00",
    "a web page": b"<!doctype html><script>alert(1)</script>",
    "a drawing with script": b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
    "an archive": archive(),
    "a macro document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "more than 10 MB": PDF + b" " * upload_validation.MAX_BYTES,
}


@pytest.mark.asvs("1.3.4", "2.2.1", "5.2.1", "5.2.5")
@pytest.mark.parametrize("what", NOT_TAKEN)
def test_other_kinds_are_refused_at_once(what: str) -> None:
    with pytest.raises(InvalidUpload):
        recognise_upload(NOT_TAKEN[what])


BAD: dict[str, tuple[bytes, str]] = {
    "a picture with an archive behind it": (jpeg() + archive(), "two-formats"),
    "a PDF with an archive behind it": (PDF + archive(), "two-formats"),
    "a picture that is a page too": (
        b"\xff\xd8\xff\xfe\x00\x22<html><script>x</script></html>" + jpeg()[2:], "two-formats"
    ),
    "a picture that is a PDF too": (
        b"\xff\xd8\xff\xfe" + struct.pack(">H", len(PDF) + 2) + PDF + jpeg()[2:], "two-formats"
    ),
    "a PNG with something behind its end": (png() + b"x", "two-formats"),
    "a cut PNG": (png()[:-6], "damaged"),
    "a PNG whose sum is wrong": (png()[:-1] + b"\0", "damaged"),
    "a PNG that begins with another part": (b"\x89PNG\r\n\x1a\n" + chunk(b"tEXt", b"k\0v") + png()[8:], "damaged"),
    "a PNG of 3.6 thousand million pixels": (png(60_000, 60_000), "too-many-pixels"),
    "a PNG without size": (png(0, 1), "damaged"),
    "a JPEG of 3.6 thousand million pixels": (jpeg(60_000, 60_000), "too-many-pixels"),
    "a JPEG that does not end": (jpeg()[:-12], "damaged"),
    "a JPEG without a picture": (b"\xff\xd8\xff\xd9", "damaged"),
    "a PDF that does not end": (PDF[:-7], "damaged"),
    "a PDF whose table is wrong": (PDF.replace(b"startxref\n", b"startxref\n9"), "damaged"),
    "a PDF without a page": (PDF.replace(b"/Kids [3 0 R] /Count 1", b"/Kids [     ] /Count 0"), "damaged"),
    "a PDF with a rendition that runs": (pdf(catalog=b"/OpenAction << /S /Rendition /JS (x()) >>"), "active-content"),
    "a locked PDF": (pdf(b"<< >>", trailer=b"/Encrypt 4 0 R"), "locked"),
    "a PDF of a huge picture": (
        pdf(stream(b"", more=b"/Subtype /Image /Width 60000 /Height 60000 ")), "too-many-pixels"
    ),
    "a PDF that unpacks to a thousand times its size": (pdf(stream(b" " * (600 * 2**20))), "too-large-unpacked"),
    "a PDF of many parts that do": (pdf(*[stream(b" " * (40 * 2**20))] * 10), "too-large-unpacked"),
}  # fmt: skip


@pytest.mark.asvs("5.2.3", "5.2.6")
@pytest.mark.parametrize("what", BAD)
def test_everything_else_is_found_out(what: str) -> None:
    content, reason = BAD[what]
    assert judge(content) == reason


@pytest.mark.attack("17.5")
@pytest.mark.parametrize("what", hostile_pdfs())
def test_a_pdf_that_does_something_is_found_out(what: str) -> None:
    assert judge(hostile_pdfs()[what]) == ("locked" if "locked" in what else "active-content")


def test_every_reason_is_a_sentence_in_both_languages() -> None:
    for sentence in upload_validation.REASONS.values():
        with override("ko"):
            korean = str(sentence)
        with override("en"):
            assert korean != str(sentence)


@given(st.sampled_from([PDF, png(), jpeg(), pdf(stream(b"<< >>"))]), st.data())
def test_a_spoiled_paper_is_refused_or_read_and_never_breaks(paper: bytes, data: st.DataObject) -> None:
    """In this process, where what breaks is seen: the child would call it damaged."""
    spoiled = bytearray(paper)
    for _ in range(data.draw(st.integers(1, 4))):
        spoiled[data.draw(st.integers(0, len(spoiled) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Rejected, OSError, SyntaxError, ValueError, RuntimeError, LookupError, ArithmeticError, TypeError):
        list((pdf_files if paper.startswith(b"%PDF-") else pictures).read(bytes(spoiled)))


@given(st.sampled_from([b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]), st.binary(max_size=300))
def test_noise_behind_a_beginning_is_never_a_paper_by_luck(beginning: bytes, noise: bytes) -> None:
    with pytest.raises(Exception):  # noqa: B017 - whatever it is, it comes to no end
        list((pdf_files if beginning == b"%PDF-" else pictures).read(beginning + noise))


def test_the_largest_paper_passes() -> None:
    room = upload_validation.MAX_BYTES - len(png()) - 12
    assert judge(png(1, 1, chunk(b"teSt", b"\0" * room))) == ""
