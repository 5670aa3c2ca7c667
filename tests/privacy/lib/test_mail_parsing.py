"""Mails of strangers: what is in them is read, or refused with a reason; none stops the next one."""

import base64
from email.header import Header

import pytest

from privacy.lib.http.control_characters import has_no_control_characters
from privacy.lib.integrations.mail_parsing import CUT, MAX_BYTES, MAX_TEXT, UnreadableMail, fingerprint, parse_mail
from tests.privacy.lib.hostile_mails import mails
from tests.sample_uploads import PDF

HEAD = b"From: Mina <Mina@Example.org>\r\nTo: privacy@extrus.example\r\nSubject: hello\r\nMessage-ID: <1@x>\r\n"
MIXED = HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'


def attached(name: bytes, content: bytes, kind: bytes = b"application/pdf") -> bytes:
    sent = base64.encodebytes(content)
    how = b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=" + name
    return b"--b\r\nContent-Type: %s\r\n%s\r\n\r\n%s\r\n" % (kind, how, sent)


@pytest.mark.attack("24.hostile-mail")
@pytest.mark.asvs("2.2.1", "15.2.5")
def test_three_hundred_hostile_mails_are_read_or_refused_with_a_reason() -> None:
    told: dict[str, int] = {}
    for name, raw in mails():
        try:
            parsed = parse_mail(raw)
        except UnreadableMail as why:
            assert str(why) in {"too-large", "headers", "nested", "malformed"}
            told[str(why)] = told.get(str(why), 0) + 1
        else:
            texts = (parsed.subject, parsed.text, parsed.sender, parsed.recipients, *(file[0] for file in parsed.files))
            assert all(has_no_control_characters(text) for text in texts), name
            assert len(parsed.text) <= MAX_TEXT
            assert len(parsed.files) <= 5
            told["read"] = told.get("read", 0) + 1
        assert len(fingerprint(raw)) == 64
    assert sum(told.values()) == 300
    assert told["read"] > 200
    assert {"headers", "nested", "malformed"} <= told.keys()


def test_text_sender_and_files_are_read() -> None:
    text = "안녕하세요 \u202ezebra\x00".encode()
    raw = (
        MIXED
        + b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        + text
        + b"\r\n"
        + attached(b"a.pdf", PDF)
        + b"--b--"
    )
    parsed = parse_mail(raw)
    assert (parsed.sender, parsed.subject, parsed.text) == ("mina@example.org", "hello", "안녕하세요 zebra")
    assert parsed.files == [("a.pdf", PDF)]
    assert not parsed.is_automatic


@pytest.mark.asvs("1.3.1")
def test_korean_character_sets_and_words_of_html_are_read() -> None:
    korean = HEAD + b"Content-Type: text/plain; charset=ks_c_5601-1987\r\n\r\n" + "안녕".encode("cp949")
    assert parse_mail(korean).text == "안녕"
    html = b"<style>p{}</style><p>one</p><script>x()</script><p>two &amp; three</p>"
    assert parse_mail(HEAD + b"Content-Type: text/html\r\n\r\n" + html).text.split() == ["one", "two", "&", "three"]
    written = b"<p>&lt;script&gt;x()&lt;/script&gt; <b onclick=y()>three</b></p>"
    assert parse_mail(HEAD + b"Content-Type: text/html\r\n\r\n" + written).text.split() == [
        "<script>x()</script>",
        "three",
    ]


@pytest.mark.parametrize(
    "body",
    [
        MIXED + b"--b\r\nContent-Type: text/html\r\n\r\n<p>my letter\r\n--b\r\n\r\nChecked for viruses.\r\n--b--",
        MIXED + b"--b\r\n\r\nHello\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>my letter\r\n--b--",
        HEAD + b"Content-Type: text/html\r\n\r\n<html><head><meta charset=utf-8><body><p>my letter</body></html>",
        HEAD + b"Content-Type: text/html\r\n\r\n<img src='data:image/png;base64," + b"A" * 500_000 + b"'><p>my letter",
        HEAD + b"Content-Type: text/html\r\n\r\n<p>You store (data:image/png, which is my letter, too).</p>",
        HEAD + b"Content-Type: text/html\r\n\r\n<p>A 'data:image/png;base64 is my letter. It's mine.</p>",
        HEAD + b'Content-Type: text/html\r\n\r\n<p title="data:image/png;base64,">my letter <b id="b">two</b></p>',
    ],
    ids=["footer-of-a-server", "plain-and-html", "open-head", "picture-written-in", "brackets", "quotes", "attribute"],
)
def test_nothing_that_a_person_wrote_is_lost(body: bytes) -> None:
    """The mail leaves the mailbox once it was taken, so what isn't read here nobody ever reads."""
    assert "my letter" in parse_mail(body).text


