"""The master key is turned once every host that is alive has the next generation, and ends on all of them."""

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.policies.models import Parameter
from privacy.vault import actions as vault
from privacy.vault import tasks
from privacy.vault.keyservice.holders import host_name
from privacy.vault.models import KeyCheck, KeyHolder, SubjectKey, TurnCursor
from tests.database import PortalDatabase
from tests.factory import make_sealed_file
from tests.privacy.vault.key_services import KeyService, key_service
from tests.privacy.vault.keyfiles import generations, in_environment, own_keys
from tests.privacy.vault.test_turns_are_approved import MONTHS_AGO, make_older

TESTS = SystemActor("tests")
LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff"
# A key service of another host: the same program under another name, which says what it holds more often.
ELSEWHERE = """
import django
django.setup()
from django.core.management import execute_from_command_line
from privacy.vault.keyservice import holders
holders.host_name = lambda: "other-host"
holders.EVERY_SECONDS = 0.2
execute_from_command_line(["manage.py", "keyservice"])
"""


class TwoHosts:
    """The key folders of this host and of the other, whose key service runs too."""

    def __init__(self, here: Path, there: Path) -> None:
        self.here = here
        self.there = there

    def prepare(self) -> None:
        """Have the next generation made here, which the other host lacks, and bring it there."""
        with pytest.raises(vault.GenerationNotEverywhere):
            vault.rotate(actor=TESTS, at=clock.now())
        self.bring()

    def bring(self) -> None:
        """Copy this host's key file to the other, as an operator does, and wait until its service has said so."""
        shutil.copy(self.here / "master.key", self.there / "master.key")
        wait_until(lambda: set(other().generations) == {str(number) for number in generations(self.here)})


def other() -> KeyHolder:
    return KeyHolder.objects.get(host="other-host")


def wait_until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.fixture
def hosts(portal_database: PortalDatabase) -> Iterator[TwoHosts]:
    with own_keys() as here, TemporaryDirectory(dir="/tmp") as folder, TemporaryDirectory(dir="/tmp") as sockets:
        there = Path(folder)
        with key_service(portal_database, process="worker", **in_environment(here)):
            make_sealed_file()
            for file in here.glob("*.key"):
                shutil.copy(file, there / file.name)
            elsewhere = KeyService(portal_database, Path(sockets), program=ELSEWHERE, **in_environment(there))
            elsewhere.start()
            try:
                wait_until(lambda: KeyHolder.objects.filter(host="other-host").exists())
                make_older(begun_at=MONTHS_AGO)
                yield TwoHosts(here, there)
            finally:
                elsewhere.kill()


def test_the_schedule_waits_for_a_host_and_says_which(hosts: TwoHosts) -> None:
    tasks.rotate_master_key()
    assert set(KeyCheck.objects.filter(kind="master").values_list("generation", flat=True)) == {1}
    assert generations(hosts.here) == {1, 2}, "prepared, to be brought"
    assert other().awaited == 2
    with pytest.raises(vault.GenerationNotEverywhere, match="other-host"):
        vault.rotate(actor=TESTS, at=clock.now())
    hosts.bring()
    wait_until(lambda: other().awaited is None)
    tasks.rotate_master_key()
    assert KeyCheck.objects.get(kind="master", current=True).generation == 2
    assert set(SubjectKey.objects.values_list("generation", flat=True)) == {2}


def test_another_key_of_the_same_number_is_not_the_same(hosts: TwoHosts) -> None:
    with pytest.raises(vault.GenerationNotEverywhere):
        vault.rotate(actor=TESTS, at=clock.now())
    _number, key = (hosts.here / "master.key").read_text().splitlines()[0].split()
    with (hosts.there / "master.key").open("a") as file:
        file.write(f"2 {key}\n")
    wait_until(lambda: "2" in other().generations)
    with pytest.raises(vault.GenerationNotEverywhere):
        vault.rotate(actor=TESTS, at=clock.now())


def test_what_another_host_has_made_is_not_made_again(hosts: TwoHosts) -> None:
    KeyHolder.objects.filter(host="other-host").update(
        host="a-third", generations={"1": "", "2": "aa"}, seen_at=clock.now()
    )
    with pytest.raises(CommandError, match="a-third"):
        call_command("rotate_master_key", "--prepare")
    assert generations(hosts.here) == {1}


def test_a_host_that_is_away_is_not_waited_for(hosts: TwoHosts) -> None:
    KeyHolder.objects.create(host="gone", generations={"1": ""}, seen_at=clock.now() - timedelta(minutes=11))
    hosts_lacking = pytest.raises(vault.GenerationNotEverywhere, match="other-host")
    with hosts_lacking as why:
        vault.rotate(actor=TESTS, at=clock.now())
    assert "gone" not in str(why.value)


def test_a_generation_ends_on_every_host(hosts: TwoHosts) -> None:
    hosts.prepare()
    assert vault.rotate(actor=TESTS, at=clock.now())
    Parameter.objects.create(code="keys.grace.days", value=0, unit="days", effective_on=clock.today(), basis="two")
    # It is still on the other host at that moment, or has just left it.
    vault.destroy_emptied_generations(actor=TESTS, at=clock.now())
    assert generations(hosts.here) == {2}
    wait_until(lambda: generations(hosts.there) == {2} and set(other().generations) == {"2"})
    vault.destroy_emptied_generations(actor=TESTS, at=clock.now())
    assert KeyCheck.objects.get(kind="master", generation=1).ended_at is not None


