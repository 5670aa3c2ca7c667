"""The shared beats of every verb: take the case, check its step, append to its timeline and to the ledger."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.rights.models import Particulars, Request, Right, Step
from privacy.rights.refusals import NotVerified, ParticularsGone, WrongState


def lock_case(request: Request | UUID) -> Request:
    """Return the case, locked until the transaction ends. All verbs lock the case first, so they never cross."""
    identifier = request.id if isinstance(request, Request) else request
    return Request.objects.select_for_update().get(id=identifier)


def lock_right(right: Right) -> Right:
    """Return the right with its case locked."""
    case = lock_case(right.request_id)
    row = Right.objects.select_for_update().get(id=right.id)
    row.request = case
    return row


def particulars_of(case: Request) -> Particulars:
    """Return the sealed words of a case. Raises ParticularsGone where there are none."""
    found = Particulars.objects.filter(about_id=case.id).first()
    if found is None:
        raise ParticularsGone(
            _("What the requester wrote is missing: it never arrived, or its retention period is over.")
        )
    return found


def people_of(case: Request) -> list[UUID]:
    """Return every record that a verified case is about, in a fixed order; none where nothing is held."""
    if case.subject_id is None:
        return []
    return list(case.people.order_by("subject_id").values_list("subject_id", flat=True))


def holders_of(case: Request) -> list[UUID]:
    """Return under whom everything of a verified case is held: its records; the case itself where there are none."""
    return people_of(case) or [case.holder_id]


def must_be_in_state(case: Request, states: Collection[str]) -> None:
    """Raise WrongState unless the case is at one of these steps."""
    if case.state not in states:
        raise WrongState(
            _("This case is “%(state)s”; this step is not possible now.") % {"state": case.get_state_display()}
        )


def must_be_verified(case: Request) -> None:
    """Raise NotVerified before the identity is (law R-06)."""
    if not case.is_verified:
        raise NotVerified(_("Verify the requester's identity first. Nothing can be decided or carried out until then."))


def record(
    case: Request,
    word: StrEnum,
    *,
    actor: Actor,
    at: datetime,
    right: Right | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Step:
    """Append a step to the case's timeline and an entry to the ledger, in the caller's transaction."""
    told = dict(facts or {})
    if right is not None:
        told = {"right": right.position, "kind": right.kind, **told}
    step = Step.objects.create(
        request=case, word=word, at=at, by=actor.ref, position=right.position if right else None, facts=told
    )
    people = people_of(case) or ([case.matched_subject_id] if case.matched_subject_id else [])
    ledger.record(
        word,
        actor=actor,
        at=at,
        about=case,
        subjects=people,
        facts={"case": case.reference, **told},
    )
    return step


def set_state(case: Request, state: str) -> None:
    """Set the state of a locked case."""
    case.state = state
    case.save(update_fields=["state"])
