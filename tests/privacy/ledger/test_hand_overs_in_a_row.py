"""Hand-overs name the one before them: from a new key the way back is one, whatever the thief of an old key signs."""

import hashlib
from itertools import pairwise
from pathlib import Path

import pytest

from privacy.ledger import verify
from privacy.ledger.checkpoints.notary import Notary
from privacy.ledger.checkpoints.signed_notes import Signer, checkpoint_text, proof_text
from privacy.ledger.exports import log_proofs
from privacy.ledger.verify import ALTERED, POLICY, SOUND, Problem, open_checkpoint
from privacy.ledger.verify_handovers import follow, text
from tests.database import PortalDatabase
from tests.factories.ledger import ORIGIN, keep_in, make_notary
from tests.privacy.ledger.offline import run
from tests.privacy.ledger.test_a_new_notary_key import bundle, examine, grow, hand_over

pytestmark = pytest.mark.attack("20.11")
ROOT = "A" * 43 + "="


def signed(old: Signer, new: Signer, size: int, before: bytes = b"") -> bytes:
    """Return a hand-over as both keys sign it; ``before`` is the one that led to the old key."""
    named = hashlib.sha256(before.rpartition(b"\n\n")[0] + b"\n").hexdigest() if before else "none"
    said = text(old.name, size, ROOT, "0" * 64, named, old.vkeys, new.vkeys)
    return (old.note(said, 1) + new.note(said, 1).removeprefix(f"{said}\n")).encode()


def lines_of(notary: Notary) -> list[str]:
    return [part for vkey in notary.signer.vkeys for part in ("--key", vkey)]


def names(signers: list[Signer]) -> set[bytes]:
    return {key.id for signer in signers for key in signer.keys}


def followed(notes: list[bytes], *pinned: Signer) -> set[bytes]:
    return {key.id for key in follow(notes, [key for signer in pinned for key in signer.keys])[0]}


@pytest.fixture
def keys() -> list[Signer]:
    return [Signer.make(ORIGIN) for _number in range(4)]


@pytest.fixture
def chain(keys: list[Signer]) -> list[bytes]:
    """Three hand-overs, from each key to the next."""
    made: list[bytes] = []
    for number, (old, new) in enumerate(pairwise(keys), 1):
        made.append(signed(old, new, 10 * number, made[-1] if made else b""))
    return made


def test_every_pinned_key_leads_to_all_of_them(keys: list[Signer], chain: list[bytes]) -> None:
    for pinned in keys:
        assert followed(chain, pinned) == names(keys)
    assert followed(chain[1:], keys[3]) == names(keys[1:])
    assert followed([chain[0], chain[2]], keys[3]) == names(keys[2:])


@pytest.mark.parametrize("stolen", [0, 1, 2])
def test_a_thief_of_an_old_key_leads_nobody_backwards(keys: list[Signer], chain: list[bytes], stolen: int) -> None:
    thief, old = Signer.make(ORIGIN), keys[stolen]
    planted = [
        signed(thief, old, 5),
        signed(thief, old, 10 * stolen),
        signed(thief, old, 5, chain[0]),
        signed(old, thief, 5),
        signed(Signer.make(ORIGIN), thief, 3),
    ]
    for number, pinned in enumerate(keys):
        if number > stolen:
            assert followed([*chain, *planted], pinned) == names(keys)
        else:
            with pytest.raises(Problem, match="handed over twice"):
                follow([*chain, *planted], pinned.keys)
    assert followed([*chain, *planted[:3]], keys[0]) == names(keys)


def test_a_key_that_nobody_follows_yet_has_one_before_it(keys: list[Signer], chain: list[bytes]) -> None:
    with pytest.raises(Problem, match="handed over twice") as refused:
        follow([*chain, signed(Signer.make(ORIGIN), keys[3], 30)], keys[3].keys)
    assert refused.value.code == ALTERED


def test_a_key_with_the_id_of_a_pinned_one_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id is 32 bits, which a thief can hit. Here it is the key's first byte, so that the test hits it at once."""

    def short(name: bytes, kind: bytes, public: bytes) -> bytes:
        return kind + public[:1] + bytes(30)

    for kind, known in list(verify.KINDS.items()):
        monkeypatch.setitem(verify.KINDS, kind, known._replace(fingerprint=short))
    monkeypatch.setattr(Signer, "_id", lambda self, kind: short(b"", bytes([kind]), self._material(kind)[1:])[:4])
    pinned, thief, twin = Signer.make(ORIGIN), Signer.make(ORIGIN), Signer.make(ORIGIN)
    while twin.keys[0].id != pinned.keys[0].id:
        twin = Signer.make(ORIGIN)
    while thief.keys[0].id == pinned.keys[0].id:
        thief = Signer.make(ORIGIN)
    for planted in (signed(thief, twin, 5), signed(twin, thief, 5)):
        found, handed = follow([planted], pinned.keys)
        assert (found, handed) == (pinned.keys, [])


