"""Keeping the signature of what an officer approves, beside the approval (decision 0252)."""

import json
from datetime import datetime

from django.utils.translation import gettext as _
from fido2.utils import websafe_decode, websafe_encode

from privacy.accounts import approval_signatures
from privacy.accounts.approval_signatures import Approval, NotSigned, Signature
from privacy.accounts.models import ApprovalSignature, User
from privacy.ledger.actors import Actor


def keep_signature(signature: Signature | None, approval: Approval, *, signer: Actor, at: datetime) -> None:
    """Keep the signature of what is approved now. Raises NotSigned where one is required and this is none."""
    if not approval_signatures.are_required():
        return
    if signature is None or not isinstance(signer, User):
        raise NotSigned(_("This approval must be signed with your security key on the page that shows what it covers."))
    known = approval_signatures.keys_of(signer)
    statement = approval_signatures.statement_of(signature.approvals, by=signer.ref, at=signature.made_at)
    try:
        key = known[websafe_decode(str(signature.credential["id"]))]
        answer = {name: str(signature.credential["response"][name]) for name in approval_signatures.ANSWER}
    except (KeyError, TypeError, ValueError):
        key, answer = b"", {}
    why = approval_signatures.why_not(statement, key=key, answer=answer, by=signer.ref)
    if not why and approval not in signature.approvals:
        why = "record"
    if not why and not approval_signatures.is_timely(signature.made_at, approved_at=at):
        why = "old"
    if why:
        raise NotSigned(
            _(
                "The signature does not match what is approved now. Open the page again, and sign what it shows "
                "(%(why)s)."
            )
            % {"why": why}
        )
    ApprovalSignature.objects.create(
        about=approval.about,
        made_by=signer.ref,
        made_at=at,
        statement=statement,
        key=websafe_encode(key),
        answer=json.dumps(answer),
    )
