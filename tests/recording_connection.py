"""Which connections of the tests stay open, though Django closes them: a new one has all tables to learn.

The tests' connections end with each request (``CONN_MAX_AGE``), because threads that serve come and go. In the main
thread nothing is served by others: there this one lasts, as in production, until its databases are gone.
"""

import threading
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TestCase

from privacy.ledger.entries import autocommit


def keep(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Let a new connection last if it is the one for records of the main thread."""
    held = getattr(autocommit._local, "held", None)
    if held is not None and held.wrapper is connection and threading.current_thread() is threading.main_thread():
        connection.close_at = None


def keep_between_classes() -> None:
    """Let the next class of tests, or the next test that is a function, go on with the connections of the last one.

    What it set for its session is rolled back with the rest. One that has seen an error is closed, as by Django.
    """

    def roll_back(cls: type[TestCase]) -> None:
        if cls._databases_support_transactions():  # type: ignore[attr-defined]
            cls._rollback_atomics(cls.cls_atomics)  # type: ignore[attr-defined]
            for connection in connections.all(initialized_only=True):
                if connection.errors_occurred:
                    connection.close()
        super(TestCase, cls).tearDownClass()

    TestCase.tearDownClass = classmethod(roll_back)  # type: ignore[method-assign,assignment]
