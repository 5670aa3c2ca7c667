"""What a bundle may be that somebody made to hurt whoever checks it: each spoils a sound one."""

import gzip
import os
import shutil
from pathlib import Path

from privacy.ledger import verify


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
    (bundle / "checkpoints" / "..%2f..").symlink_to("../../older")


def far_too_many_older_checkpoints(bundle: Path) -> None:
    for number in range(verify.MAX_NOTES + 1):
        (bundle / "checkpoints" / str(number)).touch()


def a_name_of_strange_bytes(bundle: Path) -> None:
    (bundle / "checkpoints" / os.fsdecode(b"\xff\xed\xa0\x80")).mkdir()


def ten_thousand_sparse_notes(bundle: Path) -> None:
    """Each as long as a note may be: read one after the other, and not kept."""
    for number in range(10_000):
        with (bundle / "checkpoints" / str(number)).open("wb") as file:
            file.truncate(verify.MAX_NOTE)


def a_file_for_the_folder_of_checkpoints(bundle: Path) -> None:
    shutil.rmtree(bundle / "checkpoints")
    (bundle / "checkpoints").write_text("none")


def a_folder_of_checkpoints_elsewhere(bundle: Path) -> None:
    shutil.rmtree(bundle / "checkpoints")
    (bundle / "checkpoints").symlink_to("/etc")


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


HOSTILE = (
        huge_length, huge_size, endless_digits, not_a_number, doubled_name, deep_nesting, path_outside, link_outside,
        endless_pipe, endless_file, a_million_signatures, ten_thousand_signatures, packed_bomb, bomb_of_bombs, infinity,
        half_a_number, negative, turned_round, no_object, folder_for_a_file, link_to_itself, endless_device,
        a_name_that_climbs, a_name_of_strange_bytes, ten_thousand_sparse_notes, a_file_for_the_folder_of_checkpoints,
        a_folder_of_checkpoints_elsewhere, far_too_many_older_checkpoints, one_index_twice, false_packing,
        truncated, missing_tile, control_characters, not_utf8,
)  # fmt: skip
