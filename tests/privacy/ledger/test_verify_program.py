"""The offline program: what it accepts, what it refuses, what it survives. It is run as people run it."""

import ast
import contextlib
import json
import os
import random
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from privacy.ledger import verify
from privacy.ledger.checkpoints.signed_notes import Signer, checkpoint_text
from privacy.ledger.exports import log_bundles, log_proofs
from tests.database import PortalDatabase
from tests.factories.ledger import make_entries, make_notary, seal, sign
from tests.privacy.ledger.hostile_bundles import HOSTILE
from tests.privacy.ledger.offline import PROGRAM, run


def test_it_is_one_short_file_that_needs_only_cryptography() -> None:
    text = PROGRAM.read_text()
    assert len(text.splitlines()) <= 600
    imported = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names) | {"cryptography"}


@pytest.mark.truth("claims")
def test_python_3_10_understands_it() -> None:
    text = PROGRAM.read_text()
    ast.parse(text, feature_version=(3, 10))
    with pytest.raises(SyntaxError):
        ast.parse(f"{text}\ntype Newer = int\n", feature_version=(3, 10))
    # Modules and names that came later.
    assert not re.search(
        r"import tomllib|datetime import .*UTC|StrEnum|ExceptionGroup|hashlib\.file_digest|batched", text
    )


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
            log_bundles.write(connection, home / "bundle", since=None, until=None, vkeys=notary.signer.vkeys)
            proof = log_proofs.prove(connection, 321)
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
    assert (code, output) == (
        0,
        "SOUND: 600 entries of 600, 2 older checkpoints, log privacy.extrus.example/ledger\n"
        "NOT COVERED: since when entries 0 to 299 exist: no checkpoint here is older than they are\n",
    )


def test_the_program_inside_the_bundle_is_the_same(made: Path) -> None:
    for name in ("verify.py", "verify_vectors.py"):
        assert (made / "bundle" / name).read_bytes() == PROGRAM.with_name(name).read_bytes()


def test_the_notary_s_mirror_is_a_bundle_too(made: Path) -> None:
    code, output, _, _ = run(made / "mirror", *keys(made))
    assert code == 0, output


def test_a_bundle_s_own_key_proves_nothing(made: Path) -> None:
    assert run(made / "bundle")[0] == 3
    stranger = Signer.make("privacy.extrus.example/ledger").vkeys[0]
    assert run(made / "bundle", "--key", stranger)[0] == 3


def test_a_checkpoint_that_is_too_old_is_a_matter_of_policy(made: Path) -> None:
    assert run(made / "bundle", *keys(made), "--max-age", "0")[0] == 3


@pytest.mark.truth("part-of-the-trail")
@pytest.mark.parametrize("wrong", [["--max-age", "a day"], ["--kei", "x"], ["a", "b", "c"]])
def test_a_call_that_can_t_be_understood_is_no_alteration(made: Path, wrong: list[str]) -> None:
    assert run(made / "bundle", *keys(made), *wrong)[0] == 4


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
    (bundle / "checkpoints").mkdir(exist_ok=True)
    (bundle / "checkpoints" / "1").write_text(signer.note(checkpoint_text(signer.name, 300, bytes(32)), 1))
    code, output, _, _ = run(bundle, *keys(made))
    assert code == 2
    assert "the first 300 entries differ from what was signed for them" in output


# -- the mirror while the notary works, or was killed -------------------------------------------------------


@pytest.fixture
def mirror(made: Path, tmp_path: Path) -> Path:
    """A copy of the notary's mirror."""
    return Path(shutil.copytree(made / "mirror", tmp_path / "mirror"))


