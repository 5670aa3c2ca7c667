"""What was altered in the database is found and named, whoever altered it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from privacy.ledger.checkpoints import external_checkpoints
from privacy.ledger.checkpoints.external_checkpoints import ExternalCheckpoints
from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.integrity import verification
from privacy.ledger.integrity.verification import MAX_MISDATED, Verification
from privacy.ledger.integrity.verification_report import MAX_FINDINGS, VerificationReport
from privacy.ledger.merkle import log_reader
from privacy.ledger.verify import ALTERED, MALFORMED, POLICY, SOUND
from tests.database import ROOT, PortalDatabase
from tests.factories.ledger import (
    WHAT,
    keep_in,
    make_entries,
    make_notary,
    make_past_entries,
    make_witnesses,
    publish_keys,
    seal,
    sign,
    switch_triggers,
    tamper,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the notary of the module's trail lives."""
    return tmp_path_factory.mktemp("notary")


@pytest.fixture(scope="module")
def trail(home: Path, django_db_setup: None, django_db_blocker: Any) -> Iterator[PortalDatabase]:
    """A log of 600 entries, signed at 200, 500 and 600; alterations of it are rolled back."""
    with django_db_blocker.unblock(), PortalDatabase().in_use() as database:
        notary = make_notary(home)
        for count in (200, 300, 100):
            make_entries(database, count)
            seal(database)
            sign(database, notary)
        yield database


def examine(database: PortalDatabase, by: ExternalCheckpoints, start: int = 0) -> VerificationReport:
    with database.connect("portal_auditor") as connection:
        return verification.verify_log(connection, by, start=start)


def examine_altered(database: PortalDatabase, by: ExternalCheckpoints, *statements: str) -> VerificationReport:
    """Alter as the superuser, examine what is there then, and undo it."""
    with database.connect() as superuser, superuser.transaction(force_rollback=True):
        superuser.execute("SET LOCAL session_replication_role = replica")
        switch_triggers(superuser, "DISABLE")
        for statement in statements:
            superuser.execute(statement)
        examination = Verification(superuser, by)
        examination.begin(0)
        while examination.slice():
            pass
        return examination.end()


def said(report: VerificationReport) -> str:
    return "\n".join(finding.message for finding in report.findings)


@pytest.mark.clause("P8.3")
def test_an_untouched_trail_is_sound(trail: PortalDatabase, home: Path) -> None:
    report = examine(trail, make_witnesses(home))
    assert (report.code, said(report)) == (SOUND, "")
    assert (report.size, report.signed_size, report.checkpoints, report.anchored) == (600, 600, 3, 3)


def test_a_part_is_sound_too(trail: PortalDatabase, home: Path) -> None:
    report = examine(trail, make_witnesses(home), start=300)
    assert (report.code, report.start) == (SOUND, 256)


ENTRY = "(SELECT entry_id FROM ledger.leaf WHERE index = 333)"
REHASH = (
    "UPDATE ledger.leaf SET hash = sha256('\\x00'::bytea || (SELECT convert_to("
    + log_reader.ENTRY_TEXT
    + ", 'UTF8') FROM ledger.entry e WHERE e.id = entry_id)) WHERE index = 333"
)
NAMED = {
    "its text": [f"UPDATE ledger.entry SET payload = replace(payload, 'tests', 'other') WHERE id = {ENTRY}"],
    "its kind": [f"UPDATE ledger.entry SET kind = 'read' WHERE id = {ENTRY}"],
    "its time": [f"UPDATE ledger.entry SET time = time - interval '1 second' WHERE id = {ENTRY}"],
    "its transaction": [f"UPDATE ledger.entry SET xid = '7' WHERE id = {ENTRY}"],
    "its life": [f"UPDATE ledger.entry SET generation = 2 WHERE id = {ENTRY}"],
    "its leaf": ["UPDATE ledger.leaf SET hash = sha256('x') WHERE index = 333"],
    "text and leaf together": [
        f"UPDATE ledger.entry SET payload = replace(payload, 'tests', 'other') WHERE id = {ENTRY}", REHASH,
    ],
}  # fmt: skip


@pytest.mark.law("S-06")
@pytest.mark.parametrize("statements", NAMED.values(), ids=list(NAMED))
def test_an_altered_entry_is_named(trail: PortalDatabase, home: Path, statements: list[str]) -> None:
    with trail.connect() as connection:
        row = connection.execute(f"SELECT {ENTRY}").fetchone()
    assert row is not None
    report = examine_altered(trail, make_witnesses(home), *statements)
    assert report.code == ALTERED
    assert f"entry {row[0]} (index 333)" in said(report)


