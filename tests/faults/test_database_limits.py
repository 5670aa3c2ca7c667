"""No free connection, a lock that is held, two who lock each other out: 503 within seconds, nothing half (FLT-25)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.test import Client
from django.urls import reverse
from psycopg import sql

from config.databases import role_in
from privacy.lib.dates import clock
from privacy.rights.models import Request
from tests import factory
from tests.database import PortalDatabase, server_connection
from tests.faults.invariants import Memory, assert_hold, assert_trail_is_whole
from tests.faults.surroundings import in_thread
from tests.privacy.retention.kill_at_commit import close_everything
from tests.privacy.rights.test_request_form import fields

pytestmark = [pytest.mark.faults, pytest.mark.fault("FLT-25"), pytest.mark.usefixtures("locks_given_up_soon")]

WAITING = """
SELECT pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
 WHERE NOT l.granted AND d.datname = current_database()
"""
HELD = """
SELECT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
 WHERE l.pid = %s AND l.granted AND l.mode = 'RowExclusiveLock' AND c.relkind = 'r' AND c.relname NOT LIKE 'pg_%%'
"""


def file(memory: Memory, mark: str) -> int:
    """File a request on the public form; return how it was answered."""
    client = Client(raise_request_exception=False)
    answer = memory.ask(client, "post", reverse("rights:request"), fields(submission=mark))
    if answer.status_code == 200:
        memory.filed(answer.context["receipt"].number)
    return int(answer.status_code)


def report(memory: Memory, token: str, batch: bytes) -> int:
    """Send a batch of reports; return how it was answered."""
    given = {"content_type": "application/json", "headers": {"Authorization": f"Bearer {token}"}}
    client = Client(raise_request_exception=False)
    return int(memory.ask(client, "post", "/api/v1/reports", batch, **given).status_code)


def assert_it_works_again(database: PortalDatabase, memory: Memory) -> None:
    """What was sent and refused is sent again, and counts once."""
    assert file(memory, "mark") == 200
    assert Request.objects.count() == len(memory.cases) == 1
    assert_hold(memory)
    assert_trail_is_whole(database)


@pytest.mark.parametrize(
    ("alias", "table"),
    [("default", "ledger.entry"), ("personal", "rights_particulars")],
)
def test_a_lock_that_is_held(portal_database: PortalDatabase, alias: str, table: str) -> None:
    memory = Memory()
    with portal_database.connect(alias=alias) as other, other.transaction():
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        assert file(memory, "mark") == 503
    assert_it_works_again(portal_database, memory)


@contextmanager
def exhausted(database: PortalDatabase, alias: str) -> Iterator[None]:
    """Let others have every connection that there is to a database."""
    name = database.names[alias]
    with server_connection() as server:
        server.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 3").format(sql.Identifier(name)))
    others = [database.connect(role_in(alias, "portal_development"), alias) for _each in range(3)]
    try:
        yield
    finally:
        for other in others:
            other.close()


@pytest.mark.parametrize("alias", ["default", "personal"])
def test_no_connection_is_free(portal_database: PortalDatabase, alias: str) -> None:
    memory, now = Memory(), clock.now()
    device, token = factory.make_device(1, at=now), factory.make_token(at=now)
    batch = factory.make_batch(factory.make_report(device, at=now))
    close_everything()
    with exhausted(portal_database, alias):
        assert file(memory, "mark") == 503
        assert report(memory, token, batch) == 503
    with server_connection() as server:
        name = sql.Identifier(portal_database.names[alias])
        server.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT -1").format(name))
    assert report(memory, token, batch) == 200
    assert_it_works_again(portal_database, memory)


def locked_out(other: psycopg.Connection) -> str:
    """Wait until the portal waits for our lock, then want one that it holds; return whose table that was."""
    deadline = time.monotonic() + 60
    while not (waiting := other.execute(WAITING).fetchone()):
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.02)
    (held, *_others) = [name for (name,) in other.execute(HELD, waiting).fetchall()]
    other.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(held)))
    return str(held)


@pytest.mark.asvs("15.4.3")
def test_two_lock_each_other_out(portal_database: PortalDatabase) -> None:
    """The portal is the one who gives way: the other looks for no deadlock."""
    memory = Memory()
    with portal_database.connect() as other, other.transaction():
        other.execute("SET LOCAL deadlock_timeout = '1min'")
        other.execute("LOCK TABLE rights_right IN ACCESS EXCLUSIVE MODE")
        asking = in_thread(lambda: file(memory, "mark"))
        assert locked_out(other)
        asking.join(60)
    assert not asking.is_alive()
    assert [one.status for one in memory.answers] == [503]
    assert_it_works_again(portal_database, memory)
