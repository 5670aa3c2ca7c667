"""Plans, courses and sessions of training (P8.9, law S-31)."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock
from privacy.lib.refusals import Refusal
from privacy.workforce.events import Event
from privacy.workforce.models import Course, Plan, Session


class Taken(Refusal):
    """There is one already."""

    code = "taken"


class OwnPlan(Refusal):
    """Nobody approves the plan that they drafted."""

    code = "own-plan"


@transaction.atomic
def draft_plan(
    *, year: int, aim: str, audience: str, content: str, method: str, schedule: str, actor: Actor, at: datetime
) -> Plan:
    """Draft the training of a year. Raises NotPermitted, Taken when the year has a plan."""
    require(actor, "workforce.keep_training")
    if Plan.objects.filter(year=year).exists():
        raise Taken(_("There is a plan for this year already."))
    plan = Plan.objects.create(
        year=year, aim=aim, audience=audience, content=content, method=method, schedule=schedule,
        drafted_by=actor.ref, drafted_at=at,
    )  # fmt: skip
    ledger.record(Event.PLAN_DRAFTED, actor=actor, at=at, about=plan, facts={"year": year})
    return plan


@transaction.atomic
def approve_plan(plan: Plan, *, actor: Actor, at: datetime) -> Plan:
    """Approve a plan as the second person. Raises NotPermitted, OwnPlan, Taken when it is approved."""
    require(actor, "workforce.approve_plan", about=plan)
    plan = Plan.objects.select_for_update().get(pk=plan.pk)
    if plan.state == Plan.State.APPROVED:
        raise Taken(_("This plan is approved already."))
    if plan.drafted_by == actor.ref:
        raise OwnPlan(_("Another person approves the plan that you drafted."))
    plan.state, plan.approved_by, plan.approved_at = Plan.State.APPROVED, actor.ref, at
    plan.save(update_fields=["state", "approved_by", "approved_at"])
    ledger.record(Event.PLAN_APPROVED, actor=actor, at=at, about=plan, facts={"year": plan.year})
    return plan


@transaction.atomic
def offer_course(*, code: str, offered_from: date, actor: Actor, at: datetime, **words: Any) -> Course:
    """Offer a course: titles, material, questions and pass mark in ``words``. Raises NotPermitted, Taken."""
    require(actor, "workforce.keep_training")
    if Course.objects.filter(code=code).exists():
        raise Taken(_("There is a course with this code already."))
    course = Course.objects.create(code=code, offered_from=offered_from, **words)
    ledger.record(Event.COURSE_OFFERED, actor=actor, at=at, about=course, facts={"code": code})
    return course


@transaction.atomic
def end_course(course: Course, *, last_day: date, actor: Actor, at: datetime) -> Course:
    """Offer a course until a day, today at the earliest. Who completed it keeps that. Raises NotPermitted."""
    require(actor, "workforce.keep_training", about=course)
    course.offered_until = max(last_day, clock.kst_date(at))
    course.save(update_fields=["offered_until"])
    facts = {"code": course.code, "until": course.offered_until.isoformat()}
    ledger.record(Event.COURSE_ENDED, actor=actor, at=at, about=course, facts=facts)
    return course


@transaction.atomic
def plan_session(course: Course, *, held_on: date, place: str, trainer: str, actor: Actor, at: datetime) -> Session:
    """Plan a session of a course, within the plan of its year where there is one. Raises NotPermitted."""
    require(actor, "workforce.keep_training", about=course)
    plan = Plan.objects.filter(year=held_on.year).first()
    session = Session.objects.create(plan=plan, course=course, held_on=held_on, place=place, trainer=trainer)
    facts = {"course": course.code, "on": held_on.isoformat()}
    ledger.record(Event.SESSION_PLANNED, actor=actor, at=at, about=session, facts=facts)
    return session


@transaction.atomic
def cancel_session(session: Session, *, actor: Actor, at: datetime) -> Session:
    """Cancel a session that was not held. Raises NotPermitted, Taken."""
    require(actor, "workforce.keep_training", about=session)
    session = Session.objects.select_for_update().get(pk=session.pk)
    if session.state != Session.State.PLANNED:
        raise Taken(_("This session was held or cancelled already."))
    session.state = Session.State.CANCELLED
    session.save(update_fields=["state"])
    ledger.record(Event.SESSION_CANCELLED, actor=actor, at=at, about=session)
    return session
