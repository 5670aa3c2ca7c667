"""What the officer puts on record beside a version: its text as published (P0.2), that nothing is consigned (P-14)."""

from datetime import date, datetime
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.policies import data_recipients
from privacy.policies.events import Event
from privacy.policies.models import NoConsignment, PolicyVersion, PublishedText

ATTACH, DECIDE = "policies.attach_text", "policies.decide_consignment"
# The longest policy that a page shows whole.
LONGEST = 200_000


class InvalidPublishedText(Refusal):
    """This can't be the published text of the version."""

    code = "not-its-text"


class ConsignmentDecided(Refusal):
    code = "consignment-decided"


class ConsignmentContradicted(Refusal):
    """A register or a day contradicts the decision that nothing is consigned."""

    code = "consignment-known"


def attach_text(
    version: PolicyVersion,
    *,
    language: str,
    text: str,
    source: str,
    file_name: str = "",
    actor: Actor,
    at: datetime,
) -> PublishedText:
    """Attach the text of a version as it was published before the portal, word for word; its digest goes on record.

    A later copy takes the place of an earlier one, which stays. Raises ``NotPermitted`` and ``InvalidPublishedText``.
    """
    require_permission(actor, ATTACH, about=version)
    if not version.is_public or version.published_by:
        raise InvalidPublishedText(
            _("Version %(version)s was not published before this portal existed.") % {"version": version.number}
        )
    if not text.strip() or not source.strip():
        raise InvalidPublishedText(_("Enter the text and state where it was published."))
    if len(text) > LONGEST or "\0" in text:
        raise InvalidPublishedText(_("This is not text, or it is longer than a page can show."), pointer="/text")
    digest = sha256(text.encode()).hexdigest()
    with transaction.atomic():
        PolicyVersion.objects.select_for_update().get(pk=version.pk)
        newest = PublishedText.objects.newest(version).get(language)
        if newest is not None and (newest.digest, newest.source) == (digest, source.strip()):
            raise InvalidPublishedText(_("This exact text is already attached."), pointer="/text")
        attached = PublishedText.objects.create(
            version=version,
            language=PublishedText.Language(language),
            text=text,
            file_name=file_name[:200],
            source=source.strip(),
            digest=digest,
            attached_at=at,
            attached_by=actor.ref,
        )
        facts = {"version": version.number, "language": language, "digest": digest, "source": attached.source}
        ledger.record(Event.TEXT_ATTACHED, actor=actor, at=at, about=attached, facts=facts)
    return attached


def decide_no_consignment(*, decided_on: date, grounds: str, actor: Actor, at: datetime) -> NoConsignment:
    """Decide that no processing is consigned, from a day on, so that the policy can say so.

    Raises ``NotPermitted``, ``ConsignmentDecided`` while such a decision holds, and ``ConsignmentContradicted`` for a
    coming day, for a day before an earlier decision ended, without grounds, and where the register names a processor.
    """
    require_permission(actor, DECIDE)
    today = clock.kst_date(at)
    if not grounds.strip():
        raise ConsignmentContradicted(_("State what was examined."), pointer="/grounds")
    if decided_on > today:
        raise ConsignmentContradicted(_("A decision can't be dated in the future."), pointer="/decided_on")
    named = data_recipients.recipients_of_kind("processors", decided_on) or data_recipients.recipients_of_kind(
        "processors", today
    )
    if named:
        names = ", ".join(party.name_ko for party in named)
        raise ConsignmentContradicted(_("The register lists processors: %(names)s.") % {"names": names})
    decided = ConsignmentDecided(_("This has already been decided. Withdraw that decision first."))
    with transaction.atomic():
        earlier = list(NoConsignment.objects.select_for_update().order_by("decided_on"))
        if any(row.withdrawn_on is None for row in earlier):
            raise decided
        if any(row.withdrawn_on is not None and row.withdrawn_on > decided_on for row in earlier):
            raise ConsignmentContradicted(_("An earlier decision applied on that day."), pointer="/decided_on")
        try:
            with transaction.atomic():
                made = NoConsignment.objects.create(
                    decided_on=decided_on, grounds=grounds.strip(), decided_at=at, decided_by=actor.ref
                )
        except IntegrityError as error:  # somebody else decided at the same moment
            raise decided from error
        facts = {"on": decided_on.isoformat()}
        ledger.record(Event.NO_CONSIGNMENT_DECIDED, actor=actor, at=at, about=made, facts=facts)
    return made


def withdraw_no_consignment(decision: NoConsignment, *, actor: Actor, at: datetime) -> NoConsignment:
    """End a decision from today on. Raises ``NotPermitted``, and ``ConsignmentDecided`` for one that has ended."""
    require_permission(actor, DECIDE, about=decision)
    with transaction.atomic():
        held = NoConsignment.objects.select_for_update().get(pk=decision.pk)
        if held.withdrawn_on is not None:
            raise ConsignmentDecided(_("This decision has ended; its record stays as it is."))
        held.withdrawn_on, held.withdrawn_by = clock.kst_date(at), actor.ref
        held.save(update_fields=["withdrawn_on", "withdrawn_by"])
        facts = {"on": held.withdrawn_on.isoformat()}
        ledger.record(Event.NO_CONSIGNMENT_WITHDRAWN, actor=actor, at=at, about=held, facts=facts)
    return held
