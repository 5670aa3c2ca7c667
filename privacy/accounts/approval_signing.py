"""The console's side of a signed approval: what a button's page asks of the security key, and what came back."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from django.http import HttpRequest

from privacy.accounts import approval_signatures
from privacy.accounts.actors import actor_of
from privacy.accounts.approval_signatures import Approval, Signature


class ApprovalSigning:
    """The signing of these approvals by whoever is signed in (``confirm_action.Signing``)."""

    def __init__(self, request: HttpRequest, approvals: Sequence[Approval], at: datetime) -> None:
        self.request, self.approvals, self.at = request, approvals, at

    def context(self) -> dict[str, str]:
        """Return what the page needs. Raises NotSigned if none of the person's keys may sign."""
        user, at = actor_of(self.request), self.at
        return {
            "options": approval_signatures.options_for(user, self.approvals, at=at),
            "statement": approval_signatures.statement_of(self.approvals, by=user.ref, at=at),
            "signed_at": at.isoformat(),
        }

    def signature(self) -> Signature | None:
        """Return what the browser sent for them."""
        try:
            made_at = datetime.fromisoformat(self.request.POST["signed_at"])
            credential = json.loads(self.request.POST["credential"])
            if made_at.tzinfo is None or not isinstance(credential, dict):
                return None
            return Signature(made_at.astimezone(UTC), self.approvals, credential)
        except (KeyError, ValueError, OverflowError, RecursionError):
            return None


def signing_of(request: HttpRequest, approvals: Sequence[Approval], *, at: datetime) -> ApprovalSigning | None:
    """Return the signing of these approvals; nothing where none is required, or nothing is approved."""
    return ApprovalSigning(request, approvals, at) if approvals and approval_signatures.are_required() else None
