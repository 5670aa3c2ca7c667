"""How much memory processes take, as the kernel counts it (proc(5)); what several share is divided among them (PSS)."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PSS = re.compile(r"^Pss: +(\d+) kB$", re.MULTILINE)


def with_children(pid: int) -> int:
    """Return the bytes of a process and of all that it started; of one that has ended, none."""
    return sum(of_one(each) for each in {pid, *descendants(pid)})


def of_one(pid: int) -> int:
    """Return the bytes of one process; of one that has ended, none."""
    with suppress(OSError):
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
        return int(found[1]) * 1024 if found else 0
    return 0


def descendants(pid: int) -> Iterator[int]:
    """Yield every process that a process started, and what those started."""
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, children.read_text().split()):
                yield child
                yield from descendants(child)
