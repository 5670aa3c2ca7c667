"""Putting a name to a pseudonymous reference, for colleagues only: the ledger and other records keep the reference."""

from collections.abc import Collection
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _

from privacy.accounts.models import EmergencyApproval, User

# How the reference of the portal's own jobs begins (``privacy.ledger.actors.SystemActor``).
JOBS = "system:"


def display_name(ref: str, on: date) -> str | None:
    """Return the name of the account with this reference, for whoever shows references by name."""
    return User.objects.filter(reference=ref).values_list("name", flat=True).first()


def display_names_by_reference(refs: Collection[str]) -> dict[str, str]:
    """Return the names of the accounts with these references, in one question."""
    return dict(User.objects.filter(reference__in=refs).values_list("reference", "name"))


def name_with_reference(ref: str) -> str:
    """Return the name of the account with this reference; the reference itself where there is none.

    What the portal did by itself says so. An approval by emergency has the name of the officer who went on alone.
    """
    alone = EmergencyApproval.objects.filter(reference=ref).values("made_by")
    name = User.objects.filter(Q(reference=ref) | Q(reference__in=alone)).values_list("name", flat=True).first()
    return _with_reference(name, ref)


def names_with_references(refs: Collection[str]) -> dict[str, str]:
    """Return ``name_with_reference`` of each of these, in two questions."""
    alone = dict(EmergencyApproval.objects.filter(reference__in=refs).values_list("reference", "made_by"))
    names = display_names_by_reference({*refs, *alone.values()})
    return {ref: _with_reference(names.get(ref) or names.get(alone.get(ref, "")), ref) for ref in refs}


def _with_reference(name: str | None, ref: str) -> str:
    if ref.startswith(JOBS):
        return _("the portal, automatically")
    return f"{name} ({ref})" if name else ref
