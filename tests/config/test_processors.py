"""Web workers part the processors among themselves."""

import multiprocessing
import os
from collections import Counter
from multiprocessing.synchronize import Barrier

from config import processors


def settled(told: "multiprocessing.SimpleQueue[set[int]]", together: Barrier, over: Barrier) -> None:
    together.wait(20)
    processors.settle()
    told.put(os.sched_getaffinity(0))
    over.wait(20)


def test_workers_that_begin_together_part_the_processors() -> None:
    allowed = os.sched_getaffinity(0)
    count = 2 * len(allowed) if len(allowed) <= 4 else 4
    spawn = multiprocessing.get_context("spawn")
    told, together, over = spawn.SimpleQueue(), spawn.Barrier(count), spawn.Barrier(count + 1)
    workers = [spawn.Process(target=settled, args=(told, together, over), daemon=True) for _number in range(count)]
    for worker in workers:
        worker.start()
    kept = Counter(processor for _worker in workers for processor in told.get())
    over.wait(20)
    for worker in workers:
        worker.join(20)
    assert sum(kept.values()) == count, "each keeps to one"
    assert set(kept) <= allowed
    assert max(kept.values()) == -(-count // len(allowed))


def test_a_server_of_one_process_goes_where_it_likes() -> None:
    allowed = os.sched_getaffinity(0)
    processors.settle()
    assert os.sched_getaffinity(0) == allowed
