"""Opening what a requester wrote, and destroying it when its own term is over (law R-31)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.record_labels import about_label
from privacy.policies.categories import RIGHTS_REQUEST
from privacy.rights.actions.cases import particulars_of
from privacy.rights.events import Event
from privacy.rights.models import Objection, Particulars, Request
from privacy.rights.refusals import ParticularsGone
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose

FIELDS = ("contact", "claimed", "wanted", "explanation")


@dataclass(frozen=True)
class OpenedParticulars:
    """What stands in a case, in clear: shown once, to one reader, on record."""

    contact: dict[str, Any]
    claimed: str
    wanted: dict[str, str]
    explanation: str


def seal_words(
    case: Request, about: str, about_id: UUID, said: Mapping[str, Any], *, received_on: date, at: datetime
) -> None:
    """Seal words under a case, before the transaction of the caller commits what they belong to.

    Words that nobody sees are harmless; a step or an objection without its words is not.
    """
    seal_under(case.holder_id, about, about_id, said, received_on=received_on, at=at)


def seal_under(
    holder_id: UUID, about: str, about_id: UUID, said: Mapping[str, Any], *, received_on: date, at: datetime
) -> None:
    """Seal words under whom they belong to: the holder of a case, or a mail that belongs to none yet."""
    words = Particulars(subject_id=holder_id, about=about, about_id=about_id, received_on=received_on)
    vault.encrypt(words, said, at=at)
    with transaction.atomic(using="personal"):
        words.save(force_insert=True)


def read_particulars(request: Request, *, task: str, actor: Actor, at: datetime) -> OpenedParticulars:
    """Open what the requester wrote. A member of staff needs the permission; the requester sees their own case."""
    if actor.kind == "user":
        require_permission(actor, "rights.open_particulars", about=request)
    particulars = particulars_of(request)
    with vault.opened(
        purpose=Purpose.RIGHTS, task=task, actor=actor, at=at, reason=f"request {request.number}"
    ) as vault_session:
        found = vault_session.decrypt_fields(particulars, FIELDS)
    return OpenedParticulars(
        contact=found["contact"] or {},
        claimed=found["claimed"] or "",
        wanted=found["wanted"] or {},
        explanation=found["explanation"] or "",
    )


def read_objection(objection: Objection, *, actor: Actor, at: datetime) -> str:
    """Open what a requester objects to. The decider of the right does not need it: another person reviews."""
    require_permission(actor, "rights.decide_objection", about=objection)
    words = Particulars.objects.filter(about_id=objection.id).first()
    if words is None:
        raise ParticularsGone(
            _("What the requester wrote is missing: it never arrived, or its retention period is over.")
        )
    with vault.opened(
        purpose=Purpose.RIGHTS,
        task="rights.objection.read",
        actor=actor,
        at=at,
        reason=f"request {objection.right.request.number}",
    ) as vault_session:
        return str(vault_session.decrypt(words, "explanation") or "")


def destroy_particulars(case_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove what was written in these cases; safe to repeat. Returns the rows removed."""
    rows = Particulars.objects.filter(subject_id__in=case_ids)
    return _remove(rows, case_ids, certificate=certificate, actor=actor, at=at)


def destroy_files(case_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove the documents and packages of these cases; safe to repeat. Returns the rows removed."""
    rows = EncryptedFile.objects.filter(subject_id__in=case_ids, category=RIGHTS_REQUEST)
    return _remove(rows, case_ids, certificate=certificate, actor=actor, at=at)


def _remove(rows: QuerySet[Any], case_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    with transaction.atomic(using="personal"):
        count = rows.count()
        if count:
            with transaction.atomic():
                ledger.record(
                    Event.PARTICULARS_REMOVED,
                    actor=actor,
                    at=at,
                    subjects=case_ids,
                    facts={"certificate": certificate, "of": about_label(rows.model), "rows": count},
                )
            rows.delete()
    return count
