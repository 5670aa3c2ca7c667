"""What a paper's slot may hold: nothing that the paper key alone proves, and nothing that nobody proved."""

import base64
import json
from pathlib import Path

import pytest
from pytest_django import Settings  # type: ignore[attr-defined]

from privacy.ledger import verify, verify_papers
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.exports import document_issuance
from privacy.ledger.verify_papers import FORMAT
from privacy.lib.crypto import document_signing
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.factories.openings import notary_of
from tests.factories.papers import receipt
from tests.privacy.ledger.test_a_new_notary_key import hand_over
from tests.privacy.ledger.test_papers import refilled, verified
from tests.privacy.retention.test_document_authenticity import DOUBTED, GENUINE, ask

type Paper = tuple[bytes, list[str]]


@pytest.fixture
def paper(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> Paper:
    """A receipt with its proof, and the keys to pin."""
    monkeypatch.setenv("NOTARY_STATE_DIR", str(tmp_path))
    catch_up = notary_of(portal_database, tmp_path)
    hand_out = receipt()
    hand_out(NOON)
    settings.NOTARY_VKEYS = catch_up()
    return hand_out(NOON), [*settings.NOTARY_VKEYS, *document_issuance.paper_keys()]


def said_in(raw: bytes) -> dict[str, str]:
    return verify_papers.open_slot(verify_papers.split(raw)[1])


def by_the_paper_key(leaf: bytes) -> str:
    """The proof that a thief of the paper key makes: a tree of one leaf, of a log that has that key's name."""
    key = verify.parse_key(document_issuance.paper_keys()[0])
    text = f"{key.name}\n1\n{base64.b64encode(leaf).decode()}\n"
    signature = base64.b64encode(key.id + base64.b64decode(document_signing.file_signer.sign(text))).decode()
    return f"c2sp.org/tlog-proof@v1\nindex 0\n\n{text}\n\u2014 {key.name} {signature}\n"


def test_a_paper_key_signs_for_no_log(paper: Paper, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw, vkeys = paper
    entry = said_in(raw)["entry"]
    forged = by_the_paper_key(verify.leaf_hash(entry.encode()))
    code, said = verified(refilled(raw, proof=forged), vkeys, tmp_path, capsys)
    assert (code, "no signature by a pinned key" in said) == (verify.POLICY, True), said
    assert DOUBTED in ask(file=refilled(raw, proof=forged))
    file = tmp_path / "proof.json"
    pinned = [part for vkey in vkeys for part in ("--key", vkey)]
    for proof, answer in ((said_in(raw)["proof"], verify.SOUND), (forged, verify.POLICY)):
        file.write_text(json.dumps({"format": FORMAT, "entry": entry, "proof": proof}))
        assert verify.main(["proof", str(file), *pinned]) == answer, capsys.readouterr().out


def test_a_line_that_nothing_proves_is_refused(
    paper: Paper, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw, vkeys = paper
    extra = base64.b64encode(b"and everything else too").decode()
    changed = refilled(raw, proof=said_in(raw)["proof"].replace("\nindex ", f"\nextra {extra}\nindex ", 1))
    code, said = verified(changed, vkeys, tmp_path, capsys)
    assert (code, "what is in the paper's slot is not as it was written" in said) == (verify.ALTERED, True), said
    assert DOUBTED in ask(file=changed)


def test_the_page_takes_no_proof_that_the_notary_did_not_sign(paper: Paper, settings: Settings) -> None:
    raw, _vkeys = paper
    proof = said_in(raw)["proof"]
    text, _blank, _lines = proof.rpartition("\n\n")
    assert GENUINE in ask(file=raw)
    stranger = Signer.make("stranger.example")
    theirs = stranger.cosignature(text.partition("\n\n")[2] + "\n", 1_800_000_000)
    assert DOUBTED in ask(file=refilled(raw, proof=f"{text}\n\n{theirs}"))
    assert DOUBTED in ask(file=refilled(raw, proof=proof.replace("\u2014 ", "\u2014 x", 1)))
    settings.NOTARY_VKEYS = Signer.make(settings.LEDGER_ORIGIN).vkeys
    assert DOUBTED in ask(file=raw)


def test_a_cosignature_is_known_by_the_policy(paper: Paper, settings: Settings, tmp_path: Path) -> None:
    raw, _vkeys = paper
    proof = said_in(raw)["proof"]
    witness = Signer.make("witness.example")
    cosigned = proof + witness.cosignature(proof.partition("\n\n")[2].rpartition("\n\n")[0] + "\n", 1_800_000_000)
    assert DOUBTED in ask(file=refilled(raw, proof=cosigned))
    policy = tmp_path / "policy"
    another = Signer.make("another.example")
    policy.write_text(
        f"witness a {witness.vkeys[1]}\nwitness b {another.vkeys[1]}\ngroup all all a b\nquorum all\n", "utf-8"
    )
    settings.WITNESS_POLICY = str(policy)
    assert GENUINE in ask(file=refilled(raw, proof=cosigned))
    assert GENUINE in ask(file=raw)


def test_a_paper_from_before_a_hand_over_stays_genuine(
    paper: Paper, settings: Settings, tmp_path: Path, portal_database: PortalDatabase
) -> None:
    raw, _vkeys = paper
    settings.NOTARY_VKEYS = hand_over(portal_database, tmp_path).signer.vkeys
    assert GENUINE in ask(file=raw)
