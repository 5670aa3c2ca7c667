"""A notary that lost its memory signs nothing until it has it back from what it published; a refusal is told once."""

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core import mail

from privacy.ledger.checkpoints import rebuilding
from privacy.ledger.checkpoints.notary import Notary
from privacy.ledger.checkpoints.notary_state import NotaryState, SigningRefused
from privacy.ledger.checkpoints.refusal_notices import RefusalNotices
from privacy.ledger.checkpoints.signed_notes import checkpoint_text
from privacy.ledger.integrity import verification
from privacy.ledger.management.commands.notary import Command
from privacy.ledger.verify import SOUND, Bundle
from tests.database import PortalDatabase
from tests.factories.ledger import keep_in, make_entries, make_notary, make_witnesses, seal, sign, tamper


@pytest.fixture
def trail(portal_database: PortalDatabase, tmp_path: Path) -> PortalDatabase:
    """600 entries, signed at 300 and 600."""
    notary = make_notary(tmp_path)
    for _batch in range(2):
        make_entries(portal_database, 300)
        seal(portal_database)
        sign(portal_database, notary)
    return portal_database


def fork(database: PortalDatabase) -> None:
    """Another history of the same length, hashed and sealed by the real sealer, without a checkpoint."""
    tamper(
        database,
        *(f"DELETE FROM ledger.{table}" for table in ("entry", "leaf", "node", "tree", "checkpoint", "anchor")),
    )
    make_entries(database, 700)
    seal(database)


def rebuild(database: PortalDatabase, folder: Path) -> Notary:
    notary = make_notary(folder)
    with database.connect("portal_notary") as connection:
        rebuilding.rebuild(notary.signer, notary.mirror.root, notary.anchor, connection).save(
            notary.path, notary.signer
        )
    return make_notary(folder)


# Another value of a field of the state, by its type.
OTHERWISE: dict[type, object] = {str: "0" * 64, int: 1, dict: {"keys.example 1": 9}}
LOST: dict[str, Callable[[Path], None]] = {
    "the state": lambda folder: (folder / "state.json").unlink(),
    "a spoiled state": lambda folder: (folder / "state.json").write_text("{"),
    "an older state": lambda folder: shutil.copy(folder / "state.json.300", folder / "state.json") and None,
}


@pytest.mark.attack("19.6")
@pytest.mark.parametrize("lose", LOST.values(), ids=list(LOST))
@pytest.mark.parametrize("left", ["mirror", "anchors", "both"])
def test_without_its_state_a_notary_signs_no_fork(
    portal_database: PortalDatabase, tmp_path: Path, lose: Callable[[Path], None], left: str
) -> None:
    notary = make_notary(tmp_path)
    for size in (300, 600):
        make_entries(portal_database, 300)
        seal(portal_database)
        sign(portal_database, notary)
        shutil.copy(tmp_path / "state.json", tmp_path / f"state.json.{size}")
    fork(portal_database)
    lose(tmp_path)
    for folder in {"mirror", "anchors"} - {left} if left != "both" else ():
        shutil.rmtree(tmp_path / folder)
    place = "mirror" if left == "both" else left
    with pytest.raises(SigningRefused, match=f"a checkpoint of 600 entries stands in the {place}"):
        sign(portal_database, make_notary(tmp_path))
    with pytest.raises(SigningRefused, match=r"differ from what stands|has other hashes"):
        rebuild(portal_database, tmp_path)
    assert not list((tmp_path / "anchors").glob("*/*/*/*700.checkpoint"))


@pytest.mark.attack("19.6")
def test_without_anything_of_its_own_the_database_s_checkpoints_still_stop_it(
    trail: PortalDatabase, tmp_path: Path
) -> None:
    for path in ("mirror", "anchors"):
        shutil.rmtree(tmp_path / path)
    (tmp_path / "state.json").unlink()
    with pytest.raises(SigningRefused, match="a checkpoint of 600 entries stands in the database"):
        sign(trail, make_notary(tmp_path))


