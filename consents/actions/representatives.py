"""A child's legal representative: named by the child, asked, and heard; what was collected for that goes (C-12, C-13).

The general database commits first, then the personal one; every step may be repeated.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from consents.actions.ages import (
    is_agreed_for,
    open_request,
    other_consents,
    own_consents,
    record_age,
    unfinished_consents,
)
from consents.actions.decisions import decide
from consents.events import Event
from consents.models import (
    AgeStatement,
    AgreementVersion,
    AskedRepresentative,
    CurrentConsent,
    CurrentConsentQuerySet,
    Decision,
    RepresentativeRequest,
)
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, ExternalActor, SystemActor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal, TooManyAttempts, Unavailable
from privacy.lib.identifiers.access_codes import AccessCodes
from privacy.policies.categories import DEVICE_REGISTRATION
from privacy.retention import locks
from privacy.retention.destruction import blockers
from privacy.subjects import actions as subjects
from privacy.subjects.contact_validation import can_be_texted, validate_contact
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

log = logging.getLogger("portal.consents")

State, Channel, Method = RepresentativeRequest.State, RepresentativeRequest.Channel, Decision.Method
CODES = AccessCodes("representatives")
RECORD = "consents.record_decision"
# Kinds of deliveries: who is asked, by which way, and that the portal took note of the consent.
ASK_TEXT, ASK_MAIL = "consents.representative.text", "consents.representative.mail"
TOLD_TEXT, TOLD_MAIL = "consents.representative.told.text", "consents.representative.told.mail"
# Whom a child may have asked in a day: a stranger's number is not to be flooded.
NAMED_DAILY = 3
PORTAL = SystemActor("consents")


class RequestEnded(Refusal):
    """The representative has answered, or the time to answer is over."""

    code = "request-ended"


class NotTexted(Refusal):
    """No text message goes to this number."""

    code = "bad-contact"


class DocumentMissing(Refusal):
    """What an officer records of an answer says where the answer is."""

    code = "document-missing"


def state_age(subject: Subject, *, born_on: date, actor: Actor, at: datetime) -> AgeStatement:
    """Record whether a person is under 14 (``record_age``).

    What a child agreed to alone beside collection ends at once: provision to others, advertising, marketing.
    Raises ImpossibleBirthDate, NotPermitted.
    """
    with transaction.atomic():
        made = record_age(subject, born_on=born_on, actor=actor, at=at)
        if made.is_child_on(clock.kst_date(at)):
            _withdraw(subject, other_consents(subject), language="ko", method=Method.AUTOMATIC, actor=actor, at=at)
    return made


def name_representative(
    request: RepresentativeRequest, *, name: str, channel: str, contact: str, language: str, actor: Actor, at: datetime
) -> RepresentativeRequest:
    """Take from a child whom to ask, and ask them; another name takes the place of the one before.

    Name and contact alone are asked for, and need no consent of their own (PIPA art. 22-2(2)). Raises RequestEnded,
    InvalidContact, NotTexted, TooManyAttempts.
    """
    validate_contact(channel, contact)
    if channel == Channel.PHONE and not can_be_texted(contact):
        raise NotTexted(_("Enter a Korean mobile number, such as 010-1234-5678."), pointer="/contact")
    person = Subject.objects.get(pk=request.subject_id)
    with transaction.atomic():
        row = _open(request)
        named = RepresentativeRequest.objects.filter(subject_id=person.id, asked_at__gt=at - timedelta(days=1))
        if named.count() >= NAMED_DAILY:
            raise TooManyAttempts(_("You named several people today. Try again tomorrow, or contact our office."))
        if row.state == State.ASKED:
            _end(row, State.EXPIRED, actor=actor, at=at)
            # Naming another gives no more time.
            before, row = row, open_request(person, actor=actor, at=at, due_at=row.due_at)
            # What stands still now does so for the new request, until that one is answered.
            vault.unfreeze(case=before.reference, actor=actor, at=at)
    forget_asked(person.id, at=at)
    with transaction.atomic(using="personal"):
        with transaction.atomic():
            row = _open(row)
            if row.state == State.ASKED:
                return row  # another click was faster, and who it named is asked
            row.state, row.channel, row.language, row.asked_at = State.ASKED, channel, language, at
            row.digest = CODES.digest(code_of(row))
            row.save(update_fields=["state", "channel", "language", "asked_at", "digest"])
            ledger.record(
                Event.REPRESENTATIVE_ASKED, actor=actor, at=at, about=row, subjects=[person.reference],
                facts={"channel": channel},
            )  # fmt: skip
        asked = AskedRepresentative(id=row.id, subject_id=person.id, recorded_at=at)
        vault.encrypt(asked, {"particulars": {"name": name.strip(), "contact": contact.strip()}}, at=at)
        asked.save(force_insert=True)
        _queue(ASK_TEXT if channel == Channel.PHONE else ASK_MAIL, row)
    return row


def code_of(request: RepresentativeRequest) -> str:
    """Return the code that opens the page of the representative; only the worker sends it."""
    return CODES.of(str(request.pk))


def request_of_code(code: str, *, address: str, at: datetime) -> RepresentativeRequest:
    """Return what a code asks of whom. Raises WrongCode, TooManyAttempts; RequestEnded where it is over."""
    digest = CODES.digest(code)
    held = RepresentativeRequest.objects.filter(digest=digest).exclude(digest="").first()
    subjects.check_code(CODES, code=code, digest=held.digest if held else None, address=address, at=at)
    if held is None:
        raise AssertionError("a code without its digest is never let through")
    if not held.is_open or held.due_at <= at:
        raise RequestEnded(_("This request has been answered, or its time is over."))
    return held


def answer_as_representative(
    request: RepresentativeRequest,
    *,
    agreed: Sequence[AgreementVersion],
    refused: Sequence[AgreementVersion],
    relationship: str,
    confirmation: str,
    method: str,
    actor: Actor,
    at: datetime,
    document: str = "",
    named: Mapping[str, str] | None = None,
) -> RepresentativeRequest:
    """Record what a legal representative decided about each text, with how their consent was confirmed.

    Where a required one is refused, or nothing is agreed to, the whole is refused. An officer records an answer that
    came by paper, mail or phone, and where it is (``document``); where the child named nobody, also whose it is
    (``named``: name and contact). Raises RequestEnded, DocumentMissing, NotPermitted, and what ``decide`` raises.
    """
    if actor.kind == "user":
        require_permission(actor, RECORD, about=request)
        if not document.strip():
            raise DocumentMissing(_("State where the representative's answer is kept."), pointer="/document")
    required = [version for version in refused if version.agreement.required]
    if required or not agreed:
        return refuse_as_representative(request, method=method, actor=actor, at=at, document=document)
    row = RepresentativeRequest.objects.get(pk=request.pk)
    if not row.is_open or row.due_at <= at:
        raise RequestEnded(_("This request has been answered, or its time is over."))
    person = Subject.objects.get(pk=row.subject_id)
    by = {**(_asked(row, at=at) or named or {}), "relationship": relationship.strip(), "confirmation": confirmation}
    # What somebody else began to answer is no answer of this one.
    others = set(unfinished_consents(person).exclude(decision__actor_ref=actor.ref).values_list("agreement", flat=True))
    # One by one: each is on record before its representative is sealed. Pressed again, it goes on where it stopped.
    for version, choice in [*((one, "agree") for one in agreed), *((one, "disagree") for one in refused)]:
        decide(
            subject=person, version=version, decision=choice, decided_at=at, method=method, language=row.language,
            representative=by if choice == "agree" else None, once=version.agreement_id not in others,
            asked=partial(_open, row), actor=actor, at=at,
        )  # fmt: skip
    with transaction.atomic():
        row = _open(request)
        row.confirmation, row.document = confirmation, document.strip()
        row.answered_by = actor.ref if actor.kind == "user" else ""
        _end(row, State.AGREED, actor=actor, at=at)
        vault.unfreeze(case=row.reference, actor=actor, at=at)
        if not row.answered_by:
            kind = TOLD_TEXT if row.channel == Channel.PHONE else TOLD_MAIL
            outbox.enqueue(kind, ids={"request": str(row.id)}, key=f"{kind}:{row.id}")
    if row.answered_by:
        forget_asked(person.id, at=at)
    return row


def refuse_as_representative(
    request: RepresentativeRequest,
    *,
    actor: Actor,
    at: datetime,
    method: str = Method.AUTOMATIC,
    document: str = "",
) -> RepresentativeRequest:
    """Record that a legal representative does not agree: what the child agreed to alone ends, and their contact goes.

    So does what they agreed to in an answer that was not recorded to its end. ``method`` is how they said so, where
    that is known. Raises RequestEnded, NotPermitted.
    """
    if actor.kind == "user":
        require_permission(actor, RECORD, about=request)
    with transaction.atomic():
        row = _open(request)
        row.document, row.answered_by = document.strip(), actor.ref if actor.kind == "user" else ""
        _end_own_consents(row, method=method, actor=actor, at=at)
        _end(row, State.REFUSED, actor=actor, at=at)
    forget_asked(row.subject_id, at=at)
    return row


def expire_requests(*, at: datetime) -> int:
    """End the requests that nobody answered in time, and remove whom they asked; return how many. Safe to repeat."""
    for one in RepresentativeRequest.objects.open():
        _apart(partial(_settle_if_given, one, at=at), one.reference)
    overdue = RepresentativeRequest.objects.overdue(at).order_by("due_at")
    ended = sum(_apart(partial(_expire, one, at=at), one.reference) or 0 for one in overdue)
    # Also what a kill or a hold left behind.
    for subject_id in set(AskedRepresentative.objects.values_list("subject_id", flat=True)):
        _apart(partial(forget_asked, subject_id, at=at), str(subject_id))
    return ended


def record_question_sent(request: RepresentativeRequest, *, template: str, at: datetime) -> None:
    """Note that the question to a representative went out, and in the words of which template."""
    with transaction.atomic():
        row = RepresentativeRequest.objects.select_for_update().get(pk=request.pk)
        if row.asked_with == template:
            return
        row.asked_with = template
        row.save(update_fields=["asked_with"])
        facts = {"channel": row.channel, "template": template}
        ledger.record(
            Event.QUESTION_SENT, actor=PORTAL, at=at, about=row, subjects=[row.subject_id], facts=facts
        )  # fmt: skip


def record_told(request: RepresentativeRequest, *, template: str = "", at: datetime) -> None:
    """Note that the representative got the message by which their consent is confirmed; then their contact goes."""
    with transaction.atomic():
        row = RepresentativeRequest.objects.select_for_update().get(pk=request.pk)
        if row.told_at is None:
            row.told_at = at
            row.save(update_fields=["told_at"])
            facts = {"template": template} if template else {}
            ledger.record(
                Event.REPRESENTATIVE_TOLD, actor=PORTAL, at=at, about=row, subjects=[row.subject_id], facts=facts
            )
    forget_asked(row.subject_id, at=at)


def forget_asked(subject_id: UUID, *, at: datetime) -> int:
    """Remove whom a child named, once no open request and no message needs them; a hold keeps them. Return how many."""
    requests = RepresentativeRequest.objects.filter(subject_id=subject_id)
    needed = {*requests.open().values_list("id", flat=True), *requests.untold().values_list("id", flat=True)}
    with locks.block_new_holds(), transaction.atomic(using="personal"):
        if blockers.is_on_hold([subject_id], [DEVICE_REGISTRATION], at=at):
            return 0
        held = AskedRepresentative.objects.filter(subject_id=subject_id).exclude(pk__in=needed)
        gone = sorted(held.values_list("id", flat=True))
        for pk in gone:
            with transaction.atomic():
                about = RepresentativeRequest.objects.get(pk=pk)
                ledger.record(Event.ASKED_FORGOTTEN, actor=PORTAL, at=at, about=about, subjects=[subject_id])
        held.filter(pk__in=gone).delete()
    return len(gone)


def is_asked_kept(request: RepresentativeRequest) -> bool:
    """Whether the portal still has name and contact of whom a request asked, as under a hold."""
    return AskedRepresentative.objects.filter(pk=request.pk).exists()


def asked_contact(request: RepresentativeRequest, *, at: datetime) -> dict[str, str] | None:
    """Open name and contact of whom a request asks, to write to them; nothing where they are gone."""
    return _asked(request, at=at) or None


def _settle_if_given(request: RepresentativeRequest, *, at: datetime) -> None:
    """End a request whose representative has agreed in another way since, as on the device by its gateway."""
    with transaction.atomic():
        row = RepresentativeRequest.objects.select_for_update().get(pk=request.pk)
        person = Subject.objects.get(pk=row.subject_id)
        standing = CurrentConsent.objects.of(person.id).agreed().select_related("decision")
        # A gateway sends age and consent in one call: the consent was given before, and is on record since.
        since = {"decision__recorded_at__gte": row.opened_at}
        given = standing.filter(decision__by_representative=True, **since).first()
        # Half an answer by the page of the request is none: it goes on there, or ends with the request.
        if row.is_open and given is not None and is_agreed_for(person):
            row.confirmation, row.answered_by = given.decision.confirmation, given.decision.actor_ref
            _end(row, State.AGREED, actor=PORTAL, at=at)
            vault.unfreeze(case=row.reference, actor=PORTAL, at=at)


def _apart[Found](verb: Callable[[], Found], about: str) -> Found | None:
    """Call what concerns one child: where that fails, it keeps no other's from being done."""
    try:
        return verb()
    except (OperationalError, InterfaceError, Unavailable):
        raise
    except Exception:
        log.exception("the request of a child can't be gone on with: %s", about)
        return None


