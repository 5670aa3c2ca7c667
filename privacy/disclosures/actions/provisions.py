"""Providing personal information to a third party: asked for, approved by another person, provided once (P5.1)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.display_names import name_with_reference
from privacy.accounts.second_person import require_second_person
from privacy.disclosures import encrypted_file, item_values, legal_basis
from privacy.disclosures.disclosure_requests import (
    AuthorityRequest,
    RequestedItem,
    approval_digest,
    combined_digest,
    content_digest,
)
from privacy.disclosures.events import Event
from privacy.disclosures.frozen_items import must_not_be_frozen, without_frozen
from privacy.disclosures.item_values import ItemValue, keyed_digest
from privacy.disclosures.models import ENCRYPTED_FILE, DisclosedItem, Disclosure, ThirdParty
from privacy.disclosures.refusals import (
    ContentChanged,
    DocumentNotRead,
    MissingReason,
    NoBasis,
    NothingToProvide,
    Retired,
    SamePerson,
    WrongState,
)
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.display.badges import datetime_text
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose


@dataclass(frozen=True)
class ProvidedFile:
    """The encrypted file for the recipient, and its passphrase, which travels by another way.

    ``left_out`` names the people of whom something is frozen and not in the file.
    """

    disclosure: Disclosure
    file_name: str
    file: bytes
    passphrase: str
    left_out: tuple[str, ...] = ()


def request(
    *,
    third_party: ThirdParty,
    basis: str,
    items: Sequence[RequestedItem],
    purpose: str,
    actor: Actor,
    at: datetime,
    statute: str = "",
    document_no: str = "",
    purpose_code: str = "",
    form: str = "",
    period: str = "",
    restrictions: str = "",
    terminal_number_ground: str = "",
    authority: AuthorityRequest | None = None,
) -> Disclosure:
    """Ask for a disclosure.

    Raises NotPermitted, NoBasis, RecipientNotInPolicy, TerminalNumberNotAllowed, NothingToProvide, Retired, and the
    vault's Frozen when nothing else is left than what is frozen and the basis is not a law (P1.5).
    """
    require_permission(actor, "disclosures.request_disclosure", about=third_party)
    must_have_clearance(actor, third_party)
    wanted = list(dict.fromkeys(items))
    disclosure = Disclosure(
        third_party=third_party,
        basis=basis,
        statute=statute.strip(),
        document_no=document_no.strip(),
        agreement="" if basis == Disclosure.Basis.LAW else f"provision-{third_party.code}",
        purpose_code=purpose_code.strip(),
        purpose=purpose.strip(),
        form=form.strip() or ENCRYPTED_FILE,
        period=period.strip(),
        restrictions=restrictions.strip(),
        terminal_number_ground=terminal_number_ground.strip(),
        requested_by=actor.ref,
        requested_at=at,
        **(asdict(authority) if authority else {}),
    )
    if not wanted:
        raise NothingToProvide(_("State which items are to be provided, and whose."))
    consents = must_be_allowed(disclosure, wanted, at=at)
    legal_basis.document_must_follow_without_delay(disclosure)
    with transaction.atomic():
        disclosure.content_digest = content_digest(disclosure, wanted)
        disclosure.save(force_insert=True)
        DisclosedItem.objects.bulk_create(
            DisclosedItem(
                disclosure=disclosure,
                subject_id=one.subject_id,
                record_id=one.record_id,
                category=one.category,
                item=one.item,
                consent=consents.get(one.subject_id, ""),
            )
            for one in wanted
        )
        ledger.record(
            Event.REQUESTED,
            actor=actor,
            at=at,
            about=disclosure,
            subjects=people_of(wanted),
            facts=facts_of(disclosure),
        )
    return disclosure


def approve(disclosure: Disclosure, *, seen: str = "", actor: Actor, at: datetime) -> Disclosure:
    """Approve as another person who has read the document.

    ``seen`` is the ``approval_digest`` of what the approver was shown, by default of ``disclosure`` as it was given.
    Raises SamePerson, WrongState, ContentChanged, DocumentNotRead, and what ``request`` raises.
    """
    require_permission(actor, "disclosures.approve_disclosure", about=disclosure)
    with transaction.atomic():
        row, wanted = lock_disclosure(disclosure, expected=Disclosure.State.REQUESTED)
        same = SamePerson(_("You requested this disclosure, so another person must approve it."))
        approver = require_second_person(actor, asked_by=row.requested_by, about=row, same=same, at=at)
        must_have_clearance(actor, row.third_party)
        if row.basis == Disclosure.Basis.LAW and row.scan_id is None and not row.urgent:
            raise NoBasis(_("Attach the scan of the document first. The approver must read it."))
        if approval_digest(row) != (seen or approval_digest(disclosure)):
            raise ContentChanged(_("This disclosure has changed since you opened it. Open it again and read it."))
        if row.scan_id is not None and not row.readings.filter(reader=actor.ref, scan_digest=row.scan_digest).exists():
            raise DocumentNotRead(_("Read the document first: press “Read the scan” on this disclosure's page."))
        must_be_allowed(row, wanted, at=at)
        row.state = Disclosure.State.APPROVED
        row.approved_by = approver
        row.approved_at = at
        row.approval_digest = approval_digest(row)
        row.save(update_fields=["state", "approved_by", "approved_at", "approval_digest"])
        ledger.record(Event.APPROVED, actor=actor, at=at, about=row, subjects=people_of(wanted), facts=facts_of(row))
    return row


@transaction.atomic
def refuse(disclosure: Disclosure, *, reason: str, actor: Actor, at: datetime) -> Disclosure:
    """Refuse a disclosure that was not provided yet. Raises NotPermitted, WrongState, MissingReason."""
    require_permission(actor, "disclosures.approve_disclosure", about=disclosure)
    row = Disclosure.objects.select_for_update(of=("self",)).select_related("third_party").get(id=disclosure.id)
    must_have_clearance(actor, row.third_party)
    if row.state not in {Disclosure.State.REQUESTED, Disclosure.State.APPROVED}:
        raise _passed_state(row)
    if not reason.strip():
        raise MissingReason(_("State why the disclosure is refused."))
    row.state = Disclosure.State.REFUSED
    row.refused_by = actor.ref
    row.refused_at = at
    row.refusal_reason = reason.strip()
    row.save(update_fields=["state", "refused_by", "refused_at", "refusal_reason"])
    ledger.record(Event.REFUSED, actor=actor, at=at, about=row, facts=facts_of(row))
    return row


def provide(disclosure: Disclosure, *, actor: Actor, at: datetime) -> ProvidedFile:
    """Open the vault, seal what was approved into a file for the recipient, and keep a digest of each value.

    Among several people, what is frozen is left out and told: one person's dispute does not stop everybody's provision.
    Raises WrongState, ContentChanged, and what ``request`` raises; then nothing is provided.
    """
    require_permission(actor, "disclosures.provide_disclosure", about=disclosure)
    with transaction.atomic():
        row, wanted = lock_disclosure(disclosure, expected=Disclosure.State.APPROVED)
        must_have_clearance(actor, row.third_party)
        _must_be_what_was_approved(row)
        lock_people(row, wanted)
        consents = must_be_allowed(row, wanted, at=at)
        usable = without_frozen(row, wanted, at=at)
        read = read_current_values(row, usable, actor=actor, at=at)
        if not any(read.values()):
            raise NothingToProvide(_("We no longer hold any of what was approved."))
        file_name, file, passphrase = encrypted_file.encrypt(row, read, at=at)
        for one, found in read.items():
            digest = keyed_digest([content.value for content in found])
            row.disclosed.filter(
                subject_id=one.subject_id, record_id=one.record_id, category=one.category, item=one.item
            ).update(value_digest=digest, consent=consents.get(one.subject_id, ""))
        # A freeze that came while the file was made still stops it: nothing has left the house yet (P1.5).
        must_not_be_frozen(row, usable, at=at)
        left_out = people_of([one for one in wanted if one not in usable])
        row.state = Disclosure.State.PROVIDED
        row.provided_by = actor.ref
        row.provided_at = at
        row.provided_on = clock.kst_date(at)
        row.file_digest = encrypted_file.digest(file)
        row.file_bytes = len(file)
        row.save(update_fields=["state", "provided_by", "provided_at", "provided_on", "file_digest", "file_bytes"])
        ledger.record(
            Event.PROVIDED,
            actor=actor,
            at=at,
            about=row,
            subjects=people_of(usable),
            facts={
                **facts_of(row),
                "sha256": row.file_digest,
                "bytes": row.file_bytes,
                **({"left_out": len(left_out)} if left_out else {}),
            },
        )
    return ProvidedFile(row, file_name, file, passphrase, left_out=_names(left_out))


def show_passphrase(disclosure: Disclosure, *, actor: Actor, at: datetime) -> str:
    """Return the passphrase of a file that was handed over, on record. Raises WrongState before that."""
    require_permission(actor, "disclosures.provide_disclosure", about=disclosure)
    must_have_clearance(actor, disclosure.third_party)
    if disclosure.state != Disclosure.State.PROVIDED:
        raise WrongState(_("There is no file yet: provide it first."))
    ledger.record_before(Event.PASSPHRASE_SHOWN, actor=actor, at=at, about=disclosure, task=Event.PASSPHRASE_SHOWN)
    return encrypted_file.passphrase_of(disclosure)


def must_have_clearance(actor: Actor, party: ThirdParty) -> None:
    """What an investigative agency asks for is secret: only the few who may see it handle it (law P-12)."""
    if party.is_investigator:
        require_permission(actor, "disclosures.see_investigations", about=party)


def _must_be_what_was_approved(row: Disclosure) -> None:
    """The document of an urgent request may come after its approval (law P-08); nothing else may change."""
    scans = {row.scan_digest, ""} if row.urgent else {row.scan_digest}
    possible = {combined_digest(row.content_digest, scan) for scan in scans}
    # Approvals from before approvals were sealed have none.
    if row.approval_digest and row.approval_digest not in possible:
        raise ContentChanged(_("This disclosure no longer matches what was approved. Request it again."))


def read_current_values(
    row: Disclosure, wanted: Sequence[RequestedItem], *, actor: Actor, at: datetime
) -> dict[RequestedItem, list[ItemValue]]:
    groups: dict[tuple[UUID, str, UUID | None], list[RequestedItem]] = {}
    for one in wanted:
        groups.setdefault((one.subject_id, one.category, one.record_id), []).append(one)
    found: dict[RequestedItem, list[ItemValue]] = {one: [] for one in wanted}
    with vault.opened(
        purpose=_purpose(row), task=Event.PROVIDED, actor=actor, at=at, reason=f"disclosure {row.reference}"
    ) as vault_session:
        for (subject_id, category, record_id), ones in groups.items():
            by_item: dict[str, RequestedItem] = {one.item: one for one in ones}
            for content in item_values.read_items(
                vault_session, subject_id=subject_id, category=category, items=by_item.keys(), record_id=record_id
            ):
                found[by_item[content.item]].append(content)
    return found


def _purpose(row: Disclosure) -> Purpose:
    """A duty under law passes a freeze, every other provision is stopped by it (P1.5)."""
    return Purpose.LEGAL_DUTY if row.basis == Disclosure.Basis.LAW else Purpose.DISCLOSURE


def must_be_allowed(row: Disclosure, wanted: Sequence[RequestedItem], *, at: datetime) -> dict[UUID, str]:
    """Refuse what may not go out now; return the receipt of each person's consent, where the basis is a consent."""
    if row.third_party.retired_at is not None:
        raise Retired(_("This third party is retired: nothing is provided to it."))
    without_frozen(row, wanted, at=at)
    return legal_basis.must_have_legal_basis(row, wanted, at=at)


