"""Rows that lie on the disk and in nobody's cache, each on a page of its own: what expires is old and scattered.

One by one, each costs a turn of the disk, and the more rows are kept beside them, the more turns. So several processes
of the server look places up at once, and rows are fetched ahead (a bitmap) and not place by place.
"""

from collections.abc import Iterator, Sized
from contextlib import contextmanager

from django.db import connections, transaction

LOOKED_UP = {
    "max_parallel_workers_per_gather": "6",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    "min_parallel_index_scan_size": "0",
    "min_parallel_table_scan_size": "0",
}
FETCHED = {"enable_indexscan": "off"}
# From so many people on: for one person's few rows, calling others in costs more than it saves.
MANY = 100


@contextmanager
def looked_up(people: Sized, *, using: str) -> Iterator[None]:
    """Run a transaction on a database that only looks up the rows of these people."""
    with _set(LOOKED_UP, people, using=using):
        yield


@contextmanager
def fetched(people: Sized, *, using: str) -> Iterator[None]:
    """Run a transaction on a database that needs the rows of these people themselves, as a removal does."""
    with _set(FETCHED, people, using=using):
        yield


@contextmanager
def _set(settings: dict[str, str], people: Sized, *, using: str) -> Iterator[None]:
    with transaction.atomic(using=using):
        if len(people) >= MANY:
            statement = "SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(settings))
            with connections[using].cursor() as cursor:
                cursor.execute(statement, [text for pair in settings.items() for text in pair])
        yield
