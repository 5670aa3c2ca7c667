"""Selecting what is due: the sweep's first half. It writes lists, never a destruction (P7.1)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import DateField, F, Value
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.policies.categories import ARCHIVE
from privacy.policies.rulebook import RetentionPeriod
from privacy.retention import locks
from privacy.retention.archive import expiry
from privacy.retention.events import Event
from privacy.retention.models import DestructionLine, DestructionList, DestructionRun
from privacy.retention.models.destruction_lists import Cause
from privacy.retention.refusals import AlreadyRunning
from privacy.retention.schedule import retention_rules, selection, trigger_days
from privacy.subjects import holdings


def plan(*, as_of: date, actor: Actor, at: datetime) -> DestructionRun:
    """Find what is due on ``as_of`` and write it on lists; lists that the rules release are approved by the rule.

    A person on an open list isn't listed again. A plan that was interrupted is abandoned first and made anew. The walk
    is sliced: each slice of people is one short transaction. Raises AlreadyRunning while another process plans.
    """
    with locks.single_planner() as alone:
        if not alone:
            raise AlreadyRunning(_("Another process is currently looking for data that is due."))
        return _plan(as_of, actor=actor, at=at)


def _plan(as_of: date, *, actor: Actor, at: datetime) -> DestructionRun:
    for interrupted in DestructionRun.objects.filter(planned_at=None):
        _abandon(interrupted, actor=actor, at=at)
    run = DestructionRun.objects.create(
        cause=Cause.RETENTION,
        as_of=as_of,
        policy=retention_rules.policy_version(as_of),
        ordered_by=actor.ref,
        started_at=at,
    )
    withheld: dict[str, int] = {}
    due = 0
    for category in holdings.categories():
        due += _list_people(run, category, withheld, at=at)
        _list_months(run, category, withheld, at=at)
    _list_archive(run, at=at)
    with transaction.atomic():
        lists = list(run.lists.select_for_update().order_by("id"))
        for destruction_list in lists:
            _propose(destruction_list, actor=actor, at=at)
        run.due, run.withheld, run.planned_at = due, withheld, at
        run.save(update_fields=["due", "withheld", "planned_at"])
        facts = {"as_of": str(as_of), "policy": run.policy, "due": due, "withheld": withheld, "lists": len(lists)}
        ledger.record(Event.RUN_PLANNED, actor=actor, at=at, about=run, facts=facts)
    return run


def _list_people(run: DestructionRun, category: str, withheld: dict[str, int], *, at: datetime) -> int:
    due = 0
    made: DestructionList | None = None
    for part in selection.people_to_list(category, run.as_of, at):
        due += part.due
        for state in part.blocked.values():
            withheld[state] = withheld.get(state, 0) + 1
        if not part.free:
            continue
        if made is None:
            made = create_list(
                run, category, DestructionList.Unit.PEOPLE, retention_rules.for_category(category, run.as_of), at=at
            )
        add_people(made, part.free)
    return due


def _list_months(run: DestructionRun, category: str, withheld: dict[str, int], *, at: datetime) -> None:
    many = len(selection.months_due(category, run.as_of)) > retention_rules.max_months_per_run(run.as_of)
    for found in selection.months_to_list(category, run.as_of, at):
        if not found.people:
            for state in found.blocked.values():
                withheld[state] = withheld.get(state, 0) + 1
            if found.blocked:
                continue
        made = create_list(
            run,
            category,
            DestructionList.Unit.MONTH,
            retention_rules.for_category(category, run.as_of),
            at=at,
            month=found.month,
            since=trigger_days.of_month(found.holding, found.month, run.as_of),
        )
        made.people, made.records, made.over_ceiling = found.people, found.records, many
        made.save(update_fields=["people", "records", "over_ceiling"])


def _list_archive(run: DestructionRun, *, at: datetime) -> None:
    """List what the archive has kept long enough: the law's own term is over, so no one approves it (P6.4)."""
    unit = DestructionList.Unit.ARCHIVE
    if not selection.is_archive_to_list(run.as_of):
        return
    first, last = trigger_days.of_archive(run.as_of)
    made = create_list(run, ARCHIVE, unit, retention_rules.ENDS_WITH_DUTY, at=at, since=first)
    made.people, made.records = expiry.count_due(run.as_of)
    made.trigger_until = last
    made.save(update_fields=["people", "records", "trigger_until"])


