"""A new key under witnesses, handed over or after a loss: each witness and the policy learn it before the notary."""

import subprocess
import sys
from pathlib import Path

import pytest

from privacy.ledger import verify
from privacy.ledger.checkpoints.notary import Notary
from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.verify_witnesses import read_policy
from privacy.ledger.witness.asking import Witnesses
from privacy.ledger.witness.cosigning import Witness
from tests.database import ROOT, PortalDatabase
from tests.factories.ledger import ORIGIN, make_notary, seal, sign
from tests.privacy.ledger.test_a_new_notary_key import hand_over
from tests.privacy.ledger.test_witnesses import grow, served, signed_and_witnessed

__all__ = ["served"]
pytestmark = pytest.mark.attack("19.5")


def witnessed(notary: Notary, folder: Path) -> Notary:
    notary.witnesses = Witnesses(read_policy((folder / "policy").read_bytes()))
    return notary


def tell(served: dict[str, Witness], notary: Notary) -> None:
    for witness in served.values():
        witness.add_log(notary.signer.vkeys[0])


def check(folder: Path, mirror: Path, log: Signer) -> int:
    """Check a mirror under the policy with the lines of a log."""
    policy = folder / "policy.log"
    policy.write_text("".join(f"log {vkey}\n" for vkey in log.vkeys) + (folder / "policy").read_text())
    command = [sys.executable, str(ROOT / "privacy/ledger/verify.py"), str(mirror), "--policy", str(policy)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_witnesses_cosign_a_key_that_was_handed_over_once_they_are_told(
    portal_database: PortalDatabase, tmp_path: Path, served: dict[str, Witness]
) -> None:
    old = signed_and_witnessed(portal_database, tmp_path, served)
    new = witnessed(hand_over(portal_database, tmp_path), tmp_path)
    seal(portal_database)
    with pytest.raises(SigningRefused, match=r"too few witnesses cosign: one refuses \(403\)"):
        sign(portal_database, new)
    tell(served, new)
    assert sign(portal_database, new) == 11
    for signer in (old.signer, new.signer):
        assert check(tmp_path, tmp_path / "mirror", signer) == verify.SOUND


def test_witnesses_and_policy_learn_the_origin_of_a_key_after_a_loss(
    portal_database: PortalDatabase, tmp_path: Path, served: dict[str, Witness]
) -> None:
    old = signed_and_witnessed(portal_database, tmp_path, served)
    folder = tmp_path / "new"
    folder.mkdir()
    new = witnessed(make_notary(folder, signer=Signer.make(f"{ORIGIN}/2")), tmp_path)
    grow(portal_database)
    with pytest.raises(SigningRefused, match=r"too few witnesses cosign: one refuses \(404\)"):
        sign(portal_database, new)
    assert (folder / "vkeys").read_text().split() == new.signer.vkeys, "what each witness is told"
    tell(served, new)
    assert sign(portal_database, new) == 20
    assert check(tmp_path, folder / "mirror", old.signer) == verify.POLICY
    assert check(tmp_path, folder / "mirror", new.signer) == verify.SOUND


def test_the_document_tells_the_witnesses_before_the_notary_starts() -> None:
    text = " ".join((ROOT / "docs/ledger.md").read_text("utf-8").split())
    handed, lost = text.partition("**A new key:**")[2].split("**Key lost:**")
    lost = lost.partition("**After a legitimate restore**")[0]
    assert "tell each witness, start the notary again" in handed and "*instead of* the old one" in handed
    assert "before the notary starts: end it, `witness --add-log` with the new first line" in handed
    assert "Tell each witness" in lost and all("`log` line" in part for part in (handed, lost))
    for name in ("LEDGER_ORIGIN", "NOTARY_KEY_FILE", "NOTARY_STATE_DIR", "MIRROR_DIR", "ANCHOR_DIR"):
        assert name in lost
