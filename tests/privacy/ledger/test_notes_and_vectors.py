"""Notes, keys and proofs that others made: what the offline program takes and refuses (C2SP, transparency-dev)."""

import base64
import json
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from privacy.ledger import verify, verify_vectors
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.merkle.tree import Subtrees
from privacy.ledger.verify import leaf_hash
from tests.privacy.ledger.offline import run


def test_the_second_file_takes_whatever_the_first_takes(tmp_path: Path) -> None:
    """The program for notes and vectors is called in the same way; the first one alone says what it lacks."""
    path = vector(tmp_path, size1=1, size2=1, root1=b64(b"x"), root2=b64(b"x"), proof=[])
    second = Path(verify_vectors.__file__)
    assert run("consistency", path, program=second)[:2] == (0, "SOUND: the consistency proof\n")
    assert run("proof", path, "--entry", path, program=second)[0] == 4
    alone = tmp_path / "verify.py"
    alone.write_bytes(second.with_name("verify.py").read_bytes())
    code, said, _, _ = run("consistency", path, program=alone)
    assert (code, "verify_vectors.py, which is not beside" in said) == (4, True)


def test_the_note_of_the_specification_of_notes(tmp_path: Path) -> None:
    """The example of golang.org/x/mod/sumdb/note, whose key and signatures are public."""
    (tmp_path / "note").write_text(
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6R"
        "yyBwJnAM=\n"
    )
    key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert run("note", tmp_path / "note", "--key", key)[:2] == (0, "SOUND: signed by PeterNeumann\n")
    assert run("note", tmp_path / "note")[0] == 3
    assert run("note", tmp_path / "note", "--key", key.replace("c74f20a3", "c74f20a4"))[0] == 4
    (tmp_path / "note").write_text((tmp_path / "note").read_text().replace("problem is.", "problem was."))
    assert run("note", tmp_path / "note", "--key", key)[0] == 2


def test_a_note_with_an_ecdsa_signature(tmp_path: Path) -> None:
    """A public checkpoint of Rekor; the id of such a key is the digest of its DER (signed-note, type 2)."""
    key = (
        "rekor.sigstore.dev+c0d23d6a+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l"
        "+smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc="
    )
    note = (
        "Rekor\n798034\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n\n\u2014 rekor.sigstore.dev wNI9ajBEAiARInWIWyCdy"
        "G27CO6LPnPekyw20qO0YJfoaPaowGp/XgIgc+qEHS3+GKVClgqq20uDLet7MCoTURUCRdxwWBHHufk=\n"
    )
    (tmp_path / "note").write_text(note)
    assert run("note", tmp_path / "note", "--key", key)[:2] == (0, "SOUND: signed by rekor.sigstore.dev\n")
    (tmp_path / "note").write_text(note.replace("798034", "798035"))
    assert run("note", tmp_path / "note", "--key", key)[0] == 2
    material = base64.b64decode(key.split("+", 2)[2])
    for kind in (1, 4, 5, 6, 255):
        with pytest.raises(verify.Problem):
            verify.parse_key(f"rekor.sigstore.dev+c0d23d6a+{b64(bytes([kind]) + material[1:])}")


def test_a_checkpoint_cosigned_with_ml_dsa(tmp_path: Path) -> None:
    """Type 6 of C2SP tlog-cosignature, put together here byte by byte: signed is the tree's head, no text."""
    name, origin, root, moment = b"witness.example/pq", b"log.example/1", bytes(range(32)), 1_700_000_000
    secret = MLDSA44PrivateKey.generate()
    public = b"\6" + secret.public_key().public_bytes_raw()
    identity = sha256(name + b"\n" + public).digest()[:4]
    message = b"".join((
        b"subtree/v1\n\0",
        b"\x12" + name,
        moment.to_bytes(8, "big"),
        b"\x0d" + origin,
        bytes(8),
        (70_000).to_bytes(8, "big"),
        root,
    ))  # fmt: skip
    line = b64(identity + moment.to_bytes(8, "big") + secret.sign(message))
    text = f"{origin.decode()}\n70000\n{b64(root)}\n"
    note = f"{text}\n\u2014 {name.decode()} {line}\n"
    key = f"{name.decode()}+{identity.hex()}+{b64(public)}"
    (tmp_path / "note").write_text(note)
    assert run("note", tmp_path / "note", "--key", key)[:2] == (0, f"SOUND: signed by {name.decode()}\n")
    assert verify.open_note(note.encode(), [verify.parse_key(key)])[1] == {(name.decode(), identity): moment}
    pinned = [verify.parse_key(key)]
    for old, new, code in (
        ("70000", "70001", verify.ALTERED),
        ("log.example/1", "log.example/2", verify.ALTERED),
        ("70000", "99999999999999999999", verify.ALTERED),
        ("70000\n", "", verify.MALFORMED),
        (b64(root), b64(root[:31]), verify.MALFORMED),
    ):
        with pytest.raises(verify.Problem) as refused:
            verify.open_note(note.replace(old, new).encode(), pinned)
        assert refused.value.code == code


