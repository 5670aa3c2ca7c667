"""A few hundred mails that nobody decent would write, made from a seed: no two runs differ."""

import base64
import random
from collections.abc import Callable, Iterator

from tests.sample_uploads import PDF

SEED = 20261128
HEAD = b"From: Mina <mina@example.org>\r\nTo: privacy@extrus.example\r\nMessage-ID: <%d@example.org>\r\nSubject: %s\r\n"
NAMES = [
    "\u202efdp.exe",
    "a\x00b.pdf",
    "../../../etc/passwd",
    "x" * 5_000,
    "=?utf-8?b?////?=",
    "=?nonsense?q?=ff=fe?=",
    "\ud7ff한글.pdf",
    "a\r\nX-Injected: yes.pdf",
    '"; filename="b',
    "",
]
CHARSETS = [
    "utf-8", "utf-7", "unicode_escape", "idna", "punycode", "zlib", "rot13", "utf-16", "x-unknown", "\x00", "",
    "base64", "hex", "raw_unicode_escape", "cp949", "ks_c_5601-1987", "utf-32", "undefined", "mbcs", "euc-kr",
]  # fmt: skip
ENCODINGS = ["base64", "quoted-printable", "x-uuencode", "uuencode", "7bit", "8bit", "binary", "nonsense", "\x00", ""]


def head(number: int, subject: bytes = b"hello") -> bytes:
    return HEAD % (number, subject)


def nested(rng: random.Random, number: int) -> bytes:
    depth = rng.choice([1, 3, 20, 49, 60, 400, 2_000])
    out = head(number)
    for level in range(depth):
        out += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
    return out + b"Content-Type: text/plain\r\n\r\ndeep\r\n"


def rfc822_nested(rng: random.Random, number: int) -> bytes:
    return head(number) + b"Content-Type: message/rfc822\r\n\r\n" * rng.choice([1, 10, 300, 3_000]) + b"hi"


def same_boundary(rng: random.Random, number: int) -> bytes:
    part = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
    return head(number) + part * rng.randint(1, 60) + b"--b--\r\n" * rng.randint(0, 60)


def many_parts(rng: random.Random, number: int) -> bytes:
    count = rng.choice([5, 100, 499, 2_000, 50_000])
    part = b"--b\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF-1.7\r\n"
    return head(number) + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + part * count + b"--b--"


def broken_charset(rng: random.Random, number: int) -> bytes:
    charset = rng.choice(CHARSETS).encode("utf-8")
    noise = rng.randbytes(rng.randint(0, 300))
    return head(number) + b'Content-Type: text/plain; charset="%s"\r\n\r\n' % charset + noise


def broken_words(rng: random.Random, number: int) -> bytes:
    word = b"=?%s?%s?%s?=" % (
        rng.choice(CHARSETS).encode("utf-8"),
        rng.choice([b"b", b"q", b"z", b""]),
        base64.b64encode(rng.randbytes(20))[: rng.randint(0, 28)],
    )
    return head(number, word * rng.randint(1, 40)) + b"\r\nhello"


def endless_headers(rng: random.Random, number: int) -> bytes:
    count = rng.choice([100, 5_000, 200_000])
    kind = rng.choice([b"X-A: b\r\n", b"Received: from a by b\r\n", b"To: a@b.example,\r\n", b"Subject: x\r\n\tx\r\n"])
    return head(number) + kind * count + rng.choice([b"\r\nbody", b""])


def long_line(rng: random.Random, number: int) -> bytes:
    return head(number, rng.choice([b"a", b"\xff", b"=?", b"<", b'"', b"("]) * rng.choice([900, 20_000])) + b"\r\nbody"


def bad_encoding(rng: random.Random, number: int) -> bytes:
    encoding = rng.choice(ENCODINGS).encode()
    body = rng.choice(
        [b"%%%%", b"A", b"begin 644 x\n!!!\nend", b"=ZZ=", base64.b64encode(PDF)[:-3], rng.randbytes(200)]
    )
    kind = rng.choice([b"application/pdf", b"text/plain", b"text/html", b"image/png", b"nonsense", b""])
    return head(number) + b"Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s" % (kind, encoding, body)


def bad_name(rng: random.Random, number: int) -> bytes:
    name = rng.choice(NAMES).encode("utf-8", "surrogatepass")
    how = rng.choice([b'filename="%s"', b"filename*=utf-8''%s", b"filename*0*=%s", b"filename*=\x00''%s", b"name=%s"])
    part = b"Content-Type: application/pdf\r\nContent-Disposition: attachment; " + how % name
    body = b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(PDF)
    return head(number) + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n' + part + body + b"\r\n--b--\r\n"


def strange_html(rng: random.Random, number: int) -> bytes:
    piece = rng.choice(
        [b"<p>", b"<![CDATA[", b"<!--", b"<script>", b"&#x110000;", b"<a href='javascript:x'>", b"<!DOCTYPE "]
    )
    return head(number) + b"Content-Type: text/html\r\n\r\nhello" + piece * rng.choice([1, 50, 20_000])


def noise(rng: random.Random, number: int) -> bytes:
    return rng.randbytes(rng.choice([0, 1, 10, 3_000]))


def nul(rng: random.Random, number: int) -> bytes:
    made = bytearray(head(number) + b"\r\nhello" * 20)
    for _count in range(rng.randint(1, 30)):
        made[rng.randrange(len(made))] = rng.choice([0, 0x1B, 0x85, 0xFF, 0x0D, 0x0A])
    return bytes(made)


def strange_sender(rng: random.Random, number: int) -> bytes:
    sender = rng.choice(
        [b"", b"<>", b"@", b"a@b@c", b'"' * 500, b"(" * 3_000, b"a@b.example," * 800, b"\x00@\x00", b"<<<>>>"]
    )
    return b"From: %s\r\nSubject: x\r\nMessage-ID: <%d@x>\r\n\r\nhello" % (sender, number)


def mixed(rng: random.Random, number: int) -> bytes:
    """A sound mail of which pieces were cut out, doubled and turned."""
    made = bad_name(rng, number)
    for _count in range(rng.randint(1, 8)):
        start = rng.randrange(len(made) + 1)
        end = min(len(made), start + rng.randint(1, 80))
        made = made[:start] + rng.choice([b"", made[start:end] * 2, made[start:end][::-1]]) + made[end:]
    return made


MAKERS: tuple[Callable[[random.Random, int], bytes], ...] = (
    nested, rfc822_nested, same_boundary, many_parts, broken_charset, broken_words, endless_headers, long_line,
    bad_encoding, bad_name, strange_html, noise, nul, strange_sender, mixed,
)  # fmt: skip


def mails(each: int = 20, seed: int = SEED) -> Iterator[tuple[str, bytes]]:
    """Yield mails with the name of what is wrong with each."""
    rng = random.Random(seed)
    for number in range(each):
        for place, make in enumerate(MAKERS):
            yield make.__name__, make(rng, number * len(MAKERS) + place)
