"""Read-back, register entry and certificate: they come together, in one transaction, or not at all (P7.1)."""

from datetime import datetime

from django.db import transaction

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.retention.actions import register
from privacy.retention.actions.signed_certificates import sign_certificate
from privacy.retention.certificates import statements
from privacy.retention.destruction.readback import ReadbackReport
from privacy.retention.events import Event
from privacy.retention.models import Certificate, DestructionLine, DestructionList
from privacy.retention.models.destruction_lists import DestructionLineQuerySet

State = DestructionList.State


def certify(destruction_list: DestructionList, report: ReadbackReport, *, actor: Actor, at: datetime) -> None:
    """Enter the destruction into the register and sign its certificate, which prints what the read-back found."""
    with transaction.atomic():
        row = DestructionList.objects.select_for_update().get(pk=destruction_list.pk)
        if row.state == State.DONE:
            return
        row.read_back = report.facts()
        row.state, row.step, row.done_at = State.DONE, DestructionList.Step.PROVEN, at
        row.save(update_fields=["read_back", "state", "step", "done_at"])
        certificate = _sign_certificate(row, at=at)
        fields = statements.register_fields(row, certificate.statement, certificate.digest, at=at)
        entry = register.add_register_entry(fields, destruction_list=row)
        facts = {
            "certificate": certificate.number,
            "digest": certificate.digest,
            "register": entry.number,
            "people": report.people,
            "keys": row.keys_destroyed,
            "rows": row.rows_removed,
            "archived": row.archived,
            "attempts": report.attempts,
        }
        ledger.record(Event.CERTIFIED, actor=actor, at=at, about=row, facts=facts)


def _sign_certificate(row: DestructionList, *, at: datetime) -> Certificate:
    said = statements.destruction_statement(row, at=at)
    return sign_certificate(row, Certificate.Kind.DESTRUCTION, row.certificate_number, said, at=at)


def nothing_was_destroyed(row: DestructionList) -> bool:
    """Whether everybody on the list was skipped: then there is nothing to certify."""
    return not row.keys_destroyed and not any(row.rows_removed.values()) and not destroyed_lines(row).exists()


def destroyed_lines(row: DestructionList) -> DestructionLineQuerySet:
    """Return the lines of those who were not skipped."""
    return DestructionLine.objects.filter(list=row).exclude(state__in=DestructionLine.SKIPPED)


@transaction.atomic
def abort_empty_list(destruction_list: DestructionList, *, actor: Actor, at: datetime) -> None:
    """Abort a list of which nothing was destroyed."""
    row = DestructionList.objects.select_for_update().get(pk=destruction_list.pk)
    row.state, row.aborted_by, row.aborted_at = State.ABORTED, actor.ref, at
    row.abort_reason = statements.ALL_SKIPPED
    row.save(update_fields=["state", "aborted_by", "aborted_at", "abort_reason"])
    ledger.record(Event.LIST_ABORTED, actor=actor, at=at, about=row, facts={"because": "all-passed-over"})


@transaction.atomic
def record_residual_data(
    destruction_list: DestructionList, report: ReadbackReport, *, actor: Actor, at: datetime
) -> None:
    """Put what is left on the ledger and let the removal run again: no certificate while anything is there.

    What the last look found too is neither counted nor put on the ledger again.
    """
    row = DestructionList.objects.select_for_update().get(pk=destruction_list.pk)
    _reset_for_retry(row)
    if row.state == State.RESIDUE and row.read_back == report.facts():
        return
    row.state, row.read_back = State.RESIDUE, report.facts()
    row.residues += report.rows_left + report.keys_left + report.opened
    row.save(update_fields=["state", "read_back", "residues"])
    ledger.record(Event.RESIDUE_FOUND, actor=actor, at=at, about=row, facts=report.facts())


def _reset_for_retry(destruction_list: DestructionList) -> None:
    """Let the rows step run again because something was left; the counts of the certificate stay as they were."""
    lines = DestructionLine.objects.filter(list=destruction_list, state=DestructionLine.State.REMOVED)
    lines.update(state=DestructionLine.State.COUNTED)
    DestructionList.objects.filter(pk=destruction_list.pk).update(step=DestructionList.Step.KEYS)
