"""Whether an account's grants are what their entries say: asked before it signs in (decision 0196)."""

from privacy.accounts.models import AccessGrant, User
from privacy.ledger import actions as ledger
from privacy.ledger.events import Event
from privacy.ledger.integrity import registers


def altered_grants(user: User) -> list[str]:
    """Return the ids of the account's grants that somebody changed or added outside the portal."""
    grants = AccessGrant.objects.filter(user=user).values_list("pk", flat=True)
    return registers.altered_rows(AccessGrant, grants)


def refuses(user: User) -> bool:
    """Whether the account must not sign in, because of an altered grant; then the denial is on record."""
    altered = altered_grants(user)
    if altered:
        ledger.record_before(
            Event.DENIED, actor=user, at=None, about=user, task="accounts.user.signed-in", result="denied",
            facts={"altered": altered},
        )  # fmt: skip
    return bool(altered)