NAMES = ("witness.example/one", "witness.example/\ub450\ubc88\uc9f8")
TEXT = "a note\n\nwith an empty line, \u00fcmlauts and \uc6b0\ub9ac\n"


def signed(*signers: Signer, text: str = TEXT) -> str:
    """A note with both signatures of each signer."""
    return text + "\n" + "".join(signer.note(text, 1_700_000_000).removeprefix(text + "\n") for signer in signers)


def opened(note: str | bytes, *vkeys: str) -> int:
    """Return the exit code that the program would end with."""
    raw = note if isinstance(note, bytes) else note.encode()
    try:
        text, by = verify.open_note(raw, [verify.parse_key(vkey) for vkey in vkeys])
    except verify.Problem as problem:
        return problem.code
    assert text == TEXT
    assert by
    return verify.SOUND


def test_notes_of_several_signers() -> None:
    one, two = (Signer.make(name) for name in NAMES)
    impostor = Signer.make(NAMES[0])
    note = signed(one, two)
    for vkeys in (one.vkeys, two.vkeys, [*one.vkeys, *two.vkeys], one.vkeys[:1], two.vkeys[1:]):
        assert opened(note, *vkeys) == verify.SOUND
    assert opened(note) == verify.POLICY, "no key"
    assert opened(note, *impostor.vkeys) == verify.POLICY, "a key of the same name is another key"
    assert opened(signed(impostor), *one.vkeys) == verify.POLICY
    assert opened(note.replace("an empty", "no empty"), *one.vkeys) == verify.ALTERED
    line = next(line for line in note.split("\n") if line.startswith(f"\u2014 {NAMES[0]} "))
    raw = bytearray(base64.b64decode(line.split(" ")[2]))
    raw[-1] ^= 1
    false = line.rsplit(" ", 1)[0] + " " + b64(bytes(raw))
    assert opened(note.replace(line, false), *one.vkeys) == verify.ALTERED
    assert opened(note.replace(line, false), *two.vkeys) == verify.SOUND, "only pinned keys are asked"
    assert opened(note.replace(line, line + "\n" + line), *one.vkeys) == verify.SOUND, "the same signature twice"
    stranger = "\u2014 nobody.example AAAAAAAA\n"
    assert opened(note + stranger * 90, *one.vkeys) == verify.SOUND
    assert opened(note + stranger * 100, *one.vkeys) == verify.MALFORMED


def test_malformed_notes_are_refused_whoever_signed() -> None:
    one = Signer.make(NAMES[0])
    note = signed(one)
    dash = f"\u2014 {NAMES[0]} "
    for spoiled in (
        "", "\n", "\n\n", TEXT, TEXT + "\n", note[:-1], note + "\n", note.replace("\n\n\u2014", "\n\u2014"),
        note.replace(dash, dash.replace("\u2014", "-")), note.replace(dash, dash.replace("\u2014", "--")),
        note.replace(dash, dash.replace("\u2014", "\u2013")), note.replace(dash, dash.replace(" ", "\u00a0", 1)),
        note.replace(dash, dash.replace(" ", "  ", 1)), note.replace(dash, dash + " "), note.replace(dash, " " + dash),
        note.replace(dash, dash.replace(" ", "", 1)), note.replace(dash, "\u2014  "), note.replace(dash, "\u2014 a+b "),
        note.replace("\n", "\r\n"), note + dash + "\n", note + dash + "AAAA\n", note + dash + "AAAAAAA\n",
        note + dash + "AAAA AAAA\n", note + dash + "AAAAA*==\n", note + dash + "AAAAAAAA \n", note + "words\n",
        note.replace("a note", "a\tnote"), note.replace("a note", "a\x00note"),
        note.encode().replace(b"a note", b"a \xffote"), note.encode().replace(b"a note", b"\xed\xa0\x80 note"),
        note.encode("utf-16"), "x" * (verify.MAX_NOTE + 1),
    ):  # fmt: skip
        assert opened(spoiled, *one.vkeys) == verify.MALFORMED, spoiled


