"""Plans, courses and sessions of training (P8.9, law S-31)."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.workforce.actions.completions import CourseNotOffered
from privacy.workforce.events import Event
from privacy.workforce.models import Course, TrainingPlan, TrainingSession


class AlreadyExists(Refusal):
    """There is one already."""

    code = "taken"


class OwnPlan(Refusal):
    """Nobody approves the plan that they drafted."""

    code = "own-plan"


class SessionsPlanned(Refusal):
    """A course does not end before its sessions have been held or cancelled."""

    code = "sessions-planned"


@transaction.atomic
def draft_plan(
    *, year: int, aim: str, audience: str, content: str, method: str, schedule: str, actor: Actor, at: datetime
) -> TrainingPlan:
    """Draft the training of a year. Raises NotPermitted, AlreadyExists when the year has a plan."""
    require_permission(actor, "workforce.keep_training")
    if TrainingPlan.objects.filter(year=year).exists():
        raise AlreadyExists(_("A plan for this year already exists."))
    plan = TrainingPlan.objects.create(
        year=year, aim=aim, audience=audience, content=content, method=method, schedule=schedule,
        drafted_by=actor.ref, drafted_at=at,
    )  # fmt: skip
    ledger.record(Event.PLAN_DRAFTED, actor=actor, at=at, about=plan, facts={"year": year})
    return plan


@transaction.atomic
def approve_plan(plan: TrainingPlan, *, actor: Actor, at: datetime) -> TrainingPlan:
    """Approve a plan as the second person. Raises NotPermitted, OwnPlan, AlreadyExists when it is approved."""
    require_permission(actor, "workforce.approve_plan", about=plan)
    plan = TrainingPlan.objects.select_for_update().get(pk=plan.pk)
    if plan.state == TrainingPlan.State.APPROVED:
        raise AlreadyExists(_("This plan is already approved."))
    same = OwnPlan(_("You drafted this plan, so another person must approve it."))
    plan.approved_by = require_second_person(actor, asked_by=plan.drafted_by, about=plan, same=same, at=at)
    plan.state, plan.approved_at = TrainingPlan.State.APPROVED, at
    plan.save(update_fields=["state", "approved_by", "approved_at"])
    ledger.record(Event.PLAN_APPROVED, actor=actor, at=at, about=plan, facts={"year": plan.year})
    return plan


@transaction.atomic
def offer_course(*, code: str, offered_from: date, actor: Actor, at: datetime, **words: Any) -> Course:
    """Offer a course: titles, material, questions and pass mark in ``words``. Raises NotPermitted, AlreadyExists."""
    require_permission(actor, "workforce.keep_training")
    if Course.objects.filter(code=code).exists():
        raise AlreadyExists(_("A course with this code already exists."))
    course = Course.objects.create(code=code, offered_from=offered_from, **words)
    ledger.record(Event.COURSE_OFFERED, actor=actor, at=at, about=course, facts={"code": code})
    return course


@transaction.atomic
def end_course(course: Course, *, last_day: date, actor: Actor, at: datetime) -> Course:
    """Offer a course until a day, today at the earliest. Who completed it keeps that.

    Raises NotPermitted, SessionsPlanned, and Refusal for a day that is over.
    """
    require_permission(actor, "workforce.keep_training", about=course)
    if last_day < clock.kst_date(at):
        raise Refusal(_("Enter today or a day in the future."), code="clock", pointer="/day")
    course = Course.objects.select_for_update().get(pk=course.pk)
    if course.sessions.filter(state=TrainingSession.State.PLANNED, held_on__gt=last_day).exists():
        raise SessionsPlanned(_("Sessions of this course are planned after that day. Cancel them first."))
    course.offered_until = last_day
    course.save(update_fields=["offered_until"])
    facts = {"code": course.code, "until": course.offered_until.isoformat()}
    ledger.record(Event.COURSE_ENDED, actor=actor, at=at, about=course, facts=facts)
    return course


@transaction.atomic
def plan_session(
    course: Course, *, held_on: date, place: str, trainer: str, actor: Actor, at: datetime
) -> TrainingSession:
    """Plan a session of a course, within the plan of its year where there is one; the same one again comes back.

    Raises NotPermitted, CourseNotOffered on a day on which the course is not.
    """
    require_permission(actor, "workforce.keep_training", about=course)
    course = Course.objects.select_for_update().get(pk=course.pk)
    if not course.is_offered(held_on):
        raise CourseNotOffered(_("The course is not offered on that day."), pointer="/held_on")
    same = {"course": course, "held_on": held_on, "place": place, "trainer": trainer}
    if (known := TrainingSession.objects.filter(**same, state=TrainingSession.State.PLANNED).first()) is not None:
        return known  # the button was pressed twice
    plan = TrainingPlan.objects.filter(year=held_on.year).first()
    session = TrainingSession.objects.create(plan=plan, **same)
    facts = {"course": course.code, "on": held_on.isoformat()}
    ledger.record(Event.SESSION_PLANNED, actor=actor, at=at, about=session, facts=facts)
    return session


@transaction.atomic
def cancel_session(session: TrainingSession, *, actor: Actor, at: datetime) -> TrainingSession:
    """Cancel a session that was not held. Raises NotPermitted, AlreadyExists."""
    require_permission(actor, "workforce.keep_training", about=session)
    session = TrainingSession.objects.select_for_update().get(pk=session.pk)
    if session.state != TrainingSession.State.PLANNED:
        raise AlreadyExists(_("This session has already been held or cancelled."))
    session.state = TrainingSession.State.CANCELLED
    session.save(update_fields=["state"])
    ledger.record(Event.SESSION_CANCELLED, actor=actor, at=at, about=session)
    return session
