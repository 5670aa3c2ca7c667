"""The notary signs only what continues what it signed before, and says what it saw when it refuses."""

import json
import time
from pathlib import Path
from smtplib import SMTPRecipientsRefused
from typing import Any

import psycopg
import pytest
from django.core import mail
from django.utils.translation import override

from privacy.ledger.checkpoints import anchors
from privacy.ledger.checkpoints.external_checkpoints import ExternalCheckpoints
from privacy.ledger.checkpoints.notary import MAIL_RETRY_SECONDS, Notary
from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.integrity import verification
from privacy.ledger.management.commands.notary import Command
from privacy.ledger.models import Anchor
from privacy.ledger.verify import open_checkpoint, open_note
from tests.database import PortalDatabase
from tests.factories.ledger import keep_in, make_entries, make_notary, seal, sign, tamper


def grow(database: PortalDatabase, notary: Notary, count: int = 10) -> None:
    make_entries(database, count)
    seal(database)
    sign(database, notary)


@pytest.mark.law("S-06")
@pytest.mark.asvs("16.4.3")
@pytest.mark.clause("P8.3")
def test_a_checkpoint_is_signed_stored_mirrored_and_anchored(portal_database: PortalDatabase, tmp_path: Path) -> None:
    notary = make_notary(tmp_path)
    grow(portal_database, notary, 300)
    with portal_database.connect() as connection:
        row = connection.execute("SELECT size, note, extract(epoch FROM signed_at) FROM ledger.checkpoint").fetchone()
        places = connection.execute("SELECT size, place FROM ledger.anchor").fetchall()
    assert row is not None
    checkpoint = open_checkpoint(row[1].encode(), notary.signer.keys)
    assert (checkpoint.size, checkpoint.time) == (300, row[2])
    assert places == [(300, "directory")]
    assert (tmp_path / "mirror" / "checkpoint").read_text() == row[1]
    ((note, heads_note),) = anchors.read_directory(tmp_path / "anchors")
    assert note == row[1]
    assert open_note(heads_note.encode(), notary.signer.keys)[0].startswith(
        "privacy.extrus.example/ledger/heads\n300\n"
    )


def test_nothing_new_is_not_signed_again(portal_database: PortalDatabase, tmp_path: Path) -> None:
    notary = make_notary(tmp_path)
    grow(portal_database, notary)
    assert sign(portal_database, notary) is None


def test_it_goes_on_from_its_own_state_after_a_restart(portal_database: PortalDatabase, tmp_path: Path) -> None:
    grow(portal_database, make_notary(tmp_path), 255)
    grow(portal_database, make_notary(tmp_path), 2)
    grow(portal_database, make_notary(tmp_path), 600)
    with portal_database.connect() as connection:
        sizes = connection.execute("SELECT size FROM ledger.checkpoint ORDER BY size").fetchall()
    assert sizes == [(255,), (257,), (857,)]


def test_a_crash_between_signing_and_publishing_is_made_good(portal_database: PortalDatabase, tmp_path: Path) -> None:
    notary = make_notary(tmp_path)
    grow(portal_database, notary)
    note = notary.state.note
    tamper(portal_database, "DELETE FROM ledger.checkpoint", "DELETE FROM ledger.anchor")
    sign(portal_database, make_notary(tmp_path))
    with portal_database.connect() as connection:
        assert connection.execute("SELECT note FROM ledger.checkpoint").fetchall() == [(note,)]
    assert len(anchors.read_directory(tmp_path / "anchors")) == 1


