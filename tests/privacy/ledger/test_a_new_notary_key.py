"""A new key of the notary, handed over by the old one or without it: no alarm, and nothing is forgotten."""

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from pytest_django import Settings  # type: ignore[attr-defined]

from privacy.ledger import verify
from privacy.ledger.checkpoints import key_handovers
from privacy.ledger.checkpoints.external_checkpoints import ExternalCheckpoints
from privacy.ledger.checkpoints.notary import Notary
from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.checkpoints.rebuilding import rebuild
from privacy.ledger.checkpoints.signed_notes import Signer, checkpoint_text
from privacy.ledger.exports import log_bundles
from privacy.ledger.integrity import verification
from privacy.ledger.integrity.verification_report import VerificationReport
from privacy.ledger.verify import ALTERED, POLICY, SOUND, Bundle, Key, Problem, open_checkpoint
from privacy.ledger.verify_handovers import follow
from tests.database import PortalDatabase
from tests.factories.ledger import keep_in, make_entries, make_notary, make_witnesses, seal, sign, tamper

ORIGIN = "privacy.extrus.example/ledger"
pytestmark = pytest.mark.attack("19.5")


def grow(database: PortalDatabase, notary: Notary, count: int = 10) -> int:
    """Write, seal and sign; return the size."""
    make_entries(database, count)
    while seal(database):
        pass
    size = sign(database, notary)
    assert size is not None
    return size


def hand_over(database: PortalDatabase, folder: Path) -> Notary:
    """Let a new key follow that of the notary of a folder, and return the notary with it."""
    notary = make_notary(folder)
    with database.connect("portal_notary") as connection:
        key_handovers.hand_over(folder / "notary.key", notary.path, notary.mirror, connection, int(notary.clock()))
    return make_notary(folder)


def examine(database: PortalDatabase, folder: Path, keys: list[Key]) -> VerificationReport:
    outside = make_witnesses(folder)
    with database.connect("portal_auditor") as connection:
        return verification.verify_log(connection, ExternalCheckpoints(keys, outside.anchored, outside.mirror))


def bundle(database: PortalDatabase, folder: Path, settings: Settings) -> Path:
    settings.MIRROR_DIR = folder / "mirror"
    made = folder / "bundle"
    made.mkdir()
    with database.connect("portal_auditor") as connection:
        log_bundles.write(connection, made, since=None, until=None, vkeys=make_notary(folder).signer.vkeys)
    return made


@pytest.mark.asvs("11.2.2")
def test_a_hand_over_raises_no_alarm_with_the_old_key_the_new_one_or_both(
    portal_database: PortalDatabase, tmp_path: Path, settings: Settings
) -> None:
    old = make_notary(tmp_path)
    size = grow(portal_database, old)
    new = hand_over(portal_database, tmp_path)
    assert new.signer.vkeys != old.signer.vkeys
    whole = grow(portal_database, new)
    made = bundle(portal_database, tmp_path, settings)
    for keys in (old.signer.keys, new.signer.keys, [*old.signer.keys, *new.signer.keys]):
        report = examine(portal_database, tmp_path, keys)
        assert (report.code, report.findings) == (SOUND, [])
        assert report.checkpoints == 2
        for folder in (made, tmp_path / "mirror"):
            assert Bundle(str(folder)).verify(keys, [old.state.note.encode()]).said.startswith(f"{whole} entries")
    assert key_handovers.former_key(tmp_path / "notary.key", old.signer, size).exists()
    with pytest.raises(Problem, match="no signature by a pinned key"):
        Bundle(str(made)).verify(Signer.make(ORIGIN).keys)


def test_the_program_in_a_bundle_follows_a_hand_over_on_its_own(
    portal_database: PortalDatabase, tmp_path: Path, settings: Settings
) -> None:
    old = make_notary(tmp_path)
    grow(portal_database, old)
    grow(portal_database, hand_over(portal_database, tmp_path))
    made = bundle(portal_database, tmp_path, settings)
    pinned = [part for vkey in old.signer.vkeys for part in ("--key", vkey)]
    command = [sys.executable, "-I", str(made / "verify.py"), str(made), *pinned]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (SOUND, "")
    (made / "verify_handovers.py").unlink()
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == verify.MALFORMED
    assert "verify_handovers.py, which is not beside this file" in answer.stdout + answer.stderr


