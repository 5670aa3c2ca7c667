"""One-time links to the representative, mailed to an address that only the host's settings name."""

from datetime import datetime, timedelta
from secrets import token_urlsafe
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.events import Event
from privacy.accounts.models import EmergencyApproval, RepresentativeLink, User
from privacy.accounts.signin.client_info import digest
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, ExternalActor, SystemActor
from privacy.lib.errors.refusals import Refusal

REPRESENTATIVE_TOLD = "accounts.representative"
# How long a link to the representative works.
LINK_DURATION = timedelta(days=14)
REPRESENTATIVE = ExternalActor(kind="visitor", ref="representative")


class LinkInvalid(Refusal):
    """It was used or has expired, or there never was one: the answer does not say which."""

    code = "link-invalid"

    def __init__(self) -> None:
        super().__init__(_("This link has expired or was already used. The privacy office can ask again."))


class NoRepresentative(Refusal):
    code = "no-representative"


def ask_representative(
    *,
    actor: Actor,
    at: datetime,
    emergency: EmergencyApproval | None = None,
    user: User | None = None,
    reason: str = "",
) -> RepresentativeLink:
    """Queue a mail with a one-time link to the representative, within the caller's transaction."""
    if not settings.REPRESENTATIVE_EMAIL:
        raise NoRepresentative(_("The portal has no address for the representative (REPRESENTATIVE_EMAIL)."))
    made = RepresentativeLink.objects.create(
        emergency=emergency, user=user, asked_by=actor.ref, reason=reason, made_at=at, expires_at=at + LINK_DURATION
    )
    outbox.enqueue(REPRESENTATIVE_TOLD, ids={"link": str(made.pk)}, key=f"{REPRESENTATIVE_TOLD}:{made.pk}")
    return made


@transaction.atomic
def issue_representative_token(link_id: UUID, *, actor: SystemActor, at: datetime) -> str | None:
    """Return the secret of a link, made now and kept nowhere; nothing for one that can't be used."""
    row = RepresentativeLink.objects.waiting(at=at).select_for_update().filter(pk=link_id).first()
    if row is None:
        return None
    token = token_urlsafe(32)
    row.digest = digest(token, of="representative")
    row.save(update_fields=["digest"])
    ledger.record(
        Event.REPRESENTATIVE_ASKED, actor=actor, at=at, about=row.emergency or row.user, facts={"link": str(row.pk)}
    )
    return token


def find_representative_link(token: str, *, at: datetime) -> RepresentativeLink:
    """Return what a link asks. Raises LinkInvalid."""
    known = digest(token, of="representative")
    found = RepresentativeLink.objects.waiting(at=at).select_related("emergency", "user").filter(digest=known).first()
    if found is None:
        raise LinkInvalid
    return found
