"""Which rights of a case are carried out together where releases of deletions are signed (decision 0252)."""

from privacy.accounts import approval_signatures
from privacy.accounts.models import User
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights.models import Request, Right


def offered_to(user: User, case: Request) -> list[Right]:
    """Return the rights that are offered: what is signed one at a time to whom can sign, the others to everybody."""
    found = list(case.rights.to_release())
    if not approval_signatures.are_required():
        return found
    signed = [right for right in found if rights.approvals_of(right, at=clock.now())]
    others = [right for right in found if right not in signed]
    return signed[:1] if signed and (approval_signatures.signing_keys(user) or not others) else others
