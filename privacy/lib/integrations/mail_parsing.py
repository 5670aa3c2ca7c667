"""Reading an e-mail that anybody may have written: what is in it that we keep, or why nothing is.

Nothing of it is trusted: sizes and counts are bounded before the library of Python reads it, character sets are those
of a list, control characters and direction overrides go, and what the library does not survive is ``UnreadableMail``.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses
from html.parser import HTMLParser

from privacy.lib.http.control_characters import CONTROL_CHARACTERS

# With five documents of 10 MB in base64 a mail has 70 MB; more than two are sent on the status page.
MAX_BYTES = 30 * 2**20
MAX_HEADER_BYTES = 256 * 1024
# Lines that may begin a part, and headers that may name a boundary: what is nested deeper is no letter.
MAX_PARTS, MAX_BOUNDARIES = 500, 50
MAX_TEXT, MAX_HTML, MAX_FIELD, MAX_FILES = 20_000, 400_000, 998, 5
CUT = " […]"
CHARSETS = frozenset({
    "utf-8", "us-ascii", "ascii", "cp949", "johab", "iso-2022-kr", "iso-2022-jp", "cp932", "euc-jp", "gb18030", "big5",
    "koi8-r", "utf-16", "windows-1250", "windows-1251", "windows-1252", "iso-8859-2", "iso-8859-15",
})  # fmt: skip
# What a program calls by the name of a smaller set is written in the larger one: Outlook's Korean is all of cp949.
LARGER = {
    **dict.fromkeys(
        ("euc-kr", "euckr", "euc_kr", "ks_c_5601-1987", "ks_c_5601-1989", "ksc5601", "ksc_5601", "korean", "ms949",
         "windows-949", "x-windows-949"), "cp949"
    ),
    "shift_jis": "cp932", "gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "windows-1252", "utf8": "utf-8",
}  # fmt: skip
# Pictures and fonts written into the text itself: letters and digits without a space between them are no words. Where
# one stands in what a person reads, it is seen that something was there.
WRITTEN_IN = re.compile(
    r"(?<=[\"'(])data:(?:image|font|application|audio|video)/[\w.+-]++[;,]"
    r"(?:[\w+/=%;:,.-]++|\r?\n[ \t]*+)*+(?=[\"')])",
    re.ASCII,
)
IN_BRACKETS = re.compile(r"<([^<>\s]+)>")
ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}@[A-Za-z0-9.-]{1,190}")
RECIPIENTS = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
# Who answers by itself says so (RFC 3834), or is told by what such programs have always written.
ANSWERED_BY_ITSELF = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-From")
PRECEDENCE_OF_MACHINES = frozenset({"auto_reply", "auto-reply", "bulk", "junk", "list"})


class UnreadableMail(Exception):
    """Nothing is kept of a mail; the message is a code: ``too-large``, ``headers``, ``nested`` or ``malformed``."""


@dataclass(frozen=True)
class ParsedMail:
    """What a mail says, in clear; ``recipients`` is the text of the headers that name them.

    ``left_out`` is how many attached files beyond the first ones are not there.
    """

    message: Message
    sender: str
    recipients: str
    subject: str
    text: str
    files: list[tuple[str, bytes]]
    left_out: int
    is_automatic: bool


def fingerprint(raw: bytes) -> str:
    """Return the same digest for the same mail, whichever way it came: what servers put on top is left out."""
    head, body = _parted(raw)
    named = re.findall(rb"^(?:message-id|from|date|subject|content-type):[^\r\n]*", head, re.IGNORECASE | re.MULTILINE)
    digest = hashlib.sha256(b"\n".join(line.strip() for line in named))
    digest.update(b"\n\n" + body.replace(b"\r\n", b"\n").rstrip())
    return digest.hexdigest()


def parse_mail(raw: bytes) -> ParsedMail:
    """Return what a mail says. Raises UnreadableMail."""
    if len(raw) > MAX_BYTES:
        raise UnreadableMail("too-large")
    head, _body = _parted(raw)
    if len(head) > MAX_HEADER_BYTES:
        raise UnreadableMail("headers")
    if raw.count(b"\n--") > MAX_PARTS or len(re.findall(rb"boundary", raw, re.IGNORECASE)) > MAX_BOUNDARIES:
        raise UnreadableMail("nested")
    try:
        return _parse(raw)
    except Exception as error:
        # The library has bugs that a stranger can reach: no mail may stop the next one.
        raise UnreadableMail("malformed") from error


def _parse(raw: bytes) -> ParsedMail:
    message = message_from_bytes(raw, policy=compat32)
    leaves = [part for part in message.walk() if not part.is_multipart()]
    files = [(_field(_file_name(part)), _content(part)) for part in leaves if _is_file(part)]
    kept = [one for one in files if one[1]]
    sender = _sender(message)
    return ParsedMail(
        message=message,
        sender=sender.lower(),
        recipients=" ".join(_header(message, name) for name in RECIPIENTS),
        subject=_field(_header(message, "Subject")),
        text=_text(_body_of(message)),
        files=kept[:MAX_FILES],
        left_out=max(0, len(kept) - MAX_FILES),
        is_automatic=_is_automatic(message),
    )


def _parted(raw: bytes) -> tuple[bytes, bytes]:
    """Return head and body, parted by the first empty line."""
    found = re.search(rb"\r?\n\r?\n", raw)
    return (raw[: found.start()], raw[found.end() :]) if found else (raw, b"")


def _sender(message: Message) -> str:
    """Return the address of who wrote it: as it is written, for a name in clear may hold any character."""
    written = [_text_of(value, None) for value in _raw_headers(message, "From")]
    found = [address for _name, address in getaddresses(written) or ()]
    found += [address for value in written for address in reversed(IN_BRACKETS.findall(value))]
    # Some programs encode the address with the name.
    found += [address for _name, address in getaddresses([_header(message, "From")])]
    return next((address for address in found if ADDRESS.fullmatch(address)), "")


def _raw_headers(message: Message, name: str) -> list[bytes]:
    """Return all headers of a name as they came, in whatever character set."""
    held = [value for known, value in message.raw_items() if known.lower() == name.lower()]
    return [str(value)[:10_000].encode("ascii", "surrogateescape") for value in held[:20]]


def _header(message: Message, name: str) -> str:
    """Return all headers of a name in clear, without what no text may have."""
    return " ".join(map(_decoded, _raw_headers(message, name)))


def _decoded(value: bytes) -> str:
    # By Latin-1 each byte comes back as it was.
    text = value.decode("latin-1")
    try:
        parts = decode_header(text)
    except (HeaderParseError, ValueError, LookupError):
        return _clean(_text_of(value, None))
    said = (_text_of(part if isinstance(part, bytes) else part.encode("latin-1"), charset) for part, charset in parts)
    return _clean("".join(said))


def _text_of(content: bytes, charset: str | None) -> str:
    """Return bytes as text: by a character set of the list, else as UTF-8 or, where that can't be, as Korean."""
    named = (charset or "").strip().lower()
    name = LARGER.get(named, named)
    if name in CHARSETS - {"us-ascii", "ascii"}:
        return content.decode(name, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp949", "replace")


def _clean(text: str) -> str:
    return CONTROL_CHARACTERS.sub("", text)


def _field(text: str) -> str:
    return " ".join(text.split())[:MAX_FIELD]


def _is_file(part: Message) -> bool:
    if part.get_content_disposition() == "attachment" or part.get_filename():
        return True
    if part.get_content_maintype() == "text":
        return part.get_content_subtype() not in {"plain", "html"}
    return part.get_content_maintype() not in {"multipart", "message"}


def _file_name(part: Message) -> str:
    try:
        return _decoded((part.get_filename() or "").encode("utf-8", "replace"))
    except (LookupError, ValueError):
        return ""


def _content(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _body_of(part: Message) -> list[Message]:
    """Return the texts that are no files: all, but of several versions of one the plain one, or else the last.

    Programs part a letter where a picture stands in it, and servers on its way put words of their own behind it.
    """
    if not part.is_multipart():
        is_text = part.get_content_maintype() == "text" and not _is_file(part)
        return [part] if is_text and _content(part).strip() else []
    within = [body for one in part.get_payload() if isinstance(one, Message) and (body := _body_of(one))]
    if part.get_content_subtype() != "alternative":
        return [one for body in within for one in body]
    plain = (body for body in within if all(one.get_content_subtype() == "plain" for one in body))
    return next(plain, within[-1] if within else [])


def _text(body: Iterable[Message]) -> str:
    return _cut("\n\n".join(filter(None, map(_text_of_part, body))), MAX_TEXT)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - len(CUT)] + CUT


def _text_of_part(part: Message) -> str:
    text = _text_of(_content(part), part.get_content_charset())
    if part.get_content_subtype() == "html":
        found = WRITTEN_IN.sub(CUT.strip(), text)
        text = _TextOfHTML.of(found[:MAX_HTML]) + CUT * (len(found) > MAX_HTML)
    return _clean(text).replace("\r\n", "\n").replace("\r", "\n").strip()


def _is_automatic(message: Message) -> bool:
    said = _header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    returned = [str(value).strip() for value in message.get_all("Return-Path", [])]
    return (
        said not in {"", "no"}
        or "<>" in returned
        or any(name in message for name in ANSWERED_BY_ITSELF)
        or _header(message, "Precedence").strip().lower() in PRECEDENCE_OF_MACHINES
    )


class _TextOfHTML(HTMLParser):
    """The words of an HTML text, without scripts, styles and pictures."""

    # The head itself has no other words, and need not be closed.
    UNSEEN = frozenset({"script", "style", "title", "template"})
    BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "blockquote"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.unseen = 0

    @classmethod
    def of(cls, text: str) -> str:
        reader = cls()
        reader.feed(text)
        reader.close()
        lines = ("".join(reader.words)).splitlines()
        return "\n".join(_folded(line.strip() for line in lines))

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.unseen += tag in self.UNSEEN
        if tag in self.BREAKS:
            self.words.append("\n")
        elif tag in ("td", "th"):
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.unseen = max(0, self.unseen - (tag in self.UNSEEN))

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.words.append(data)


def _folded(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines, of several empty ones in a row only one."""
    before = ""
    for line in lines:
        if line or before:
            yield line
        before = line