FOUND = {
    "an entry is removed": ([f"DELETE FROM ledger.entry WHERE id = {ENTRY}"], "(index 333) is gone"),
    "an entry is moved to another month": (
        [f"UPDATE ledger.entry SET time = time + interval '2 months' WHERE id = {ENTRY}"], "(index 333) is not",
    ),
    "an entry is doubled": (
        [f"INSERT INTO ledger.entry (id, xid, generation, time, {WHAT}) SELECT id, xid, generation,"
         f" time + interval '1 month', {WHAT} FROM ledger.entry WHERE id = {ENTRY}"], "(index 333) stands twice",
    ),
    "an entry is slipped in with an old number": (
        [f"INSERT INTO ledger.entry (id, xid, generation, time, {WHAT}) SELECT 999999, xid, generation, time,"
         f" {WHAT} FROM ledger.entry WHERE id = {ENTRY}"], "entry 999999 was slipped in",
    ),
    "a leaf is removed": (["DELETE FROM ledger.leaf WHERE index = 333"], "the leaf at index 333 is gone"),
    "two leaves change places": (
        ["UPDATE ledger.leaf SET index = -1 WHERE index = 333", "UPDATE ledger.leaf SET index = 333 WHERE index = 7",
         "UPDATE ledger.leaf SET index = 7 WHERE index = -1"], "(index 333) is not the one that the notary saw",
    ),
    "a leaf is added behind the end": (
        ["INSERT INTO ledger.leaf VALUES (600, 424242, sha256('x'))"], "index 600 belongs to no tree head",
    ),
    "a root": (["UPDATE ledger.tree SET root = sha256('x') WHERE size = 500"], "tree head of size 500"),
    "a frontier": (["UPDATE ledger.tree SET frontier = sha256('x') WHERE size = 500"], "tree head of size 500"),
    "a snapshot": (["UPDATE ledger.tree SET snapshot = '3:3:' WHERE size = 500"], "tree head of size 500 or less"),
    "a head's time": (
        ["UPDATE ledger.tree SET sealed_at = sealed_at - interval '1 day' WHERE size = 200"], "of size 200 or less",
    ),
    "a tree head is removed": (["DELETE FROM ledger.tree WHERE size = 500"], "of size 500, which was signed, is gone"),
    "the end is cut off": (
        ["DELETE FROM ledger.tree WHERE size = 600", "DELETE FROM ledger.leaf WHERE index >= 500"], "rolled back",
    ),
    "a node": (["UPDATE ledger.node SET hash = sha256('x') WHERE index = 1"], "node 8/1 is not"),
    "a checkpoint's text": (
        ["UPDATE ledger.checkpoint SET note = replace(note, E'\\n500\\n', E'\\n501\\n') WHERE size = 500"],
        "the stored checkpoint of size 500",
    ),
    "a checkpoint's time": (
        ["UPDATE ledger.checkpoint SET signed_at = signed_at - interval '1 hour' WHERE size = 500"],
        "the stored checkpoint of size 500",
    ),
    "a checkpoint is put elsewhere": (
        ["UPDATE ledger.checkpoint SET size = 501 WHERE size = 500"], "which was anchored, is gone",
    ),
    "a checkpoint is removed": (["DELETE FROM ledger.checkpoint WHERE size = 500"], "which was anchored, is gone"),
    "a search column": (
        [f"UPDATE ledger.entry SET actor = 'nobody' WHERE id = {ENTRY}"], "the search columns of entry",
    ),
    "a pruning is feigned": (
        [f"DELETE FROM ledger.entry WHERE id = {ENTRY}",
         "INSERT INTO ledger.pruning VALUES (512, now() - interval '3 years', 1, '{}', '{}')"],
        "before index 512 were pruned too early",
    ),
    "a pruning is feigned without a certificate": (
        ["INSERT INTO ledger.pruning VALUES (512, now() - interval '3 years', 0, '{}', '{}')"],
        "the certificate of the pruning before index 512 does not vouch",
    ),
    "a pruning is feigned that nobody put on record": (
        ["INSERT INTO ledger.pruning VALUES (512, now() - interval '3 years', 0, '{}', '{}')"],
        "the pruning before index 512 is not on record",
    ),
    "more is gone than was pruned": (
        [f"DELETE FROM ledger.entry WHERE id = {ENTRY}",
         "INSERT INTO ledger.pruning VALUES (512, now() - interval '3 years', 0, '{}', '{}')"],
        "1 entries before index 512 are gone, the certificates speak of 0",
    ),
    "an entry of a life that has not been yet": (
        [f"INSERT INTO ledger.entry (id, xid, generation, {WHAT}) SELECT 999999, xid, 7, {WHAT}"
         f" FROM ledger.entry WHERE id = {ENTRY}"], "entry 999999 was slipped in",
    ),
    "an entry of a transaction that has not been yet": (
        [f"INSERT INTO ledger.entry (id, xid, generation, {WHAT}) SELECT 999999, '4000000000', 1, {WHAT}"
         f" FROM ledger.entry WHERE id = {ENTRY}"], "entry 999999 was slipped in",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "message"), FOUND.values(), ids=list(FOUND))
