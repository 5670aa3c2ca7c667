"""Somebody can always grant access: the last line of the register that lets anybody do so does not just run out."""

from datetime import date, datetime, timedelta

from django.db import transaction

from privacy.accounts.actions.access_grants import end_grant, write_grant
from privacy.accounts.models import AccessGrant, User
from privacy.accounts.roles import ROLES
from privacy.ledger.actors import Actor
from privacy.lib.dates import periods

GRANT_PERMISSION = "accounts.grant_access"
# What the register of access (F-12) says of it: the register is kept in Korean.
EXTENSION_REASON = "접근권한을 부여할 사람이 남지 않게 되어 한 달 연장함"
# A line that ended longer ago than this is history, not a forgotten renewal.
RENEWAL_GRACE = timedelta(days=31)


def granting_roles() -> list[str]:
    """The roles whose holders may grant access."""
    return sorted(role for role, allowed in ROLES.items() if GRANT_PERMISSION in allowed)


@transaction.atomic
def extend_last_granter(*, on: date, actor: Actor, at: datetime) -> list[AccessGrant]:
    """Give the last people who may grant access another month, where nobody could tomorrow; return the new lines.

    It is a line of its own on the register and the trail, by the portal: the officers are told and renew each other.
    """
    roles = granting_roles()
    if User.objects.holding(*roles, on=on + timedelta(1)).exists():
        return []
    last = AccessGrant.objects.select_for_update(of=("self",)).filter(
        role__in=roles, revoked_at=None, user__is_active=True, valid_from__lte=on, valid_until__gte=on - RENEWAL_GRACE,
        replaced_by=None,
    )  # fmt: skip
    made = []
    for line in last.select_related("user"):
        if line.valid_until >= on:  # what was over before ended on its own day; the register goes on saying so
            end_grant(line, why=EXTENSION_REASON, actor=actor, at=at, quietly=True)
        made.append(
            write_grant(
                user=line.user,
                role=line.role,
                reason=EXTENSION_REASON,
                valid_from=on,
                valid_until=periods.period_end(on, months=1),
                asked_by=actor.ref,
                actor=actor,
                at=at,
                replaces=line,
            )
        )
    return made
