"""Receiving a request by any channel (P1.1, P1.3; law R-04): a correction freezes its item at once (P1.5)."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, ExternalActor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.lib.errors.refusals import Refusal
from privacy.lib.http import form_submissions
from privacy.lib.identifiers.access_codes import new_form_nonce
from privacy.lib.integrations import text_messages
from privacy.policies import rulebook
from privacy.rights import matching, portability
from privacy.rights.actions import freezes
from privacy.rights.actions.cases import record
from privacy.rights.actions.due_dates import first_term
from privacy.rights.actors import CODES
from privacy.rights.events import Event
from privacy.rights.matching import Match
from privacy.rights.models import AUTOMATED, Particulars, Request, Right
from privacy.rights.models.cases import NUMBERS, case_number, new_case_reference
from privacy.rights.refusals import DateInFuture, NoSuchItem, NothingAsked
from privacy.subjects import actions as subjects
from privacy.vault import actions as vault
from privacy.vault import blind_indexes
from privacy.vault.refusals import InvalidIdentifier


@dataclass(frozen=True)
class RequestedRight:
    """One right asked for. ``wanted`` is the right value of a correction, or which automated decision is meant;
    ``scope`` narrows an access (law R-02).

    ``record_id`` names the single report that is wrong, by the number that stands in the person's copy of the data.
    """

    kind: str
    category: str = ""
    item: str = ""
    record_id: UUID | None = None
    wanted: str = ""
    agreement: str = ""
    scope: tuple[str, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """What the requester is told: always the same shape, known or unknown. The code is shown this once."""

    request: Request
    code: str

    @property
    def number(self) -> str:
        return self.request.number

    @property
    def due_on(self) -> date:
        return self.request.due_on


def receive(
    *,
    channel: str,
    asked: Sequence[RequestedRight],
    target_kind: str,
    target: str,
    actor: Actor | None = None,
    at: datetime,
    requester: str = Request.Requester.SELF,
    contact: Mapping[str, Any] | None = None,
    answer_by: str = Request.Answer.PORTAL,
    explanation: str = "",
    language: str = "ko",
    received_on: date | None = None,
    submission: str = "",
    address: str = "",
) -> Receipt:
    """Begin a case and return its number and code.

    ``submission`` is the form's own mark: sent again with the same content, the same case comes back. ``received_on``
    is the day a letter or call came, where that was earlier than now. Without ``actor`` the requester acts, at the
    public form.
    Raises TooManyAttempts, NothingAsked, NoSuchItem, DateInFuture, InvalidIdentifier.
    """
    if actor is not None:
        require_permission(actor, "rights.receive_request")
    day = received_on or clock.kst_date(at)
    if portability.needs_copy([one.kind for one in asked]):
        asked = [*asked, RequestedRight(Right.Kind.ACCESS, scope=(Right.Scope.ITEMS.value,))]
    said: list[Any] = [channel, received_on, target_kind, target, requester, answer_by, explanation]
    said += [dict(contact or {}), [asdict(one) for one in asked]]
    submission = form_submissions.bind_nonce(CODES.door, submission or new_form_nonce(), said)
    known = Request.objects.filter(submission_digest=CODES.mark(submission)).first()
    again = known is not None
    if known is None:
        _must_have_come(day, at=at)
        _check(asked, at=at)
        index = _index(target_kind, target)
        case = _new_case(
            channel=channel,
            language=language,
            answer_by=_way_of_answer(answer_by, contact or {}),
            requester=requester,
            target_kind=target_kind,
            index=index,
            submission=submission,
            kinds=[one.kind for one in asked],
            received_by=actor.ref if actor is not None else "",
            day=day,
            at=at,
        )
        matches = matching.find_records(target_kind, index)
        known = _begin(case, asked, matches, address=address, actor=actor, at=at)
    if known.is_open and not Particulars.objects.filter(about_id=known.id).exists():
        if again:
            # The first sending died between the two databases: what was typed is here again.
            by = actor or ExternalActor("subject", known.reference)
            with transaction.atomic():
                ledger.record(Event.WORDS_WRITTEN, actor=by, at=at, about=known, facts={"again": True})
        _save_particulars(_particulars(known, asked, contact, target, explanation, at=at))
    return Receipt(known, CODES.of(submission))


def _save_particulars(particulars: Particulars) -> None:
    try:
        with transaction.atomic(using="personal"):
            particulars.save(force_insert=True)
    except IntegrityError:
        # The same form, sent twice at once, has the same words: the other sending has kept them.
        if not Particulars.objects.filter(about_id=particulars.about_id).exists():
            raise


def _way_of_answer(chosen: str, contact: Mapping[str, Any]) -> str:
    """Return how a case is answered: who gave a number alone gets a text message of what is on the page."""
    number = text_messages.mobile_number(str(contact.get("phone", "")))
    if chosen == Request.Answer.PORTAL and number and not contact.get("email") and text_messages.are_sent():
        return Request.Answer.TEXT
    return chosen


def _index(kind: str, target: str) -> bytes:
    try:
        return vault.blind_index(kind, target)
    except InvalidIdentifier as refusal:
        raise InvalidIdentifier(refusal.message, pointer="/target") from None


def _must_have_come(day: date, *, at: datetime) -> None:
    if day > clock.kst_date(at):
        raise DateInFuture(_("The day of receipt can't be in the future."), pointer="/received_on")


def _source(address: str, *, at: datetime) -> bytes | None:
    """Count the requests of an address in the last hour (P1.3 keeps phone and letter open). Raises TooManyAttempts."""
    if not address:
        return None
    source = subjects.address_index(address)
    subjects.require_below_limit(
        "requests",
        source,
        done_since=lambda since: Request.objects.filter(source_index=source, received_at__gt=since).count(),
        limit="door.requests.hourly",
        refusal=_(
            "Too many requests came from your connection in the last hour. Try again later, call us, or write to us."
        ),
        at=at,
    )
    return source


def _check(asked: Sequence[RequestedRight], *, at: datetime) -> None:
    if not asked:
        raise NothingAsked(_("Choose at least one right."), pointer="/rights")
    rules = rulebook.in_force(clock.kst_date(at))
    correctable, records = matching.correctable(), matching.correctable_records()
    if len({(one.kind, one.category, one.item, one.record_id, one.agreement) for one in asked}) < len(asked):
        raise NoSuchItem(_("The same item appears twice in this request. Enter it once."), pointer="/item")
    for one in asked:
        if one.category and one.category not in {*rules.categories, *correctable}:
            raise NoSuchItem(_("This category does not exist."), pointer="/category")
        if one.kind in AUTOMATED and not one.wanted.strip():
            raise NoSuchItem(_("Enter which decision it is about."), pointer="/decision")
        if one.kind == Right.Kind.CORRECTION:
            if one.item in records.get(one.category, ()):
                if one.record_id is None:
                    raise NoSuchItem(
                        _("Enter the report number. You'll find it in the copy of your data (access)."),
                        pointer="/record",
                    )
            elif one.item not in correctable.get(one.category, ()):
                raise NoSuchItem(_("Choose the item that is wrong."), pointer="/item")
            if not one.wanted.strip():
                raise NoSuchItem(_("Enter what it should be."), pointer="/wanted")
            _must_be_acceptable(one)
            if one.item in blind_indexes.registered_items():
                try:
                    vault.check_identifier(one.item, one.wanted)
                except InvalidIdentifier as refusal:
                    raise InvalidIdentifier(refusal.message, pointer="/wanted") from None


def _must_be_acceptable(one: RequestedRight) -> None:
    try:
        matching.validate_value(one.category, one.item, one.wanted)
    except Refusal as refusal:
        raise NoSuchItem(refusal.message, pointer="/wanted") from None


def _new_case(
    *, channel: str, language: str, answer_by: str, requester: str, target_kind: str, index: bytes,
    submission: str, kinds: Sequence[str], received_by: str, day: date, at: datetime,
) -> Request:  # fmt: skip
    _from, days = first_term(kinds, day)
    return Request(
        reference=new_case_reference(),
        code_digest=CODES.digest(CODES.of(submission)),
        submission_digest=CODES.mark(submission),
        channel=channel,
        language=language,
        answer_by=answer_by,
        requester=requester,
        received_at=at,
        received_on=day,
        received_by=received_by,
        due_on=periods.answer_due(day, days=days),
        target_on=periods.answer_due_unrolled(day, days=days),
        target_kind=target_kind,
        target_index=index,
    )


@transaction.atomic
def _begin(
    case: Request,
    asked: Sequence[RequestedRight],
    matches: Sequence[Match],
    *,
    address: str,
    actor: Actor | None,
    at: datetime,
) -> Request:
    by: Actor = actor or ExternalActor("subject", case.reference)
    form_submissions.lock_submission(case.submission_digest)
    if (first := Request.objects.filter(submission_digest=case.submission_digest).first()) is not None:
        return first
    if actor is None:
        case.source_index = _source(address, at=at)
    case.number = _new_number(case.received_on.year)
    if answering := matching.answering_record(matches):
        case.matched_subject_id = answering.subject_id
        case.matched_record_id = answering.record_id
    case.save(force_insert=True)
    rights = [
        Right(
            request=case,
            position=position,
            kind=one.kind,
            category=one.category,
            item=one.item if one.kind == Right.Kind.CORRECTION else "",
            record_id=one.record_id if one.kind == Right.Kind.CORRECTION else None,
            agreement=one.agreement,
            scope=list(one.scope),
        )
        for position, one in enumerate(asked, start=1)
    ]
    Right.objects.bulk_create(rights)
    record(
        case,
        Event.RECEIVED,
        actor=by,
        at=at,
        facts={"channel": case.channel, "rights": [right.kind for right in rights], "due_on": case.due_on.isoformat()},
    )
    freezes.place_freezes(case, rights, matches, actor=by, at=at)
    return case


def _particulars(
    case: Request,
    asked: Sequence[RequestedRight],
    contact: Mapping[str, Any] | None,
    target: str,
    explanation: str,
    *,
    at: datetime,
) -> Particulars:
    particulars = Particulars(
        subject_id=case.holder_id, about=Particulars.About.CASE, about_id=case.id, received_on=case.received_on
    )
    wanted = {str(position): one.wanted.strip() for position, one in enumerate(asked, start=1) if one.wanted.strip()}
    vault.encrypt(
        particulars,
        {
            "contact": {name: value for name, value in (contact or {}).items() if value},
            "claimed": target.strip(),
            "wanted": wanted,
            "explanation": explanation.strip(),
        },
        at=at,
    )
    return particulars


def _new_number(year: int) -> str:
    """Return a case number of the year that nobody has; drawn, so that it does not tell how many there are."""
    while Request.objects.filter(number=(number := case_number(year, secrets.randbelow(NUMBERS)))).exists():
        continue
    return number
