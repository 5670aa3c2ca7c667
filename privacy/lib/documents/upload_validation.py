"""Scans and photos of papers that people hand in: PDF, JPEG or PNG, told by their content, never by their name.

The web process looks at size and first bytes alone. Later the worker lets a confined process judge the whole file:
nothing that carries a program, refers elsewhere, hides an archive, or unpacks to more than a page (SEC-42, ASVS 5.2).
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.lib.errors.refusals import Refusal
from privacy.lib.sandbox import rejection, runner
from privacy.lib.sandbox.rejection import Rejected
from privacy.lib.sandbox.runner import Limits

MAX_BYTES = 10 * 2**20
LIMITS = Limits(seconds=5, clock_seconds=25, memory=512 * 2**20)
EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
BEGINNINGS = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
PROGRAMS = {"application/pdf": "pdf_files", "image/jpeg": "pictures", "image/png": "pictures"}
REASONS = {
    rejection.DAMAGED: gettext_lazy("The file is damaged. Save it again, or send a photo."),
    rejection.TOO_COSTLY: gettext_lazy("The file takes too long to read. Send a plain scan or photo."),
    rejection.LOCKED: gettext_lazy("The PDF is locked with a password. Send it without one."),
    rejection.ACTIVE_CONTENT: gettext_lazy(
        "The PDF contains a program, a link or other files. Print it to a plain PDF and send that."
    ),
    rejection.TWO_FORMATS: gettext_lazy("The file is in two formats at once. Send a plain scan or photo."),
    rejection.TOO_MANY_PIXELS: gettext_lazy("The picture has more than 50 million pixels. Send a smaller one."),
    rejection.UNMEASURED: gettext_lazy(
        "The PDF has a picture in a format whose size can't be checked. Print it to a plain PDF, or send a photo."
    ),
    rejection.TOO_LARGE_UNPACKED: gettext_lazy("The PDF is far larger when unpacked. Send a plain scan."),
}


class InvalidUpload(Refusal):
    """No PDF, JPEG or PNG, or too large."""

    code = "bad-document"


def recognise_upload(content: bytes) -> str:
    """Return the media type that the first bytes of a paper say. Raises InvalidUpload."""
    if len(content) > MAX_BYTES:
        raise InvalidUpload(_("The file is larger than %(limit)d MB.") % {"limit": MAX_BYTES // 2**20})
    for beginning, media_type in BEGINNINGS.items():
        if content.startswith(beginning):
            return media_type
    raise InvalidUpload(_("Send a PDF, JPEG or PNG file."))


def examine_upload(content: bytes, media_type: str) -> str:
    """Let the confined process judge a paper; return why it is not taken, a key of ``REASONS``, or "".

    For the worker. Raises ``runner.NoVerdict`` and ``runner.Busy``.
    """
    try:
        runner.judge(PROGRAMS[media_type], content, LIMITS)
    except Rejected as rejected:
        return rejected.code if rejected.code in REASONS else rejection.DAMAGED
    return ""
