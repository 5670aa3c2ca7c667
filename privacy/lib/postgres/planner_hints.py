"""Rows that lie on the disk and in nobody's cache, each on a page of its own: what expires is old and scattered.

One by one, each costs a turn of the disk, and the more rows are kept beside them, the more turns. So several processes
of the server look places up at once, and rows are fetched ahead (a bitmap) and not place by place.
"""

from collections.abc import Iterator, Sized
from contextlib import contextmanager

from django.db import connections, transaction

PARALLEL_LOOKUP = {
    "max_parallel_workers_per_gather": "6",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    "min_parallel_index_scan_size": "0",
    "min_parallel_table_scan_size": "0",
}
BITMAP_FETCH = {"enable_indexscan": "off"}
# From so many people on: for one person's few rows, calling others in costs more than it saves.
MIN_SUBJECTS = 100


@contextmanager
def parallel_lookup(people: Sized, *, using: str) -> Iterator[None]:
    """Run a transaction on a database that only looks up the rows of these people."""
    with _set(PARALLEL_LOOKUP, people, using=using):
        yield


@contextmanager
def bitmap_fetch(people: Sized, *, using: str) -> Iterator[None]:
    """Run a transaction on a database that needs the rows of these people themselves, as a removal does."""
    with _set(BITMAP_FETCH, people, using=using):
        yield


@contextmanager
def _set(settings: dict[str, str], people: Sized, *, using: str) -> Iterator[None]:
    with transaction.atomic(using=using):
        if len(people) >= MIN_SUBJECTS:
            statement = "SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(settings))
            with connections[using].cursor() as cursor:
                cursor.execute(statement, [text for pair in settings.items() for text in pair])
        yield