def create_list(
    run: DestructionRun,
    category: str,
    unit: DestructionList.Unit,
    term: RetentionPeriod,
    *,
    at: datetime,
    month: date | None = None,
    since: date | None = None,
) -> DestructionList:
    """Begin a list; it is proposed when all that belongs on it is there.

    ``since`` is the day on which the reason arose; of people of the rule it follows from who is put on the list.
    """
    # A new policy version never shortens or lengthens silently: the first list under another rule is looked at.
    changed = run.cause == Cause.RETENTION and selection.has_rule_changed(category, term)
    return DestructionList.objects.create(
        run=run,
        category=category,
        unit=unit,
        month=month,
        plan="",
        term=retention_rules.encode_period(term),
        term_changed=changed,
        needs_approval=term.approval_required or changed,
        wait=timedelta(hours=term.wait_hours),
        target_on=(since or run.as_of) + timedelta(days=retention_rules.days_to_destroy(run.as_of)),
        trigger_until=since,
        proposed_at=at,
    )


@transaction.atomic
def add_people(destruction_list: DestructionList, subject_ids: Sequence[UUID]) -> int:
    """Put people on a list that isn't proposed yet; who stands on an open list of the category is left there."""
    category = destruction_list.category
    open_already = set(
        DestructionLine.objects.filter(subject_id__in=list(subject_ids), category=category, is_open=True).values_list(
            "subject_id", flat=True
        )
    )
    fresh = [subject_id for subject_id in subject_ids if subject_id not in open_already]
    DestructionLine.objects.bulk_create(
        [DestructionLine(list=destruction_list, category=category, subject_id=subject_id) for subject_id in fresh]
    )
    records = selection.count_records(category, fresh)
    row = DestructionList.objects.filter(pk=destruction_list.pk)
    row.update(people=F("people") + len(fresh), records=F("records") + records)
    run = destruction_list.run
    if fresh and run.cause == Cause.RETENTION:
        days = trigger_days.of_people(category, fresh, run.as_of).values()
        target_on = min(days) + timedelta(days=retention_rules.days_to_destroy(run.as_of))
        row.update(
            target_on=Least("target_on", Value(target_on, DateField())),
            trigger_until=Greatest("trigger_until", Value(max(days), DateField())),
        )
    return len(fresh)


def _propose(destruction_list: DestructionList, *, actor: Actor, at: datetime) -> None:
    if destruction_list.names_people and destruction_list.people == 0:
        # Everybody found stands on an open list already: there is nothing to propose.
        destruction_list.delete()
        return
    as_of = destruction_list.run.as_of
    if destruction_list.names_people:
        limit = retention_rules.max_people_per_list(as_of, of_people=selection.count_people())
        destruction_list.over_ceiling = destruction_list.people > limit
    destruction_list.plan = selection.list_digest(destruction_list)
    if not destruction_list.needs_approval and not destruction_list.over_ceiling:
        destruction_list.state = DestructionList.State.APPROVED
        destruction_list.approved_by = f"rule:{destruction_list.run.policy}"
        destruction_list.approved_at = at
        destruction_list.not_before = at + destruction_list.wait
    destruction_list.save(update_fields=["plan", "over_ceiling", "state", "approved_by", "approved_at", "not_before"])
    ledger.record(
        Event.LIST_PROPOSED,
        actor=actor,
        at=at,
        about=destruction_list,
        facts={
            "category": destruction_list.category,
            "month": str(destruction_list.month or ""),
            "people": destruction_list.people,
            "records": destruction_list.records,
            "plan": destruction_list.plan,
            "by_rule": destruction_list.state == DestructionList.State.APPROVED,
            "over_ceiling": destruction_list.over_ceiling,
        },
    )


@transaction.atomic
def _abandon(run: DestructionRun, *, actor: Actor, at: datetime) -> None:
    """Take back a plan that was interrupted before it was proposed: nobody can have approved it."""
    DestructionLine.objects.filter(list__run=run).delete()
    run.lists.all().delete()
    run.planned_at = at
    run.save(update_fields=["planned_at"])
    ledger.record(Event.RUN_ABANDONED, actor=actor, at=at, about=run)
