"""What the vault does by the clock; each call is short and safe to repeat."""

import logging
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models import User
from privacy.jobs import outbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.integrations import mail
from privacy.vault import actions as vault
from privacy.vault.actions.ceiling_reports import CEILING_TOLD
from privacy.vault.keyservice.ceilings import ALL_PURPOSES, DERIVED, LOOK_UPS
from privacy.vault.purposes import Purpose

log = logging.getLogger("portal.vault")
SECONDS = 45.0


def expire_freezes() -> None:
    """Lift the freezes whose case nobody verified in time."""
    at = clock.now()
    while vault.expire_freezes(at=at):
        continue


def scan_files() -> int:
    """Ask the malware scanner about files that wait for it. Rings every minute."""
    return vault.scan_files(actor=SystemActor("scanner"), at=clock.now())


def rotate_master_key() -> None:
    """Begin, go on with, or end the monthly turn of the master key. Where a host lacks a generation, Today says so."""
    try:
        vault.rotate_monthly(actor=SystemActor("vault"), at=clock.now(), seconds=SECONDS)
    except vault.GenerationNotEverywhere as waiting:
        log.warning("the master key is not turned: %s", waiting)


def report_ceilings() -> int:
    """Tell of the key service's ceilings that were reached. Rings every minute."""
    return vault.report_reached_ceilings(actor=SystemActor("keys"), at=clock.now())


def purpose_of_ceiling(code: str) -> str | Promise:
    """Return what a ceiling bounds, in the words of the language in which it is read."""
    named = {
        ALL_PURPOSES: _("all purposes together"),
        DERIVED: _("deriving passphrases and keys for recipients"),
        LOOK_UPS: _("looking up identifiers"),
    }
    return named[code] if code in named else Purpose(code).label


@outbox.deliverer(CEILING_TOLD, destination=outbox.MAIL)
def deliver_ceiling(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell an officer that a process wanted more data within a minute than its ceiling lets through."""
    officer = User.objects.filter(reference=ids["to"], is_active=True).first()
    if officer is None:
        return
    with override(settings.LANGUAGE_CODE):
        subject, path = (
            gettext("A ceiling for opening personal data was reached"),
            reverse("admin:ledger_accessrecord_changelist"),
        )
        context = {
            "process": ids["process"],
            "purpose": purpose_of_ceiling(ids["purpose"]),
            "ceiling": ids["ceiling"],
            "reached_at": datetime.fromisoformat(ids["at"]),
            "path": path,
        }
    mail.send(
        to=officer.email,
        subject=subject,
        template="key_ceiling",
        context=context,
        language=settings.LANGUAGE_CODE,
        message_id=str(event),
    )
