"""Providing personal information to a third party: asked for, approved by another person, provided once (P5.1)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.disclosures import bases, contents, handover
from privacy.disclosures.contents import Content, keyed_digest
from privacy.disclosures.events import Event
from privacy.disclosures.models import ENCRYPTED_FILE, DisclosedItem, Disclosure, ThirdParty
from privacy.disclosures.refusals import (
    ContentChanged,
    MissingReason,
    NoBasis,
    NothingToProvide,
    Retired,
    SamePerson,
    WrongState,
)
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import canonical, clock
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose


@dataclass(frozen=True)
class Wanted:
    """One item of one person that is to be provided; ``record_id`` narrows it to one record."""

    subject_id: UUID
    category: str
    item: str
    record_id: UUID | None = None


@dataclass(frozen=True)
class Authority:
    """What an authority's request says, beside its statute and document number (law F-8, P-08 … P-10)."""

    official: str = ""
    reason: str = ""
    relation: str = ""
    extent: str = ""
    permit_no: str = ""
    record_class: str = ""
    urgent: bool = False
    document_due_on: date | None = None


@dataclass(frozen=True)
class HandOver:
    """The encrypted file for the recipient, and its passphrase, which travels by another way."""

    disclosure: Disclosure
    file_name: str
    file: bytes
    passphrase: str


def request(
    *,
    third_party: ThirdParty,
    basis: str,
    items: Sequence[Wanted],
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
    authority: Authority | None = None,
) -> Disclosure:
    """Ask for a disclosure.

    Raises NoBasis, TerminalNumber, NothingToProvide, Retired, and the vault's Frozen when an item is frozen and the
    basis is not a law (P1.5).
    """
    require(actor, "disclosures.request_disclosure", about=third_party)
    must_be_trusted(actor, third_party)
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
        raise NothingToProvide(_("Say which items of whom are to be provided."))
    consents = _may_be_provided(disclosure, wanted, at=at)
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
            Event.REQUESTED, actor=actor, at=at, about=disclosure, subjects=_subjects(wanted), facts=_facts(disclosure)
        )
    return disclosure


def approve(disclosure: Disclosure, *, actor: Actor, at: datetime) -> Disclosure:
    """Approve as another person. Raises SamePerson, WrongState, ContentChanged, and what ``request`` raises."""
    require(actor, "disclosures.approve_disclosure", about=disclosure)
    with transaction.atomic():
        row, wanted = _taken(disclosure, expected=Disclosure.State.REQUESTED)
        if row.requested_by == actor.ref:
            raise SamePerson(_("You asked for this disclosure; another person must approve it."))
        must_be_trusted(actor, row.third_party)
        if row.basis == Disclosure.Basis.LAW and row.scan_id is None and not row.urgent:
            raise NoBasis(_("Attach the scan of the document first; the approver reads it."))
        _may_be_provided(row, wanted, at=at)
        row.state = Disclosure.State.APPROVED
        row.approved_by = actor.ref
        row.approved_at = at
        row.save(update_fields=["state", "approved_by", "approved_at"])
        ledger.record(Event.APPROVED, actor=actor, at=at, about=row, subjects=_subjects(wanted), facts=_facts(row))
    return row


@transaction.atomic
def refuse(disclosure: Disclosure, *, reason: str, actor: Actor, at: datetime) -> Disclosure:
    """Refuse a disclosure that was not provided yet, with the reason."""
    require(actor, "disclosures.approve_disclosure", about=disclosure)
    row = Disclosure.objects.select_for_update().get(id=disclosure.id)
    if row.state not in {Disclosure.State.REQUESTED, Disclosure.State.APPROVED}:
        raise _past(row)
    if not reason.strip():
        raise MissingReason(_("Say why the disclosure is refused."))
    row.state = Disclosure.State.REFUSED
    row.refused_by = actor.ref
    row.refused_at = at
    row.refusal_reason = reason.strip()
    row.save(update_fields=["state", "refused_by", "refused_at", "refusal_reason"])
    ledger.record(Event.REFUSED, actor=actor, at=at, about=row, facts=_facts(row))
    return row


def provide(disclosure: Disclosure, *, actor: Actor, at: datetime) -> HandOver:
    """Open the vault, seal what was approved into a file for the recipient, and keep a digest of each value.

    Raises WrongState, ContentChanged, NoBasis, Frozen and NothingToProvide; then nothing is provided.
    """
    require(actor, "disclosures.provide_disclosure", about=disclosure)
    with transaction.atomic():
        row, wanted = _taken(disclosure, expected=Disclosure.State.APPROVED)
        must_be_trusted(actor, row.third_party)
        consents = _may_be_provided(row, wanted, at=at)
        read = _read(row, wanted, actor=actor, at=at)
        if not any(read.values()):
            raise NothingToProvide(_("Nothing of what was approved is held any more."))
        file_name, file, passphrase = handover.seal(row, read, at=at)
        for one, found in read.items():
            digest = keyed_digest([content.value for content in found])
            row.disclosed.filter(
                subject_id=one.subject_id, record_id=one.record_id, category=one.category, item=one.item
            ).update(value_digest=digest, consent=consents.get(one.subject_id, ""))
        # A freeze that came while the file was made still stops it: nothing has left the house yet (P1.5).
        _must_not_be_frozen(row, wanted, at=at)
        row.state = Disclosure.State.PROVIDED
        row.provided_by = actor.ref
        row.provided_at = at
        row.provided_on = clock.kst_date(at)
        row.file_digest = handover.digest(file)
        row.file_bytes = len(file)
        row.save(update_fields=["state", "provided_by", "provided_at", "provided_on", "file_digest", "file_bytes"])
        ledger.record(
            Event.PROVIDED,
            actor=actor,
            at=at,
            about=row,
            subjects=_subjects(wanted),
            facts={**_facts(row), "sha256": row.file_digest, "bytes": row.file_bytes},
        )
    return HandOver(row, file_name, file, passphrase)


