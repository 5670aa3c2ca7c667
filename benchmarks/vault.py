"""The vault: sealing and revealing beside bare loops, opening, destroying keys over many rows, turning the master key.

The bare loop is what anybody would write with ``cryptography`` alone: unwrap the subject's key, derive the content
key, seal or open, row by row, everything in memory. Ours adds what the portal promises: keys from the database,
tombstones asked of it each time, the epoch's key, the place bound in, and for reading the access record.
"""

import argparse
import hmac
import os
from functools import partial
from typing import Any
from uuid import UUID

import load_devices
from harness import (
    Figure,
    embedded_database,
    interleaved_medians,
    limit_figure,
    print_figures,
    throughput_figure,
    timed,
)

from privacy.policies.categories import SERVICE_ANALYTICS

LABEL = "vault.BenchReport"
TABLE = """
CREATE TABLE bench_report (id uuid NOT NULL, subject_id uuid NOT NULL, body bytea NOT NULL);
GRANT SELECT, INSERT, UPDATE, DELETE ON bench_report TO portal_app
"""
COMMITS = "CREATE TABLE bench_commit (payload text); GRANT INSERT ON bench_commit TO portal_app"


def main() -> None:
    """Run all parts on a database of their own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, under a minute")
    parser.add_argument("--epoch-rows", type=int, default=20_000_000)
    parser.add_argument("--subject-rows", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=1_000_000, help="keys that a turn of the master key carries over")
    parser.add_argument("--batch", type=int, default=500, help="rows of a batch")
    parser.add_argument("--people", type=int, default=100, help="subjects of a batch")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    if options.quick:
        options.epoch_rows, options.subject_rows, options.keys, options.rounds = 300_000, 50_000, 50_000, 7
    with embedded_database():
        bench = Bench(options)
        figures = [
            *bench.sealing(150),
            *bench.sealing(2048),
            *bench.revealing(150),
            *bench.revealing(2048),
            bench.opening(),
            *bench.shredding(),
            bench.rewrapping(),
        ]
    print_figures("The vault", figures)


class Loop:
    """The bare loop with ``cryptography``: wrapped keys in memory, nothing asked, nothing recorded."""

    def __init__(self, people: list[UUID]) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.cipher = AESGCM
        self.master = AESGCM(os.urandom(32))
        self.epoch = os.urandom(32)
        self.wrapped = {}
        for person in people:
            nonce = os.urandom(12)
            self.wrapped[person] = nonce + self.master.encrypt(nonce, os.urandom(32), person.bytes)

    def _content(self, person: UUID) -> bytes:
        box = self.wrapped[person]
        key = self.master.decrypt(box[:12], box[12:], person.bytes)
        return hmac.digest(key, b"content" + self.epoch, "sha256")

    def seal(self, rows: list[tuple[UUID, UUID, bytes]]) -> list[bytes]:
        """Seal each row by itself."""
        boxes = []
        for row, person, plain in rows:
            nonce = os.urandom(12)
            cipher = self.cipher(self._content(person))
            boxes.append(nonce + cipher.encrypt(nonce, plain, b"report body" + row.bytes + person.bytes))
        return boxes

    def seal_lean(self, rows: list[tuple[UUID, UUID, bytes]]) -> list[bytes]:
        """Seal a batch with each person's key unwrapped and derived once: the least that can be done."""
        ciphers = {person: self.cipher(self._content(person)) for person in {person for _row, person, _plain in rows}}
        boxes = []
        for row, person, plain in rows:
            nonce = os.urandom(12)
            boxes.append(nonce + ciphers[person].encrypt(nonce, plain, b"report body" + row.bytes + person.bytes))
        return boxes

    def open(self, rows: list[tuple[UUID, UUID, bytes]]) -> list[bytes]:
        """Open each row by itself."""
        opened = []
        for row, person, box in rows:
            cipher = self.cipher(self._content(person))
            opened.append(cipher.decrypt(box[:12], box[12:], b"report body" + row.bytes + person.bytes))
        return opened