def _expire(request: RepresentativeRequest, *, at: datetime) -> int:
    with transaction.atomic():
        row = RepresentativeRequest.objects.select_for_update().get(pk=request.pk)
        if not row.is_open:
            return 0
        _end_own_consents(row, method=Method.AUTOMATIC, actor=PORTAL, at=at)
        _end(row, State.EXPIRED, actor=PORTAL, at=at)
    return 1


def _asked(request: RepresentativeRequest, *, at: datetime) -> dict[str, str]:
    held = AskedRepresentative.objects.filter(pk=request.pk).first()
    if held is None:
        return {}
    task = "consents.representative.addressed"
    with vault.opened(purpose=Purpose.LEGAL_DUTY, task=task, actor=PORTAL, at=at, reason=request.reference) as session:
        return dict(session.decrypt(held, "particulars"))


def _queue(kind: str, row: RepresentativeRequest) -> None:
    """Have the worker write to whom the child named, once they are sealed."""
    outbox.enqueue(kind, ids={"request": str(row.id)}, key=f"{kind}:{row.id}", using="personal")


def _open(request: RepresentativeRequest) -> RepresentativeRequest:
    row = RepresentativeRequest.objects.select_for_update().get(pk=request.pk)
    if not row.is_open:
        raise RequestEnded(_("This request has been answered, or its time is over."))
    return row