REFUSALS = {
    "an entry is changed before it is signed": (
        "UPDATE ledger.entry SET payload = payload || ' ' WHERE id = (SELECT max(id) FROM ledger.entry)",
        "is not what was sealed",
    ),
    "an entry is removed before it is signed": (
        "DELETE FROM ledger.entry WHERE id = (SELECT max(id) FROM ledger.entry)",
        "is gone",
    ),
    "a leaf is removed": ("DELETE FROM ledger.leaf WHERE index = 12", "is missing or doubled"),
    "entry and leaf are changed together": (
        "UPDATE ledger.leaf SET hash = sha256('x') WHERE index = 15",
        "is not what was sealed",
    ),
    "the root is changed": (
        "UPDATE ledger.tree SET root = sha256('x') WHERE size = 20",
        "do not lead to the tree head",
    ),
    "the frontier is changed": (
        "UPDATE ledger.tree SET frontier = frontier || sha256('x') WHERE size = 20",
        "do not lead to the tree head",
    ),
    "what was signed has another root": ("UPDATE ledger.tree SET root = sha256('x') WHERE size = 10", "another root"),
    "the signed tree head is gone": ("DELETE FROM ledger.tree WHERE size = 10", "is gone"),
    "the log is rolled back": (
        "DELETE FROM ledger.tree WHERE size >= 10; INSERT INTO ledger.tree SELECT 5, sha256('x'), '', '1:1:', 1",
        "rolled back",
    ),
}


@pytest.mark.parametrize(("statement", "said"), REFUSALS.values(), ids=list(REFUSALS))
def test_it_refuses(portal_database: PortalDatabase, tmp_path: Path, statement: str, said: str) -> None:
    notary = make_notary(tmp_path)
    grow(portal_database, notary, 10)
    before = notary.state
    make_entries(portal_database, 10)
    seal(portal_database)
    tamper(portal_database, statement)
    with pytest.raises(SigningRefused, match=said):
        sign(portal_database, notary)
    assert notary.state == before
    with portal_database.connect() as connection:
        assert connection.execute("SELECT max(size) FROM ledger.checkpoint").fetchone() == (10,)


def test_a_clock_that_goes_back_is_refused(portal_database: PortalDatabase, tmp_path: Path) -> None:
    grow(portal_database, make_notary(tmp_path, clock=lambda: 2_000_000_000))
    make_entries(portal_database, 1)
    seal(portal_database)
    with pytest.raises(SigningRefused, match="clock"):
        sign(portal_database, make_notary(tmp_path, clock=lambda: 1_999_999_999))


@pytest.fixture
def mailing(tmp_path: Path) -> Notary:
    """A notary that mails every checkpoint to two auditors."""
    notary = make_notary(tmp_path)
    notary.auditors, notary.mail_every = ["aram@extrus.example", "outside@audit.example"], 0
    return notary


@pytest.mark.asvs("16.4.3")
def test_checkpoints_are_mailed_to_the_auditors(portal_database: PortalDatabase, mailing: Notary) -> None:
    grow(portal_database, mailing, 10)
    assert [message.to for message in mail.outbox] == [["aram@extrus.example"], ["outside@audit.example"]]
    assert mailing.state.note in mail.outbox[0].body
    for vkey in mailing.signer.vkeys:
        assert vkey in mail.outbox[0].body
    with portal_database.connect() as connection:
        rows = connection.execute("SELECT place FROM ledger.anchor ORDER BY id").fetchall()
    assert rows == [("directory",), ("mail to 2 auditors",)]


@pytest.mark.truth("anchored-by-mail-to-some")
def test_the_page_says_how_many_auditors_a_checkpoint_reached() -> None:
    with override("en"):
        assert Anchor(place="mail to 1 auditors").where == "mail to 1 auditor"
        assert Anchor(place="mail to 2 auditors").where == "mail to 2 auditors"
        assert Anchor(place="directory").where == "append-only directory"


def test_mails_are_batched(portal_database: PortalDatabase, mailing: Notary) -> None:
    mailing.mail_every = 3_600
    for _ in range(3):
        grow(portal_database, mailing, 10)
    assert len(mail.outbox) == 2


