"""Who is named in the registers: active accounts, by their reference."""

from django.utils.translation import gettext as _

from privacy.accounts.models import User
from privacy.safeguards.refusals import UnknownAccount

KEEP_MEASURES = "safeguards.keep_measures"


def require_active(reference: str) -> str:
    """Return the reference of an active account. Raises UnknownAccount."""
    if not User.objects.filter(reference=reference, is_active=True).exists():
        raise UnknownAccount(_("There is no active account %(reference)s.") % {"reference": reference})
    return reference


def account_choices() -> list[tuple[str, str]]:
    """Return the active accounts as a form offers them."""
    people = User.objects.filter(is_active=True).order_by("name")
    return [(user.reference, f"{user.name} ({user.reference})") for user in people]


def keepers_of_measures() -> set[str]:
    """Return the references of the active accounts that keep the register of measures."""
    return {user.reference for user in User.objects.filter(is_active=True) if user.may(KEEP_MEASURES)}
