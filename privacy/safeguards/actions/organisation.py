"""The in-house organisation: members appointed with their duties, meetings planned and held (P8.1)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from privacy.accounts.display_names import name_with_reference
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.display import badges
from privacy.safeguards import staff_accounts
from privacy.safeguards.events import Event
from privacy.safeguards.models import Meeting, Member
from privacy.safeguards.refusals import Incomplete, UnknownAccount, WrongState

KEEP = "safeguards.keep_organisation"


def appoint_member(*, person: str, role: str, duties: str, since: date, actor: Actor, at: datetime) -> Member:
    """Appoint an employee, with the duties in the organisation. Raises UnknownAccount, Incomplete, WrongState."""
    require_permission(actor, KEEP)
    if not duties.strip():
        raise Incomplete(_("State what the member does in the organisation."), pointer="/duties")
    if since > clock.kst_date(at):
        raise Incomplete(_("The appointment must start today or earlier."), pointer="/since")
    with transaction.atomic():
        current = list(Member.objects.select_for_update().filter(until=None).order_by("id"))
        if any(one.person == person for one in current):
            raise WrongState(_("This employee is already a member. End that membership first."), pointer="/person")
        if role == Member.Role.HEAD and any(one.role == Member.Role.HEAD for one in current):
            raise WrongState(_("The organisation already has a head. End that membership first."), pointer="/role")
        # Nobody is a member twice, and there is one head, on any day but that of the handing over.
        same = Q(person=person) | (Q(role=role) if role == Member.Role.HEAD else Q(pk__in=[]))
        if ended := Member.objects.filter(same, until__gt=since).order_by("-until").first():
            raise WrongState(
                _("%(person)s was “%(role)s” until %(day)s. Enter that day or a later one.")
                % {
                    "person": name_with_reference(ended.person),
                    "role": ended.get_role_display(),
                    "day": badges.date_text(ended.until) if ended.until else "",
                },
                pointer="/since",
            )
        row = Member.objects.create(
            person=staff_accounts.require_active(person),
            role=role,
            duties=duties.strip(),
            since=since,
            appointed_by=actor.ref,
            appointed_at=at,
        )
        facts = {"person": person, "role": role, "since": since.isoformat()}
        ledger.record(Event.MEMBER_APPOINTED, actor=actor, at=at, about=row, facts=facts)
    return row


def end_membership(member: Member, *, until: date, actor: Actor, at: datetime) -> Member:
    """End a membership with its last day. Raises WrongState, Incomplete."""
    require_permission(actor, KEEP, about=member)
    with transaction.atomic():
        row = Member.objects.select_for_update().get(pk=member.pk)
        if row.until is not None:
            raise WrongState(_("This membership has already ended."))
        if not row.since <= until <= clock.kst_date(at):
            raise Incomplete(_("Enter a last day between the appointment and today."), pointer="/until")
        row.until, row.ended_by, row.ended_at = until, actor.ref, at
        row.save(update_fields=["until", "ended_by", "ended_at"])
        facts = {"person": row.person, "until": until.isoformat()}
        ledger.record(Event.MEMBER_ENDED, actor=actor, at=at, about=row, facts=facts)
    return row


def plan_meeting(*, topics: str, planned_on: date, actor: Actor, at: datetime) -> Meeting:
    """Plan a meeting with its agenda. Raises Incomplete."""
    require_permission(actor, KEEP)
    if not topics.strip():
        raise Incomplete(_("Enter the agenda."), pointer="/topics")
    with transaction.atomic():
        row = Meeting.objects.create(topics=topics.strip(), planned_on=planned_on, planned_by=actor.ref, planned_at=at)
        facts = {"planned_on": planned_on.isoformat()}
        ledger.record(Event.MEETING_PLANNED, actor=actor, at=at, about=row, facts=facts)
    return row


def hold_meeting(
    meeting: Meeting, *, held_on: date, attendees: Sequence[str], decisions: str, actor: Actor, at: datetime
) -> Meeting:
    """Record that a meeting was held, who of the members was there and what came out. Raises WrongState, Incomplete,
    and UnknownAccount for somebody who was no member on that day.
    """
    require_permission(actor, KEEP, about=meeting)
    if not decisions.strip():
        raise Incomplete(_("Enter the results of the meeting."), pointer="/decisions")
    if not attendees:
        raise Incomplete(_("Select who attended."), pointer="/attendees")
    if held_on > clock.kst_date(at):
        raise Incomplete(_("A meeting can be recorded only after it was held."), pointer="/held_on")
    strangers = set(attendees) - set(Member.objects.on(held_on).values_list("person", flat=True))
    if strangers:
        named = ", ".join(sorted(name_with_reference(one) for one in strangers))
        raise UnknownAccount(_("Not a member on that day: %(people)s.") % {"people": named}, pointer="/attendees")
    with transaction.atomic():
        row = Meeting.objects.select_for_update().get(pk=meeting.pk)
        if row.held_on is not None:
            raise WrongState(_("This meeting is already recorded."))
        row.held_on, row.attendees, row.decisions = held_on, sorted(set(attendees)), decisions.strip()
        row.recorded_by, row.recorded_at = actor.ref, at
        row.save(update_fields=["held_on", "attendees", "decisions", "recorded_by", "recorded_at"])
        facts = {"held_on": held_on.isoformat(), "present": row.attendees}
        ledger.record(Event.MEETING_HELD, actor=actor, at=at, about=row, facts=facts)
    return row