def test_history_rewritten_at_the_hand_over_is_found(portal_database: PortalDatabase, tmp_path: Path) -> None:
    old = make_notary(tmp_path)
    size = grow(portal_database, old)
    new = hand_over(portal_database, tmp_path)
    tamper(
        portal_database,
        "UPDATE ledger.entry SET payload = replace(payload, 'tests.thing.tried', 'tests.thing.other') WHERE id = 3",
        "DELETE FROM ledger.checkpoint",
    )
    report = examine(portal_database, tmp_path, new.signer.keys)
    assert report.code == ALTERED
    with portal_database.connect("portal_auditor") as connection:
        alone = verification.verify_log(connection, ExternalCheckpoints(new.signer.keys))
    assert any(f"the checkpoint of size {size}" in one.message or "entry" in one.message for one in alone.findings)


def test_an_old_key_that_was_stolen_signs_nothing_more(portal_database: PortalDatabase, tmp_path: Path) -> None:
    old = make_notary(tmp_path)
    grow(portal_database, old)
    new = hand_over(portal_database, tmp_path)
    grow(portal_database, new)
    forged = old.signer.note(checkpoint_text(ORIGIN, 40, bytes(32)), new.state.time)
    handed = [path.read_bytes() for path in (tmp_path / "mirror" / "handovers").iterdir()]
    for pinned in (old.signer.keys, new.signer.keys):
        keys = follow(handed, pinned)[0]
        with pytest.raises(Problem, match="handed over before, or not yet") as refused:
            open_checkpoint(forged.encode(), keys)
        assert refused.value.code == ALTERED
    # Nor does it hand over again, to a key of the thief's.
    thief = make_notary(tmp_path / "thief", signer=old.signer)
    (tmp_path / "thief").mkdir(exist_ok=True)
    new.state.save(thief.path, old.signer)
    kept = key_handovers.former_key(tmp_path / "notary.key", old.signer, old.state.size)
    (tmp_path / "thief" / "notary.key").write_text(kept.read_text())
    with portal_database.connect("portal_notary") as connection:
        key_handovers.hand_over(tmp_path / "thief" / "notary.key", thief.path, thief.mirror, connection, 1)
    # Who pinned the new one isn't even disturbed; who still trusts the old one learns that somebody else has it.
    assert examine(portal_database, tmp_path, new.signer.keys).findings == []
    report = examine(portal_database, tmp_path, old.signer.keys)
    assert (ALTERED, "a key of the notary was handed over twice") in [
        (one.code, one.message) for one in report.findings
    ]


