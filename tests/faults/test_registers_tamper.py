"""Seeded random alterations of the registers beside the ledger, by the database's superuser: each is found and named.

Any column of any protected table that has rows, a removal, or a row that nobody made. ``SCALE`` scales the number,
``SEED`` repeats a run. Each alteration is made with every trigger off, then undone.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import psycopg
import pytest
from psycopg import sql

from config.databases import DATABASES
from privacy.ledger.protected_tables import TABLES
from tests.database import PortalDatabase
from tests.factories.worked_office import compare_registers, worked_office
from tests.faults.tampering_registers import Connection, alter, keys

pytestmark = [pytest.mark.faults, pytest.mark.attack("19.7")]

ALTERATIONS = max(20, int(1_000 * float(os.environ.get("SCALE", "1"))))
SEED = int(os.environ.get("SEED", "20261127"))


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[PortalDatabase]:
    with django_db_blocker.unblock(), worked_office(tmp_path_factory.mktemp("destructions")) as database:
        yield database


@contextmanager
def superusers(world: PortalDatabase) -> Iterator[dict[str, Connection]]:
    """Connect to each database as its superuser, with nothing in force that isn't ALWAYS."""
    with ExitStack() as opened:
        made = {alias: opened.enter_context(world.connect(alias=alias)) for alias in DATABASES}
        for one in made.values():
            one.execute("SET session_replication_role = replica")
        yield made


def test_the_untouched_registers_pass(world: PortalDatabase) -> None:
    """The positive control, also with what the alterations below leave out of force."""
    with superusers(world) as superuser:
        assert compare_registers(**superuser) == []


@pytest.mark.clause("P8.3")
def test_every_random_alteration_is_found_and_the_row_named(
    world: PortalDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(SEED)
    missed: list[str] = []
    tried: Counter[str] = Counter()
    with superusers(world) as superuser:
        every = {name: keys(superuser[table.database], table) for name, table in sorted(TABLES.items())}
        filled = {name: found for name, found in every.items() if found}
        assert len(filled) >= 44, "the world of this test lacks most registers"
        assert {TABLES[name].database for name in filled} == {"default", "personal"}
        while tried.total() < ALTERATIONS:
            name = dice.choice(list(filled))
            own = superuser[TABLES[name].database]
            with (
                suppress(psycopg.IntegrityError, psycopg.DataError, psycopg.errors.GeneratedAlways, KeyError),
                own.transaction(force_rollback=True),
            ):
                own.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(name)))
                done = alter(dice, own, TABLES[name], dice.choice(filled[name]))
                found = compare_registers(**superuser)
                tried[f"{done.where} {done.kind}"] += 1
                if not any(message.startswith(f"{name} {done.key} ") for message in found):
                    missed.append(f"{done}: {[message for message in found if 'triggers' not in message]}")
    with capsys.disabled():
        print(
            f"\nseed {SEED}: {ALTERATIONS - len(missed)} of {ALTERATIONS} alterations of rows found, {len(tried)} kinds"
        )
    assert not missed, "\n".join(missed[:20])
