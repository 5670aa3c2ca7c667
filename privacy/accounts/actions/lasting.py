"""Somebody can always grant access: the last line of the register that lets anybody do so does not just run out."""

from datetime import date, datetime, timedelta

from django.db import transaction

from privacy.accounts.actions.granting import end_grant, write_grant
from privacy.accounts.models import AccessGrant, User
from privacy.accounts.roles import ROLES
from privacy.ledger.actors import Actor
from privacy.lib import periods

GRANT = "accounts.grant_access"
# What the register of access (F-12) says of it: the register is kept in Korean.
LASTING = "접근권한을 부여할 사람이 남지 않게 되어 한 달 연장함"
# A line that ended longer ago than this is history, not a forgotten renewal.
MISSED = timedelta(days=31)


def granting_roles() -> list[str]:
    """The roles whose holders may grant access."""
    return sorted(role for role, allowed in ROLES.items() if GRANT in allowed)


@transaction.atomic
def keep_a_granter(*, on: date, actor: Actor, at: datetime) -> list[AccessGrant]:
    """Give the last people who may grant access another month, where nobody could tomorrow; return the new lines.

    It is a line of its own on the register and the trail, by the portal: the officers are told and renew each other.
    """
    roles = granting_roles()
    if User.objects.holding(*roles, on=on + timedelta(1)).exists():
        return []
    last = AccessGrant.objects.select_for_update(of=("self",)).filter(
        role__in=roles, revoked_at=None, user__is_active=True, valid_until__gte=on - MISSED
    )
    made = []
    for line in last.select_related("user"):
        end_grant(line, why=LASTING, actor=actor, at=at, quietly=True)
        made.append(
            write_grant(
                user=line.user,
                role=line.role,
                reason=LASTING,
                valid_from=on,
                valid_until=periods.period_end(on, months=1),
                actor=actor,
                at=at,
                replaces=line,
            )
        )
    return made