@pytest.mark.attack("19.6")
@pytest.mark.parametrize("gone", [[], ["mirror"], ["anchors"], ["mirror", "anchors"]])
def test_a_rebuilt_notary_goes_on_where_it_was(trail: PortalDatabase, tmp_path: Path, gone: list[str]) -> None:
    before = make_notary(tmp_path).state
    (tmp_path / "state.json").unlink()
    for path in gone:
        shutil.rmtree(tmp_path / path)
    notary = rebuild(trail, tmp_path)
    assert notary.state == before
    make_entries(trail, 50)
    seal(trail)
    assert sign(trail, notary) == 650
    assert Bundle(str(tmp_path / "mirror")).verify(notary.signer.keys).said.startswith("650 entries of 650")
    with trail.connect("portal_auditor") as connection:
        report = verification.verify_log(connection, make_witnesses(tmp_path))
    assert (report.code, report.findings) == (SOUND, [])


@pytest.mark.attack("19.6")
@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (
            "UPDATE ledger.tree SET sealed_at = sealed_at - interval '1 day' WHERE size = 300",
            "of size 300 or less differs",
        ),
        ("DELETE FROM ledger.tree WHERE size = 600", "which was signed, is gone"),
        ("DELETE FROM ledger.leaf WHERE index = 599", "missing or doubled"),
        ("DELETE FROM ledger.entry WHERE id = 7", r"entry 7 \(index 6\) is gone"),
        ("UPDATE ledger.entry SET kind = 'read' WHERE id = 7", "is not what was sealed"),
        ("UPDATE ledger.leaf SET hash = sha256('x') WHERE index = 7", "is not what was sealed"),
    ],
)
def test_a_database_that_is_not_what_was_signed_rebuilds_nothing(
    trail: PortalDatabase, tmp_path: Path, statement: str, why: str
) -> None:
    (tmp_path / "state.json").unlink()
    tamper(trail, statement)
    with pytest.raises(SigningRefused, match=why):
        rebuild(trail, tmp_path)


def roll_back(database: PortalDatabase) -> None:
    """Put the database back to its first 300 entries, its checkpoints with them."""
    tamper(
        database,
        "DELETE FROM ledger.entry WHERE id IN (SELECT entry_id FROM ledger.leaf WHERE index >= 300)",
        "DELETE FROM ledger.leaf WHERE index >= 300",
        *(f"DELETE FROM ledger.{table} WHERE size > 300" for table in ("checkpoint", "tree", "anchor")),
        "DELETE FROM ledger.node WHERE index >= 1",
    )


@pytest.mark.attack("20.10")
@pytest.mark.parametrize("history", [roll_back, fork])
def test_the_older_checkpoints_of_the_mirror_speak_against_a_database_that_contradicts_them(
    trail: PortalDatabase, tmp_path: Path, history: Callable[[PortalDatabase], None]
) -> None:
    """The newest file was lost, the anchors aren't mounted, the tiles are gone: the folder of older ones is there."""
    (tmp_path / "state.json").unlink()
    shutil.rmtree(tmp_path / "anchors")
    for name in ("checkpoint", "heads"):
        (tmp_path / "mirror" / name).unlink()
    shutil.rmtree(tmp_path / "mirror" / "tile")
    history(trail)
    with pytest.raises(SigningRefused, match="a checkpoint of 600 entries stands in the mirror"):
        sign(trail, make_notary(tmp_path))
    with pytest.raises(SigningRefused, match=r"missing or doubled|differ from what stands|is left without the digest"):
        rebuild(trail, tmp_path)


@pytest.mark.attack("20.10")
def test_every_anchor_speaks_and_not_only_the_last_of_its_day(trail: PortalDatabase, tmp_path: Path) -> None:
    (tmp_path / "state.json").unlink()
    folders = [path.parent for path in sorted((tmp_path / "anchors").glob("*/*/*/*.checkpoint"))]
    old = tmp_path / "anchors" / "2020" / "01" / "01"
    shutil.copytree(folders[0], old)
    for day in ("02", "03"):
        (old.parent / day).mkdir()
    shutil.rmtree(folders[0])
    (old / "000000000600.checkpoint").rename(old / "000000000900.checkpoint")
    first = old / "000000000300.checkpoint"
    signer = make_notary(tmp_path).signer
    first.chmod(0o644)
    first.write_text(signer.note(checkpoint_text(signer.name, 299, b"x" * 32), 1_700_000_000))
    (old / "000000000300.heads").unlink()
    with pytest.raises(SigningRefused, match="the first 299 entries differ from what stands in the anchors"):
        rebuild(trail, tmp_path)