def lock_people(row: Disclosure, wanted: Sequence[RequestedItem]) -> None:
    """Let no consent end between its check and the provision: who decides waits, and the recipient is told then."""
    if row.basis != Disclosure.Basis.LAW:
        people = Subject.objects.select_for_update(no_key=True).filter(id__in=people_of(wanted)).order_by("id")
        list(people.values_list("id", flat=True))


def _names(people: Sequence[UUID]) -> tuple[str, ...]:
    return tuple(sorted(item_values.references_of(people).values())) if people else ()


def lock_disclosure(disclosure: Disclosure, *, expected: str) -> tuple[Disclosure, list[RequestedItem]]:
    """Lock a disclosure and its third party, which nobody retires meanwhile. Raises WrongState, ContentChanged."""
    locked = Disclosure.objects.select_for_update(of=("self", "third_party"), no_key=True)
    row = locked.select_related("third_party").get(id=disclosure.id)
    if row.state != expected:
        raise _passed_state(row)
    wanted = [
        RequestedItem(one.subject_id, one.category, one.item, one.record_id)
        for one in row.disclosed.order_by("category", "id")
    ]
    if content_digest(row, wanted) != row.content_digest:
        raise ContentChanged(_("This disclosure was changed after it was requested. Request it again."))
    return row, wanted


def _passed_state(row: Disclosure) -> WrongState:
    who, when = {
        Disclosure.State.REQUESTED: (row.requested_by, row.requested_at),
        Disclosure.State.APPROVED: (row.approved_by, row.approved_at),
        Disclosure.State.REFUSED: (row.refused_by, row.refused_at),
        Disclosure.State.PROVIDED: (row.provided_by, row.provided_at),
    }[Disclosure.State(row.state)]
    return WrongState(
        _("This disclosure is already “%(state)s” (%(who)s, %(when)s).")
        % {
            "state": row.get_state_display(),
            "who": name_with_reference(who),
            "when": datetime_text(when) if when else "–",
        }
    )


def people_of(wanted: Sequence[RequestedItem]) -> list[UUID]:
    return list(dict.fromkeys(one.subject_id for one in wanted))


def facts_of(row: Disclosure) -> dict[str, Any]:
    return {"third_party": row.third_party.reference, "basis": row.basis, "content": row.content_digest}
