"""The nightly scrub, slice by slice."""

from __future__ import annotations

import time
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.db import transaction

from privacy.ledger.actions.entries import record
from privacy.ledger.actions.registers import carry_rows, close_decided
from privacy.ledger.checkpoints import external_checkpoints
from privacy.ledger.events import Event
from privacy.ledger.integrity import append_only, registers, verification
from privacy.ledger.integrity.register_walk import NIGHTS, RegisterWalk, suspects
from privacy.ledger.integrity.verification_report import VerificationReport
from privacy.ledger.merkle import log_reader
from privacy.ledger.models import Scrub
from privacy.ledger.review import signed_digests
from privacy.ledger.verify import ALTERED, POLICY
from privacy.lib.dates import clock

if TYPE_CHECKING:
    from privacy.ledger.actors import Actor

SLICE_SECONDS = 40.0
# Up to so many entries about rows all registers are compared each night; from there on what changed, and a seventh of
# all (decision 0367): about a minute for a million, all of them in memory, is more than a job may take.
MOST_IN_A_JOB = 200_000
SPOILED = "what the scrub remembered of its earlier slices can't be read: it began anew"


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
    """Hash and compare further for up to ``seconds``; at the end put the result on record.

    Returns the scrub, None if none is under way.
    """
    until = time.monotonic() + seconds
    with transaction.atomic():
        scrub, is_spoiled = _under_way()
        if scrub is None:
            return None
        progress, is_forged = _opened(scrub)
        compared: list[registers.RegisterReport] = []
        report, walk = VerificationReport(), None
        if "walk" in progress:
            walk = RegisterWalk.resumed(progress["walk"])
            report.size = progress["size"]
            for code, message in progress["findings"]:
                report.add(code, message)
        else:
            with log_reader.connect() as connection:
                report, progress = verification.verify_log_slice(
                    connection, external_checkpoints.load(), progress, enough=lambda: time.monotonic() >= until
                )
            if is_spoiled or is_forged:
                report.add(ALTERED, SPOILED)
                progress = progress and {**progress, "findings": [*progress["findings"], (ALTERED, SPOILED)]}
            if not progress:
                walk = _end_of_trail(scrub, report, compared, at=at)
        if walk is not None:
            progress = _walk_on(walk, report, compared, until=until)
            scrub.notes = [*(note for note in scrub.notes if note not in walk.notes), *walk.notes]
        scrub.progress = _closed(scrub, progress)
        scrub.size = report.size
        scrub.position = progress.get("size", report.size)
        scrub.findings = [[finding.code, finding.message] for finding in report.findings]
        if not progress:
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
    for rows in compared:
        close_decided(rows)
        carry_rows(rows, actor=actor, at=at)
    return scrub


def _end_of_trail(
    scrub: Scrub, report: VerificationReport, compared: list[registers.RegisterReport], *, at: datetime
) -> RegisterWalk | None:
    """Judge what stands beside the trail, and all registers; return the walk to do where they have too many entries."""
    for weakness in append_only.weaknesses():
        report.add(POLICY, f"{weakness.code}: {weakness.message}")
    _judge_reviews(report)
    scrub.notes = [f"EXCEPTED: {said}" for said in report.excepted]
    with log_reader.connect() as connection:
        if registers.statements(connection) > MOST_IN_A_JOB:
            return _begin_walk(clock.kst_date(at))
        found = registers.Registers(connection).verify()
    registers.add_to(report, found)
    scrub.notes += found.notes
    compared.append(found)
    return None


def _begin_walk(today: date) -> RegisterWalk:
    """Begin what a night compares: what changed since the last scrub, and the parts of the days since then."""
    last = Scrub.objects.finished().first()
    days = [today.toordinal()]
    if last is not None:
        days += range(max(clock.kst_date(last.begun_at).toordinal() + 1, days[0] - NIGHTS + 1), days[0])
    else:
        days += range(days[0] - NIGHTS + 1, days[0])
    suspected = suspects(message for _code, message in last.findings) if last else {}
    return RegisterWalk(last.size if last else 0, sorted({day % NIGHTS for day in days}), suspected)


def _walk_on(
    walk: RegisterWalk, report: VerificationReport, compared: list[registers.RegisterReport], *, until: float
) -> dict[str, Any]:
    """Compare a batch, and others until the time is over; return what is to be remembered, nothing at the end."""
    while True:
        compared.append(walk.go_on())
        if walk.is_over:
            for code, message in walk.findings:
                report.add(code, message)
            return {}
        if time.monotonic() >= until:
            findings = [(finding.code, finding.message) for finding in report.findings]
            return {"walk": walk.as_json(), "size": report.size, "findings": findings}


def _opened(scrub: Scrub) -> tuple[dict[str, Any], bool]:
    """Return what the earlier slices left, and whether it is not what they left: then the scrub begins anew."""
    if not scrub.progress or "signed" not in scrub.progress:  # of a release that signed nothing
        return {}, False
    try:
        said: dict[str, Any] = signing.loads(scrub.progress["signed"], salt=f"ledger.scrub:{scrub.pk}")
    except (signing.BadSignature, TypeError, AttributeError, ValueError):
        scrub.notes = []
        return {}, True
    return said, False


def _closed(scrub: Scrub, progress: dict[str, Any]) -> dict[str, Any]:
    """Sign what the next slice goes on with: whoever rules the database would have it skip what they altered."""
    return {"signed": signing.dumps(progress, salt=f"ledger.scrub:{scrub.pk}", compress=True)} if progress else {}
