"""Storing a batch of reports: one question for all devices, one sealing, one COPY, one entry (P3.5; decision 0015).

The batch's row and its reports commit together, so a repeated batch finds its answer and stores nothing twice. The
ledger's entry commits just before them (docs/ledger.md, Omission); one without its batch is a try that failed after it.
"""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import date, datetime
from functools import cache, partial
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import ProgrammingError, connections
from django.utils.translation import gettext as _
from psycopg.errors import UndefinedTable

from devices import eligibility, partitions
from devices.actions import binary_copy
from devices.actions.report_acceptance import accept_reports
from devices.actions.report_columns import AcceptedReports
from devices.actors import GatewayActor
from devices.batch_parser import ParsedBatch, RejectedReport, parse_batch
from devices.daily_counters import count_reports
from devices.events import Event
from devices.refusals import MESSAGES, Problem
from devices.report_schema import BatchAnswer, RefusedReport
from privacy.ledger import actions as ledger
from privacy.ledger import write_explanations
from privacy.lib.errors.refusals import Refusal
from privacy.lib.postgres.invalidation import Invalidations
from privacy.vault import actions as vault

SELECT_ANSWER_SQL = "SELECT digest, answer FROM devices_batch WHERE gateway_id = %s AND batch = %s"


class BatchReused(Refusal):
    """This batch's id was used before for other reports: a client that made a mistake would lose them."""

    code = "batch-reused"


class BatchRow(NamedTuple):
    """The row of a batch, in the order of its columns."""

    id: UUID
    gateway_id: UUID
    batch: UUID
    digest: bytes
    received_at: datetime
    stored: int
    refused: int
    answer: str
    tally: str


def store_reports(raw: bytes, *, gateway: GatewayActor, at: datetime) -> bytes:
    """Store a batch as it came (JSON) and return the answer (JSON); the same batch again gets the same answer.

    Raises Malformed for what is no batch, BatchReused. A report that is not taken is named in the answer with its
    index, code and pointer, and neither stored nor logged.
    """
    delivery = parse_batch(raw)
    digest = sha256(raw).digest()
    # Asked with the token, for a call that came with one.
    heard = gateway.heard or eligibility.read_invalidations()
    while True:
        try:
            return _store_accepted(delivery, digest, gateway=gateway, heard=heard, at=at)
        except eligibility.StaleCache:
            # What was closed between is not remembered any more, so this time it is asked for.
            continue


def _store_accepted(
    delivery: ParsedBatch, digest: bytes, *, gateway: GatewayActor, heard: Invalidations, at: datetime
) -> bytes:
    """Store what may be stored of a batch and return the answer. Raises StaleCache, then nothing is stored."""
    refused = list(delivery.refused)
    taken, trusted = accept_reports(delivery, refused, gateway=gateway, heard=heard, at=at)
    taken, rows, digests = _seal(taken, refused, at=at)
    answer = _answer(delivery.batch, len(taken.ids), refused)
    claim = BatchRow(
        UUID(bytes=binary_copy.new_uuid7s(1)[0]), gateway.gateway_id, delivery.batch, digest, at, len(taken.ids),
        len(refused), answer.decode(), count_reports(taken.days, taken.kinds, taken.devices, taken.reports),
    )  # fmt: skip
    # Cached: the rows may go a second time, the entry is one.
    record = cache(partial(_record, taken, claim, digests, gateway=gateway, at=at))
    try:
        stored = _store(rows, claim, record, trusted)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, UndefinedTable):
            raise
        # A month for which nobody made the partition ahead: make it and try once more.
        partitions.create_partitions(sorted({partitions.first_of_month(partitions.day_of(day)) for day in taken.days}))
        stored = _store(rows, claim, record, trusted)
    return answer if stored else _earlier_answer(claim)