def test_it_has_not_ended_while_a_host_holds_it(hosts: TwoHosts) -> None:
    hosts.prepare()
    assert vault.rotate(actor=TESTS, at=clock.now())
    Parameter.objects.create(code="keys.grace.days", value=0, unit="days", effective_on=clock.today(), basis="two")
    KeyHolder.objects.create(host="a-third", generations={"1": "", "2": ""}, seen_at=clock.now())
    assert vault.destroy_emptied_generations(actor=TESTS, at=clock.now()) == []
    assert KeyCheck.objects.get(kind="master", generation=1).ended_at is None


def test_a_host_that_is_away_still_holds_it(hosts: TwoHosts) -> None:
    """Its key file is on its disk: a certificate that says that no copy can be opened would be false."""
    hosts.prepare()
    assert vault.rotate(actor=TESTS, at=clock.now())
    Parameter.objects.create(code="keys.grace.days", value=0, unit="days", effective_on=clock.today(), basis="two")
    KeyHolder.objects.create(host="away", generations={"1": ""}, seen_at=clock.now() - timedelta(days=40))
    assert vault.destroy_emptied_generations(actor=TESTS, at=clock.now()) == []
    KeyHolder.objects.filter(host="away").delete()
    wait_until(lambda: set(other().generations) == {"2"})
    assert vault.destroy_emptied_generations(actor=TESTS, at=clock.now()) == [1]


def test_today_names_a_host_until_it_has_the_same_one(hosts: TwoHosts) -> None:
    tasks.rotate_master_key()
    _number, key = (hosts.here / "master.key").read_text().splitlines()[0].split()
    with (hosts.there / "master.key").open("a") as file:
        file.write(f"2 {key}\n")
    wait_until(lambda: "2" in other().generations)
    assert other().awaited == 2, "another key of that number"
    hosts.bring()
    wait_until(lambda: other().awaited is None)


def test_today_names_this_host_where_another_made_it(hosts: TwoHosts) -> None:
    KeyHolder.objects.create(host="a-third", generations={"1": "", "2": "aa"}, seen_at=clock.now())
    tasks.rotate_master_key()
    assert KeyHolder.objects.get(host=host_name()).awaited == 2


def test_no_key_service_speaks_at_another_time(hosts: TwoHosts, portal_database: PortalDatabase) -> None:
    with portal_database.connect("portal_keys") as role:
        role.execute("UPDATE vault_keyholder SET seen_at = 'infinity'")
        role.execute("INSERT INTO vault_keyholder (host, generations, seen_at) VALUES ('x', '{}', '2020-01-01')")
    assert all(abs((clock.now() - holder.seen_at).total_seconds()) < 60 for holder in KeyHolder.objects.all())


def test_a_host_that_cannot_end_one_still_says_that_it_holds_it(hosts: TwoHosts) -> None:
    now = clock.now()
    KeyCheck.objects.filter(kind="master").update(current=False, emptied_at=now, ending_at=now)
    seen = other().seen_at
    wait_until(lambda: other().seen_at > seen)
    assert set(other().generations) == {"1"}, "the policy refuses, and the host is not silent"


def test_a_cursor_of_before_a_restore_is_forgotten(hosts: TwoHosts) -> None:
    """A dump knew how far a turn to generation 2 had come; the keys that were restored are older than it."""
    TurnCursor.objects.create(generation=2, table="vault_subjectkey", last=LAST)
    hosts.prepare()
    assert vault.rotate(actor=TESTS, at=clock.now())
    assert set(SubjectKey.objects.values_list("generation", flat=True)) == {2}


def test_a_turn_that_skipped_keys_begins_anew(hosts: TwoHosts) -> None:
    hosts.prepare()
    assert vault.rotate(actor=TESTS, at=clock.now(), seconds=-1)
    TurnCursor.objects.create(generation=2, table="vault_subjectkey", last=LAST)
    with pytest.raises(vault.WrongKey):
        vault.rotate(actor=TESTS, at=clock.now())
    assert vault.rotate(actor=TESTS, at=clock.now())
    assert set(SubjectKey.objects.values_list("generation", flat=True)) == {2}


def test_this_host_says_what_it_holds(hosts: TwoHosts) -> None:
    assert set(KeyHolder.objects.get(host=host_name()).generations) == {"1"}


def test_a_slice_begins_where_the_last_one_ended(hosts: TwoHosts, settings: object) -> None:
    hosts.prepare()
    settings.VAULT_TURN_BATCH = 1  # type: ignore[attr-defined]
    for _person in range(3):
        make_sealed_file()
    turn = vault.rotate(actor=TESTS, at=clock.now(), seconds=-1)
    for _slice in range(200):
        if turn is None or turn.complete:
            break
        before = {cursor.table: cursor.last for cursor in TurnCursor.objects.all()}
        turn = vault.rotate(actor=TESTS, at=clock.now(), seconds=0.02)
        after = {cursor.table: cursor.last for cursor in TurnCursor.objects.all()}
        assert turn is not None
        assert turn.complete or all(after[table] >= last for table, last in before.items())
    assert set(SubjectKey.objects.values_list("generation", flat=True)) == {2}
    assert not TurnCursor.objects.exists()