def vector(tmp_path: Path, **fields: object) -> Path:
    path = tmp_path / "vector.json"
    path.write_text(json.dumps(fields))
    return path


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def test_vectors_of_transparency_dev_merkle(tmp_path: Path) -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(8)]
    subtrees = Subtrees(lambda level, first, count: leaves[first : first + count])
    path = [b64(value) for value in subtrees.inclusion(5, 8)]
    sound = {"leafIdx": 5, "treeSize": 8, "leafHash": b64(leaves[5]), "root": b64(subtrees.root(0, 8)), "proof": path}
    assert run("inclusion", vector(tmp_path, **sound))[0] == 0
    assert run("inclusion", vector(tmp_path, **{**sound, "leafIdx": 4}))[0] == 2
    assert run("inclusion", vector(tmp_path, **{**sound, "leafIdx": 2**64 - 1}))[0] == 2
    assert run("inclusion", vector(tmp_path, **{**sound, "root": ""}))[0] == 2
    assert run("inclusion", vector(tmp_path, **{**sound, "wantErr": True}))[0] == 0, (
        "what a vector wants is not believed"
    )
    assert run("inclusion", vector(tmp_path, **{**sound, "leafIdx": 10**21}))[0] == 4
    assert run("inclusion", vector(tmp_path, **{**sound, "proof": "no"}))[0] == 4
    one = {"size1": 1, "size2": 1, "root1": b64(leaves[0]), "root2": b64(leaves[0]), "proof": None, "wantErr": False}
    assert run("consistency", vector(tmp_path, **one))[0] == 0
    grown = {"size1": 3, "size2": 8, "root1": b64(subtrees.root(0, 3)), "root2": b64(subtrees.root(0, 8)),
             "proof": [b64(value) for value in subtrees.consistency(3, 8)], "wantErr": False}  # fmt: skip
    assert run("consistency", vector(tmp_path, **grown))[0] == 0
    assert run("consistency", vector(tmp_path, **{**grown, "size1": 0}))[0] == 2
    alike = {"size1": 4, "size2": 4, "root1": b64(b"any root"), "root2": b64(b"any root"), "proof": []}
    assert run("consistency", vector(tmp_path, **alike))[0] == 0, "the same tree needs no proof"
    assert run("consistency", vector(tmp_path, **{**alike, "size1": 0, "size2": 0}))[0] == 2, (
        "an empty tree has one root"
    )
    empty = {"root1": b64(sha256().digest()), "root2": b64(sha256().digest())}
    assert run("consistency", vector(tmp_path, **{**alike, **empty, "size1": 0, "size2": 0}))[0] == 0
    assert run("consistency", vector(tmp_path, **{**alike, "root2": b64(b"another")}))[0] == 2
    assert run("consistency", vector(tmp_path, **{**alike, "proof": [b64(leaves[0])]}))[0] == 2
    older = {("leafIndex" if name == "leafIdx" else name): value for name, value in sound.items()}
    assert run("inclusion", vector(tmp_path, **older))[0] == 0, "as older vectors call it"
    assert run("consistency", vector(tmp_path, **{**grown, "proof": []}))[0] == 2
    assert run("consistency", vector(tmp_path, **{**grown, "size2": 16}))[0] == 2


@pytest.mark.asvs("11.6.1")
def test_keys_that_are_no_keys_are_refused() -> None:
    private = Ed25519PrivateKey.generate()
    material = b"\x01" + private.public_key().public_bytes_raw()
    identity = verify.sha256(b"log\n" + material).digest()[:4].hex()
    assert verify.parse_key(f"log+{identity}+{b64(material)}")[0] == "log"
    for vkey in ("", "log", f"log+{identity}", f"log+{identity}+", f"+{identity}+{b64(material)}", "log+00000000+AA==",
                 f"l og+{identity}+{b64(material)}", f"log+{identity}+{b64(material + b'x')}"):  # fmt: skip
        with pytest.raises(verify.Problem) as problem:
            verify.parse_key(vkey)
        assert problem.value.code == verify.MALFORMED