def test_any_other_alteration_is_found(trail: PortalDatabase, home: Path, statements: list[str], message: str) -> None:
    report = examine_altered(trail, make_witnesses(home), *statements)
    assert report.code == ALTERED
    assert message in said(report)


@pytest.mark.law("S-06")
@pytest.mark.parametrize(("days", "found"), [(3, True), (-1, True), (0, False)])
def test_an_entry_of_the_past_that_never_was_is_named(
    portal_database: PortalDatabase, tmp_path: Path, days: int, found: bool
) -> None:
    """It is put in now, sealed and signed like any other; only its time is another."""
    notary = make_notary(tmp_path)
    make_entries(portal_database, 5)
    seal(portal_database)
    sign(portal_database, notary)
    then = datetime.now(UTC) - timedelta(days=days)
    (number,) = make_past_entries(portal_database, [(then, "read", {"word": "ledger.read"})])
    seal(portal_database)
    with suppress(SigningRefused):
        sign(portal_database, notary)
    report = examine(portal_database, make_witnesses(tmp_path))
    assert (f"entry {number} (index 5) has another time than that of its writing" in said(report)) is found
    assert report.code == (ALTERED if found else SOUND)


def test_what_waits_for_its_signature_is_told(portal_database: PortalDatabase, tmp_path: Path) -> None:
    notary = make_notary(tmp_path)
    make_entries(portal_database, 5)
    seal(portal_database)
    sign(portal_database, notary)
    make_entries(portal_database, 5)
    seal(portal_database)
    assert examine(portal_database, make_witnesses(tmp_path)).code == SOUND
    make_past_entries(portal_database, [(datetime.now(UTC) - timedelta(minutes=20), "act", {"word": "a.b"})])
    seal(portal_database, at=datetime.now(UTC) - timedelta(minutes=19))
    report = examine(portal_database, make_witnesses(tmp_path))
    assert report.code == POLICY
    assert said(report) == "the tree of 11 entries waits for its signature: is the notary running?"


def test_a_log_built_anew_without_the_key_is_found(portal_database: PortalDatabase, tmp_path: Path) -> None:
    notary = make_notary(tmp_path)
    make_entries(portal_database, 300)
    seal(portal_database)
    sign(portal_database, notary)
    tamper(
        portal_database,
        *(f"DELETE FROM ledger.{table}" for table in ("leaf", "tree", "node", "checkpoint")),
        "UPDATE ledger.entry SET payload = payload || ' ' WHERE id = 5",
    )
    assert seal(portal_database) == 300
    (tmp_path / "forger").mkdir()
    sign(portal_database, make_notary(tmp_path / "forger"))
    report = examine(portal_database, make_witnesses(tmp_path))
    assert report.code == ALTERED
    assert "entry 5 (index 4) is not the one that the notary saw" in said(report)
    assert "the first 300 entries differ from what was signed for them" in said(report)


def test_a_damaged_mirror_is_not_held_against_the_database(trail: PortalDatabase, home: Path) -> None:
    tile = home / "mirror" / "tile" / "0" / "001"
    sound = tile.read_bytes()
    tile.write_bytes(b"\1" * 32 + sound[32:])
    report = examine(trail, make_witnesses(home))
    tile.write_bytes(sound)
    assert said(report) == "the notary's mirror is damaged at index 256; the database is as signed"


def test_without_a_pinned_key_nothing_can_be_relied_on(trail: PortalDatabase) -> None:
    report = examine(trail, ExternalCheckpoints([]))
    assert report.code == POLICY
    assert "no key of the notary is pinned" in said(report)


def test_an_unsigned_trail_can_not_be_relied_on(portal_database: PortalDatabase, tmp_path: Path) -> None:
    keys = make_notary(tmp_path).signer.keys
    make_entries(portal_database, 3)
    seal(portal_database)
    report = examine(portal_database, ExternalCheckpoints(keys))
    assert (report.code, said(report)) == (POLICY, "nothing is signed yet: is the notary running?")


def test_an_empty_trail_is_sound(portal_database: PortalDatabase, tmp_path: Path) -> None:
    report = examine(portal_database, ExternalCheckpoints(make_notary(tmp_path).signer.keys))
    assert (report.code, report.size) == (SOUND, 0)


