"""Transmission of one's own data (전송요구권): whether it binds the company, and what then follows (R-32, R-33).

The company decides with its numbers whether it is one of those that must transmit (the applicability register). The
person's own transmission is the download of a copy that machines read, after a second proof of identity.

To others only health, telecom and energy transmitters must transmit, by way of a relay agency (Decree art. 42-6(7)):
whether the company is one is a question of its own in that register, and the portal sends nothing to others itself.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.rights.models import Right
from privacy.rights.refusals import NoGround, WrongState
from privacy.safeguards.models import ApplicabilityDecision

TO_THE_PERSON, TO_OTHERS = "portability", "portability-others"


def decision() -> ApplicabilityDecision | None:
    """Return the decision that holds on whether the company must transmit; nothing where nobody decided."""
    return _decided(TO_THE_PERSON)


def decision_on_others() -> ApplicabilityDecision | None:
    """Return the decision that holds on whether it must transmit to others; nothing where nobody decided."""
    return _decided(TO_OTHERS)


def is_bound() -> bool | None:
    """Whether the company must transmit to the person; None where nobody has decided it.

    Whoever must transmit to others must transmit to the person as well (Decree art. 42-2(1)3).
    """
    made, others = decision(), decision_on_others()
    if others is not None and others.applies:
        return True
    return None if made is None else made.applies


def _decided(threshold: str) -> ApplicabilityDecision | None:
    return ApplicabilityDecision.objects.newest_of_each().filter(threshold=threshold).first()


def must_fit(right: Right, verdict: str, ground: str) -> None:
    """Raise NoGround, WrongState unless a transmission is decided as the register says that the duty binds or not.

    The access whose copy a granted transmission is, is not refused.
    """
    if right.kind == Right.Kind.ACCESS and verdict == Right.Decision.REFUSED:
        _must_leave_copy(right)
    if right.kind != Right.Kind.PORTABILITY:
        return
    bound = is_bound()
    if verdict != Right.Decision.REFUSED and not bound:
        raise WrongState(
            _("The company is not bound to transmit. Refuse it on that ground; the person can ask for access instead.")
        )
    others = decision_on_others() if ground == Right.Ground.NOT_BOUND_TO_OTHERS else None
    is_said: dict[str, bool] = {
        Right.Ground.NOT_BOUND: bound is False,
        Right.Ground.NOT_BOUND_TO_OTHERS: others is not None and not others.applies,
    }
    if not is_said.get(ground, True):
        raise NoGround(
            _("The register doesn't say that the company is not bound. Decide there first whether the duty binds."),
            pointer="/ground",
        )


def _must_leave_copy(right: Right) -> None:
    of_case = Right.objects.filter(request=right.request_id).exclude(pk=right.pk)
    refused = Right.Decision.REFUSED
    granted = of_case.filter(kind=Right.Kind.PORTABILITY).exclude(decision__in=(refused, Right.Decision.PENDING))
    if granted.exists() and not of_case.filter(kind=Right.Kind.ACCESS).exclude(decision=refused).exists():
        raise WrongState(
            _("The transmission of this case was granted, and the copy of this access is what is transmitted.")
        )


def lacks_copy(right: Right) -> bool:
    """Whether a transmission that is granted has no access in its case, whose copy it is. Raises WrongState."""
    if right.kind != Right.Kind.PORTABILITY:
        return False
    copies = Right.objects.filter(request=right.request_id, kind=Right.Kind.ACCESS)
    if copies.exists() and not copies.exclude(decision=Right.Decision.REFUSED).exists():
        raise WrongState(
            _("The access of this request was refused, so no copy can be transmitted. Refuse this likewise.")
        )
    return not copies.exists()


def needs_copy(kinds: Sequence[str]) -> bool:
    """Whether a request for transmission is a request for a copy too: where the company must transmit."""
    return Right.Kind.PORTABILITY in kinds and Right.Kind.ACCESS not in kinds and bool(is_bound())


def execute(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Return by which copy of the same case the data is transmitted. Raises WrongState before it is there."""
    copy = Right.objects.filter(
        request=right.request_id, kind=Right.Kind.ACCESS, carried_out_at__isnull=False
    ).first()  # fmt: skip
    if copy is None:
        raise WrongState(_("Carry out the access of this request first: its copy is what is transmitted."))
    return {"copy": copy.position}
