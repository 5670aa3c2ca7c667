"""Random bytes are drawn a stock at a time, and nobody gets a byte twice: no thread, and no child of a process."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from privacy.lib.crypto.random_pool import POOL_BYTES, random_bytes


def pieces(count: int) -> list[bytes]:
    return [random_bytes(16) for _piece in range(count)]


def test_a_draw_has_the_length_that_was_asked_for() -> None:
    random_bytes(100)  # so that the next ones do not fit into what is left
    assert [len(random_bytes(count)) for count in (0, 1, POOL_BYTES - 1, POOL_BYTES, POOL_BYTES + 1)] == [
        0,
        1,
        POOL_BYTES - 1,
        POOL_BYTES,
        POOL_BYTES + 1,
    ]


@pytest.mark.asvs("11.5.2", "15.4.1")
def test_nothing_is_drawn_twice_over_the_end_of_a_stock_or_in_several_threads() -> None:
    many = 2 * POOL_BYTES // 16
    with ThreadPoolExecutor(4) as pool:
        drawn = [piece for found in pool.map(pieces, [many] * 4) for piece in found]
    assert len(set(drawn)) == 4 * many


@pytest.mark.asvs("11.5.2")
def test_a_child_draws_what_its_parent_does_not() -> None:
    random_bytes(1)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, b"".join(pieces(100)))
        os._exit(0)
    os.waitpid(child, 0)
    of_child = os.read(reading, 65_536)
    os.close(reading)
    os.close(writing)
    assert len({*pieces(100), *(of_child[at : at + 16] for at in range(0, len(of_child), 16))}) == 200
