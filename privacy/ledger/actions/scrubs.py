"""The nightly scrub, slice by slice."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from privacy.ledger.actions.entries import record
from privacy.ledger.actions.registers import carry_rows, close_decided
from privacy.ledger.checkpoints import external_checkpoints
from privacy.ledger.events import Event
from privacy.ledger.integrity import append_only, registers, verification
from privacy.ledger.integrity.verification_report import VerificationReport
from privacy.ledger.merkle import log_reader
from privacy.ledger.models import Scrub
from privacy.ledger.review import signed_digests
from privacy.ledger.verify import ALTERED, POLICY

if TYPE_CHECKING:
    from privacy.ledger.actors import Actor

SLICE_SECONDS = 40.0
# About a minute for a million entries, all of them in memory (decision 0196): more than a job may take.
MOST_IN_A_JOB = 200_000
SPOILED = "what the scrub remembered of its earlier slices can't be read: it began anew"
REGISTERS_LEFT = "the registers have too many entries for a job: run manage.py verify_ledger --registers each night"


def start_scrub(*, actor: Actor, at: datetime) -> Scrub:
    """Begin a pass over the whole trail and the registers; where one is under way, that one is returned."""
    with transaction.atomic():
        under_way = Scrub.objects.select_for_update().unfinished().first()
        return under_way or Scrub.objects.create(begun_at=at, size=0)


def _under_way() -> tuple[Scrub | None, bool]:
    """Return the scrub whose turn it is, and whether what it remembered can't be read: it begins anew then."""
    unfinished = Scrub.objects.unfinished()
    try:
        return unfinished.select_for_update(skip_locked=True).first(), False
    except (RecursionError, ValueError):
        unfinished.update(progress={}, findings=[])
        return unfinished.select_for_update(skip_locked=True).first(), True


def _judge_reviews(report: VerificationReport) -> None:
    try:
        for review in signed_digests.altered_reviews():
            report.add(ALTERED, f"the review {review.reference} is not what was signed")
    except (RecursionError, ValueError):
        report.add(ALTERED, "a review holds what nobody can read")


def continue_scrub(*, actor: Actor, at: datetime, seconds: float = SLICE_SECONDS) -> Scrub | None:
    """Hash further for up to ``seconds``; at the end put the result on record. None if no scrub is under way."""
    with transaction.atomic():
        scrub, is_spoiled = _under_way()
        if scrub is None:
            return None
        rows: registers.RegisterReport | None = None
        until = time.monotonic() + seconds
        with log_reader.connect() as connection:
            report, scrub.progress = verification.verify_log_slice(
                connection, external_checkpoints.load(), scrub.progress, enough=lambda: time.monotonic() >= until
            )
        if is_spoiled:
            report.add(ALTERED, SPOILED)
            scrub.progress = scrub.progress and {
                **scrub.progress, "findings": [*scrub.progress["findings"], (ALTERED, SPOILED)],
            }  # fmt: skip
        if not scrub.progress:
            for weakness in append_only.weaknesses():
                report.add(POLICY, f"{weakness.code}: {weakness.message}")
            _judge_reviews(report)
            scrub.notes = [f"EXCEPTED: {said}" for said in report.excepted]
            with log_reader.connect() as connection:
                if registers.statements(connection) > MOST_IN_A_JOB:
                    report.add(POLICY, REGISTERS_LEFT)
                else:
                    rows = registers.Registers(connection).verify()
                    registers.add_to(report, rows)
                    scrub.notes += rows.notes
        scrub.size = report.size
        scrub.position = scrub.progress.get("size", report.size)
        scrub.findings = [[finding.code, finding.message] for finding in report.findings]
        if not scrub.progress:
            scrub.finished_at, scrub.code = at, report.code
        scrub.save(update_fields=["size", "position", "progress", "findings", "notes", "finished_at", "code"])
        if scrub.finished_at is not None:
            record(
                Event.SCRUBBED,
                actor=actor,
                at=at,
                about=scrub,
                facts={"size": scrub.size, "code": scrub.code, "findings": len(scrub.findings)},
            )
    if rows is not None:
        close_decided(rows)
        carry_rows(rows, actor=actor, at=at)
    return scrub