def test_a_mail_server_that_is_down_does_not_stop_the_notary(
    portal_database: PortalDatabase, mailing: Notary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(**_message: object) -> None:
        raise ConnectionRefusedError

    now = int(time.time())
    mailing.clock = lambda: now
    monkeypatch.setattr(anchors.mail, "send", down)
    grow(portal_database, mailing, 10)
    assert mailing.state.mailed == 0
    monkeypatch.undo()
    now += MAIL_RETRY_SECONDS
    grow(portal_database, mailing, 10)
    assert mailing.state.mailed == mailing.state.time
    assert len(mail.outbox) == 2


def test_a_damaged_mirror_is_a_refusal(portal_database: PortalDatabase, tmp_path: Path) -> None:
    notary = make_notary(tmp_path)
    grow(portal_database, notary, 10)
    (tmp_path / "mirror" / "tile" / "0" / "000.p" / "10").unlink()
    with pytest.raises(SigningRefused, match="the mirror is damaged"):
        grow(portal_database, notary, 10)


def test_an_anchor_that_says_something_else_is_refused(portal_database: PortalDatabase, tmp_path: Path) -> None:
    other = tmp_path / "anchors" / "2026" / "01" / "01" / "000000000010.checkpoint"
    other.parent.mkdir(parents=True)
    other.write_text("another checkpoint of this size\n")
    with pytest.raises(SigningRefused, match="ANCHOR_DIR holds a checkpoint of another log"):
        grow(portal_database, make_notary(tmp_path), 10)


def test_the_notary_can_not_write_entries_leaves_or_heads(portal_database: PortalDatabase) -> None:
    for statement in (
        "INSERT INTO ledger.entry (kind, payload) VALUES ('act', '{}')",
        "INSERT INTO ledger.leaf VALUES (0, 1, sha256('x'))",
        "INSERT INTO ledger.tree (size, root, frontier, snapshot, generation) VALUES (1, '', '', '1:1:', 1)",
    ):
        with (
            portal_database.connect("portal_notary") as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


def test_the_command_tells_a_refusal_on_the_ledger_and_by_its_exit(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_in(tmp_path, monkeypatch)
    make_entries(portal_database, 3)
    seal(portal_database)
    assert portal_database.manage("notary", "--once", role="portal_notary").returncode == 0
    tamper(portal_database, "UPDATE ledger.tree SET root = sha256('x')")
    run = portal_database.manage("notary", "--once", role="portal_notary")
    assert run.returncode == 2
    assert "another root" in run.stderr
    with portal_database.connect() as connection:
        row = connection.execute("SELECT payload FROM ledger.entry WHERE word = 'ledger.notary.refused'").fetchone()
    assert row is not None
    assert "another root" in json.loads(row[0])["facts"]["reason"]
    assert (tmp_path / "refusal").exists()


def test_what_can_not_be_understood_is_a_refusal_and_not_an_end(
    portal_database: PortalDatabase, tmp_path: Path
) -> None:
    """An administrator who switches the triggers off can't make the notary's process fall over."""
    notary = make_notary(tmp_path)
    grow(portal_database, notary, 3)
    make_entries(portal_database, 1)
    tamper(
        portal_database,
        "UPDATE ledger.entry SET payload = payload || repeat(' ', 70000) WHERE id = (SELECT max(id) FROM ledger.entry)",
    )
    seal(portal_database)
    with pytest.raises(SigningRefused, match="can't be understood: ValueError: An entry is too long"):
        sign(portal_database, notary)
    assert make_notary(tmp_path).state.size == 3


def test_a_refusal_is_mailed_to_the_auditors_once(
    portal_database: PortalDatabase, tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.NOTARY_STATE_DIR = tmp_path
    notary = make_notary(tmp_path)
    notary.auditors = ["aram@extrus.example"]
    grow(portal_database, notary, 3)
    tamper(portal_database, "UPDATE ledger.tree SET root = sha256('x')")
    mail.outbox.clear()
    command = Command()
    with portal_database.connect("portal_notary") as connection:
        assert command._step(notary, connection) is None
        assert command._step(notary, connection) is None
    (message,) = mail.outbox
    assert message.to == ["aram@extrus.example"]
    assert message.subject == "감사 기록의 공증 프로세스가 서명을 거부했습니다"
    assert "another root than was signed" in message.body
    assert "3" in message.body


class Post:
    """A mail server that is away, or refuses some addresses; it counts how often it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: type[Exception], *, refuses: str = "") -> None:
        self.asked = 0
        self.delivered: list[str] = []
        self.error: type[Exception] | None = error
        self.refuses = refuses
        monkeypatch.setattr(anchors.mail, "send", self.send)

    def send(self, *, to: str, **_message: object) -> None:
        self.asked += 1
        if self.error is not None and self.refuses in to:
            raise self.error({to: (550, b"no such user")}) if self.error is SMTPRecipientsRefused else self.error
        self.delivered.append(to)


@pytest.mark.truth("notary-mail-wait")
def test_a_mail_server_that_is_down_is_left_alone_for_a_while(
    portal_database: PortalDatabase, mailing: Notary, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = begun = int(time.time())
    mailing.clock = lambda: now
    post = Post(monkeypatch, TimeoutError)
    for _checkpoint in range(3):
        grow(portal_database, mailing, 1)
        now += 3
    assert post.asked == 1
    post.error = None
    now = begun + MAIL_RETRY_SECONDS
    grow(portal_database, mailing, 1)
    assert post.delivered == mailing.auditors
    assert mailing.state.mailed == now


@pytest.mark.truth("notary-mail-each-auditor")
def test_one_address_that_is_refused_neither_keeps_others_from_their_mail_nor_repeats_it(
    portal_database: PortalDatabase, mailing: Notary, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = begun = int(time.time())
    mailing.clock = lambda: now
    mailing.mail_every = 86_400
    mailing.auditors = ["gone@extrus.example", "aram@extrus.example"]
    post = Post(monkeypatch, SMTPRecipientsRefused, refuses="gone")
    for later in (0, 3, MAIL_RETRY_SECONDS):
        now = begun + later
        grow(portal_database, mailing, 1)
    assert post.delivered == ["aram@extrus.example"]
    now = begun + 86_400
    grow(portal_database, mailing, 1)
    assert post.delivered == ["aram@extrus.example"] * 2


@pytest.mark.truth("notary-refusal-told")
def test_a_refusal_reaches_the_auditors_once_the_mail_server_is_back(
    portal_database: PortalDatabase, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NOTARY_STATE_DIR = tmp_path
    now = int(time.time())
    notary = make_notary(tmp_path, clock=lambda: now)
    grow(portal_database, notary, 3)
    notary.auditors = ["aram@extrus.example", "outside@audit.example"]
    tamper(portal_database, "UPDATE ledger.tree SET root = sha256('x')")
    post = Post(monkeypatch, ConnectionRefusedError)
    command = Command()
    with portal_database.connect("portal_notary") as connection:
        command._step(notary, connection)
        post.error = None
        command._step(notary, connection)
        assert post.delivered == []
        now += MAIL_RETRY_SECONDS
        for _again in range(2):
            command._step(notary, connection)
    assert post.delivered == notary.auditors
    with portal_database.connect() as connection:
        told = connection.execute("SELECT count(*) FROM ledger.entry WHERE word = 'ledger.notary.refused'").fetchone()
    assert told == (1,)


@pytest.mark.truth("notary-refusal-over")
def test_a_notary_that_was_started_anew_and_signs_no_longer_refuses(
    portal_database: PortalDatabase, tmp_path: Path, settings: Any
) -> None:
    settings.NOTARY_STATE_DIR = tmp_path
    grow(portal_database, make_notary(tmp_path), 3)
    (tmp_path / "refusal").write_text("1 the mirror is damaged\n")
    make_entries(portal_database, 1)
    seal(portal_database)
    with portal_database.connect("portal_notary") as connection:
        assert Command()._step(make_notary(tmp_path), connection) == 4
    assert not (tmp_path / "refusal").exists()


@pytest.mark.truth("notary-database-first")
def test_a_checkpoint_is_in_the_database_before_it_is_seen_outside(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notary = make_notary(tmp_path)
    grow(portal_database, notary, 3)
    reports = []

    def put(name: str, text: str) -> None:
        type(notary.mirror).put(notary.mirror, name, text)
        if name == "checkpoint":
            with portal_database.connect("portal_auditor") as connection:
                by = ExternalCheckpoints(notary.signer.keys, [(text, (tmp_path / "mirror" / "heads").read_text())])
                reports.append(verification.verify_log(connection, by))

    monkeypatch.setattr(notary.mirror, "put", put)
    grow(portal_database, notary, 3)
    assert [report.findings for report in reports] == [[]]
