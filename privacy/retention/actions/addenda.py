"""Completing a certificate: what a connected system confirmed after the certificate was signed."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.lib.identifiers.ids import new_reference
from privacy.retention.actions.signed_certificates import sign_certificate
from privacy.retention.certificates import statements
from privacy.retention.events import Event
from privacy.retention.models import Certificate, DestructionList
from privacy.systems.models import Act, SystemTask
from privacy.vault.keyservice import system_states

RETENTION = SystemActor("retention")


def issue_addendum(task_id: UUID | str, *, at: datetime) -> Certificate | None:
    """Issue the addendum of a list and a system of which nothing is open any more; None where none is due.

    The certificate itself waits for the same row, so that what it doesn't say yet comes into an addendum. Safe to
    repeat: an addendum that says the same is issued once.
    """
    task = SystemTask.objects.select_related("system").get(pk=task_id)
    if task.act != Act.DESTROY:
        return None
    with transaction.atomic():
        row = DestructionList.objects.select_for_update(of=("self",)).select_related("run").filter(pk=task.cause_id)
        held = row.first()
        first = Certificate.objects.filter(list=held, kind=Certificate.Kind.DESTRUCTION).first() if held else None
        if held is None or first is None:
            return None
        said = statements.system_statement(held, task.system.code)
        known = [one for paper in _papers(held) for one in paper.statement.get("systems", ())]
        if not said or not system_states.is_settled(said[0]) or said[0] in known:
            return None
        number = new_reference("CA")
        says = statements.addendum_statement(
            held, task.system.code, number=number, destruction_digest=first.digest, at=at
        )
        made = sign_certificate(held, Certificate.Kind.ADDENDUM, number, says, at=at)
        facts = {"certificate": number, "of": first.number, "digest": made.digest, "system": task.system.code}
        ledger.record(Event.CERTIFIED, actor=RETENTION, at=at, about=held, facts=facts)
    return made


def _papers(row: DestructionList) -> list[Certificate]:
    return list(Certificate.objects.filter(list=row).exclude(kind=Certificate.Kind.FINALITY))
