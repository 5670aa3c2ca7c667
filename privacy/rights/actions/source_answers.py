"""Answering where a person's data comes from (PIPA 20(1), R-35): derived on the day of the answer, then kept."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.lib.dates import clock
from privacy.rights import data_sources
from privacy.rights.actions.cases import people_of
from privacy.rights.models import Objection, Right
from privacy.rights.refusals import WrongState


def execute(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Return the sources of each category of which something is held."""
    told = data_sources.sources_of(people_of(right.request), on=clock.kst_date(at))
    return {"sources": told} if told else {"nothing_held": True}


def must_be_told_first(right: Right) -> None:
    """Raise WrongState where data goes whose source the same case asks for and nobody has told yet, for good."""
    if right.kind not in {Right.Kind.DELETION, Right.Kind.CONSENT_WITHDRAWAL}:
        return
    asked = Right.objects.filter(request=right.request_id, kind=Right.Kind.SOURCE)
    if asked.filter(carried_out_at=None).exclude(decision=Right.Decision.REFUSED).exists():
        raise WrongState(
            _("The same request asks where the data comes from. Answer that before the data is destroyed.")
        )
    if Objection.objects.filter(right__in=asked, outcome=Objection.Outcome.PENDING).exists():
        raise WrongState(
            _(
                "The same request asks where the data comes from, and an objection to that decision is open. Decide it "
                "before the data is destroyed."
            )
        )