def test_what_a_thief_signs_backwards_disturbs_no_verification(portal_database: PortalDatabase, tmp_path: Path) -> None:
    old = make_notary(tmp_path)
    size = grow(portal_database, old)
    new = hand_over(portal_database, tmp_path)
    grow(portal_database, new)
    thief = Signer.make(ORIGIN)
    forged = thief.note(checkpoint_text(ORIGIN, 5, bytes(32)), 1).encode()
    (tmp_path / "mirror" / "handovers" / "000000000005-planted").write_bytes(signed(thief, old.signer, 5))
    assert examine(portal_database, tmp_path, new.signer.keys).findings == []
    notes = [path.read_bytes() for path in (tmp_path / "mirror" / "handovers").iterdir()]
    pinned = follow(notes, new.signer.keys)[0]
    with pytest.raises(Problem, match="no signature by a pinned key"):
        open_checkpoint(forged, pinned)
    assert open_checkpoint(old.state.note.encode(), pinned).size == size


# -- what is said of them, and files without them --------------------------------------------------------------


def test_verify_ledger_names_the_last_key_alone_once_with_its_lines(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notary = make_notary(tmp_path)
    signers = [notary.signer]
    for _time in range(3):
        grow(portal_database, notary)
        notary = hand_over(portal_database, tmp_path)
        signers.append(notary.signer)
    grow(portal_database, notary)
    keep_in(tmp_path, monkeypatch)
    expected = ["NOTE: from entry 32 on another key of the notary signs: pin these two lines instead (NOTARY_VKEYS)"]
    for pinned, said in (
        ([signers[0]], True), ([signers[1]], True), (signers[:2], True), ([signers[3]], False),
        ([signers[0], signers[3]], False),
    ):  # fmt: skip
        monkeypatch.setenv("NOTARY_VKEYS", ",".join(vkey for signer in pinned for vkey in signer.vkeys))
        result = portal_database.manage("verify_ledger", role="portal_auditor")
        assert result.returncode == SOUND, result.stdout
        assert [line for line in result.stdout.splitlines() if "NOTE" in line] == expected * said
        assert ("\n".join(signers[3].vkeys) in result.stdout) is said


def test_a_file_without_hand_overs_is_checked_with_those_that_are_given(
    portal_database: PortalDatabase, tmp_path: Path, settings: object
) -> None:
    """A proof and a bundle from before the hand-over, and whoever pinned the new key; and the thief of the old one."""
    old = make_notary(tmp_path)
    size = grow(portal_database, old)
    before = bundle(portal_database, tmp_path, settings)  # type: ignore[arg-type]
    with portal_database.connect("portal_auditor") as connection:
        proof = log_proofs.prove(connection, 3)
    new = hand_over(portal_database, tmp_path)
    grow(portal_database, new)
    [handed] = (tmp_path / "mirror" / "handovers").iterdir()
    (tmp_path / "3.tlog-proof").write_text(proof.text)
    (tmp_path / "3.entry").write_bytes(proof.entry)
    checks = (["proof", tmp_path / "3.tlog-proof", "--entry", tmp_path / "3.entry"], [before])
    for check in checks:
        for pinned, given, code in (
            ([new], [], POLICY), ([new], [handed], SOUND), ([old], [], SOUND), ([old], [handed], SOUND),
            ([old, new], [handed], SOUND),
        ):  # fmt: skip
            lines = [part for one in pinned for part in lines_of(one)]
            files = [part for file in given for part in ("--handover", file)]
            assert run(*check, *lines, *files)[0] == code, (check, given)
    both = [*lines_of(old), *lines_of(new)]
    leaf, path = verify.leaf_hash(b"invented"), [bytes(32)] * 4
    root = verify.climb(3, size + 1, leaf, leaf, path)[1]
    forged = old.signer.note(checkpoint_text(ORIGIN, size + 2, root), 1)
    (tmp_path / "forged.tlog-proof").write_text(proof_text(3, path, forged))
    (tmp_path / "forged.entry").write_bytes(b"invented")
    check = ["proof", tmp_path / "forged.tlog-proof", "--entry", tmp_path / "forged.entry", *both]
    assert run(*check)[0] == SOUND, "which is why the new key is pinned instead of the old one"
    code, said, *_used = run(*check, "--handover", handed)
    assert (code, "handed over before, or not yet" in said) == (ALTERED, True)
    assert run(*check[:4], *lines_of(new))[0] == POLICY
