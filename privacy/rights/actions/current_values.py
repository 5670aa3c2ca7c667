"""What is held now of the items that a case wants corrected, opened on record for whoever decides it."""

import json
from datetime import datetime
from typing import Any

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.rights.actions.corrections import holding_of, rows_of
from privacy.rights.models import Request, Right
from privacy.rights.refusals import NoSuchItem
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose


def read_current_values(case: Request, *, actor: Actor, at: datetime) -> dict[int, list[str]]:
    """Return by position what each undecided correction of the case would change: one text for each row, or none.

    An item that can't be corrected here is left out. Nothing is read before the identity is verified. Raises
    NotPermitted, and what opening raises.
    """
    require_permission(actor, "rights.decide_request", about=case)
    corrections = list(case.rights.undecided().filter(kind=Right.Kind.CORRECTION)) if case.is_verified else []
    found: dict[int, list[str]] = {}
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.current.shown", actor=actor, at=at, reason=f"request {case.number}"
    ) as vault_session:
        for right in corrections:
            right.request = case
            try:
                holding = holding_of(right)
            except NoSuchItem:
                continue
            rows = rows_of(right, holding).order_by("pk")
            opened = (vault_session.decrypt(row, holding.items[right.item]) for row in rows)
            found[right.position] = [_text(value) for value in opened if value is not None]
    return found


def _text(value: Any) -> str:
    """Return a value as it is read: a report's body as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
