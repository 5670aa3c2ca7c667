"""The key service's clock is stepped while it works: what it decides goes by the database's clock, or by none.

The service runs under libfaketime where the host has it; elsewhere its ``time.time`` is another.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest

from privacy.accounts.models import AccessGrant
from privacy.lib.dates import clock
from privacy.vault import actions as vault
from privacy.vault.keyservice import client, messages
from tests import factory
from tests.database import PortalDatabase
from tests.factory import make_sealed_file
from tests.privacy.vault.key_requests import CATEGORY, record_of, request_for
from tests.privacy.vault.key_services import asking_as, key_service

pytestmark = [pytest.mark.attack("18.2"), pytest.mark.fault("FLT-06")]

LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
CEILING = 6
STEPPED = """
import time
from pathlib import Path
real, file = time.time, Path({file!r})
time.time = lambda: real() + float(file.read_text())
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "keyservice"])
"""


@dataclass
class Stepped:
    """A key service whose clock ``step`` moves, in seconds from the true time."""

    database: PortalDatabase
    step: Callable[[float], None]


@pytest.fixture(scope="module")
def stepped(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Stepped]:
    """One service for these tests."""
    with (
        django_db_blocker.unblock(),  # type: ignore[attr-defined]
        PortalDatabase().in_use() as database,
        TemporaryDirectory() as folder,
    ):
        file = Path(folder) / "offset"

        def step(seconds: float) -> None:
            # As a whole, so that nobody reads half of it.
            fresh = file.with_suffix(".new")
            fresh.write_text(f"{seconds:+.0f}")
            fresh.replace(file)

        step(0)
        preloaded = {
            "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip
        program = "" if LIBRARY else STEPPED.format(file=str(file))
        with key_service(
            database, program=program, KEY_CEILINGS=f"pages.legal-duty={CEILING}", **(preloaded if LIBRARY else {})
        ):
            yield Stepped(database, step)


@pytest.fixture(params=[400, -400], ids=["ahead", "behind"])
def days(stepped: Stepped, request: pytest.FixtureRequest) -> Iterator[timedelta]:
    """How far the clock is stepped within a test; afterwards it is right again."""
    yield timedelta(days=request.param)
    stepped.step(0)


def dated(database: PortalDatabase, people: list[UUID], seconds: int) -> int:
    """Put a reading on record, so many seconds ago: as a clock of the database that was stepped since leaves it."""
    number = record_of(people)
    with database.connect() as superuser, superuser.transaction():
        superuser.execute("ALTER TABLE ledger.entry DISABLE TRIGGER deny")
        superuser.execute(
            "UPDATE ledger.entry SET time = time - make_interval(secs => %s) WHERE id = %s", [seconds, number]
        )
        superuser.execute("ALTER TABLE ledger.entry ENABLE ALWAYS TRIGGER deny")
    return number


def test_what_is_open_stays_open_and_what_is_new_opens(stepped: Stepped, days: timedelta) -> None:
    file = make_sealed_file()
    before = request_for([file], record_of([file.subject_id]))
    assert client.ask(before)
    stepped.step(days.total_seconds())
    assert client.ask(before)
    assert client.ask(request_for([file], record_of([file.subject_id])))


def test_an_old_record_stays_old_and_one_of_the_future_none(stepped: Stepped, days: timedelta) -> None:
    file = make_sealed_file()
    shown = {ago: dated(stepped.database, [file.subject_id], ago) for ago in (0, 15, -60)}
    stepped.step(days.total_seconds())
    assert client.ask(request_for([file], shown[0])), "the control: the same record of now"
    for ago in (15, -60):
        with pytest.raises(vault.KeysRefused):
            client.ask(request_for([file], shown[ago]))


def test_a_grant_holds_on_the_databases_days(stepped: Stepped, days: timedelta) -> None:
    file, hana, omar, today = make_sealed_file(), factory.make_hana(granted=False), factory.make_omar(), clock.today()
    AccessGrant.objects.create(
        user=hana, category=CATEGORY, purpose="registration", reason="x", asked_by=hana.ref, approved_by=omar,
        granted_by=omar.ref, granted_at=clock.now(), valid_from=today, valid_until=today,
    )  # fmt: skip
    over = today + days
    AccessGrant.objects.create(
        user=hana, category=CATEGORY, purpose="analytics", reason="x", asked_by=hana.ref, approved_by=omar,
        granted_by=omar.ref, granted_at=clock.now(), valid_from=over, valid_until=over,
    )  # fmt: skip
    stepped.step(days.total_seconds())
    assert client.ask(request_for([file], record_of([file.subject_id], actor=hana, purpose="registration")))
    with pytest.raises(vault.KeysRefused):
        client.ask(request_for([file], record_of([file.subject_id], actor=hana, purpose="analytics")))


def test_a_ceiling_is_not_lifted(stepped: Stepped) -> None:
    files = [make_sealed_file() for _number in range(CEILING + 1)]

    def read(chosen: list[int]) -> None:
        people = [files[number].subject_id for number in chosen]
        record = record_of(people, purpose="legal-duty")
        assert client.ask(request_for([files[number] for number in chosen], record))

    read(list(range(CEILING)))
    for hours in (2, -2):
        stepped.step(3600 * hours)
        with pytest.raises(vault.CeilingReached):
            read([CEILING])
        read([0])
    with asking_as("worker"):
        status: messages.ServiceStatus = client.ask(messages.Status())
    off = [one.moment - clock.now().timestamp() for one in status.reached]
    assert any(abs(one - 7200) < 600 for one in off), "the control: the clock was stepped"
    stepped.step(0)
