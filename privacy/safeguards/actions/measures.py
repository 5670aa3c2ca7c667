"""The register of measures and their evidence, by people and by the portal itself (P8.2, P8.4 … P8.7)."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from privacy.accounts.actions.work_reminders import queue_work_reminder
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.identifiers.ids import new_id
from privacy.policies.categories import SAFEGUARD_EVIDENCE
from privacy.safeguards import staff_accounts
from privacy.safeguards.actions.proofs import open_kept_proof
from privacy.safeguards.automated_checks import registry
from privacy.safeguards.automated_checks.registry import CheckResult
from privacy.safeguards.events import Event
from privacy.safeguards.models import Evidence, Measure
from privacy.safeguards.models.measures import Result
from privacy.safeguards.refusals import DuplicateCode, Incomplete, WrongState
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile

KEEP, RECORD = staff_accounts.KEEP_MEASURES, "safeguards.record_evidence"
ALARM = "safeguards.alarm"


def register_automated_measures(*, actor: Actor, at: datetime) -> int:
    """Register the measures that the portal looks at itself, where they are missing. Two may be at it at once."""
    known = set(Measure.objects.values_list("code", flat=True))
    made = 0
    for code, probe in registry.CHECKS.items():
        if code not in known:
            # Another who is at it has registered it meanwhile.
            with suppress(DuplicateCode, IntegrityError), transaction.atomic():
                register_measure(
                    code=code, title="", kind=probe.kind, clause=probe.clause, owner="", cycle_days=probe.cycle_days,
                    is_automated=True, actor=actor, at=at,
                )  # fmt: skip
                made += 1
    return made


def register_measure(
    *,
    code: str,
    title: str,
    kind: str,
    clause: str,
    owner: str,
    cycle_days: int,
    is_automated: bool = False,
    actor: Actor,
    at: datetime,
) -> Measure:
    """Put a measure into the register. Its first evidence is due within one cycle.

    Raises DuplicateCode, UnknownAccount.
    """
    require_permission(actor, KEEP)
    if not title.strip() and code not in registry.CHECKS:
        raise Incomplete(_("State what the measure is."), pointer="/title")
    with transaction.atomic():
        if Measure.objects.filter(code=code).exists():
            raise DuplicateCode(_("A measure with the code %(code)s already exists.") % {"code": code}, pointer="/code")
        measure = Measure.objects.create(
            code=code,
            title=title.strip(),
            kind=kind,
            clause=clause.strip(),
            owner=staff_accounts.require_active(owner) if owner else "",
            cycle_days=cycle_days,
            is_automated=is_automated,
            due_on=clock.kst_date(at) + timedelta(days=cycle_days),
            registered_at=at,
        )
        ledger.record(Event.MEASURE_REGISTERED, actor=actor, at=at, about=measure, facts={"code": code})
    return measure


def change_measure(measure: Measure, *, owner: str, cycle_days: int, actor: Actor, at: datetime) -> Measure:
    """Say who answers for a measure, and how often it is shown to work. Raises WrongState, UnknownAccount."""
    require_permission(actor, KEEP, about=measure)
    with transaction.atomic():
        row = _lock_measure(measure)
        row.owner, row.cycle_days = staff_accounts.require_active(owner), cycle_days
        row.due_on = clock.kst_date(row.shown_at or row.registered_at) + timedelta(days=cycle_days)
        row.save(update_fields=["owner", "cycle_days", "due_on"])
        ledger.record(
            Event.MEASURE_CHANGED, actor=actor, at=at, about=row, facts={"owner": owner, "cycle_days": cycle_days}
        )
    return row


def retire_measure(measure: Measure, *, actor: Actor, at: datetime) -> Measure:
    """Take a measure out of use; its evidence stays. Raises WrongState."""
    require_permission(actor, KEEP, about=measure)
    with transaction.atomic():
        row = _lock_measure(measure)
        row.retired_at = at
        row.save(update_fields=["retired_at"])
        ledger.record(Event.MEASURE_RETIRED, actor=actor, at=at, about=row)
    return row


def record_evidence(
    measure: Measure, *, result: str, detail: str, name: str = "", content: bytes = b"", actor: Actor, at: datetime
) -> Evidence:
    """Record what a look at a measure showed, with a file if there is one: checked, scanned and sealed.

    Raises Incomplete, WrongState, and InvalidUpload for a file that is no PDF, JPEG or PNG.
    """
    require_permission(actor, RECORD, about=measure)
    if not detail.strip():
        raise Incomplete(_("State what you observed."), pointer="/detail")
    with transaction.atomic():
        _lock_measure(measure)
    identity, file = new_id(), None
    if content:
        file = vault.receive_file(
            subject_id=identity,
            category=SAFEGUARD_EVIDENCE,
            case=measure.code,
            name=name,
            content=content,
            actor=actor,
            at=at,
        )
    try:
        return _record(measure, identity, file, result, detail, content, actor=actor, at=at)
    except WrongState:
        # It was taken out of use meanwhile: what belongs to no evidence does not stay.
        if file is not None:
            with suppress(vault.UnderHold):
                vault.delete_file(file, actor=actor, at=at)
        raise


def _record(
    measure: Measure,
    identity: UUID,
    file: EncryptedFile | None,
    result: str,
    detail: str,
    content: bytes,
    *,
    actor: Actor,
    at: datetime,
) -> Evidence:
    with transaction.atomic():
        row = _lock_measure(measure)
        evidence = Evidence(
            id=identity,
            measure=row,
            result=result,
            detail=detail.strip(),
            at=at,
            on=clock.kst_date(at),
            recorded_by=actor.ref,
            file_id=file.id if file else None,
            file_digest=hashlib.sha256(content).hexdigest() if file else "",
        )
        evidence.save(force_insert=True)
        facts: dict[str, Any] = {"measure": row.code, "result": result}
        if file:
            facts["sha256"] = evidence.file_digest
        ledger.record(Event.EVIDENCE_RECORDED, actor=actor, at=at, about=row, facts=facts)
        _update_result(row, result, actor=actor, at=at)
    return evidence


def record_check_results(seen: dict[str, CheckResult], *, actor: Actor, at: datetime) -> list[Evidence]:
    """Record what the portal saw of its own safeguards; of a measure that is out of use nothing is kept."""
    active = {measure.code: measure for measure in Measure.objects.active().filter(code__in=seen)}
    return [
        record_evidence(active[code], result=one.result, detail=one.detail, actor=actor, at=at)
        for code, one in sorted(seen.items())
        if code in active
    ]


def remind_owner(measure: Measure, *, path: str, actor: Actor, at: datetime) -> None:
    """Remind whoever brings the evidence of a measure in use, once a day. ``path`` is its page.

    Raises WrongState, NobodyToRemind, AlreadyReminded.
    """
    require_permission(actor, KEEP, about=measure)
    with transaction.atomic():
        row = _lock_measure(measure)
        queue_work_reminder(row, name=row.name, to=row.owner, due_on=row.due_on, path=path, actor_ref=actor.ref, at=at)
        ledger.record(Event.RESPONSIBLE_REMINDED, actor=actor, at=at, about=row, facts={"to": row.owner})


def open_file(evidence: Evidence, *, actor: Actor, at: datetime) -> tuple[bytes, str]:
    """Open the file of an evidence, on record; return it with its media type. Raises Incomplete where there is none."""
    require_permission(actor, "safeguards.view_evidence", about=evidence)
    task, reason = Event.EVIDENCE_SHOWN.value, evidence.measure.code
    return open_kept_proof(evidence.file_id, task=task, reason=reason, actor=actor, at=at)


def _update_result(row: Measure, result: str, *, actor: Actor, at: datetime) -> None:
    """Keep what is known with the measure; a failure raises an alarm once, until it is seen in order again.

    A look that saw nothing takes no alarm away.
    """
    before = row.result
    if not (result == Result.UNKNOWN and before == Result.FAILED):
        row.result = result
    row.shown_at = at
    row.due_on = clock.kst_date(at) + timedelta(days=row.cycle_days)
    row.save(update_fields=["result", "shown_at", "due_on"])
    if result == Result.FAILED and before != Result.FAILED:
        ledger.record(Event.ALARM_RAISED, actor=actor, at=at, about=row, facts={"measure": row.code})
        told = staff_accounts.keepers_of_measures() | {row.owner} - {""}
        rows = {f"{ALARM}:{row.pk}:{at.isoformat()}:{one}": {"measure": str(row.pk), "to": one} for one in told}
        outbox.enqueue_many(ALARM, rows)
    elif result == Result.PASSED and before == Result.FAILED:
        ledger.record(Event.ALARM_CLEARED, actor=actor, at=at, about=row, facts={"measure": row.code})


def _lock_measure(measure: Measure) -> Measure:
    row = Measure.objects.select_for_update().get(pk=measure.pk)
    if row.retired_at is not None:
        raise WrongState(_("%(measure)s is no longer in use.") % {"measure": row})
    return row


def destroy_evidence_files(evidence_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove the files of these evidences when their term is over; safe to repeat. Returns the rows removed."""
    files = list(EncryptedFile.objects.filter(subject_id__in=evidence_ids, category=SAFEGUARD_EVIDENCE))
    for file in files:
        vault.delete_file(file, actor=actor, at=at)
    return len(files)