class Bench:
    """The parts of this benchmark, each on the same stage."""

    def __init__(self, options: argparse.Namespace) -> None:
        from privacy.ledger.actors import SystemActor
        from privacy.lib.dates import clock
        from privacy.lib.identifiers import ids
        from privacy.vault import actions, keys
        from privacy.vault.purposes import Purpose

        self.options = options
        self.vault: Any = actions
        self.keys: Any = keys
        self.new_id = ids.new_id
        self.at = clock.now()
        self.actor = SystemActor("benchmark")
        self.purpose = Purpose.ANALYTICS
        self.model = report_model()
        self.people = [ids.new_id() for _person in range(options.people)]

    # -- sealing and revealing ----------------------------------------------------------------

    def sealing(self, size: int) -> list[Figure]:
        """Batches of many people: keys at hand, and keys fetched and unwrapped for the batch."""
        count, plain = self.options.batch, os.urandom(size)
        ids = [self.new_id() for _row in range(count)]
        people = [self.people[number % len(self.people)] for number in range(count)]
        ours = [(LABEL, "body", row, person, SERVICE_ANALYTICS, plain) for row, person in zip(ids, people, strict=True)]
        bare = list(zip(ids, people, [plain] * count, strict=True))
        loop = Loop(self.people)
        self.vault.encrypt_batch(ours, self.at)

        def cold() -> None:
            self.keys.caches.here().clear()
            self.vault.encrypt_batch(ours, self.at)

        warm_s, cold_s, bare_s, lean_s = interleaved_medians(
            self.options.rounds * 20,
            partial(self.vault.encrypt_batch, ours, self.at),
            cold,
            partial(loop.seal, bare),
            partial(loop.seal_lean, bare),
        )
        suffix = "" if size == 150 else f"_{size // 1024}k"
        what = f"{size} B, batches of {count} rows of {len(self.people)} people"
        return [
            throughput_figure(
                f"seal{suffix}_vs_loop", count / cold_s, count / bare_s, "rows/s", f"{what}, keys fetched"
            ),
            throughput_figure(
                f"seal{suffix}_cached_vs_loop", count / warm_s, count / bare_s, "rows/s", f"{what}, keys at hand"
            ),
            throughput_figure(
                f"seal{suffix}_cached_vs_lean",
                count / warm_s,
                count / lean_s,
                "rows/s",
                "beside one derivation a person",
            ),
        ]

    def revealing(self, size: int) -> list[Figure]:
        """A reading of many rows through one door: the order of checks, one access record, keys fetched."""
        count = self.options.batch * 20
        ids = [self.new_id() for _row in range(count)]
        people = [self.people[number % len(self.people)] for number in range(count)]
        plain = os.urandom(size)
        boxes = self.vault.encrypt_batch(
            [(LABEL, "body", row, person, SERVICE_ANALYTICS, plain) for row, person in zip(ids, people, strict=True)],
            self.at,
        )
        from privacy.vault.fields import EncryptedValue

        rows = [
            self.model(id=row, subject_id=person, body=EncryptedValue(box))
            for row, person, box in zip(ids, people, boxes, strict=True)
        ]
        loop = Loop(self.people)
        bare_boxes = loop.seal(list(zip(ids, people, [plain] * count, strict=True)))
        bare = list(zip(ids, people, bare_boxes, strict=True))

        def ours() -> None:
            self.keys.caches.here().clear()
            with self._door() as vault_session:
                for _row, value in vault_session.decrypt_many(rows, "body"):
                    assert value is not None

        ours_s, bare_s = interleaved_medians(self.options.rounds, ours, partial(loop.open, bare))
        suffix = "" if size == 150 else f"_{size // 1024}k"
        what = f"{size} B, one door, {count:,} rows of {self.options.people} people, record and keys included"
        return [throughput_figure(f"reveal{suffix}_vs_loop", count / ours_s, count / bare_s, "rows/s", what)]

    def opening(self) -> Figure:
        """One value of one record: all checks, the committed access record, the keys; beside one bare commit."""
        from django.db import connection

        from privacy.vault.fields import EncryptedValue

        row, person = self.new_id(), self.people[0]
        (box,) = self.vault.encrypt_batch([(LABEL, "body", row, person, SERVICE_ANALYTICS, b"x" * 150)], self.at)
        record = self.model(id=row, subject_id=person, body=EncryptedValue(box))

        def ours() -> None:
            self.keys.caches.here().clear()
            with self._door() as vault_session:
                vault_session.decrypt(record, "body")

        def bare() -> None:
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO bench_commit (payload) VALUES (%s)", ["x" * 400])

        as_owner("portal_general", COMMITS)
        ours_s, bare_s = interleaved_medians(self.options.rounds * 10, ours, bare)
        return Figure(
            "open_ms", ours_s * 1e3, bare_s * 1e3, "ms", ours_s / bare_s, "open and reveal one value, beside one commit"
        )

    def _door(self) -> Any:
        return self.vault.opened(
            purpose=self.purpose, task="vault.benchmark.read", actor=self.actor, at=self.at, reason="benchmark"
        )

    # -- destroying ---------------------------------------------------------------------------

    def shredding(self) -> list[Figure]:
        """One subject's key with many rows, many subjects at once, and one epoch over everybody's rows."""
        as_owner("portal_personal", TABLE)
        bound = "ours must stay below 50 ms"
        figures = []
        for name, count in (("shred_10k_ms", 10_000), ("shred_1m_ms", self.options.subject_rows)):
            subject, samples = self._load(count)
            took = timed(partial(self._shred, [subject]))
            self._refused(samples)
            figures.append(limit_figure(name, took * 1e3, 50, "ms", f"one subject with {count:,} rows; {bound}"))
        people = [self.new_id() for _person in range(10_000)]
        for start in range(0, len(people), 1_000):
            self.vault.encrypt_batch(
                [(LABEL, "body", person, person, SERVICE_ANALYTICS, b"x") for person in people[start : start + 1_000]],
                self.at,
            )
        took = timed(partial(self._shred, people))
        figures.append(
            limit_figure("shred_10k_people_ms", took * 1e3, 2_000, "ms", "10,000 subjects in one act; below 2 s")
        )
        _subject, samples = self._load(self.options.epoch_rows, subjects=100_000)
        took = timed(
            partial(
                self.vault.shred_month,
                category=SERVICE_ANALYTICS,
                month=self.vault.month_of(self.at),
                cause="benchmark",
                certificate="B",
                actor=self.actor,
                at=self.at,
            )
        )
        self._refused(samples)
        what = f"one epoch over {self.options.epoch_rows:,} rows; {bound}"
        return [*figures, limit_figure("epoch_ms", took * 1e3, 50, "ms", what)]

    def _load(self, count: int, subjects: int = 1) -> tuple[UUID, list[Any]]:
        """Fill the table with ``count`` boxes: some sealed for real, the rest dead weight of the same size."""
        from privacy.vault.fields import EncryptedValue

        subject = self.new_id()
        ids = [self.new_id() for _sample in range(100)]
        plain = [(LABEL, "body", row, subject, SERVICE_ANALYTICS, os.urandom(150)) for row in ids]
        boxes = self.vault.encrypt_batch(plain, self.at)
        person = f"'{subject}'" if subjects == 1 else f"md5((n % {subjects})::text)::uuid"
        as_owner(
            "portal_personal",
            f"TRUNCATE bench_report; INSERT INTO bench_report SELECT gen_random_uuid(), {person}, '\\x{boxes[0].hex()}'"
            f" FROM generate_series(1, {count - len(ids)}) AS n",
        )
        samples = [
            self.model(id=row, subject_id=subject, body=EncryptedValue(box))
            for row, box in zip(ids, boxes, strict=True)
        ]
        for sample in samples:
            sample.save(using="personal", force_insert=True)
        with self._door() as vault_session:
            assert len(list(vault_session.decrypt_many(samples, "body"))) == len(ids)
        return subject, samples

    def _shred(self, people: list[UUID]) -> None:
        self.vault.shred_subjects(
            subject_ids=people,
            categories=[SERVICE_ANALYTICS],
            cause="benchmark",
            certificate="B",
            actor=self.actor,
            at=self.at,
        )

    def _refused(self, samples: list[Any]) -> None:
        """The figure counts only if nothing opens any more."""
        with self._door() as vault_session:
            for sample in samples[:10]:
                try:
                    vault_session.decrypt(sample, "body")
                except self.vault.Destroyed:
                    continue
                raise SystemExit("A destroyed row opened.")

    # -- turning the master key ---------------------------------------------------------------

    def rewrapping(self) -> Figure:
        """Carry all keys over to a new generation; beside one UPDATE that writes every row as it was."""
        from django.db import transaction

        from privacy.vault.models import SubjectKey

        have = SubjectKey.objects.count()
        for start in range(have, self.options.keys, 50_000):
            with transaction.atomic():
                people = load_devices.new_ids(min(50_000, self.options.keys - start))
                load_devices.make_keys(people, load_devices.DEVICE_REGISTRATION, self.at)
        bare = timed(partial(as_owner, "portal_general", "UPDATE vault_subjectkey SET wrapped = wrapped"))
        as_owner("portal_general", "VACUUM vault_subjectkey", autocommit=True)
        turn: list[Any] = []
        took = timed(lambda: turn.append(self.vault.rotate(actor=self.actor, at=self.at)))
        carried = turn[0].carried
        what = f"{carried:,} keys carried over, beside one bare UPDATE of the same table"
        return throughput_figure("rewrap_per_s", carried / took, carried / bare, "keys/s", what)


def report_model() -> Any:
    """Return a model of this benchmark's own: a report as intake stores it, without its neighbours."""
    from django.db import models

    from privacy.vault.fields import EncryptedBytesField, EncryptedModel

    class BenchReport(EncryptedModel):
        record_label = LABEL

        id = models.UUIDField(primary_key=True)
        subject_id = models.UUIDField()
        body = EncryptedBytesField(sealed_as="body")

        class Encryption:
            subject = "subject_id"
            category = SERVICE_ANALYTICS

        class Meta:
            app_label = "vault"
            managed = False
            db_table = "bench_report"

        def __str__(self) -> str:
            return str(self.id)

    return BenchReport


def as_owner(database: str, statements: str, *, autocommit: bool = False) -> None:
    """Run statements as the owner of the tables."""
    import psycopg
    from django.conf import settings

    address = settings.EMBEDDED_SERVER.url("portal_owner", database)
    with psycopg.connect(address, autocommit=autocommit) as connection:
        connection.execute(statements)


if __name__ == "__main__":
    main()
