"""What ends with an account beside its grants and sessions: each app declares what of a person it has to end."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from privacy.accounts.models import User
    from privacy.ledger.actors import Actor

# Ends what is the person's, in the transaction that closes the account, and returns how much; safe to run again.
type Ending = Callable[["User", "Actor", datetime], int]
ENDINGS: dict[str, Ending] = {}


def declare(name: str, ending: Ending) -> None:
    """Say what ends when somebody leaves; ``name`` is the fact that counts it on the audit trail."""
    if name in ENDINGS:
        raise ValueError(f"two endings of {name}")
    ENDINGS[name] = ending


def end_everything(user: "User", *, actor: "Actor", at: datetime) -> dict[str, int]:
    """End what was declared of a person; return how much of each."""
    return {name: ending(user, actor, at) for name, ending in ENDINGS.items()}
