"""Scans and photos of papers that people hand in: what they may be, told by their first bytes, never by their name."""

from django.utils.translation import gettext as _

from privacy.lib.refusals import Refusal

# Nothing that can carry a program or refer to other files (SEC-30).
MEDIA = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
LIMIT = 5 * 2**20


class BadDocument(Refusal):
    """Not a PDF, JPEG or PNG, or too large."""

    code = "bad-document"


def media_type_of(content: bytes) -> str:
    """Return the media type of a paper. Raises BadDocument."""
    if len(content) > LIMIT:
        raise BadDocument(_("The file is larger than 5 MB."))
    for magic, media_type in MEDIA.items():
        if content.startswith(magic):
            return media_type
    raise BadDocument(_("Send a PDF, JPEG or PNG file."))
