"""What is more than one request should hold is asked for in parts, each answered well within the asker's time."""

from collections.abc import Callable, Iterable, Iterator

# Measured: a part of either size is answered in less than a fifth of a second.
PART_ITEMS = 5_000
PART_BYTES = 4 * 2**20


def in_parts[T](items: Iterable[T], size_of: Callable[[T], int] = lambda _item: 0) -> Iterator[list[T]]:
    """Yield items in their order, so many and so large at a time; one that is larger alone goes alone."""
    part: list[T] = []
    size = 0
    for item in items:
        more = size_of(item)
        if part and (len(part) >= PART_ITEMS or size + more > PART_BYTES):
            yield part
            part, size = [], 0
        part.append(item)
        size += more
    if part:
        yield part
