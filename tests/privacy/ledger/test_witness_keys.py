"""Witnesses of either key, and what can be checked while too few of them answer."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from privacy.ledger import verify
from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.verify import Bundle
from privacy.ledger.verify_witnesses import read_policy
from privacy.ledger.witness.asking import Witnesses
from privacy.ledger.witness.cosigning import Witness
from privacy.ledger.witness.serving import make_server
from privacy.ledger.witness.witness_keys import Ed25519Signer, MlDsaSigner, WitnessSigner, load_key
from tests.database import ROOT, PortalDatabase
from tests.factories.ledger import make_notary, sign
from tests.privacy.ledger.test_witnesses import NOW, grow, served, signed_and_witnessed

__all__ = ["served"]
pytestmark = pytest.mark.attack("19")
VKEY = Signer.make("nobody.example").vkeys[1].encode()


@pytest.mark.parametrize("grown", [20, 246, 247, 300, 600])
def test_what_was_published_is_checkable_while_nothing_newer_is_signed(
    portal_database: PortalDatabase, tmp_path: Path, served: dict[str, Witness], grown: int
) -> None:
    """The mirror grows before witnesses answer; whoever reads it meanwhile finds the tiles of its checkpoint."""
    notary = signed_and_witnessed(portal_database, tmp_path, served)
    policy, witnesses = read_policy(b"witness a %s http://127.0.0.1:9\nquorum a" % VKEY), notary.witnesses
    for _restart in range(2):
        notary.witnesses = Witnesses(policy)
        grow(portal_database, grown)
        with pytest.raises(SigningRefused, match="too few witnesses"):
            sign(portal_database, notary)
        assert Bundle(str(tmp_path / "mirror")).verify(notary.signer.keys).said.startswith("10 entries of 10")
        notary = make_notary(tmp_path)
    notary.witnesses = witnesses
    assert sign(portal_database, notary) == 10 + 2 * grown
    said = Bundle(str(tmp_path / "mirror")).verify(notary.signer.keys).said
    assert said.startswith(f"{notary.state.size} entries of {notary.state.size}")
    partial = {path.name for path in (tmp_path / "mirror" / "tile").rglob("*.p/*")}
    assert partial == ({str(notary.state.size % 256)} | ({str(notary.state.size // 256)} - {"0"}))


@pytest.mark.parametrize("make", [Ed25519Signer.make, MlDsaSigner.make])
def test_a_witness_of_either_key_is_asked_and_checked_offline(
    portal_database: PortalDatabase, tmp_path: Path, make: Callable[[str], WitnessSigner]
) -> None:
    """ML-DSA-44: the notary asks, the note has its line, and the second program checks the quorum."""
    folder = tmp_path / "witness"
    folder.mkdir()
    make("witness.example/pq").save(folder / "witness.key")
    (folder / "logs.json").write_text("{}")
    notary = make_notary(tmp_path)
    witness = Witness(load_key(folder / "witness.key"), folder, lambda: NOW)
    witness.add_log(notary.signer.vkeys[0])
    server = make_server(witness, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    vkey, address = witness.signer.vkey, f"http://127.0.0.1:{server.server_port}"
    policy = f"witness a {vkey} {address}\nquorum a\n"
    notary.witnesses = Witnesses(read_policy(policy.encode()))
    try:
        for size in (10, 20):
            grow(portal_database)
            assert sign(portal_database, notary) == size
    finally:
        server.shutdown()
        server.server_close()
    assert notary.witnesses.policy.cosigners(notary.state.note.encode()) == ["a"]
    (tmp_path / "policy").write_text("".join(f"log {one}\n" for one in notary.signer.vkeys) + policy)

    def check() -> int:
        program = str(ROOT / "privacy/ledger/verify_vectors.py")
        command = [sys.executable, program, str(tmp_path / "mirror"), "--policy", str(tmp_path / "policy")]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert check() == verify.SOUND
    note = (tmp_path / "mirror" / "checkpoint").read_text()
    (tmp_path / "mirror" / "checkpoint").write_text(note.replace(note.splitlines()[-1][-20:], "A" * 20))
    assert check() in (verify.ALTERED, verify.MALFORMED)
    (tmp_path / "mirror" / "checkpoint").write_text("".join(note.splitlines(keepends=True)[:-1]))
    assert check() == verify.POLICY