@pytest.mark.attack("20.10")
def test_a_notary_that_was_killed_between_two_files_of_its_mirror_is_rebuilt(
    trail: PortalDatabase, tmp_path: Path
) -> None:
    """The digest of tree heads is there already, its checkpoint is still the one before."""
    before = make_notary(tmp_path).state
    (tmp_path / "state.json").unlink()
    first, _last = sorted((tmp_path / "mirror" / "checkpoints").iterdir())
    shutil.copy(first, tmp_path / "mirror" / "checkpoint")
    assert rebuild(trail, tmp_path).state == before


@pytest.mark.attack("19.6")
def test_the_command_rebuilds_once_and_says_so_on_the_trail(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_in(tmp_path, monkeypatch)
    make_entries(portal_database, 3)
    seal(portal_database)
    assert portal_database.manage("notary", "--once", role="portal_notary").returncode == 0
    (tmp_path / "state.json").write_text("{}spoiled")
    refused = portal_database.manage("notary", "--once", role="portal_notary")
    assert (refused.returncode, "run notary --rebuild" in refused.stderr) == (2, True)
    rebuilt = portal_database.manage("notary", "--rebuild", role="portal_notary")
    assert (rebuilt.returncode, rebuilt.stdout.strip()) == (
        0, "Rebuilt the state: it goes on from the checkpoint of 3 entries.",
    )  # fmt: skip
    (before,) = tmp_path.glob("state.json.before-*")
    assert before.read_text() == "{}spoiled"
    assert portal_database.manage("notary", "--rebuild", role="portal_notary").returncode == 1
    seal(portal_database)
    assert portal_database.manage("notary", "--once", role="portal_notary").returncode == 0
    with portal_database.connect() as connection:
        told = connection.execute(
            "SELECT word FROM ledger.entry WHERE word LIKE 'ledger.notary.%' ORDER BY id"
        ).fetchall()
    assert told == [("ledger.notary.refused",), ("ledger.notary.rebuilt",)]


@pytest.mark.attack("19.6")
@pytest.mark.parametrize("spoiled", [field.name for field in fields(NotaryState)])
def test_a_state_of_the_right_size_that_says_something_else_is_rebuilt(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoiled: str
) -> None:
    keep_in(tmp_path, monkeypatch)
    make_entries(portal_database, 3)
    seal(portal_database)
    assert portal_database.manage("notary", "--once", role="portal_notary").returncode == 0
    path = tmp_path / "state.json"
    true = json.loads(path.read_text())
    path.write_text(json.dumps(true | {spoiled: OTHERWISE[type(true[spoiled])]}))
    make_entries(portal_database, 3)
    seal(portal_database)
    refused = portal_database.manage("notary", "--once", role="portal_notary")
    assert refused.returncode == 2
    assert "note" in spoiled or "run notary --rebuild" in refused.stderr
    rebuilt = portal_database.manage("notary", "--rebuild", role="portal_notary")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert json.loads(path.read_text()) == true | {"mailed": 0}
    assert portal_database.manage("notary", "--rebuild", role="portal_notary").returncode == 1
    assert portal_database.manage("notary", "--once", role="portal_notary").returncode == 0


@pytest.mark.attack("19.6")
@pytest.mark.parametrize("alter", [lambda path: path.unlink(), lambda path: path.write_text("{}")])
def test_a_running_notary_notices_that_its_state_was_altered(
    trail: PortalDatabase, tmp_path: Path, alter: Callable[[Path], object]
) -> None:
    notary = make_notary(tmp_path)
    assert sign(trail, notary) is None
    kept = notary.path.read_text()
    alter(notary.path)
    with pytest.raises(SigningRefused, match="is not what this notary wrote"):
        sign(trail, notary)
    notary.path.write_text(kept)
    assert sign(trail, notary) is None


@pytest.mark.attack("19.6")
def test_no_byte_of_the_state_can_be_another(trail: PortalDatabase, tmp_path: Path) -> None:
    notary = make_notary(tmp_path)
    raw, dice = notary.path.read_bytes(), random.Random(19)
    assert NotaryState.load(notary.path, notary.signer) == notary.state != NotaryState()
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ (1 << dice.randrange(8))]) + raw[place + 1 :]
        notary.path.write_bytes(changed)
        assert NotaryState.load(notary.path, notary.signer) == NotaryState(), (place, raw[place - 20 : place + 20])


