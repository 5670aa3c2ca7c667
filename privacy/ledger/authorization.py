"""May the actor do this: asked before every act, and a denial is on record before it is told."""

from collections.abc import Mapping
from typing import Any

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
    actor: Actor,
    permission: str,
    *,
    about: models.Model | tuple[str, object] | None = None,
    facts: Mapping[str, Any] | None = None,
    missing_scope: str = "",
) -> None:
    """Let the act go on if the actor may; otherwise put the denial on record first and raise ``NotPermitted``.

    ``facts``: what the record of a denial has to say besides, such as by which credential it was asked.
    ``missing_scope``: of a program's token, which it would need.
    """
    if actor.may(permission):
        return
    actions.record_before(
        Event.DENIED, actor=actor, at=None, about=about, task=permission, result="denied", facts=facts or {}
    )
    if missing_scope:
        said = _("This token lacks the scope %(scope)s. Ask the protection officer for one that has it.")
        raise NotPermitted(said % {"scope": missing_scope})
    raise NotPermitted(_("Your account doesn't have permission for this. Ask the protection officer."))
