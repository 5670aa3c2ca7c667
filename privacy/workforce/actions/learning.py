"""Completing a course: by its quiz, by attending a session, or outside with a certificate (P8.9, law S-31)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.models import User
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock, papers, periods
from privacy.lib.refusals import Refusal
from privacy.policies import rulebook
from privacy.vault import actions as vault
from privacy.vault.models import SealedFile
from privacy.vault.purposes import Purpose
from privacy.workforce.events import Event
from privacy.workforce.models import Attempt, Attendance, Course, Session

CATEGORY = "workforce"


class NotOffered(Refusal):
    code = "not-offered"


class NotPassed(Refusal):
    """A question was left out."""

    code = "incomplete"


@dataclass(frozen=True, slots=True)
class Result:
    """How a try at a quiz went: the score in percent, the numbers of the wrong answers, and the training it gave."""

    score: int
    wrong: tuple[int, ...]
    attendance: Attendance | None


def valid_until(completed_on: date) -> date:
    """Return the last day of a training, by the period in force on the day of completion (``training.months``)."""
    return periods.period_end(completed_on, months=rulebook.parameter("training.months", completed_on))


@transaction.atomic
def take_quiz(course: Course, *, answers: Mapping[int, int], actor: User, at: datetime) -> Result:
    """Judge the answers to a course's quiz. Every try is kept; at the pass mark the course is completed.

    Raises NotOffered, NotPassed for a question without an answer.
    """
    today = clock.kst_date(at)
    if not course.is_offered(today) or not course.has_quiz:
        raise NotOffered(_("This course is not offered now."))
    if set(answers) != set(range(len(course.questions))):
        raise NotPassed(_("Answer every question."))
    wrong = tuple(n for n, question in enumerate(course.questions) if answers[n] != question["right"])
    score = round(100 * (len(course.questions) - len(wrong)) / len(course.questions))
    passed = score >= course.pass_mark
    kept = [answers[n] for n in range(len(course.questions))]
    attempt = Attempt.objects.create(
        user=actor, course=course, taken_at=at, answers=kept, score=score, is_passed=passed
    )
    if not passed:
        facts = {"course": course.code, "score": score}
        ledger.record(Event.QUIZ_FAILED, actor=actor, at=at, about=attempt, facts=facts)
        return Result(score, wrong, None)
    made = _complete(
        user=actor, course=course, method=Attendance.Method.QUIZ, score=score, completed_on=today,
        word=Event.COMPLETED, actor=actor, at=at,
    )  # fmt: skip
    return Result(score, wrong, made)


@transaction.atomic
def register_attendance(session: Session, users: Sequence[User], *, actor: User, at: datetime) -> list[Attendance]:
    """Note who attended a session, once it was held. Who is noted already stays noted once.

    Raises NotPermitted; NotOffered before the day of the session or for a cancelled one.
    """
    require(actor, "workforce.keep_training", about=session)
    session = Session.objects.select_for_update().get(pk=session.pk)
    if session.state == Session.State.CANCELLED or session.held_on > clock.kst_date(at):
        raise NotOffered(_("Attendance is noted from the day of the session, and not for a cancelled one."))
    session.state = Session.State.HELD
    session.save(update_fields=["state"])
    known = set(session.attendances.values_list("user_id", flat=True))
    return [
        _complete(
            user=user, course=session.course, session=session, method=Attendance.Method.SESSION,
            completed_on=session.held_on, word=Event.ATTENDED, actor=actor, at=at,
        )
        for user in users
        if user.pk not in known
    ]  # fmt: skip


def register_certificate(
    user: User, course: Course, *, completed_on: date, name: str, content: bytes, actor: User, at: datetime
) -> Attendance:
    """Register an outside course by its certificate, which is sealed. Raises NotPermitted, BadDocument, NotOffered."""
    require(actor, "workforce.keep_training", about=user)
    if completed_on > clock.kst_date(at) or course.kind != Course.Kind.OUTSIDE:
        raise NotOffered(_("A certificate is for an outside course that was completed already."))
    media_type = papers.examine(content)
    file = vault.store_file(
        subject_id=user.pk, category=CATEGORY, case=user.reference, name=name, content=content,
        media_type=media_type, actor=actor, at=at,
    )  # fmt: skip
    with transaction.atomic():
        return _complete(
            user=user, course=course, method=Attendance.Method.CERTIFICATE, completed_on=completed_on,
            certificate_id=file.pk, certificate_digest=sha256(content).hexdigest(),
            word=Event.ATTENDED, actor=actor, at=at,
        )  # fmt: skip


def open_certificate(attendance: Attendance, *, actor: User, at: datetime) -> tuple[bytes, str]:
    """Return a certificate and its media type; the reading is recorded first. Raises NotPermitted, NotFit."""
    require(actor, "workforce.keep_training", about=attendance)
    file = SealedFile.objects.get(pk=str(attendance.certificate_id))
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY, task=str(Event.CERTIFICATE_READ), actor=actor, at=at, reason=attendance.reference
    ) as door:
        return door.reveal(file, "content"), file.media_type


def discard_certificates(user_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove the certificates of these people; safe to repeat. Returns the rows removed."""
    rows = SealedFile.objects.filter(subject_id__in=user_ids, category=CATEGORY)
    with transaction.atomic(using="personal"):
        count = rows.count()
        if count:
            facts = {"certificate": certificate, "rows": count}
            ledger.record(Event.CERTIFICATE_REMOVED, actor=actor, at=at, subjects=list(user_ids), facts=facts)
            rows.delete()
    return count


def _complete(
    *, user: User, course: Course, completed_on: date, word: Event, actor: Actor, at: datetime, **rest: Any
) -> Attendance:
    made = Attendance.objects.create(
        user=user,
        course=course,
        completed_on=completed_on,
        recorded_at=at,
        valid_until=valid_until(completed_on),
        registered_by=actor.ref,
        **rest,
    )
    facts = {
        "user": user.reference,
        "course": course.code,
        "completed": completed_on.isoformat(),
        "until": made.valid_until.isoformat(),
    }
    ledger.record(word, actor=actor, at=at, about=made, facts=facts)
    return made