@pytest.mark.attack("19.6")
def test_a_spoiled_state_begins_no_log_where_nothing_else_is_left(
    portal_database: PortalDatabase, tmp_path: Path
) -> None:
    (tmp_path / "state.json").write_text('{"size": 7}')
    make_entries(portal_database, 3)
    seal(portal_database)
    with pytest.raises(SigningRefused, match="is not what this notary wrote"):
        sign(portal_database, make_notary(tmp_path))


# -- a refusal is told once ---------------------------------------------------------------------------------------


@pytest.mark.attack("19.10")
def test_a_refusal_whose_numbers_change_is_told_once_and_once_a_day(
    portal_database: PortalDatabase, tmp_path: Path, settings: Any
) -> None:
    """A log that was rolled back goes on growing: every three seconds it was another text, and another mail."""
    settings.NOTARY_STATE_DIR = tmp_path
    now = 0.0
    notary = make_notary(tmp_path)
    make_entries(portal_database, 30)
    seal(portal_database)
    sign(portal_database, notary)
    notary.auditors = ["aram@extrus.example"]
    now = begun = notary.clock()
    notary.clock = lambda: now
    tamper(portal_database, *(f"DELETE FROM ledger.{table}" for table in ("leaf", "tree", "node")))
    tamper(portal_database, "DELETE FROM ledger.entry WHERE id > 3")
    command = Command()

    def look(times: int) -> int:
        nonlocal now
        with portal_database.connect("portal_notary") as connection:
            for _time in range(times):
                make_entries(portal_database, 1)
                seal(portal_database)
                now += 3
                command._step(notary, connection)
        return len(mail.outbox)

    assert look(4) == 1
    assert (tmp_path / "refusal").read_text().partition(" ")[2].startswith("rolled back: signed for 30 entries")
    command = Command()
    assert look(2) == 1, "a restart tells nothing anew"
    now = begun + 86_400
    assert look(2) == 2
    now = 1_000_000_000
    assert look(2) == 3, "another refusal is told at once"
    with portal_database.connect() as connection:
        told = connection.execute("SELECT count(*) FROM ledger.entry WHERE word = 'ledger.notary.refused'").fetchone()
    assert told == (3,)


@pytest.mark.truth("15")
def test_a_mail_that_went_out_is_not_sent_again_after_a_crash_before_the_trail(
    portal_database: PortalDatabase, tmp_path: Path
) -> None:
    aram = ["aram@extrus.example"]
    with portal_database.connect("portal_notary") as connection:
        connection.close()
        with pytest.raises(psycopg.OperationalError):
            RefusalNotices(tmp_path).tell("rolled back: 3", 3, aram, 1000.0, connection)
    assert len(mail.outbox) == 1
    with portal_database.connect("portal_notary") as connection:
        RefusalNotices(tmp_path).tell("rolled back: 4", 3, aram, 1003.0, connection)
        told = connection.execute("SELECT count(*) FROM ledger.entry WHERE word = 'ledger.notary.refused'").fetchone()
    assert len(mail.outbox) == 1
    assert told == (1,)


@pytest.mark.truth("15")
def test_two_refusals_by_turns_are_each_told_once(portal_database: PortalDatabase, tmp_path: Path) -> None:
    """A witness that is away answers in one way, then in another: each look was another reason, and another mail."""
    notices = RefusalNotices(tmp_path)
    with portal_database.connect("portal_notary") as connection:
        for turn in range(6):
            refusal = ("too few witnesses cosign: timed out", "too few witnesses cosign: refused")[turn % 2]
            notices.tell(refusal, 3, ["aram@extrus.example"], 1000.0 + turn, connection)
            assert (tmp_path / "refusal").read_text().endswith(f"{refusal}\n")
        told = connection.execute("SELECT count(*) FROM ledger.entry WHERE word = 'ledger.notary.refused'").fetchone()
    assert told == (2,)
    assert len(mail.outbox) == 2


@pytest.mark.truth("15")
@pytest.mark.parametrize("kept", ["null", "[]", '{"reason": "", "since": 1, "told": {}}', '{"a": 1}'])
def test_what_another_version_or_hand_left_in_the_folder_stops_no_telling(
    portal_database: PortalDatabase, tmp_path: Path, kept: str
) -> None:
    (tmp_path / "refusal.told").write_text(kept)
    with portal_database.connect("portal_notary") as connection:
        RefusalNotices(tmp_path).tell("rolled back", 3, ["aram@extrus.example"], 1000.0, connection)
    assert len(mail.outbox) == 1
