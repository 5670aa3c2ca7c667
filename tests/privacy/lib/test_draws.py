"""Random bytes are drawn a stock at a time, and nobody gets a byte twice: no thread, and no child of a process."""

import os
from concurrent.futures import ThreadPoolExecutor

from privacy.lib.draws import STOCK, draw


def pieces(count: int) -> list[bytes]:
    return [draw(16) for _piece in range(count)]


def test_a_draw_has_the_length_that_was_asked_for() -> None:
    draw(100)  # so that the next ones do not fit into what is left
    assert [len(draw(count)) for count in (0, 1, STOCK - 1, STOCK, STOCK + 1)] == [0, 1, STOCK - 1, STOCK, STOCK + 1]


def test_nothing_is_drawn_twice_over_the_end_of_a_stock_or_in_several_threads() -> None:
    many = 2 * STOCK // 16
    with ThreadPoolExecutor(4) as pool:
        drawn = [piece for found in pool.map(pieces, [many] * 4) for piece in found]
    assert len(set(drawn)) == 4 * many


def test_a_child_draws_what_its_parent_does_not() -> None:
    draw(1)
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