def test_of_versions_one_is_read_and_what_is_cut_says_so() -> None:
    both = b"--b\r\n\r\nmy letter\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>my letter\r\n--b--"
    assert parse_mail(MIXED.replace(b"mixed", b"alternative") + both).text == "my letter"
    long = HEAD + b"Content-Type: text/html\r\n\r\n<p>one</p>" + b"<br>" * 110_000 + b"two"
    assert parse_mail(long).text.endswith(CUT.strip())
    quoted = HEAD + b'Content-Type: text/html\r\n\r\n<p>See "data:image/png;base64,' + b"A" * 900 + b'" there'
    assert parse_mail(quoted).text == 'See "[…]" there'
    cells = b'<p>"data: all"<table><tr><td>Name</td><td>Mina</td></tr></table>'
    assert parse_mail(HEAD + b"Content-Type: text/html\r\n\r\n" + cells).text == '"data: all"\nName Mina'


@pytest.mark.parametrize(
    "name", ["홍길동 [영업]", "홍길동; 부장", "홍길동 <대리>", '5" Kim', "kim@other.example", "길동 :("]
)
def test_a_senders_address_is_read_whatever_the_name_beside_it_is(name: str) -> None:
    encoded = Header(name, "utf-8").encode().encode()
    for written in (encoded, name.encode(), name.encode("cp949")):
        if b"@" not in written:
            assert parse_mail(b"From: " + written + b" <mina@example.org>\r\n\r\nhi").sender == "mina@example.org"


def test_korean_is_read_as_programs_write_it() -> None:
    said = "똠방각하 열람"
    for charset in (b"ks_c_5601-1987", b"euc-kr", b"windows-949", b"us-ascii", b"x-unknown"):
        raw = HEAD + b"Content-Type: text/plain; charset=" + charset + b"\r\n\r\n" + said.encode("cp949")
        assert parse_mail(raw).text == said, charset
    for raw in (said.encode(), said.encode("cp949"), Header(said, "utf-8").encode().encode()):
        assert parse_mail(b"Subject: " + raw + b"\r\n\r\nhi").subject == said


def test_of_many_files_five_are_kept_and_the_others_are_counted() -> None:
    parsed = parse_mail(MIXED + b"".join(attached(b"%d.pdf" % n, PDF) for n in range(8)) + b"--b--")
    assert (len(parsed.files), parsed.left_out) == (5, 3)


@pytest.mark.parametrize(
    "header",
    [
        b"Auto-Submitted: auto-replied",
        b"X-Autoreply: yes",
        b"Precedence: bulk",
        b"Return-Path: <>",
        b"Auto-Submitted: x; y",
    ],
)
def test_whoever_answers_by_itself_is_known(header: bytes) -> None:
    assert parse_mail(HEAD + header + b"\r\n\r\nI am away").is_automatic
    assert not parse_mail(HEAD + b"Auto-Submitted: no\r\n\r\nI am here").is_automatic


@pytest.mark.asvs("15.2.5")
def test_what_is_larger_than_any_mail_is_refused() -> None:
    with pytest.raises(UnreadableMail, match="too-large"):
        parse_mail(HEAD + b"\r\n" + b"x" * MAX_BYTES)


def test_the_same_mail_by_another_way_is_the_same_and_another_with_its_id_is_not() -> None:
    mail = HEAD + b"\r\nhello\r\n"
    assert fingerprint(mail) == fingerprint(b"Received: from a by b\r\n" + mail)
    assert fingerprint(mail) != fingerprint(HEAD + b"\r\nanother\r\n")