def test_a_hand_over_that_a_crash_cut_off_is_finished_and_the_old_key_signs_nothing_meanwhile(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make_notary(tmp_path)
    size = grow(portal_database, old)

    def crash(*_where: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Path, "hardlink_to", crash)
        with pytest.raises(KeyboardInterrupt):
            hand_over(portal_database, tmp_path)
    assert key_handovers.is_begun(tmp_path / "notary.key")
    make_entries(portal_database, 5)
    seal(portal_database)
    with pytest.raises(SigningRefused, match="run notary --new-key to finish"):
        sign(portal_database, make_notary(tmp_path))
    new = hand_over(portal_database, tmp_path)
    grow(portal_database, new)
    assert not key_handovers.is_begun(tmp_path / "notary.key")
    assert key_handovers.former_key(tmp_path / "notary.key", old.signer, size).exists()
    for pinned in (old.signer.keys, new.signer.keys):
        assert examine(portal_database, tmp_path, pinned).findings == []


def test_a_hand_over_that_nobody_signed_says_nothing(portal_database: PortalDatabase, tmp_path: Path) -> None:
    notary = make_notary(tmp_path)
    grow(portal_database, notary)
    other = Signer.make(ORIGIN)
    for note in ("nonsense", other.note("privacy.extrus.example/ledger/handover\n1\n\n\n", 1)):
        with portal_database.connect("portal_notary") as connection:
            said = json.dumps(
                {"word": "ledger.notary.handed-over", "actor": "system:notary", "facts": {"signed_note": note}}
            )
            connection.execute("SELECT ledger.append('act', %s)", [said])
        for role in ("portal_app", "portal_worker", "portal_intake"):
            with (
                portal_database.connect(role) as connection,
                pytest.raises(psycopg.errors.InsufficientPrivilege, match="not this role's to append"),
            ):
                connection.execute("INSERT INTO ledger.entry (kind, payload) VALUES ('act', %s)", [said])
    grow(portal_database, notary)
    assert examine(portal_database, tmp_path, notary.signer.keys).findings == []


def test_the_command_hands_over(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_in(tmp_path, monkeypatch)
    monkeypatch.setenv("NOTARY_KEY_FILE", str(tmp_path / "notary.key"))

    def notary(*arguments: str) -> str:
        run = portal_database.manage("notary", *arguments, role="portal_notary")
        assert run.returncode == 0, run.stderr
        return run.stdout

    early = portal_database.manage("notary", "--new-key", role="portal_notary")
    assert (early.returncode, "there is nothing to hand over" in early.stderr) == (1, True)
    make_entries(portal_database, 10)
    seal(portal_database)
    notary("--make-key", "--once")
    before = (tmp_path / "vkeys").read_text()
    make_entries(portal_database, 10)
    seal(portal_database)
    said = notary("--new-key")
    after = (tmp_path / "vkeys").read_text()
    assert before != after
    assert after in said
    assert "From entry 20 on a new key signs." in said
    seal(portal_database)
    notary("--once")
    for pinned in (before, after):
        monkeypatch.setenv("NOTARY_VKEYS", ",".join(pinned.split()))
        run = portal_database.manage("verify_ledger", role="portal_auditor")
        assert (run.returncode, "21 entries sealed, 21 of them signed for" in run.stdout) == (SOUND, True), run.stdout
        assert ("NOTE: from entry 20 on another key" in run.stdout) == (pinned == before)


def test_a_lost_state_is_rebuilt_from_what_both_keys_signed(portal_database: PortalDatabase, tmp_path: Path) -> None:
    grow(portal_database, make_notary(tmp_path))
    new = hand_over(portal_database, tmp_path)
    size = grow(portal_database, new)
    with portal_database.connect("portal_notary") as connection:
        state = rebuild(new.signer, tmp_path / "mirror", tmp_path / "anchors", connection)
    assert (state.size, state.says_the_same(new.state)) == (size, True)


def test_a_key_that_was_lost_is_followed_by_one_under_a_new_origin(
    portal_database: PortalDatabase, tmp_path: Path
) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    old = make_notary(tmp_path / "old", signer=Signer.make(ORIGIN))
    grow(portal_database, old)
    kept = old.state.note.encode()
    new = make_notary(tmp_path / "new", signer=Signer.make(f"{ORIGIN}/2"))
    new.signer.save(tmp_path / "new" / "notary.key")
    grow(portal_database, new)
    report = examine(portal_database, tmp_path / "new", [*old.signer.keys, *new.signer.keys])
    assert (report.code, report.findings, report.checkpoints) == (SOUND, [], 2)
    report = examine(portal_database, tmp_path / "new", new.signer.keys)
    assert [(one.code, one.message) for one in report.findings] == [
        (POLICY, f"the stored checkpoint of size 10: no key is pinned of the log '{ORIGIN}'")
    ]
    # Offline, an auditor compares the checkpoint that was kept from before.
    both = [*old.signer.keys, *new.signer.keys]
    assert Bundle(str(tmp_path / "new" / "mirror")).verify(both, [kept]).said.startswith("20 entries of 20")
    with pytest.raises(Problem, match="no signature by a pinned key"):
        Bundle(str(tmp_path / "new" / "mirror")).verify(new.signer.keys, [kept])
    tamper(portal_database, "UPDATE ledger.checkpoint SET note = replace(note, '10', '11') WHERE size = 10")
    assert examine(portal_database, tmp_path / "new", both).code == ALTERED


@pytest.mark.parametrize("byte", ["x", " ", chr(7)])
def test_a_checkpoint_whose_log_s_name_was_altered_is_of_no_other_log(
    portal_database: PortalDatabase, tmp_path: Path, byte: str
) -> None:
    notary = make_notary(tmp_path)
    grow(portal_database, notary)
    tamper(portal_database, f"UPDATE ledger.checkpoint SET note = overlay(note placing '{byte}' from 3 for 1)")
    report = examine(portal_database, tmp_path, notary.signer.keys)
    assert (report.code, len(report.findings)) == (ALTERED, 1)
