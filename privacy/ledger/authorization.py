"""May the actor do this: asked before every act, and a denial is on record before it is told."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.ledger import actions
from privacy.ledger.actors import Actor
from privacy.ledger.events import Event
from privacy.lib.errors.refusals import Refusal


class NotPermitted(Refusal):
    """The actor lacks the permission; that they asked is on record."""

    code = "not-permitted"


def require_permission(
    actor: Actor, permission: str, *, about: models.Model | tuple[str, object] | None = None
) -> None:
    """Let the act go on if the actor may; otherwise put the denial on record first and raise ``NotPermitted``."""
    if actor.may(permission):
        return
    actions.record_before(Event.DENIED, actor=actor, at=None, about=about, task=permission, result="denied")
    raise NotPermitted(_("Your account doesn't have permission for this. Ask the protection officer."))
