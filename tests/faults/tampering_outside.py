"""What somebody may do to the notary's own files: its state, its mirror, its anchors."""

import json
import random
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from privacy.ledger.checkpoints.notary_state import NotaryState
from tests.faults.tampering import Done

OTHERWISE: dict[type, Callable[[object], object]] = {
    str: lambda value: f"{value}0",
    int: lambda value: int(str(value)) + 1,
    dict: lambda value: {"keys.example 1": 9},
}


def flip_byte(dice: random.Random, path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    path.chmod(0o644)
    path.write_bytes(raw)


def state_field(dice: random.Random, folder: Path) -> Done:
    kept = json.loads((folder / "state.json").read_text())
    name = dice.choice([field.name for field in fields(NotaryState)])
    (folder / "state.json").write_text(json.dumps({**kept, name: OTHERWISE[type(kept[name])](kept[name])}))
    return Done("a field of the notary's state", ("state.json", " state is not", "stands in the state"))


def state_byte(dice: random.Random, folder: Path) -> Done:
    """A byte of the text; a blank between two values says the same."""
    flip_byte(dice, folder / "state.json")
    return Done("a byte of the notary's state", ("state.json",))


def state_removed(_dice: random.Random, folder: Path) -> Done:
    (folder / "state.json").unlink()
    return Done("the notary's state removed", ("state.json",))


def state_put_back(dice: random.Random, folder: Path) -> Done:
    """The state of an earlier checkpoint, which this notary signed."""
    older = dice.choice(sorted(folder.glob("older.*")))
    (folder / "state.json").write_bytes(older.read_bytes())
    return Done("an older state of the notary", ("state.json",))


def anchor_byte(dice: random.Random, folder: Path) -> Done:
    path = dice.choice(sorted((folder / "anchors").glob("*/*/*/*")))
    flip_byte(dice, path)
    return Done("a byte of an anchor", ("an anchored checkpoint", "can't be read"))


def mirror_hash(dice: random.Random, folder: Path) -> Done:
    """A byte of a hash of a leaf, so the tile and the byte say which."""
    path = dice.choice(sorted((folder / "mirror" / "tile" / "0").rglob("[0-9]*")))
    while path.is_dir():
        path = dice.choice(sorted(path.iterdir()))
    flip_byte(dice, path)
    return Done("a byte of a tile of the mirror", ("mirror is damaged at index",))


def mirror_entries(dice: random.Random, folder: Path) -> Done:
    paths = [path for path in (folder / "mirror" / "tile" / "entries").rglob("*") if path.is_file()]
    flip_byte(dice, dice.choice(sorted(paths)))
    return Done("a byte of the mirror's entries", ("index", "tile/entries"))


def mirror_checkpoint(dice: random.Random, folder: Path) -> Done:
    mirror = folder / "mirror"
    flip_byte(dice, dice.choice([mirror / "checkpoint", mirror / "heads", *sorted(mirror.glob("checkpoints/*"))]))
    return Done("a byte of a checkpoint of the mirror", ("checkpoint", "hand-over", "heads"))


STATES = (state_field, state_byte, state_removed, state_put_back)
PUBLISHED = (anchor_byte, mirror_hash, mirror_entries, mirror_checkpoint)
