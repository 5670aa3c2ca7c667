"""Employees as people who can be told something: by the reference of their account, at its address."""

from privacy.accounts.models import User
from privacy.campaigns import recipients
from privacy.campaigns.recipients import RecipientKind

recipients.declare(
    "employees",
    RecipientKind(
        named=lambda names: dict(User.objects.filter(reference__in=names).values_list("reference", "id")),
        references=lambda ids: dict(User.objects.filter(id__in=ids).values_list("id", "reference")),
        # Whoever has left reads no mail of the company any longer: a letter goes to them.
        reachable=lambda ids: set(User.objects.filter(id__in=ids, is_active=True).values_list("id", flat=True)),
        address=lambda one, _actor, _at, _reason: (
            User.objects.filter(id=one, is_active=True).values_list("email", flat=True).first()
        ),
        languages=lambda _ids: {},
    ),
)
