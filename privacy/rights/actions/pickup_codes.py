"""The code that hands out an access package: it goes to the person, through a page of the office only as a last way.

Where the person has a mailbox, the worker draws the code and mails it; where a device, that confirms the download. Only
who has neither is told by a colleague who has neither decided the request nor recorded it (decision 0105).
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.jobs import outbox
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.identifiers.access_codes import new_form_nonce
from privacy.policies import rulebook
from privacy.rights import matching
from privacy.rights.actions.cases import lock_case, particulars_of, people_of, record
from privacy.rights.actors import CODES
from privacy.rights.events import Event
from privacy.rights.models import Package, Request
from privacy.rights.refusals import ParticularsGone, SamePerson, WrongState
from privacy.subjects import contacts
from privacy.subjects.models import Contact
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

DELIVERY = "rights.pickup-code"


def issue_pickup_code(package: Package, *, actor: Actor, at: datetime) -> str:
    """Return a code for a person without mailbox and device, to be told by telephone, in person or by letter.

    Raises WrongState where the person has one of them, SamePerson for who decided or recorded the request, and
    NotASecondPerson for who does not count as another person than they.
    """
    require_permission(actor, "rights.carry_out_request", about=package)
    right, case = package.right, package.right.request
    if mailbox(case, actor=actor, at=at):
        raise WrongState(
            _(
                "This person has an e-mail address on record. Press “Send the pick-up code” to send "
                "the code there; nobody here sees it."
            )
        )
    if case.matched_record_id is not None and case.target_kind not in matching.CONTACTS:
        raise WrongState(_("This person confirms the download on the device, so no code is needed."))
    same = SamePerson(
        _("You decided or recorded this request, so someone else must issue the code: another officer or handler.")
    )
    earlier = (right.decided_by, case.received_by)
    names = [require_second_person(actor, asked_by=one, about=package, same=same, at=at) for one in earlier]
    return _draw(package, issued_by=next((name for name in names if name != actor.ref), actor.ref), actor=actor, at=at)


def send_pickup_code(package: Package, *, actor: Actor, at: datetime) -> None:
    """Let the worker draw a code and mail it to the person; nobody of the office sees it. Raises WrongState."""
    require_permission(actor, "rights.carry_out_request", about=package)
    if not mailbox(package.right.request, actor=actor, at=at):
        raise WrongState(
            _(
                "We have no e-mail address for this person. Have them confirm the download on the "
                "device, or issue a code."
            )
        )
    with transaction.atomic():
        row = _lock(package)
        ids = {"package": str(row.id)}
        outbox.enqueue(
            DELIVERY, ids=ids, key=f"{DELIVERY}:{row.id}:{at.isoformat()}", shard=row.right.request.reference
        )


def draw_pickup_code(package: Package, *, actor: Actor, at: datetime) -> str:
    """Return a new code for the mail that takes it to the person. Only the worker calls it. Raises WrongState."""
    if actor.kind != "system":
        raise WrongState(_("The portal generates a code in the background and sends it to the person."))
    return _draw(package, issued_by=actor.ref, actor=actor, at=at)


def mailbox(case: Request, *, actor: Actor, at: datetime) -> str:
    """Return where a code is mailed to: the preferred address on record of the person, else the one given in the case.

    An address that a correction disputes, that nobody has verified, or that was changed or ended a short while ago is
    not used, and none in its place. The opening is on record.
    """
    people = people_of(case)
    wait = contacts.wait_after_change(at)
    emails = Contact.objects.emails(people).filter(is_replaced=False)
    recent = [row for row in emails if row.ended_at is None or row.has_ended_within(wait, at)]
    if not all(row.receives_packages(at) for row in recent):
        return ""
    known = recent[0] if recent else None
    if known is not None and contacts.disputed(people, Contact.Kind.EMAIL, at=at):
        return ""
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.pickup-code.addressed", actor=actor, at=at, reason=f"request {case.number}"
    ) as vault_session:
        if known is not None:
            return str(vault_session.decrypt(known, "value"))
        try:
            given = vault_session.decrypt(particulars_of(case), "contact") or {}
        except ParticularsGone:
            return ""
    return str(given.get("email", ""))


def _lock(package: Package) -> Package:
    case = lock_case(package.right.request_id)
    row = Package.objects.select_for_update(of=("self",)).select_related("right").get(id=package.id)
    row.right.request = case
    if row.removed_at is not None or row.downloaded_at is not None:
        raise WrongState(_("This package was already downloaded or removed. A new request is needed to build another."))
    return row


def _draw(package: Package, *, issued_by: str, actor: Actor, at: datetime) -> str:
    code = CODES.of(new_form_nonce())
    with transaction.atomic():
        row = _lock(package)
        hours = rulebook.parameter("rights.package.hours", clock.kst_date(at))
        row.passphrase_digest = CODES.digest(code)
        row.code_issued_by = issued_by
        row.expires_at = at + timedelta(hours=hours)
        row.save(update_fields=["passphrase_digest", "code_issued_by", "expires_at"])
        record(row.right.request, Event.PICKUP_CODE_ISSUED, actor=actor, at=at, right=row.right)
    return code
