"""Reading the body of a request: its type, its encoding, and no more than allowed of it, packed or unpacked."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError
from django.utils.translation import gettext as _
from isal import isal_zlib

from devices.refusals import MESSAGES, Malformed, Problem
from devices.wire import MAX_BODY
from privacy.lib.refusals import Refusal


class TooLarge(Refusal):
    """More than is taken at once, packed or unpacked."""

    code = "too-large"


class WrongType(Refusal):
    """Not JSON, or packed in a way that isn't read here."""

    code = "media-type"


def body_of(request: HttpRequest, *, limit: int = MAX_BODY) -> bytes:
    """Return the unpacked JSON body. Raises TooLarge, WrongType, Malformed.

    A packed body is unpacked up to the limit and no further, so that a small bomb can't fill the memory.
    """
    if request.content_type != "application/json":
        raise WrongType(_("Send application/json."))
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        raise WrongType(_("Send JSON in UTF-8."))
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isascii() and length.isdecimal() and int(length[:20]) > limit:
        raise TooLarge(MESSAGES["too-large"])
    try:
        raw = request.body
    except RequestDataTooBig:
        raise TooLarge(MESSAGES["too-large"]) from None
    except (UnreadablePostError, RawPostDataException, OSError):
        raise Malformed([Problem("", "malformed", _("The request broke off."))]) from None
    if len(raw) > limit:
        raise TooLarge(MESSAGES["too-large"])
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if encoding in {"identity", ""}:
        return raw
    if encoding not in {"gzip", "x-gzip"}:
        raise WrongType(_("Bodies may be packed with gzip."))
    return _unpacked(raw, limit)


def _unpacked(raw: bytes, limit: int) -> bytes:
    stream = isal_zlib.decompressobj(wbits=31)
    try:
        body = stream.decompress(raw, limit + 1)
    except isal_zlib.error:  # type: ignore[misc]  # its stubs call the class an instance
        raise Malformed([Problem("", "malformed", _("The gzip stream is damaged."))]) from None
    if len(body) > limit:
        raise TooLarge(MESSAGES["too-large"])
    if not stream.eof or stream.unused_data:
        raise Malformed([Problem("", "malformed", _("The gzip stream is damaged."))])
    return body
