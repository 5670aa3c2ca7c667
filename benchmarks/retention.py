"""Retention: what expires costs, not what is kept; a month goes at once; the act for 10,000 devices; the archive move.

Each part has a database of its own, so that none is measured among what another one left. Every part goes through the
portal's own verbs: plan, approval, keys, rows, read-back, certificate. The references are the plain SQL that anybody
would write, on the same rows, in the same run.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import batched
from typing import Any
from uuid import UUID

import fleet
import psycopg
import retained_rows
from carried_out_list import name_everybody
from harness import (
    Figure,
    embedded_database,
    interleaved_medians,
    limit_figure,
    print_figures,
    throughput_figure,
    timed,
)

from privacy.policies.categories import APP_LOG, SERVICE_ANALYTICS

AT = datetime.now(UTC)
PARTS = ("archive", "month", "act", "growth")
KINDS = ("status", "access", "app-status", "configuration", "access-count")


def main() -> None:
    """Run all parts on a database of their own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, about a minute")
    parser.add_argument("--kept", type=int, default=20_000_000, help="rows kept in the larger table of sweep_growth")
    parser.add_argument("--kept-small", type=int, default=1_000_000)
    parser.add_argument("--expiring", type=int, default=500, help="devices that expire in each sweep of sweep_growth")
    parser.add_argument("--month-rows", type=int, default=1_700_000)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--reports", type=int, default=2_000_000)
    parser.add_argument("--archive-rows", type=int, default=1_000_000)
    parser.add_argument("--archive-devices", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts alone (stands last)")
    options = parser.parse_args()
    if len(options.only) > 1:
        print_figures("Retention", [figure for part in options.only for figure in _by_itself(part)])
        return
    if options.quick:
        options.kept, options.kept_small, options.expiring = 1_000_000, 50_000, 100
        options.month_rows, options.devices, options.reports = 200_000, 1_000, 100_000
        options.archive_rows, options.archive_devices = 60_000, 100
    with embedded_database() as home:
        bench = Bench(options, home)
        figures: list[Figure] = getattr(bench, options.only[0])()
    print_figures(f"Retention: {options.only[0]}", figures)


def _by_itself(part: str) -> list[Figure]:
    """Run one part in a process and on a stage of its own."""
    arguments = sys.argv[1:]
    if "--only" in arguments:
        arguments = arguments[: arguments.index("--only")]
    run = subprocess.run(
        [sys.executable, __file__, *arguments, "--only", part], stdout=subprocess.PIPE, text=True, check=True
    )
    *table, last = run.stdout.rstrip().splitlines()
    print("\n".join(table), flush=True)
    return [Figure(what="", **figure) for figure in json.loads(last)["figures"]]


class Bench:
    """The parts of this benchmark, each on a stage of its own."""

    def __init__(self, options: argparse.Namespace, home: Any) -> None:
        from devices import partitions
        from privacy.ledger.actors import SystemActor
        from privacy.retention import actions
        from privacy.vault import actions as vault
        from privacy.vault import crypto

        self.options = options
        self.retention: Any = actions
        self.actor = SystemActor("benchmark")
        self.personal = "portal_personal"
        self.crypto: Any = crypto
        self.gateway, _token = fleet.gateway_token()
        self.officers = [self._officer(name) for name in ("odile", "omar")]
        past = [partitions.first_of_month(AT.date() - timedelta(days=30 * back)) for back in range(14)]
        partitions.create_partitions(past)
        vault.create_month_keys([SERVICE_ANALYTICS, APP_LOG], past, at=AT)
        self.cases = 0

    def _officer(self, name: str) -> Any:
        from tests.factories.accounts import make_user

        # Invited long ago, with pledge and training: who approves as the second person must have them.
        return make_user(f"{name}@extrus.example", name, "officer")

    # -- loading ------------------------------------------------------------------------------

    def owner(self, alias: str = "personal") -> psycopg.Connection[Any]:
        """Connect as the owner, outside Django."""
        from django.conf import settings

        from config.databases import DATABASES

        name = self.personal if alias == "personal" else DATABASES[alias]
        url = settings.EMBEDDED_SERVER.url("portal_owner", name)
        return psycopg.connect(url, autocommit=True)

    def fill(
        self, table: str, devices: list[UUID], rows: int, first: date, days: int, kind: str = "", *, settle: bool = True
    ) -> None:
        """Put rows of random ciphertext in place, device by device as a closed month lies, made by the server."""
        each = max(1, rows // len(devices))
        head = self.crypto.header(first.replace(day=1)).hex()
        with self.owner() as server:
            for part in batched(sorted(devices), 500):
                server.execute(
                    f"INSERT INTO {table} (id, device_id, occurred_at, received_at, kind, body)"
                    " SELECT gen_random_uuid(), device, moment, moment, kind,"
                    " decode(%s || repeat(md5(random()::text) || md5(random()::text), 5), 'hex')"
                    " FROM unnest(%s::uuid[]) AS device, LATERAL (SELECT %s::date + (%s::bigint * step / %s)"
                    " * interval '1 second' AS moment, CASE WHEN %s <> '' THEN %s ELSE (%s::text[])[1 + step %% 5] END"
                    " AS kind FROM generate_series(0, %s - 1) AS step) AS made",
                    [head, list(part), first, days * 86_400, each, kind, kind, list(KINDS), each],
                )
            server.execute(f"VACUUM ANALYZE {table}")
            if settle:
                self._settle(server)

    @staticmethod
    def _settle(server: psycopg.Connection[Any]) -> None:
        """Let what was just loaded lie as a month that is over lies: on the disk, and in nobody's cache."""
        from django.conf import settings

        server.execute("CHECKPOINT")
        os.sync()
        for path in (settings.EMBEDDED_SERVER.cluster / "base").rglob("*"):
            if path.is_file():
                descriptor = os.open(path, os.O_RDONLY)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(descriptor)

    def fleet_of(self, count: int, seed: int, *, ended_on: date | None = None) -> list[UUID]:
        """Devices with keys and agreements; with ``ended_on`` their licence and service ended then."""
        ids = fleet.device_ids(count, seed)
        self._load(ids, ended_on=ended_on)
        return ids

    def _load(self, ids: list[UUID], *, ended_on: date | None) -> None:
        from devices.models import Licence
        from privacy.subjects.models import Subject

        fleet.load(ids, self.gateway.id)
        if ended_on is not None:
            for part in batched(ids, 5_000):
                Licence.objects.filter(device_id__in=part).update(
                    starts_on=ended_on - timedelta(days=365), ends_on=ended_on
                )
                Subject.objects.filter(id__in=part).update(service_ended_on=ended_on)

    def approved(self, as_of: date) -> list[Any]:
        """Plan and approve; return the lists, ready to be carried out."""
        from privacy.retention.models import DestructionList

        run = self.retention.plan(as_of=as_of, actor=self.actor, at=AT)
        for row in DestructionList.objects.filter(run=run, state="proposed"):
            for officer in self.officers[: 2 if row.over_ceiling else 1]:
                self.retention.approve(row, actor=officer, at=AT)
        DestructionList.objects.filter(run=run).update(not_before=AT)
        return list(DestructionList.objects.filter(run=run))

    # -- the parts ----------------------------------------------------------------------------

    def growth(self) -> list[Figure]:
        """The whole sweep of the same expiring devices beside few and beside many kept rows, in turns.

        Each amount is kept in a personal database of its own; everything else is the same portal. The rows that expire
        lie among those that are kept, and both on the disk alone when a sweep begins.
        """
        ended = AT.date().replace(year=AT.date().year - 6)
        first = (AT.date().replace(day=1) - timedelta(days=330)).replace(day=1)
        databases = {self.options.kept_small: self.personal, self.options.kept: "portal_personal_large"}
        self._copy_personal("portal_personal_large")
        # Sweeps of a second or two on a machine with other work: more rounds than elsewhere.
        rounds = self.options.rounds + 4
        for place, (kept, name) in enumerate(databases.items()):
            due = {device: 20 for turn in range(rounds) for device in self._cohort(turn, place)}
            living = dict.fromkeys(fleet.device_ids(kept // 200, seed=kept), 40)
            owners = living | due
            put = partial(retained_rows.fill, name, owners, first=first, months=5, kinds=KINDS, head=self.crypto.header)
            print(f"… {kept:,} rows kept: in place after {timed(put):,.0f} s", flush=True)
        taken: dict[int, list[float]] = {kept: [] for kept in databases}
        for turn in range(rounds):
            # In both orders: what a sweep leaves to the next one meets both alike.
            for place, (kept, name) in list(enumerate(databases.items()))[:: 1 if turn % 2 else -1]:
                self._turn_to(name)
                self._load(self._cohort(turn, place), ended_on=ended)
                with self.owner() as server:
                    self._settle(server)
                taken[kept].append(timed(lambda: self._sweep_all(AT.date())))
        self._turn_to(databases[self.options.kept_small])
        small, large = (statistics.median(times) for times in taken.values())
        what = f"{self.options.kept:,} rows kept beside {self.options.kept_small:,}; ≤ 1.2"
        return [Figure("sweep_growth", large, small, "s", large / small, what)]

    def _cohort(self, turn: int, place: int) -> list[UUID]:
        return fleet.device_ids(self.options.expiring, 50 + 2 * turn + place)

    def _copy_personal(self, name: str) -> None:
        from django.conf import settings
        from django.db import connections

        from config.databases import create_database

        connections["personal"].close()
        with psycopg.connect(settings.EMBEDDED_SERVER.url("postgres", "postgres"), autocommit=True) as server:
            create_database(server, "personal", name, self.personal)

    def _turn_to(self, name: str) -> None:
        """Go on with another personal database; what the journal says is carried out there too: it never held it."""
        from django.db import connections

        from privacy.retention.destruction import journal

        connections["personal"].close()
        connections["personal"].settings_dict["NAME"] = self.personal = name
        with self.owner() as server:
            server.execute(
                "INSERT INTO retention_personaljournalcursor (single, line, at) VALUES (true, %s, now())"
                " ON CONFLICT (single) DO UPDATE SET line = EXCLUDED.line",
                [journal.last_number()],
            )

    def _sweep_all(self, as_of: date) -> None:
        for row in self.approved(as_of):
            assert self.retention.execute(row, actor=self.actor, at=AT, seconds=3600)

    def month(self) -> list[Figure]:
        """A finished month of app logs: one key and one partition, beside DELETE and VACUUM of the same rows.

        The reference is the table one would have without partitions: the same rows with the same primary key, beside
        the month that lives on.
        """
        today = AT.date()
        living = self.fleet_of(100, 7)
        ours, plain, lists = [], [], dict[date, Any]()
        for back in range(self.options.rounds):
            # A destroyed month never comes back: each round takes another.
            month = (today.replace(day=1) - timedelta(days=95 + 31 * back)).replace(day=1)
            self.fill("devices_applog", living, self.options.month_rows, month, 27, kind="app-log")
            with self.owner() as server:
                self._make_plain(server, month)
                plain.append(timed(partial(self._delete_month, server, month)))
                self._settle(server)
            lists |= {row.month: row for row in self.approved(today) if row.category == APP_LOG}
            ours.append(timed(partial(self._done, lists[month])))
        mine, theirs = statistics.median(ours), statistics.median(plain)
        what = f"{self.options.month_rows:,} rows, read back and certified, beside DELETE + VACUUM; ≤ 0.05"
        return [Figure("month_vs_delete", mine, theirs, "s", mine / theirs, what)]

    def _make_plain(self, server: psycopg.Connection[Any], month: date) -> None:
        """The same month, and the living one after it, in one ordinary table."""
        server.execute("DROP TABLE IF EXISTS bench_applog")
        server.execute("CREATE TABLE bench_applog AS SELECT * FROM devices_applog")
        server.execute(
            "INSERT INTO bench_applog SELECT id, device_id, occurred_at + interval '1 month', received_at, kind, body"
            " FROM devices_applog WHERE occurred_at >= %s",
            [month],
        )
        server.execute("ALTER TABLE bench_applog ADD PRIMARY KEY (device_id, occurred_at, id)")
        server.execute("VACUUM ANALYZE bench_applog")
        self._settle(server)

    def _delete_month(self, server: psycopg.Connection[Any], month: date) -> None:
        after = (month + timedelta(days=31)).replace(day=1)
        server.execute("DELETE FROM bench_applog WHERE occurred_at >= %s AND occurred_at < %s", [month, after])
        server.execute("VACUUM bench_applog")

    def _done(self, row: Any) -> None:
        assert self.retention.execute(row, actor=self.actor, at=AT, seconds=3600)

    def act(self) -> list[Figure]:
        """The statutory act for many devices, and the time until their last row is gone and certified."""
        from privacy.retention.actions.destruction import execution, strategy_choice

        ended = AT.date().replace(year=AT.date().year - 6)
        first = AT.date().replace(day=1) - timedelta(days=330)
        count, reports = self.options.devices, self.options.reports
        due, twin = self.fleet_of(count, 8, ended_on=ended), self.fleet_of(count, 9)
        for people in (due, twin):
            self.fill("devices_report", people, reports, first, 150)
        with self.owner() as server:
            plain = timed(lambda: self._delete_people(server, twin))
        # Not the months of app logs that are over too: none of these devices has a row in them.
        rows = [row for row in self.approved(AT.date()) if row.names_people]
        begun = time.perf_counter()
        for row in rows:
            started = execution.begin(row, actor=self.actor, at=AT)
            assert strategy_choice.for_list(started, actor=self.actor, at=AT).destroy_keys(lambda: True)
        act = time.perf_counter() - begun
        for row in rows:
            self._done(row)
        gone = time.perf_counter() - begun
        what = f"{count:,} devices, {reports:,} reports: {len(rows)} categories' keys destroyed; ≤ 2 s"
        of_rows = Figure("rows_gone_s", gone, plain, "s", gone / plain, "and certified, beside DELETE + VACUUM; ≤ 1.5")
        return [limit_figure("act_10k_devices_s", act, 2.0, "s", what), of_rows]

    def _delete_people(self, server: psycopg.Connection[Any], people: list[UUID]) -> None:
        """Delete the same rows of as many devices, in the order in which they lie, and vacuum."""
        for table in ("devices_report", "devices_licence", "devices_device"):
            column = "id" if table == "devices_device" else "device_id"
            for part in batched(sorted(people), 1_000):
                server.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [list(part)])
            server.execute(f"VACUUM {table}")

    def archive(self) -> list[Figure]:
        """Moving access records to the archive, opened and sealed again, beside a plain piped COPY of the same rows."""
        people = self.fleet_of(self.options.archive_devices, 10)
        self._seal_access(people, self.options.archive_rows)
        orders = [(self._order(part), part) for part in map(list, batched(people, 1_000))]
        self._copy_all([(orders[0][0], people[:50])])
        taken = interleaved_medians(self.options.rounds, partial(self._copy_all, orders), self._pipe)
        rates = (self.options.archive_rows / seconds for seconds in taken)
        return [throughput_figure("archive_rows_per_s", *rates, "rows/s", "piped COPY; ≥ 0.5")]

    def _seal_access(self, people: list[UUID], rows: int) -> None:
        from privacy.lib.identifiers.ids import new_id
        from privacy.vault import actions as vault

        body = json.dumps({"action": "unlock", "result": "ok", "note": "x" * 80}).encode()
        each = rows // len(people)
        with self.owner() as server:
            for part in batched(people, 20):
                made = [
                    (new_id(), person, AT - timedelta(seconds=60 + step * 80 * 86_400 // each))
                    for person in part
                    for step in range(each)
                ]
                boxes = vault.encrypt_batch(
                    [("devices.Report", "body", row, person, SERVICE_ANALYTICS, body) for row, person, _at in made],
                    AT,
                    months=[moment for _row, _person, moment in made],
                )
                columns = "id, device_id, occurred_at, received_at, kind, body"
                with server.cursor().copy(f"COPY devices_report ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
                    copy.set_types(["uuid", "uuid", "timestamptz", "timestamptz", "varchar", "bytea"])
                    for (row, person, moment), box in zip(made, boxes, strict=True):
                        copy.write_row((row, person, moment, moment, "access", box))
            server.execute("ANALYZE devices_report")

    def _copy_all(self, orders: list[tuple[Any, list[UUID]]]) -> None:
        from privacy.retention.actions import archive_transfer

        for row, people in orders:
            moved = archive_transfer.copy_people(row, people, actor=self.actor, at=AT)
            assert moved == len(people) * (self.options.archive_rows // self.options.archive_devices), moved

    def _order(self, people: list[UUID]) -> Any:
        self.cases += 1  # a list that is being carried out and names all of them
        (row,) = self.retention.order_destruction(
            people[0], [SERVICE_ANALYTICS], cause="deletion", case=f"K7-{self.cases}", actor=self.actor, at=AT
        )
        name_everybody(row, SERVICE_ANALYTICS, people[1:])
        return row

    def _pipe(self) -> None:
        """Copy the same rows to a table of the archive database through this process, without looking at them."""
        with self.owner() as source, self.owner("archive") as target:
            target.execute("DROP TABLE IF EXISTS bench_pipe")
            target.execute(
                "CREATE TABLE bench_pipe (id uuid PRIMARY KEY, device_id uuid, occurred_at timestamptz,"
                " received_at timestamptz, kind varchar, body bytea)"
            )
            columns = "id, device_id, occurred_at, received_at, kind, body"
            out = f"COPY (SELECT {columns} FROM devices_report) TO STDOUT (FORMAT BINARY)"
            with (
                source.cursor().copy(out) as reader,
                target.cursor().copy("COPY bench_pipe FROM STDIN (FORMAT BINARY)") as writer,
            ):
                for chunk in reader:
                    writer.write(chunk)


if __name__ == "__main__":
    main()
