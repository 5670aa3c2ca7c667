"""What a test itself writes past the verbs is written by a role of the tests: the product's code keeps its own rights.

A test puts a row into the past, or takes one away, as nobody in the office could. Whatever code of the product writes
runs with the approved grants (config/database_grants.toml): a grant that it lacks fails the test.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from config.databases import DEVELOPMENT_ROLE

ROLE = "portal_tests"
ROOT = str(Path(__file__).resolve().parent.parent)
# They stand between every statement of the personal database and whoever made it.
PASSED = ("privacy/ledger/write_capture.py", "privacy/ledger/row_statements.py", "tests/own_writes.py")
PRODUCT = ("privacy/", "consents/", "devices/", "config/")
_WRITES = re.compile(
    r"\s*(?:INSERT|UPDATE|DELETE|WITH)\b|\s*SELECT\b.*\bFOR (?:NO KEY )?UPDATE\b", re.IGNORECASE | re.DOTALL
)

# The role that a test's connections have now (tests/process_roles.py); empty: that of the tests.
role_of_process: ContextVar[str] = ContextVar("the role of a process", default="")
_portal: ContextVar[bool] = ContextVar("as the portal", default=False)


def make_role(server: psycopg.Connection) -> None:
    """Make the tests' role, which the portal's may take and inherits nothing of. Needs a superuser."""
    if server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone() is None:
        server.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(ROLE)))
    taken = sql.SQL("GRANT {} TO {}, portal_archivist WITH INHERIT FALSE, SET TRUE")
    server.execute(taken.format(sql.Identifier(ROLE), sql.Identifier(DEVELOPMENT_ROLE)))


def open_tables(inside: psycopg.Connection) -> None:
    """Open every table of a migrated template to the tests' role."""
    for schema in ("public", "ledger"):
        inside.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), sql.Identifier(ROLE)))
    for what in ("SELECT, INSERT, UPDATE, DELETE ON ALL TABLES", "USAGE, SELECT ON ALL SEQUENCES"):
        inside.execute(sql.SQL(f"GRANT {what} IN SCHEMA public TO {ROLE}"))  # type: ignore[arg-type]
    inside.execute(sql.SQL(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {ROLE}"))  # type: ignore[arg-type]


@contextmanager
def as_the_portal() -> Iterator[None]:
    """Try something with the portal's own rights: what a test writes inside is written by the portal's role."""
    token = _portal.set(True)
    try:
        yield
    finally:
        _portal.reset(token)


def install(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Have a new connection of a test write as the tests' role what the test itself writes."""
    if connection.vendor == "postgresql" and as_the_test not in connection.execute_wrappers:
        connection.execute_wrappers.append(as_the_test)


def as_the_test(execute: Callable[..., Any], statement: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Run one statement, as the tests' role if no code of the product made it."""
    raw = context["connection"].connection
    if _portal.get() or not (isinstance(statement, str) and _WRITES.match(statement) and _made_by_a_test()):
        return execute(statement, params, many, context)
    raw.execute(f"SET {'LOCAL ' if not raw.autocommit else ''}ROLE {ROLE}")
    answer = execute(statement, params, many, context)
    raw.execute(f"SET {'' if raw.autocommit else 'LOCAL '}ROLE {role_of_process.get() or 'NONE'}")
    return answer


def _made_by_a_test() -> bool:
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(ROOT):
            inside = name[len(ROOT) + 1 :]
            if inside.startswith(PRODUCT) and inside not in PASSED:
                return False
            if inside.startswith("tests/") and inside not in PASSED:
                return True
        frame = frame.f_back
    return False
