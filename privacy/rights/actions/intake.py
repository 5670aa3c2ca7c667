"""Receiving a request by any channel (P1.1, P1.3; law R-04): a correction freezes its item at once (P1.5)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor, Outsider, require
from privacy.lib import clock, periods
from privacy.lib.codes import new_submission
from privacy.lib.refusals import Refusal, TooMany
from privacy.policies import rulebook
from privacy.rights import matching
from privacy.rights.actions.timeline import record
from privacy.rights.events import Event
from privacy.rights.matching import Match
from privacy.rights.models import Particulars, Request, Right
from privacy.rights.models.cases import new_case_reference
from privacy.rights.people import CODES
from privacy.rights.refusals import NoSuchItem, NothingAsked
from privacy.subjects import actions as subjects
from privacy.vault import actions as vault
from privacy.vault.refusals import BadIdentifier

IDENTIFIERS = frozenset({"imei", "serial_number", "adb_number"})
# How long a freeze that nobody has verified lasts, and how many of them one target takes in which window.
FREEZE_LIMITS = ("freeze.unverified.days", "freeze.unverified.count", "freeze.unverified.window.days")


@dataclass(frozen=True)
class Asked:
    """One right asked for. ``wanted`` is the right value of a correction; ``scope`` narrows an access (law R-02).

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
    asked: Sequence[Asked],
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

    ``submission`` is the form's own mark: sent again, the same case comes back. ``received_on`` is the day a letter or
    call came, where that was earlier than now. Without ``actor`` the requester acts, at the public form.
    Raises TooMany, NothingAsked, NoSuchItem, BadIdentifier.
    """
    if actor is not None:
        require(actor, "rights.receive_request")
    submission = submission or new_submission()
    known = Request.objects.filter(submission_digest=CODES.mark(submission)).first()
    if known is None:
        day = received_on or clock.kst_date(at)
        _check(asked, at=at)
        index = vault.blind_index(target_kind, target)
        source = _source(address, at=at) if actor is None else None
        case = _new_case(
            channel=channel,
            language=language,
            answer_by=answer_by,
            requester=requester,
            target_kind=target_kind,
            index=index,
            source=source,
            submission=submission,
            day=day,
            at=at,
        )
        matches = matching.find(target_kind, index)
        particulars = _begin(case, asked, matches, contact, target, explanation, actor=actor, at=at)
        with transaction.atomic(using="personal"):
            particulars.save(force_insert=True)
        known = case
    elif not Particulars.objects.filter(about_id=known.id).exists():
        # The first sending died between the two databases; what was typed is here again (lifecycle.md).
        particulars = _particulars(known, asked, contact, target, explanation, at=at)
        with transaction.atomic(using="personal"):
            particulars.save(force_insert=True)
    return Receipt(known, CODES.of(submission))


def _source(address: str, *, at: datetime) -> bytes | None:
    """Count the requests of an address in the last hour (P1.3 keeps phone and letter open). Raises TooMany."""
    if not address:
        return None
    index = subjects.source_index(address)
    most = rulebook.parameter("door.requests.hourly", clock.kst_date(at))
    recent = Request.objects.filter(source_index=index, received_at__gt=at - timedelta(hours=1)).count()
    if recent >= most:
        raise TooMany(
            _("Too many requests came from your connection in the last hour. Try again later, call us, or write to us.")
        )
    return index


def _check(asked: Sequence[Asked], *, at: datetime) -> None:
    if not asked:
        raise NothingAsked(_("Choose at least one right."), pointer="/rights")
    rules = rulebook.in_force(clock.kst_date(at))
    correctable, records = matching.correctable(), matching.correctable_records()
    if len({(one.kind, one.category, one.item, one.record_id, one.agreement) for one in asked}) < len(asked):
        raise NoSuchItem(_("The same item stands in this request twice. Write it once."), pointer="/item")
    for one in asked:
        if one.category and one.category not in {*rules.categories, *correctable}:
            raise NoSuchItem(_("This category does not exist."), pointer="/category")
        if one.kind == Right.Kind.CORRECTION:
            if one.item in records.get(one.category, ()):
                if one.record_id is None:
                    raise NoSuchItem(
                        _("Write the number of the report. It stands in the copy of your data (access)."),
                        pointer="/record",
                    )
            elif one.item not in correctable.get(one.category, ()):
                raise NoSuchItem(_("Choose the item that is wrong."), pointer="/item")
            if not one.wanted.strip():
                raise NoSuchItem(_("Write what it should be."), pointer="/wanted")
            _must_be_acceptable(one)
            if one.item in IDENTIFIERS:
                try:
                    vault.blind_index(one.item, one.wanted)
                except BadIdentifier as refusal:
                    raise BadIdentifier(refusal.message, pointer="/wanted") from None


def _must_be_acceptable(one: Asked) -> None:
    try:
        matching.check_value(one.category, one.item, one.wanted)
    except Refusal as refusal:
        raise NoSuchItem(refusal.message, pointer="/wanted") from None


def _new_case(
    *, channel: str, language: str, answer_by: str, requester: str, target_kind: str, index: bytes,
    source: bytes | None, submission: str, day: date, at: datetime,
) -> Request:  # fmt: skip
    days = rulebook.parameter("rights.answer.days", day)
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
        due_on=periods.answer_due(day, days=days),
        target_on=periods.answer_target(day, days=days),
        target_kind=target_kind,
        target_index=index,
        source_index=source,
    )


@transaction.atomic
def _begin(
    case: Request,
    asked: Sequence[Asked],
    matches: Sequence[Match],
    contact: Mapping[str, Any] | None,
    target: str,
    explanation: str,
    *,
    actor: Actor | None,
    at: datetime,
) -> Particulars:
    by: Actor = actor or Outsider("subject", case.reference)
    case.number = _next_number(case.received_on.year)
    if matches:
        case.matched_subject_id = matches[0].subject_id
        case.matched_record_id = matches[0].record_id
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
    _freeze(case, rights, matches, actor=by, at=at)
    return _particulars(case, asked, contact, target, explanation, at=at)


def _freeze(case: Request, rights: Sequence[Right], matches: Sequence[Match], *, actor: Actor, at: datetime) -> None:
    """Freeze what is to be corrected, at once and before anybody's identity is known (P1.5, law R-20).

    An unknown target freezes the case's own pseudo-subject: the same work, the same answer, nothing held. A target
    that strangers froze too often lately is not frozen again before the identity is verified.
    """
    corrections = [right for right in rights if right.kind == Right.Kind.CORRECTION]
    if not corrections:
        return
    limits = rulebook.parameters(FREEZE_LIMITS, case.received_on)
    until = periods.end_of_day(clock.kst_date(at) + timedelta(days=limits["freeze.unverified.days"]))
    window = timedelta(days=limits["freeze.unverified.window.days"])
    spent = _unverified_freezes(case, since=at - window) >= limits["freeze.unverified.count"]
    subjects = [match.subject_id for match in matches] if matches and not spent else [case.holder_id]
    for right in corrections:
        for subject_id in dict.fromkeys(subjects):
            vault.freeze(
                subject_id=subject_id,
                category=right.category,
                item=right.item,
                cause="correction",
                case=right.freeze_case,
                actor=actor,
                at=at,
                until=until,
            )
        record(case, Event.FROZEN, actor=actor, at=at, right=right, facts={"until": until.isoformat()})


def _unverified_freezes(case: Request, *, since: datetime) -> int:
    return (
        Request.objects.about_target(bytes(case.target_index))
        .exclude(id=case.id)
        .filter(verified_at=None, received_at__gt=since, rights__kind=Right.Kind.CORRECTION)
        .distinct()
        .count()
    )


def _particulars(
    case: Request,
    asked: Sequence[Asked],
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
    vault.seal(
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


def _next_number(year: int) -> str:
    """Take the next case number of the year; the row is locked until the case commits, so none is given twice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rights_casenumber (year, last) VALUES (%s, 1)"
            " ON CONFLICT (year) DO UPDATE SET last = rights_casenumber.last + 1 RETURNING last",
            [year],
        )
        (last,) = cursor.fetchone()
    return f"{year}-{last:06d}"


def fingerprint(particulars: Particulars, right: Right) -> str:
    """Return a digest of what a decision is about: the right, and the sealed words as they lie there (SEC-07)."""
    box = particulars.wanted.box if particulars.wanted is not None else b""
    parts = (right.kind, right.category, right.item, right.agreement, str(right.record_id or ""), ",".join(right.scope))
    return hashlib.sha256("\0".join(parts).encode() + b"\0" + box).hexdigest()
