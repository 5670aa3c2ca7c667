"""Completing a course: by its quiz, by attending a session, or outside with a certificate (P8.9, law S-31)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.models import User
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.lib.documents import upload_validation
from privacy.lib.errors.refusals import Refusal
from privacy.policies import rulebook
from privacy.policies.categories import WORKFORCE
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose
from privacy.workforce.events import Event
from privacy.workforce.models import Course, CourseCompletion, QuizAttempt, TrainingSession


class CourseNotOffered(Refusal):
    code = "not-offered"


class NoCertificate(Refusal):
    """There is no certificate, or its term is over."""

    code = "no-certificate"


class AlreadyRegistered(Refusal):
    """The same training is registered, with another certificate."""

    code = "registered"


class QuizIncomplete(Refusal):
    """A question was left out."""

    code = "incomplete"


@dataclass(frozen=True, slots=True)
class QuizResult:
    """How a try at a quiz went: the score in percent, the numbers of the wrong answers, and the training it gave."""

    score: int
    wrong: tuple[int, ...]
    attendance: CourseCompletion | None


def valid_until(completed_on: date) -> date:
    """Return the last day of a training, by the period in force on the day of completion (``training.months``)."""
    return periods.period_end(completed_on, months=rulebook.parameter("training.months", completed_on))


@transaction.atomic
def take_quiz(course: Course, *, answers: Mapping[int, int], actor: User, at: datetime) -> QuizResult:
    """Judge the answers to a course's quiz. Every try is kept; at the pass mark the course is completed.

    Raises CourseNotOffered, QuizIncomplete for a question without an answer.
    """
    today = clock.kst_date(at)
    User.objects.select_for_update().get(pk=actor.pk)
    if not course.is_offered(today) or not course.has_quiz:
        raise CourseNotOffered(_("This course is not currently available."))
    if set(answers) != set(range(len(course.questions))):
        raise QuizIncomplete(_("Answer every question."))
    wrong = tuple(n for n, question in enumerate(course.questions) if answers[n] != question["right"])
    score = round(100 * (len(course.questions) - len(wrong)) / len(course.questions))
    passed = score >= course.pass_mark
    kept = [answers[n] for n in range(len(course.questions))]
    attempt = QuizAttempt.objects.create(
        user=actor, course=course, taken_at=at, answers=kept, score=score, is_passed=passed
    )
    if not passed:
        facts = {"course": course.code, "score": score}
        ledger.record(Event.QUIZ_FAILED, actor=actor, at=at, about=attempt, facts=facts)
        return QuizResult(score, wrong, None)
    done = {"user": actor, "course": course, "method": CourseCompletion.Method.QUIZ, "completed_on": today}
    if (known := CourseCompletion.objects.filter(**done).first()) is not None:
        return QuizResult(score, wrong, known)  # the button was pressed twice: one training, and each try on record
    made = _complete(
        user=actor, course=course, method=CourseCompletion.Method.QUIZ, score=score, completed_on=today,
        word=Event.COMPLETED, actor=actor, at=at,
    )  # fmt: skip
    return QuizResult(score, wrong, made)


@transaction.atomic
def register_attendance(
    session: TrainingSession, users: Sequence[User], *, actor: User, at: datetime
) -> list[CourseCompletion]:
    """Note who attended a session, once it was held. Who is noted already stays noted once.

    Raises NotPermitted; CourseNotOffered before the day of the session or for a cancelled one.
    """
    require_permission(actor, "workforce.keep_training", about=session)
    session = TrainingSession.objects.select_for_update().get(pk=session.pk)
    if session.state == TrainingSession.State.CANCELLED or session.held_on > clock.kst_date(at):
        raise CourseNotOffered(
            _("You can record attendance from the day of the session, but not for a cancelled session.")
        )
    session.state = TrainingSession.State.HELD
    session.save(update_fields=["state"])
    known = set(session.attendances.values_list("user_id", flat=True))
    return [
        _complete(
            user=user, course=session.course, session=session, method=CourseCompletion.Method.SESSION,
            completed_on=session.held_on, word=Event.ATTENDED, actor=actor, at=at,
        )
        for user in users
        if user.pk not in known
    ]  # fmt: skip


def register_certificate(
    user: User, course: Course, *, completed_on: date, name: str, content: bytes, actor: User, at: datetime
) -> CourseCompletion:
    """Register an outside course by its certificate, which is sealed.

    The same certificate again is the same training, which comes back. Raises NotPermitted, InvalidUpload,
    CourseNotOffered, and AlreadyRegistered for another certificate of a training that is registered.
    """
    require_permission(actor, "workforce.keep_training", about=user)
    if completed_on > clock.kst_date(at) or course.kind != Course.Kind.OUTSIDE:
        raise CourseNotOffered(_("A certificate is for an outside course that was already completed."))
    upload_validation.recognise_upload(content)
    digest = sha256(content).hexdigest()
    if (known := _already_registered(user, course, completed_on, digest)) is not None:
        return known
    file = vault.receive_file(
        subject_id=user.pk, category=WORKFORCE, case=user.reference, name=name, content=content, actor=actor, at=at,
    )  # fmt: skip
    try:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=user.pk)
            known = _already_registered(user, course, completed_on, digest)
            made = known or _complete(
                user=user, course=course, method=CourseCompletion.Method.CERTIFICATE, completed_on=completed_on,
                certificate_id=file.pk, certificate_digest=digest, word=Event.ATTENDED, actor=actor, at=at,
            )  # fmt: skip
    except AlreadyRegistered:
        _discard(file, actor=actor, at=at)
        raise
    if known is not None:
        _discard(file, actor=actor, at=at)  # the other press of the button has sealed the same one
    return made


def _already_registered(user: User, course: Course, completed_on: date, digest: str) -> CourseCompletion | None:
    """Return the training that this very certificate has given. Raises AlreadyRegistered where another one has."""
    method = CourseCompletion.Method.CERTIFICATE
    known = CourseCompletion.objects.filter(user=user, course=course, method=method, completed_on=completed_on).first()
    if known is not None and known.certificate_digest != digest:
        raise AlreadyRegistered(
            _("This training is already registered with another certificate: %(reference)s.")
            % {"reference": known.reference}
        )
    return known


def _discard(file: EncryptedFile, *, actor: Actor, at: datetime) -> None:
    with suppress(vault.UnderHold):
        vault.delete_file(file, actor=actor, at=at)


def open_certificate(attendance: CourseCompletion, *, actor: User, at: datetime) -> tuple[bytes, str]:
    """Return a certificate and its media type; the reading is recorded first.

    Raises NotPermitted, RequirementsNotMet, NoCertificate.
    """
    require_permission(actor, "workforce.keep_training", about=attendance)
    file = EncryptedFile.objects.filter(pk=attendance.certificate_id).first() if attendance.certificate_id else None
    if file is None:
        raise NoCertificate(_("The certificate was destroyed when its retention period ended. Its digest is kept."))
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY, task=str(Event.CERTIFICATE_READ), actor=actor, at=at, reason=attendance.reference
    ) as vault_session:
        return vault_session.decrypt(file, "content"), file.media_type


def remove_certificates(user_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove the certificates of these people; safe to repeat. Returns the rows removed."""
    rows = EncryptedFile.objects.filter(subject_id__in=user_ids, category=WORKFORCE)
    with transaction.atomic(using="personal"):
        count = rows.count()
        if count:
            facts = {"certificate": certificate, "rows": count}
            ledger.record(Event.CERTIFICATE_REMOVED, actor=actor, at=at, subjects=list(user_ids), facts=facts)
            rows.delete()
    return count


def _complete(
    *, user: User, course: Course, completed_on: date, word: Event, actor: Actor, at: datetime, **rest: Any
) -> CourseCompletion:
    made = CourseCompletion.objects.create(
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