def test_the_command_exits_0_and_after_a_superuser_s_update_2_naming_the_entry(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_in(tmp_path, monkeypatch)
    notary = make_notary(tmp_path)
    publish_keys(notary)
    make_entries(portal_database, 30)
    seal(portal_database)
    sign(portal_database, notary)
    run = portal_database.manage("verify_ledger", role="portal_auditor")
    assert run.returncode == 0, run.stdout + run.stderr
    tamper(portal_database, "UPDATE ledger.entry SET payload = replace(payload, 'tried', 'tired') WHERE id = 17")
    run = portal_database.manage("verify_ledger", role="portal_auditor")
    assert run.returncode == 2
    assert "ALTERED: entry 17 (index 16) is not what was sealed" in run.stdout


@pytest.mark.truth("part-of-the-trail")
def test_the_command_says_which_part_it_hashed_and_a_wrong_call_is_no_alteration(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_in(tmp_path, monkeypatch)
    notary = make_notary(tmp_path)
    publish_keys(notary)
    make_entries(portal_database, 300)
    seal(portal_database)
    sign(portal_database, notary)
    tamper(portal_database, "UPDATE ledger.entry SET payload = payload || ' ' WHERE id = 17")
    part = portal_database.manage("verify_ledger", "--from-index", "299", role="portal_auditor")
    assert "every entry is as it was sealed" not in part.stdout
    assert "from index 256 on" in part.stdout
    for wrong in (["--from-index", "-1"], ["--from-indeks", "3"]):
        run = portal_database.manage("verify_ledger", *wrong, role="portal_auditor")
        assert run.returncode == 4, run.stdout + run.stderr


@pytest.mark.truth("gravest-finding-kept")
def test_many_findings_of_policy_leave_room_for_an_alteration(trail: PortalDatabase, home: Path) -> None:
    by = make_witnesses(home)
    unpinned = ExternalCheckpoints([], list(by.anchored) * 20)
    report = examine_altered(trail, unpinned, "UPDATE ledger.entry SET payload = payload || ' ' WHERE id = 7")
    assert report.code == ALTERED
    assert "entry 7 (index 6) is not what was sealed" in said(report)


@pytest.mark.truth("mirror-half-replaced")
def test_a_mirror_that_is_being_replaced_is_read_until_its_files_belong_together(
    trail: PortalDatabase, home: Path, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notary has put the new digest of heads there, and the checkpoint follows a moment later."""
    settings.NOTARY_VKEYS = make_notary(home).signer.vkeys
    settings.MIRROR_DIR, settings.ANCHOR_DIR = tmp_path, tmp_path / "anchors"
    by = make_witnesses(home)
    older, newer = by.anchored[-2], by.anchored[-1]
    (tmp_path / "checkpoint").write_text(older[0])
    (tmp_path / "heads").write_text(newer[1])
    monkeypatch.setattr(external_checkpoints.time, "sleep", lambda _s: (tmp_path / "checkpoint").write_text(newer[0]))
    assert examine(trail, external_checkpoints.load()).findings == []


@pytest.mark.truth("findings-cut-without-a-word")
def test_where_more_is_altered_than_is_named_the_report_says_so(trail: PortalDatabase, home: Path) -> None:
    """An auditor who reads fifty lines must not take them for all."""
    few = examine_altered(
        trail, make_witnesses(home), "UPDATE ledger.leaf SET hash = sha256('x') WHERE index BETWEEN 100 AND 110"
    )
    assert "not named here" not in said(few)
    report = examine_altered(
        trail, make_witnesses(home), "UPDATE ledger.leaf SET hash = sha256('x') WHERE index BETWEEN 100 AND 399"
    )
    altered = [finding for finding in report.findings if finding.code == ALTERED]
    assert len(altered) == MAX_FINDINGS + 1
    assert "not named here" in altered[-1].message
    misdated = examine_altered(
        trail, make_witnesses(home), "UPDATE ledger.tree SET sealed_at = sealed_at - interval '1 year'"
    )
    assert sum("has another time" in finding.message for finding in misdated.findings) == MAX_MISDATED
    assert "further entries with another time" in said(misdated)


def test_what_is_pinned_and_is_no_key_is_said_without_a_trace(portal_database: PortalDatabase, tmp_path: Path) -> None:
    notary = make_notary(tmp_path)
    given = {"NOTARY_VKEYS": f"{notary.signer.vkeys[0]} nonsense", "MIRROR_DIR": str(tmp_path / "mirror")}
    environ = {**portal_database.environ("portal_auditor"), **given}
    run = subprocess.run(
        [sys.executable, "manage.py", "verify_ledger"],
        cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (MALFORMED, "")
    assert "MALFORMED: NOTARY_VKEYS: 'nonsense' is no verifier key" in run.stdout