def _end(row: RepresentativeRequest, state: str, *, actor: Actor, at: datetime) -> None:
    row.state, row.ended_at = state, at
    row.save(update_fields=["state", "ended_at", "confirmation", "document", "answered_by"])
    word = {State.AGREED: Event.REPRESENTATIVE_AGREED, State.REFUSED: Event.REPRESENTATIVE_REFUSED}
    facts = {"confirmation": row.confirmation}
    ledger.record(
        word.get(State(state), Event.REPRESENTATIVE_EXPIRED), actor=actor, at=at, about=row,
        subjects=[row.subject_id], facts=facts,
    )  # fmt: skip


def _end_own_consents(row: RepresentativeRequest, *, method: str, actor: Actor, at: datetime) -> None:
    """Withdraw what the child agreed to alone: the data that rests on it is destroyed as after any withdrawal.

    So is what a representative began to agree to on the page of a request, or through who records this.
    """
    person = Subject.objects.get(pk=row.subject_id)
    if person.state == Subject.State.DESTROYED:
        return  # nothing is left that could be stopped
    standing, own = CurrentConsent.objects.of(person.id).agreed(), own_consents(person)
    required = own.filter(agreement__required=True)
    alone = required if required.exists() else own
    of_teller = {"decision__actor_ref": actor.ref, "decision__recorded_at__gte": row.opened_at}
    began = standing.filter(decision__by_representative=True, **of_teller)
    ending = standing.filter(Q(pk__in=alone) | Q(pk__in=unfinished_consents(person)) | Q(pk__in=began))
    teller = actor if actor.kind != "user" else PORTAL
    _withdraw(person, ending, language=row.language, method=method, actor=teller, at=at)
    vault.unfreeze(case=row.reference, actor=teller, at=at)


def _withdraw(
    person: Subject, standing: CurrentConsentQuerySet, *, language: str, method: str, actor: Actor, at: datetime
) -> None:
    for one in standing.select_related("decision__version"):
        decide(
            subject=person, version=one.decision.version, decision=Decision.Choice.WITHDRAW, decided_at=at,
            method=method, language=language, once=True, actor=actor, at=at,
        )  # fmt: skip


def representative_actor(request: RepresentativeRequest) -> ExternalActor:
    """Return who answers behind a code: known by the number of the request alone."""
    return ExternalActor("subject", request.reference)
