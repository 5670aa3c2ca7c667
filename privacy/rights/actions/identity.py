"""Who asks: nothing is disclosed or carried out before this is settled (law R-06, R-26, R-27)."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from devices import actions as devices
from devices.models import Challenge
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.rights import identity_evidence, matching, representation
from privacy.rights.actions import freezes, identity_documents, mandates
from privacy.rights.actions.cases import lock_case, must_be_in_state, people_of, record, set_state
from privacy.rights.actions.duplicates import go_on_apart, take_with_joined
from privacy.rights.actions.letters import queue_letter, sync_particulars_closure, withdraw_unsent
from privacy.rights.actions.mandates import Mandate
from privacy.rights.actions.separation_of_duties import must_be_verifiable_by
from privacy.rights.events import Event
from privacy.rights.matching import Match
from privacy.rights.models import CasePerson, Letter, Request, Right
from privacy.rights.refusals import NotConfirmed, SeveralDevices, WrongState
from privacy.systems import actions as systems

# What a requester who has taken the request back need not be told any more.
TELLS_OF_OPEN_CASE = (
    Letter.Kind.EVIDENCE, Letter.Kind.PROOF, Letter.Kind.ACCEPTED, Letter.Kind.PARTED, Letter.Kind.POSTPONED,
    Letter.Kind.EXTENDED,
)  # fmt: skip


def challenge(request: Request, *, actor: Actor, at: datetime) -> Challenge:
    """Ask the device whether its holder made this request: the page shows a code, which they type on the device.

    Where no device matches the claim, the case's own pseudo-subject is asked: the same steps, the same code until it
    runs out, the same limit, so that nothing tells who is known (SEC-16). It is asked too where others have asked the
    device too often today. Raises WrongState, TooManyChallenges.
    """
    with transaction.atomic():
        case = lock_case(request)
        must_be_in_state(case, Request.BEFORE_IDENTITY)
        device = case.matched_record_id or case.holder_id
        asked = devices.issue_challenge(
            device_id=device, case=case.reference, stand_in=case.holder_id, actor=actor, at=at
        )
        set_state(case, Request.State.IDENTITY_PENDING)
        record(case, Event.CHALLENGED, actor=actor, at=at)
    return asked


def confirmed_by_device(case: Request) -> bool:
    """Whether the device that matches the claim has confirmed a challenge of this case."""
    device = case.matched_record_id
    confirmed = Challenge.objects.filter(case=case.reference, state=Challenge.State.CONFIRMED)
    return device is not None and confirmed.filter(device_id=device).exists()


def request_document(request: Request, *, actor: Actor, at: datetime) -> Request:
    """Ask the requester for documents: who they are, and once that is settled what a correction or deletion rests on.

    A representative whose mandate has ended or does not cover what is left is asked for another (law R-26).

    The term goes on running (law R-07, R-17). Raises WrongState.
    """
    require_permission(actor, "rights.verify_identity", about=request)
    with transaction.atomic():
        case = lock_case(request)
        kind, is_new = letter_asking_for_document(case, at=at)
        if not case.is_verified:
            case.state = Request.State.IDENTITY_PENDING
        if not case.is_verified or kind == Letter.Kind.PROOF:
            case.evidence_asked_at = at
        case.save(update_fields=["state", "evidence_asked_at"])
        most = {} if case.is_verified else {"evidence": [one.value for one in identity_evidence.most_for(case)]}
        step = record(case, Event.EVIDENCE_ASKED, actor=actor, at=at, facts=most)
        if is_new:
            queue_letter(case, kind, about=step.id, actor=actor, at=at)
    return case


def letter_asking_for_document(case: Request, *, at: datetime) -> tuple[str, bool]:
    """Return the kind of letter by which a document is asked for now, and whether one goes out. Raises WrongState."""
    if representation.lacks_mandate(case, at=at):
        asked = case.letters.filter(kind=Letter.Kind.EVIDENCE).order_by("queued_at").last()
        return Letter.Kind.EVIDENCE, not _still_asked(
            case, Letter.Kind.EVIDENCE, asked.queued_at if asked else None, at=at
        )
    kind = Letter.Kind.PROOF
    if not identity_documents.may_need_proof(case):
        must_be_in_state(case, Request.BEFORE_IDENTITY)
        kind = Letter.Kind.EVIDENCE
    return kind, not _still_asked(case, kind, case.evidence_asked_at, at=at)


def _still_asked(case: Request, kind: str, before: datetime | None, *, at: datetime) -> bool:
    """Whether asking again says nothing new: the letter is still here, or went out today and nothing came since."""
    if before is None or (case.verified_at is not None and before <= case.verified_at):
        return False
    answered = case.evidence_received_at is not None and case.evidence_received_at > before
    unsent = case.letters.filter(kind=kind, state__in=Letter.UNSENT).exists()
    return unsent or (not answered and clock.kst_date(before) == clock.kst_date(at))


def verify(
    request: Request,
    *,
    method: str,
    actor: Actor,
    at: datetime,
    named: Match | None = None,
    authority: str = "",
    authority_until: date | None = None,
    mandate: Mandate | None = None,
    principal_born_on: date | None = None,
) -> Request:
    """Settle who asks, and about which records: all of the device or person that matches the claim, or is named.

    A case without any record is verified too: that nothing is held is an answer for the verified only. The freezes
    of its corrections hold from now on until the case decides them.
    Raises SamePerson, NotASecondPerson, UnseenDocuments, NotConfirmed (method ``device`` without confirmation),
    MissingAuthority (no proof, one that has ended, or that does not cover what is asked), SeveralDevices, WrongState.
    """
    require_permission(actor, "rights.verify_identity", about=request)
    with transaction.atomic():
        case = lock_case(request)
        must_be_in_state(case, Request.BEFORE_IDENTITY)
        verifier = must_be_verifiable_by(case, method, actor=actor, at=at)
        if method == Request.IdentityMethod.DEVICE and not confirmed_by_device(case):
            raise NotConfirmed(_("This request has not been confirmed on the device yet."))
        mandates.must_prove(case, authority, authority_until, mandate, principal_born_on=principal_born_on, at=at)
        people = _people(case, method, named)
        answering = matching.answering_record(people)
        case.subject_id = answering.subject_id if answering else None
        case.matched_record_id = answering.record_id if answering else None
        case.identity_method = method
        case.verified_by = verifier
        case.verified_at = at
        mandates.set_authority(case, authority, authority_until, mandate)
        case.state = Request.State.VERIFIED
        case.save(
            update_fields=[
                "subject_id", "matched_record_id", "identity_method", "verified_by", "verified_at", "state",
                *mandates.FIELDS,
            ]
        )  # fmt: skip
        CasePerson.objects.bulk_create(
            CasePerson(request=case, subject_id=subject_id)
            for subject_id in sorted(person.subject_id for person in people)
        )
        freezes.confirm_freezes(case, actor=actor, at=at)
        _ask_connected_systems(case, actor=actor, at=at)
        # Nobody is asked any more for what is settled.
        withdraw_unsent(case, Letter.Kind.EVIDENCE, actor=actor, at=at)
        facts = {"method": method, "authority": case.authority, **mandates.facts_of(case)}
        if case.authority:
            facts |= mandates.facts_of_child(authority, principal_born_on, at=at)
        step = record(case, Event.VERIFIED, actor=actor, at=at, facts=facts)
        queue_letter(case, Letter.Kind.ACCEPTED, actor=actor, at=at)
        mandates.seal_people(case, mandate, about=step.id, at=at)
    return case


def _ask_connected_systems(case: Request, *, actor: Actor, at: datetime) -> None:
    """Ask which other systems hold copies, for an access: its copy and its answer say what they said."""
    for right in case.rights.filter(kind=Right.Kind.ACCESS):
        right.request = case
        systems.order_locating(
            cause_id=right.id, subject_ids=people_of(case), category=right.category, case=right.freeze_reference,
            actor=actor, at=at,
        )  # fmt: skip


def _people(case: Request, method: str, named: Match | None) -> list[Match]:
    """Return every record of the device or person: the one named, or what matches the claim now (decision 0054).

    What a device confirmed covers the records of the gateway that speaks for it, and nobody else's (decision 0102).
    """
    people = _matching_people(case, method, named)
    if method == Request.IdentityMethod.DEVICE:
        return matching.of_same_gateway(people, case.matched_record_id)
    return people


def _matching_people(case: Request, method: str, named: Match | None) -> list[Match]:
    if named is not None:
        people = matching.records_of_device(named)
        if method == Request.IdentityMethod.DEVICE and case.matched_record_id not in {one.record_id for one in people}:
            raise NotConfirmed(
                _(
                    "Another device confirmed this request, not the one of this record. Leave the record empty, or "
                    "verify the identity by documents."
                ),
                pointer="/record",
            )
        return people
    found = matching.find_records(case.target_kind, bytes(case.target_index), most=None)
    if case.target_kind in matching.CONTACTS and found:
        return found
    devices = matching.group_by_device(found)
    if method == Request.IdentityMethod.DEVICE:
        devices = [one for one in devices if case.matched_record_id in {match.record_id for match in one}]
    if not devices and case.matched_subject_id is not None and matching.is_held(case.matched_subject_id):
        # Its number was corrected since; the record is still the one that was claimed.
        return matching.records_of_device(Match(case.matched_subject_id, case.matched_record_id))
    if len(devices) > 1:
        raise SeveralDevices(
            _("%(count)d different devices have this number: %(devices)s. Specify which one is meant.")
            % {"count": len(devices), "devices": ", ".join(matching.references_of(one[0] for one in devices))}
        )
    return devices[0] if devices else []


def reject_identity(request: Request, *, actor: Actor, at: datetime) -> Request:
    """End a case whose requester is not who they claim to be; its freezes end, and what was joined with it goes on."""
    require_permission(actor, "rights.verify_identity", about=request)
    with transaction.atomic():
        case, joined = take_with_joined(request)
        must_be_in_state(case, Request.BEFORE_IDENTITY)
        case.state = Request.State.IDENTITY_REJECTED
        case.closed_at = at
        case.save(update_fields=["state", "closed_at"])
        freezes.lift_freezes(case, actor=actor, at=at)
        withdraw_unsent(case, Letter.Kind.EVIDENCE, actor=actor, at=at)
        record(case, Event.IDENTITY_REJECTED, actor=actor, at=at)
        queue_letter(case, Letter.Kind.IDENTITY_REJECTED, actor=actor, at=at)
        go_on_apart(joined, actor=actor, at=at)
    for one in (case, *joined):
        sync_particulars_closure(one.id)
    identity_documents.destroy_documents(case, actor=actor, at=at)
    return case


def withdraw(request: Request, *, actor: Actor, at: datetime) -> Request:
    """The requester takes the request back, as long as nothing was decided; its freezes end with it.

    What was joined with it goes on by itself: whoever sent it has taken nothing back.
    """
    with transaction.atomic():
        case, joined = take_with_joined(request)
        must_be_in_state(case, (*Request.BEFORE_IDENTITY, Request.State.VERIFIED, Request.State.IN_REVIEW))
        if case.rights.exclude(decision=Right.Decision.PENDING).exists():
            raise WrongState(_("Part of this request has already been decided, so it can no longer be withdrawn."))
        case.state = Request.State.WITHDRAWN
        case.closed_at = at
        case.save(update_fields=["state", "closed_at"])
        freezes.lift_freezes(case, actor=actor, at=at)
        for kind in TELLS_OF_OPEN_CASE:
            withdraw_unsent(case, kind, actor=actor, at=at)
        record(case, Event.WITHDRAWN, actor=actor, at=at)
        go_on_apart(joined, actor=actor, at=at)
    for one in (case, *joined):
        sync_particulars_closure(one.id)
    identity_documents.destroy_documents(case, actor=actor, at=at)
    return case