def when_listed(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have the notary do something right after the folder of older checkpoints was listed."""
    scandir = os.scandir

    @contextlib.contextmanager
    def listed(path: str) -> Iterator[Iterator[os.DirEntry[str]]]:
        with scandir(path) as found:
            names = list(found)
        act()
        yield iter(names)

    monkeypatch.setattr(os, "scandir", listed)


@pytest.mark.attack("19.9")
def test_what_a_killed_notary_left_half_written_is_no_checkpoint(made: Path, mirror: Path) -> None:
    for half in ("", "privacy.extrus.example/led"):
        (mirror / "checkpoints" / ".000000000700-1.new").write_text(half)
        code, output, _, _ = run(mirror, *keys(made))
        assert code == 0, output


@pytest.mark.attack("19.9")
def test_a_notary_removes_what_it_left_half_written(tmp_path: Path) -> None:
    left = [tmp_path / "mirror" / path for path in ("checkpoints/.1-1.new", "tile/0/x001/000.p/.7.new", ".heads.new")]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    make_notary(tmp_path)
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.attack("19.9")
def test_a_checkpoint_that_is_thinned_meanwhile_is_not_missed(
    made: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    oldest = min((mirror / "checkpoints").iterdir())
    when_listed(monkeypatch, oldest.unlink)
    assert verify.main([str(mirror), *keys(made)]) == 0
    oldest.symlink_to("nowhere")
    monkeypatch.undo()
    assert verify.main([str(mirror), *keys(made)]) == 4


@pytest.mark.attack("19.9")
def test_a_checkpoint_that_is_published_meanwhile_is_no_rollback(
    made: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notary replaces ``checkpoint`` first: whatever is listed, that is as new."""
    newest = (mirror / "checkpoint").read_text()
    (mirror / "checkpoint").write_text((made / "older").read_text())

    def read(bundle: verify.Bundle, name: str, limit: int) -> bytes:
        raw = true_read(bundle, name, limit)
        if name == "checkpoint":
            (mirror / "checkpoint").write_text(newest)
        return raw

    true_read = verify.Bundle.read
    when_listed(monkeypatch, lambda: (mirror / "checkpoint").write_text(newest))
    monkeypatch.setattr(verify.Bundle, "read", read)
    assert verify.main([str(mirror), *keys(made)]) == 0


# -- hostile bundles: exit 4, quickly, in little memory ----------------------------------------------------


@pytest.mark.parametrize("spoil", HOSTILE)
def test_a_hostile_bundle_exits_4_quickly(made: Path, bundle: Path, spoil: Callable[[Path], None]) -> None:
    spoil(bundle)
    code, output, seconds, memory = run(bundle, *keys(made))
    assert code == 4, output
    assert seconds < 2
    assert memory < 100 * 2**20


@pytest.mark.attack("19.9")
def test_a_folder_that_can_not_be_listed_is_malformed(
    made: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def denied(_path: str) -> None:
        raise PermissionError

    monkeypatch.setattr(verify.os, "scandir", denied)
    assert verify.main([str(bundle), *keys(made)]) == 4
    assert "can't be read" in capsys.readouterr().out


@pytest.mark.attack("19.9")
@pytest.mark.parametrize("manifest", ['{"start": 0, "end": 0}', '{"start": 256}', '{"start": 0, "end": 256}'])
def test_a_bundle_that_narrows_itself_is_not_sound(made: Path, bundle: Path, manifest: str) -> None:
    """Nobody signs which part a bundle says that it is: whoever checks it says which part must be there."""
    (bundle / "bundle.json").write_text(manifest)
    code, output, _, _ = run(bundle, *keys(made))
    assert code == 3
    assert "not all that was asked for is here" in output
    assert "NOT COVERED: entries " in output
    start = json.loads(manifest)["start"]
    end = json.loads(manifest).get("end", 600)
    code, output, _, _ = run(bundle, *keys(made), "--from", start, "--until", end)
    assert (code, output.startswith(f"SOUND: {end - start} entries of 600")) == (0, True)
    assert "NOT COVERED: entries " in output
    assert run(bundle, *keys(made), "--from", start, "--until", end + 1)[0] == 3


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