def show_passphrase(disclosure: Disclosure, *, actor: Actor, at: datetime) -> str:
    """Return the passphrase of a file that was handed over, on record. Raises WrongState before that."""
    require(actor, "disclosures.provide_disclosure", about=disclosure)
    if disclosure.state != Disclosure.State.PROVIDED:
        raise WrongState(_("There is no file yet: provide it first."))
    ledger.record_first(Event.PASSPHRASE_SHOWN, actor=actor, at=at, about=disclosure, task=Event.PASSPHRASE_SHOWN)
    return handover.passphrase_of(disclosure)


def must_be_trusted(actor: Actor, party: ThirdParty) -> None:
    """What an investigative agency asks for is secret: only the few who may see it handle it (law P-12)."""
    if party.is_investigator:
        require(actor, "disclosures.see_investigations", about=party)


def content_digest(disclosure: Disclosure, wanted: Sequence[Wanted]) -> str:
    """Return the digest of all that an approval is about (SEC-07: what was approved is what is provided)."""
    return canonical.digest(
        {
            "third_party": disclosure.third_party_id,
            "basis": disclosure.basis,
            "statute": disclosure.statute,
            "document_no": disclosure.document_no,
            "agreement": disclosure.agreement,
            "purpose": disclosure.purpose,
            "purpose_code": disclosure.purpose_code,
            "form": disclosure.form,
            "period": disclosure.period,
            "restrictions": disclosure.restrictions,
            "terminal_number_ground": disclosure.terminal_number_ground,
            "authority": {field.name: getattr(disclosure, field.name) for field in fields(Authority)},
            "items": sorted(f"{one.subject_id}/{one.record_id or ''}/{one.category}/{one.item}" for one in wanted),
        }
    )


def _read(row: Disclosure, wanted: Sequence[Wanted], *, actor: Actor, at: datetime) -> dict[Wanted, list[Content]]:
    groups: dict[tuple[UUID, str, UUID | None], list[Wanted]] = {}
    for one in wanted:
        groups.setdefault((one.subject_id, one.category, one.record_id), []).append(one)
    found: dict[Wanted, list[Content]] = {one: [] for one in wanted}
    with vault.opened(
        purpose=_purpose(row), task=Event.PROVIDED, actor=actor, at=at, reason=f"disclosure {row.reference}"
    ) as door:
        for (subject_id, category, record_id), ones in groups.items():
            by_item: dict[str, Wanted] = {one.item: one for one in ones}
            for content in contents.read(
                door, subject_id=subject_id, category=category, items=by_item.keys(), record_id=record_id
            ):
                found[by_item[content.item]].append(content)
    return found


def _purpose(row: Disclosure) -> Purpose:
    """A duty under law passes a freeze, every other provision is stopped by it (P1.5, lifecycle.md)."""
    return Purpose.LEGAL_DUTY if row.basis == Disclosure.Basis.LAW else Purpose.DISCLOSURE


def _may_be_provided(row: Disclosure, wanted: Sequence[Wanted], *, at: datetime) -> dict[UUID, str]:
    if row.third_party.retired_at is not None:
        raise Retired(_("This third party is retired: nothing is provided to it."))
    _must_not_be_frozen(row, wanted, at=at)
    return bases.must_stand(row, wanted, at=at)


def _must_not_be_frozen(row: Disclosure, wanted: Sequence[Wanted], *, at: datetime) -> None:
    if row.basis == Disclosure.Basis.LAW:
        return
    for one in wanted:
        freezes = vault.frozen(one.subject_id, one.category, [one.item], at=at)
        if freezes:
            raise vault.Frozen(freezes)


def _taken(disclosure: Disclosure, *, expected: str) -> tuple[Disclosure, list[Wanted]]:
    row = Disclosure.objects.select_for_update(of=("self",)).select_related("third_party").get(id=disclosure.id)
    if row.state != expected:
        raise _past(row)
    wanted = [
        Wanted(one.subject_id, one.category, one.item, one.record_id)
        for one in row.disclosed.order_by("category", "id")
    ]
    if content_digest(row, wanted) != row.content_digest:
        raise ContentChanged(_("This disclosure was changed after it was asked for. Ask for it again."))
    return row, wanted


def _past(row: Disclosure) -> WrongState:
    who, when = {
        Disclosure.State.REQUESTED: (row.requested_by, row.requested_at),
        Disclosure.State.APPROVED: (row.approved_by, row.approved_at),
        Disclosure.State.REFUSED: (row.refused_by, row.refused_at),
        Disclosure.State.PROVIDED: (row.provided_by, row.provided_at),
    }[Disclosure.State(row.state)]
    return WrongState(
        _("This disclosure is already “%(state)s” (%(who)s, %(when)s).")
        % {"state": row.get_state_display(), "who": who, "when": when and when.isoformat(timespec="minutes")}
    )


def _subjects(wanted: Sequence[Wanted]) -> list[UUID]:
    return list(dict.fromkeys(one.subject_id for one in wanted))


def _facts(row: Disclosure) -> dict[str, Any]:
    return {"third_party": row.third_party.reference, "basis": row.basis, "content": row.content_digest}
