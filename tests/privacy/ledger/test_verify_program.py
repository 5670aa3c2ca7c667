"""The offline program: what it accepts, what it refuses, what it survives. It is run as people run it."""

import base64
import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.ledger import bundles, proofs, verify
from privacy.ledger.notes import Signer, checkpoint_text
from privacy.ledger.tree import Subtrees
from privacy.ledger.verify import leaf_hash
from tests.database import PortalDatabase
from tests.factories.ledger import make_entries, make_notary, seal, sign

PROGRAM = Path(verify.__file__)


# Runs the program as it is, and says at the end how much memory it had needed.
MEASURED = """
import atexit, runpy, sys
def peak():
    with open("/proc/self/status") as status:
        sys.stderr.write(status.read().partition("VmHWM:")[2].split()[0])
atexit.register(peak)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run(*arguments: object) -> tuple[int, str, float, int]:
    """Run the program; return exit code, output, seconds and the most resident memory in bytes."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(PROGRAM), *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, time.monotonic() - begun, int(done.stderr.split()[-1]) * 1024


def test_it_is_one_short_file_that_needs_only_cryptography() -> None:
    text = PROGRAM.read_text()
    assert len(text.splitlines()) <= 400
    imported = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names) | {"cryptography"}


# -- bundles ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any) -> Iterator[Path]:
    """A bundle of 600 entries, its keys, an older checkpoint, and a proof of one entry."""
    home = tmp_path_factory.mktemp("made")
    with django_db_blocker.unblock(), PortalDatabase().in_use() as database:
        notary = make_notary(home)
        for count in (300, 300):
            make_entries(database, count)
            seal(database)
            sign(database, notary)
        shutil.copy(next((home / "anchors").glob("*/*/*/000000000300.checkpoint")), home / "older")
        with database.connect("portal_auditor") as connection:
            bundles.write(connection, home / "bundle", since=None, until=None, vkeys=notary.signer.vkeys)
            proof = proofs.prove(connection, 321)
        (home / "321.tlog-proof").write_text(proof.text)
        (home / "321.entry").write_bytes(proof.entry)
        yield home


@pytest.fixture
def bundle(made: Path, tmp_path: Path) -> Path:
    """A copy of the bundle to spoil."""
    return Path(shutil.copytree(made / "bundle", tmp_path / "bundle"))


def keys(made: Path) -> list[str]:
    return [part for vkey in (made / "bundle" / "keys").read_text().split() for part in ("--key", vkey)]


@pytest.mark.clause("P8.3")
def test_a_sound_bundle_with_an_older_checkpoint(made: Path) -> None:
    code, output, _, _ = run(made / "bundle", *keys(made), "--older", made / "older", "--max-age", "600")
    assert (code, output) == (0, "SOUND: 600 entries of 600, 1 older checkpoints, log privacy.extrus.example/ledger\n")


def test_the_program_inside_the_bundle_is_the_same(made: Path) -> None:
    assert (made / "bundle" / "verify.py").read_bytes() == PROGRAM.read_bytes()


def test_the_notary_s_mirror_is_a_bundle_too(made: Path) -> None:
    code, output, _, _ = run(made / "mirror", *keys(made))
    assert code == 0, output


def test_a_bundle_s_own_key_proves_nothing(made: Path) -> None:
    assert run(made / "bundle")[0] == 3
    stranger = Signer.make("privacy.extrus.example/ledger").vkeys[0]
    assert run(made / "bundle", "--key", stranger)[0] == 3


def test_a_checkpoint_that_is_too_old_is_a_matter_of_policy(made: Path) -> None:
    assert run(made / "bundle", *keys(made), "--max-age", "0")[0] == 3


def altered_entry(bundle: Path) -> None:
    path = bundle / "tile" / "entries" / "001"
    path.write_bytes(path.read_bytes().replace(b'tests.thing:33"', b'tests.thing:34"', 1))


def altered_tile(bundle: Path) -> None:
    path = bundle / "tile" / "0" / "001"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


def swapped_entries(bundle: Path) -> None:
    first, second = bundle / "tile" / "entries" / "000", bundle / "tile" / "entries" / "001"
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)


def altered_upper_tile(bundle: Path) -> None:
    path = bundle / "tile" / "1" / "000.p" / "2"
    path.write_bytes(bytes(64))


def false_signature(bundle: Path) -> None:
    path = bundle / "checkpoint"
    path.write_text(path.read_text().replace("\n600\n", "\n599\n"))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (altered_entry, "ALTERED: entry 333 (index 332) is not what was sealed"),
        (altered_tile, "is not what was sealed"),
        (swapped_entries, "(index 0) is not what was sealed"),
        (altered_upper_tile, "tile 1/0 is not what its leaves say"),
        (false_signature, "is false"),
    ],
)
def test_an_altered_bundle_exits_2(made: Path, bundle: Path, spoil: Callable[[Path], None], said: str) -> None:
    spoil(bundle)
    code, output, _, _ = run(bundle, *keys(made))
    assert code == 2, output
    assert said in output


