"""Two workers at once carry out each delivery once, lose none, and share the work; without the lease they would not."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.database import ROOT, PortalDatabase

ROWS = 200
# A worker without its minute of waiting; it begins when the other is there too, and each delivery takes its time.
WORKER = """
import sys, time
from pathlib import Path
import django
django.setup()
from django.db import connections
from privacy.jobs import actions, deliverers, dispatcher
from privacy.lib.dates import clock
folder, mine, leased = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "leased"

@deliverers.deliverer("drill")
def deliver(ids, *, event, starts, at):
    time.sleep(0.005)
    with (folder / f"done-{mine}").open("a") as done:
        done.write(ids["number"] + "\\n")

if not leased:  # as if a worker looked, and took nothing for itself
    claim = actions.claim
    def look(*, using, destination=""):
        row = claim(using=using, destination=destination)
        if row is not None:
            with connections[using].cursor() as cursor:
                cursor.execute("UPDATE jobs_generaloutbox SET lease_until = NULL WHERE id = %s", [row.id])
        return row
    actions.claim = look
(folder / f"here-{mine}").touch()
while len(list(folder.glob("here-*"))) < 2:
    time.sleep(0.01)
dispatcher.dispatch_internal(now=clock.now, seconds=60)
"""


def carried_out(database: PortalDatabase, folder: Path, kind: str) -> list[Counter[str]]:
    """Return what each of two workers carried out."""
    with database.connect() as owner:
        owner.execute(
            "INSERT INTO jobs_generaloutbox (id, key, kind, shard, ids, created_at, not_before, starts, last_error)"
            # One is due longest, always the same: equal ones are taken in the order in which they lie, and those that
            # are written again lie last, so even a worker that takes nothing for itself would hardly meet the other.
            " SELECT gen_random_uuid(), 'drill' || n, 'drill', '', jsonb_build_object('number', n::text), now(),"
            " now() - make_interval(secs => 1000 - n), 0, '' FROM generate_series(1, %s) n",
            [ROWS],
        )
    environ = {**database.environ("portal_worker"), "PORTAL_PROCESS": "worker"}
    command = [sys.executable, "-c", WORKER, str(folder)]
    workers = [subprocess.Popen([*command, mine, kind], cwd=ROOT, env=environ) for mine in "ab"]
    assert [worker.wait(120) for worker in workers] == [0, 0]
    return [Counter((folder / f"done-{mine}").read_text().split()) for mine in "ab"]


@pytest.mark.truth("20.2")
def test_two_workers_carry_out_each_delivery_once(portal_database: PortalDatabase, tmp_path: Path) -> None:
    one, other = carried_out(portal_database, tmp_path, "leased")
    assert one + other == Counter(map(str, range(1, ROWS + 1)))
    assert min(one.total(), other.total()) > ROWS / 10, "both worked"
    with portal_database.connect() as owner:
        left = owner.execute("SELECT count(*) FROM jobs_generaloutbox WHERE done_at IS NULL").fetchone()
    assert left == (0,)


def test_this_would_see_a_worker_that_takes_nothing_for_itself(portal_database: PortalDatabase, tmp_path: Path) -> None:
    one, other = carried_out(portal_database, tmp_path, "unleased")
    assert max((one + other).values()) > 1
