"""Reading the body of a request: its type, its encoding, and no more than allowed of it, packed or unpacked."""

from collections.abc import Collection

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError
from django.utils.translation import gettext as _
from isal import isal_zlib

from devices.refusals import MESSAGES, Malformed, Problem
from devices.report_schema import MAX_BODY
from privacy.lib.errors.refusals import Refusal


class BodyTooLarge(Refusal):
    """More than is taken at once, packed or unpacked."""

    code = "too-large"


class UnsupportedMediaType(Refusal):
    """Not JSON, or packed in a way that isn't read here."""

    code = "media-type"


def read_body(request: HttpRequest, *, limit: int = MAX_BODY, types: Collection[str] = ("application/json",)) -> bytes:
    """Return the unpacked JSON body, sent as one of ``types``. Raises BodyTooLarge, UnsupportedMediaType, Malformed.

    A packed body is unpacked up to the limit and no further, so that a small bomb can't fill the memory.
    """
    if request.content_type not in types:
        raise UnsupportedMediaType(_("Send application/json."))
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaType(_("Send JSON in UTF-8."))
    raw = read_raw_body(request, limit=limit)
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if encoding in {"identity", ""}:
        return raw
    if encoding not in {"gzip", "x-gzip"}:
        raise UnsupportedMediaType(_("Request bodies may be compressed with gzip only."))
    return _decompress(raw, limit)


def read_raw_body(request: HttpRequest, *, limit: int = MAX_BODY) -> bytes:
    """Return the body as it was sent. Raises BodyTooLarge, Malformed."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isascii() and length.isdecimal() and int(length[:20]) > limit:
        raise BodyTooLarge(MESSAGES["too-large"])
    try:
        raw = request.body
    except RequestDataTooBig:
        raise BodyTooLarge(MESSAGES["too-large"]) from None
    except (UnreadablePostError, RawPostDataException, OSError):
        raise Malformed([Problem("", "malformed", _("The request was interrupted."))]) from None
    if len(raw) > limit:
        raise BodyTooLarge(MESSAGES["too-large"])
    return raw


def _decompress(raw: bytes, limit: int) -> bytes:
    stream = isal_zlib.decompressobj(wbits=31)
    try:
        body = stream.decompress(raw, limit + 1)
    except isal_zlib.error:  # type: ignore[misc]  # its stubs call the class an instance
        raise Malformed([Problem("", "malformed", _("The gzip stream is damaged."))]) from None
    if len(body) > limit:
        raise BodyTooLarge(MESSAGES["too-large"])
    if not stream.eof:
        raise Malformed([Problem("", "malformed", _("The gzip stream is damaged."))])
    if stream.unused_data:
        raise Malformed([Problem("", "malformed", _("Send one gzip stream and nothing after it."))])
    return body
