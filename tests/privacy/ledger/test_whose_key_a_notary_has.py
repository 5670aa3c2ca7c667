"""A notary works under the one name of its log: with another's key, state or folders it says so and signs nothing."""

import shutil
from pathlib import Path

import pytest

from privacy.ledger.checkpoints import key_handovers
from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.checkpoints.signed_notes import Signer
from tests.database import PortalDatabase
from tests.factories.ledger import ORIGIN, keep_in, make_entries, make_notary, seal, sign

pytestmark = pytest.mark.attack("19.5")


@pytest.fixture
def signed(portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PortalDatabase:
    """Ten entries that the command signed, in a folder that the settings name."""
    keep_in(tmp_path, monkeypatch)
    monkeypatch.setenv("NOTARY_KEY_FILE", str(tmp_path / "notary.key"))
    make_entries(portal_database, 10)
    seal(portal_database)
    run = portal_database.manage("notary", "--make-key", "--once", role="portal_notary")
    assert run.returncode == 0, run.stderr
    return portal_database


def test_a_new_origin_beside_an_old_key_file_is_refused(
    signed: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_ORIGIN", f"{ORIGIN}/2")
    run = signed.manage("notary", "--make-key", "--once", role="portal_notary")
    assert run.returncode == 1
    assert f"The key in {tmp_path / 'notary.key'} is of the log {ORIGIN}, LEDGER_ORIGIN is {ORIGIN}/2" in run.stderr
    assert "NOTARY_KEY_FILE" in run.stderr and "NOTARY_STATE_DIR" in run.stderr


def test_a_new_key_beside_an_old_state_is_refused_and_publishes_no_key(
    signed: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (tmp_path / "vkeys").read_text()
    make_entries(signed, 5)
    seal(signed)
    monkeypatch.setenv("NOTARY_KEY_FILE", str(tmp_path / "second.key"))
    for name in ("MIRROR_DIR", "ANCHOR_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "second" / name))
    run = signed.manage("notary", "--make-key", "--once", role="portal_notary")
    assert (run.returncode, "a checkpoint in the state is not this notary's" in run.stderr) == (2, True), run.stderr
    assert (tmp_path / "vkeys").read_text() == before
    (tmp_path / "second.key").unlink()
    monkeypatch.setenv("LEDGER_ORIGIN", f"{ORIGIN}/2")
    run = signed.manage("notary", "--make-key", "--once", role="portal_notary")
    assert (run.returncode, "the mirror is damaged" in run.stderr) == (2, False)
    assert f"NOTARY_STATE_DIR holds a checkpoint of another log ({ORIGIN})" in run.stderr
    assert (tmp_path / "vkeys").read_text() == before


@pytest.mark.parametrize("name", ["notary.key.next", "notary.key.until-10-12345678"])
def test_where_a_key_was_handed_over_no_new_one_is_made(signed: PortalDatabase, tmp_path: Path, name: str) -> None:
    (tmp_path / "notary.key").rename(tmp_path / name)
    run = signed.manage("notary", "--make-key", "--once", role="portal_notary")
    assert (run.returncode, name in run.stderr) == (1, True), run.stderr
    assert not (tmp_path / "notary.key").exists()


def test_each_old_key_of_two_hand_overs_at_one_size_stays(portal_database: PortalDatabase, tmp_path: Path) -> None:
    make_entries(portal_database, 10)
    seal(portal_database)
    signers, notary = list[Signer](), make_notary(tmp_path)
    sign(portal_database, notary)
    for _time in range(2):
        signers.append(notary.signer)
        with portal_database.connect("portal_notary") as connection:
            key_handovers.hand_over(tmp_path / "notary.key", notary.path, notary.mirror, connection, 1)
        notary = make_notary(tmp_path)
    kept = {Signer.load(path).vkeys[0] for path in tmp_path.glob("notary.key.until-10-*")}
    assert kept == {signer.vkeys[0] for signer in signers}
    seal(portal_database)
    assert sign(portal_database, notary) == 12


@pytest.mark.parametrize(("place", "setting"), [("mirror", "MIRROR_DIR"), ("anchors", "ANCHOR_DIR")])
def test_a_new_origin_takes_no_folder_of_the_old_one(
    signed: PortalDatabase, tmp_path: Path, place: str, setting: str
) -> None:
    new = tmp_path / "new"
    new.mkdir()
    shutil.copytree(tmp_path / place, new / place)
    with pytest.raises(SigningRefused, match=rf"^{setting} holds a checkpoint of another log \({ORIGIN}\)"):
        sign(signed, make_notary(new, signer=Signer.make(f"{ORIGIN}/2")))