def _seal(
    taken: AcceptedReports, refused: list[RejectedReport], *, at: datetime
) -> tuple[AcceptedReports, dict[str, bytes], dict[str, str]]:
    """Seal the bodies; return the rows of each month's table and their digest. Without those whose key is gone."""
    while True:
        tables = taken.by_table()
        columns = [_plaintext_column(month, part) for month, part in tables]
        try:
            ciphertexts = vault.encrypt_columns(columns, at, heard=True)
        except vault.Destroyed as destroyed:
            gone = _key_destroyed(taken, destroyed.keys)
            if not gone:
                raise
            problem = Problem("/device", "destroyed", str(MESSAGES["destroyed"]))
            refused.extend(RejectedReport(taken.positions[place], problem) for place in gone)
            taken = taken.without(gone)
            continue
        [received] = binary_copy.postgres_microseconds([at])
        rows: dict[str, bytes] = {}
        digests: dict[str, str] = {}
        for (month, part), column, sealed in zip(tables, columns, ciphertexts, strict=True):
            devices = [column.subjects[place] for place in column.places]
            table = partitions.partition_name(binary_copy.TABLES[part.kinds[0]], month)
            rows[table] = binary_copy.encode_rows(
                part.ids, devices, part.moments, part.kinds, sealed, received=received
            )
            digests[table] = write_explanations.rows_digest(part.ids)
        return taken, rows, digests


def _plaintext_column(month: date, part: AcceptedReports) -> vault.PlaintextColumn:
    """Return the bodies of a month's table as the vault seals them: each device is named once (decision 0045)."""
    kind = part.kinds[0]
    number_of = {device: number for number, device in enumerate(dict.fromkeys(part.devices))}
    return vault.PlaintextColumn(
        binary_copy.LABELS[kind],
        "body",
        eligibility.CATEGORY_OF_KIND[kind],
        month,
        [bytes.fromhex(device.replace("-", "")) for device in number_of],
        [number_of[device] for device in part.devices],
        part.ids,
        part.bodies,
    )


def _key_destroyed(taken: AcceptedReports, keys: frozenset[Any]) -> set[int]:
    """Return the places of the reports whose subject's or month's key was destroyed."""
    return {
        place
        for place, (kind, device, day) in enumerate(zip(taken.kinds, taken.devices, taken.days, strict=True))
        if ("subject", (UUID(device), eligibility.CATEGORY_OF_KIND[kind])) in keys
        or ("epoch", (eligibility.CATEGORY_OF_KIND[kind], partitions.first_of_month(partitions.day_of(day)))) in keys
    }


def _store(
    rows: dict[str, bytes], claim: BatchRow, record: Callable[[], ledger.PendingEntry], trusted: Collection[str]
) -> bool:
    """Claim the batch and store its reports in one transaction; ``False`` if it was answered before."""
    with binary_copy.BatchTransaction(claim, rows) as storing:
        if not storing.claim(trusted=trusted):
            return False
        entry = record()
        try:
            storing.write()
        finally:
            # Committed before the reports are, in a database of its own; what it took ran beside them.
            entry.settle()
        storing.commit()
    return True


def _record(
    taken: AcceptedReports, claim: BatchRow, digests: dict[str, str], *, gateway: GatewayActor, at: datetime
) -> ledger.PendingEntry:
    # Naming each device would make the entry fifty times as long; the digest of the list tells which they were.
    devices = sorted(set(taken.devices))
    return ledger.record_concurrently(
        Event.REPORTS_STORED,
        actor=gateway,
        at=at,
        about=("devices.batch", claim.id),
        facts={
            "devices": len(devices),
            "digest": sha256("\n".join(devices).encode()).hexdigest(),
            "batch": str(claim.batch),
            "stored": claim.stored,
            "refused": claim.refused,
            "kinds": dict(Counter(taken.kinds)),
            # Which rows it wrote: by this the nightly reconciliation knows them.
            "tables": digests,
        },
    )


def _answer(batch: UUID, stored: int, refused: list[RejectedReport]) -> bytes:
    named = [
        RefusedReport(position, problem.code, f"/reports/{position}{problem.pointer}", problem.message)
        for position, problem in sorted(refused, key=lambda item: item.position)
    ]
    return msgspec.json.encode(BatchAnswer(batch, stored, named))


def _earlier_answer(claim: BatchRow) -> bytes:
    with connections["personal"].cursor() as cursor:
        cursor.execute(SELECT_ANSWER_SQL, [claim.gateway_id, claim.batch])
        held, answer = cursor.fetchone()
    if bytes(held) != claim.digest:
        raise BatchReused(_("This batch id was already used for other reports. Send these under a new id."))
    return msgspec.json.encode(msgspec.json.decode(answer, type=BatchAnswer))