def test_a_longer_older_checkpoint_exposes_a_rollback(made: Path, bundle: Path, tmp_path: Path) -> None:
    signer = Signer.load(made / "notary.key")
    newer = tmp_path / "newer"
    newer.write_text(signer.note(checkpoint_text(signer.name, 700, bytes(32)), int(time.time())))
    code, output, _, _ = run(bundle, *keys(made), "--older", newer)
    assert code == 2
    assert "rolled back: 700 entries were signed for, 600 are left" in output


def test_an_older_checkpoint_with_another_root_exposes_a_rewriting(made: Path, bundle: Path) -> None:
    signer = Signer.load(made / "notary.key")
    (bundle / "checkpoints").mkdir()
    (bundle / "checkpoints" / "1").write_text(signer.note(checkpoint_text(signer.name, 300, bytes(32)), 1))
    code, output, _, _ = run(bundle, *keys(made))
    assert code == 2
    assert "the first 300 entries differ from what was signed for them" in output


# -- hostile bundles: exit 4, quickly, in little memory ----------------------------------------------------


def huge_length(bundle: Path) -> None:
    (bundle / "tile" / "entries" / "000").write_bytes(b"\xff\xff" + b"x" * 100)


def huge_size(bundle: Path) -> None:
    (bundle / "bundle.json").write_text('{"start": 0, "end": %s}' % ("9" * 18))


def endless_digits(bundle: Path) -> None:
    (bundle / "bundle.json").write_text('{"start": %s}' % ("1" * 100_000))


def not_a_number(bundle: Path) -> None:
    (bundle / "bundle.json").write_text('{"start": NaN}')


def doubled_name(bundle: Path) -> None:
    (bundle / "bundle.json").write_text('{"start": 0, "start": 256}')


def deep_nesting(bundle: Path) -> None:
    (bundle / "bundle.json").write_text("[" * 400_000)


def path_outside(bundle: Path) -> None:
    shutil.rmtree(bundle / "tile" / "0")
    (bundle / "tile" / "0").symlink_to("/etc")


def link_outside(bundle: Path) -> None:
    (bundle / "checkpoint").unlink()
    (bundle / "checkpoint").symlink_to("/etc/passwd")


def endless_pipe(bundle: Path) -> None:
    (bundle / "checkpoint").unlink()
    os.mkfifo(bundle / "checkpoint")


def endless_file(bundle: Path) -> None:
    (bundle / "tile" / "entries" / "000").unlink()
    with (bundle / "tile" / "entries" / "000").open("wb") as file:
        file.truncate(2**40)


def a_million_signatures(bundle: Path) -> None:
    with (bundle / "checkpoint").open("a") as file:
        file.write("\u2014 somebody AAAAAAAA\n" * 1_000_000)


def ten_thousand_signatures(bundle: Path) -> None:
    with (bundle / "checkpoint").open("a") as file:
        file.write("\u2014 somebody AAAAAAAA\n" * 10_000)


def packed_bomb(bundle: Path) -> None:
    (bundle / "tile" / "entries" / "000").unlink()
    with gzip.open(bundle / "tile" / "entries" / "000.gz", "wb", 9) as file:
        for _ in range(300):
            file.write(bytes(1 << 20))


def bomb_of_bombs(bundle: Path) -> None:
    """A packed file whose content is packed again is not looked into; one that grows beyond any bundle is cut off."""
    path = bundle / "tile" / "entries" / "000.gz"
    path.write_bytes(gzip.compress(gzip.compress(bytes(1 << 24))) * 50)
    (bundle / "tile" / "entries" / "000").unlink()


def infinity(bundle: Path) -> None:
    (bundle / "bundle.json").write_text('{"start": 0, "end": Infinity}')


def half_a_number(bundle: Path) -> None:
    (bundle / "bundle.json").write_text('{"start": 0, "end": 255.5}')


def negative(bundle: Path) -> None:
    (bundle / "bundle.json").write_text('{"start": -256, "end": 256}')


def turned_round(bundle: Path) -> None:
    (bundle / "bundle.json").write_text('{"start": 256, "end": 0}')


def no_object(bundle: Path) -> None:
    (bundle / "bundle.json").write_text('[["start", 0], ["end", 256]]')


def folder_for_a_file(bundle: Path) -> None:
    (bundle / "checkpoint").unlink()
    (bundle / "checkpoint").mkdir()


def link_to_itself(bundle: Path) -> None:
    shutil.rmtree(bundle / "tile")
    (bundle / "tile").symlink_to("tile")


def endless_device(bundle: Path) -> None:
    (bundle / "checkpoint").unlink()
    (bundle / "checkpoint").symlink_to("/dev/zero")


def a_name_that_climbs(bundle: Path) -> None:
    """An older checkpoint whose name is a way out of the bundle."""
    (bundle / "checkpoints").mkdir()
    (bundle / "checkpoints" / "..%2f..").symlink_to("../../older")


def far_too_many_older_checkpoints(bundle: Path) -> None:
    (bundle / "checkpoints").mkdir()
    for number in range(10_001):
        (bundle / "checkpoints" / str(number)).touch()


