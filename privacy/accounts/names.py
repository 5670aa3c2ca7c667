"""Putting a name to a pseudonymous reference, for colleagues only: the ledger and other records keep the reference."""

from privacy.accounts.models import User


def name_of(ref: str) -> str:
    """Return the name of the account with this reference; the reference itself where there is none."""
    name = User.objects.filter(reference=ref).values_list("name", flat=True).first()
    return f"{name} ({ref})" if name else ref