def one_index_twice(bundle: Path) -> None:
    """Entries of one tile are given again for the next: one too many of them."""
    tile, once = bundle / "tile" / "entries" / "000", bundle / "tile" / "entries" / "001"
    once.write_bytes(once.read_bytes() + tile.read_bytes())


def false_packing(bundle: Path) -> None:
    (bundle / "tile" / "entries" / "000").rename(bundle / "tile" / "entries" / "000.gz")


def truncated(bundle: Path) -> None:
    path = bundle / "tile" / "entries" / "001"
    path.write_bytes(path.read_bytes()[:-7])


def missing_tile(bundle: Path) -> None:
    (bundle / "tile" / "0" / "000").unlink()


def control_characters(bundle: Path) -> None:
    (bundle / "checkpoint").write_bytes((bundle / "checkpoint").read_bytes().replace(b"600", b"6\x0000", 1))


def not_utf8(bundle: Path) -> None:
    (bundle / "checkpoint").write_bytes(b"\xff\xfe" + (bundle / "checkpoint").read_bytes())


@pytest.mark.parametrize(
    "spoil",
    [
        huge_length, huge_size, endless_digits, not_a_number, doubled_name, deep_nesting, path_outside, link_outside,
        endless_pipe, endless_file, a_million_signatures, ten_thousand_signatures, packed_bomb, bomb_of_bombs, infinity,
        half_a_number, negative, turned_round, no_object, folder_for_a_file, link_to_itself, endless_device,
        a_name_that_climbs, far_too_many_older_checkpoints, one_index_twice, false_packing,
        truncated, missing_tile, control_characters, not_utf8,
    ],
)  # fmt: skip
def test_a_hostile_bundle_exits_4_quickly(made: Path, bundle: Path, spoil: Callable[[Path], None]) -> None:
    spoil(bundle)
    code, output, seconds, memory = run(bundle, *keys(made))
    assert code == 4, output
    assert seconds < 2
    assert memory < 100 * 2**20


def test_a_hundred_spoiled_bytes_never_pass_or_break_it(made: Path, bundle: Path) -> None:
    """Whatever byte is changed, the answer is 2, 3 or 4; never 0, never a traceback."""
    random.seed(20)
    pinned = [verify.parse_key(vkey) for vkey in (made / "bundle" / "keys").read_text().split()]
    files = sorted(path for path in (bundle / "tile").rglob("*") if path.is_file())
    for _ in range(200):
        path = random.choice(files)
        sound = path.read_bytes()
        spoiled = bytearray(sound)
        spoiled[random.randrange(len(spoiled))] ^= 1 << random.randrange(8)
        path.write_bytes(spoiled)
        with pytest.raises(verify.Problem):
            verify.Bundle(str(bundle)).verify(pinned)
        path.write_bytes(sound)


# -- single proofs, notes, vectors --------------------------------------------------------------------------


def test_a_proof_stands_by_itself(made: Path) -> None:
    code, output, _, _ = run("proof", made / "321.tlog-proof", "--entry", made / "321.entry", *keys(made))
    assert (code, output) == (0, "SOUND: entry 321 (index 320) is in log privacy.extrus.example/ledger of size 600\n")


def test_a_proof_of_another_entry_is_refused(made: Path, tmp_path: Path) -> None:
    (tmp_path / "entry").write_bytes((made / "321.entry").read_bytes() + b" ")
    code, output, _, _ = run("proof", made / "321.tlog-proof", "--entry", tmp_path / "entry", *keys(made))
    assert code == 2, output


def test_a_proof_with_extra_data_is_still_a_proof(made: Path, tmp_path: Path) -> None:
    text = (made / "321.tlog-proof").read_text()
    (tmp_path / "proof").write_text(text.replace("@v1\n", "@v1\nextra YWJj\n", 1))
    assert run("proof", tmp_path / "proof", "--entry", made / "321.entry", *keys(made))[0] == 0


@pytest.mark.parametrize(
    "spoil", [("@v1", "@v2"), ("index 320", "index 0320"), ("index 320", "index -1"), ("\n\n", "\n")]
)
def test_a_malformed_proof_exits_4(made: Path, tmp_path: Path, spoil: tuple[str, str]) -> None:
    (tmp_path / "proof").write_text((made / "321.tlog-proof").read_text().replace(*spoil, 1))
    code, output, _, _ = run("proof", tmp_path / "proof", "--entry", made / "321.entry", *keys(made))
    assert code == 4, output


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
    assert run("consistency", vector(tmp_path, **{**alike, "size1": 0, "size2": 0}))[0] == 0
    assert run("consistency", vector(tmp_path, **{**alike, "root2": b64(b"another")}))[0] == 2
    assert run("consistency", vector(tmp_path, **{**alike, "proof": [b64(leaves[0])]}))[0] == 2
    older = {("leafIndex" if name == "leafIdx" else name): value for name, value in sound.items()}
    assert run("inclusion", vector(tmp_path, **older))[0] == 0, "as older vectors call it"
    assert run("consistency", vector(tmp_path, **{**grown, "proof": []}))[0] == 2
    assert run("consistency", vector(tmp_path, **{**grown, "size2": 16}))[0] == 2


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
