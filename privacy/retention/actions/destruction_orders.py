"""Destroying one person's data because she asked for it, withdrew her consent, or registered under a false identity.

The verb that calls this (a rights case, a withdrawal) has asked for its own permission. Nobody approves an order of
their own (decision 0105). Only a hold stands in the way;
what a preservation rule covers is moved to the archive first (P1.7, P6.4).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.policies.categories import CONTACT, WITHOUT_LISTS
from privacy.retention import locks
from privacy.retention.actions import destruction_lists
from privacy.retention.actions.destruction import execution
from privacy.retention.certificates import statement_texts
from privacy.retention.destruction import blockers
from privacy.retention.events import Event
from privacy.retention.models import DestructionLine, DestructionList, DestructionRun
from privacy.retention.models.destruction_lists import DestructionLineQuerySet
from privacy.retention.refusals import AlreadyRunning, OnHold, SamePerson
from privacy.retention.schedule import retention_rules, selection, trigger_days
from privacy.subjects import holdings
from privacy.subjects.models import Subject

LineState, State = DestructionLine.State, DestructionList.State
# A person whose keys are gone already: that list finishes what it has begun.
BEGUN = (LineState.KEYED, LineState.COUNTED)
# How long the worker waits for another that is destroying, in seconds: most orders are done within one.
PATIENCE = 10.0
# The processes that answer somebody (PORTAL_PROCESS).
SERVING = {"pages", "intake"}


@dataclass(frozen=True)
class OrderOutcome:
    """What became of one category: destroyed and certified, or ordered and soon carried out by the worker."""

    category: str
    list: str
    destroyed: bool
    certificate: str
    archived: int


def destroy_subject_data(
    subject: Subject | UUID,
    categories: Collection[str] | None,
    *,
    cause: str,
    case: str,
    ordered_by: str = "",
    approved_by: str = "",
    since: date | None = None,
    actor: Actor,
    at: datetime,
) -> list[OrderOutcome]:
    """Destroy a person's data of some categories (``None``: all) now; return what became of each.

    Call it outside a transaction: it commits step by step, and repeating it with the same ``case`` goes on where it
    stopped. In the process of pages, and where another is destroying at the moment, the order stands and the worker
    carries it out; where
    another list has begun with the person, that one is named as not done, and the order is written once it is. Raises
    OnHold before anything is destroyed if a hold covers one of the categories.
    """
    lists = order_destruction(
        subject, categories, cause=cause, case=case, ordered_by=ordered_by, approved_by=approved_by, since=since,
        actor=actor, at=at,
    )  # fmt: skip
    own = {row.pk for row in lists if (row.run.cause, row.run.case) == (cause, case)}
    for ordered in lists:
        if ordered.pk in own and ordered.state in DestructionList.OPEN:
            # Pages destroy nothing and sign no certificate: the order stands, and the worker carries it out.
            if settings.PORTAL_PROCESS in SERVING:
                break
            try:
                execution.execute(ordered, actor=actor, at=at, patience=PATIENCE)
            except AlreadyRunning:
                break
    found = DestructionList.objects.filter(pk__in=[row.pk for row in lists])
    return [_outcome(ordered, done=ordered.pk in own and ordered.state == State.DONE) for ordered in found]


def order_destruction(
    subject: Subject | UUID,
    categories: Collection[str] | None,
    *,
    cause: str,
    case: str,
    ordered_by: str = "",
    approved_by: str = "",
    since: date | None = None,
    actor: Actor,
    at: datetime,
) -> list[DestructionList]:
    """Write the order and its lists; the worker carries them out. The same ``case`` again returns the same lists.

    In place of a list beside one that has begun with this person, that one comes back: order again when it is done.

    ``since`` is the day on which the reason arose (a withdrawal, a decision) where that isn't today; a hold that kept
    the data from then on puts it off (law D-02). ``ordered_by`` is who released it, by reference: the actor, unless
    somebody else did. Someone other than that person has approved it (``approved_by``); where no account orders, the
    decision of the case stands there. Raises OnHold, and SamePerson where an account orders and nobody else has
    approved.
    """
    ordered_by, approved_by = ordered_by or actor.ref, approved_by or f"case:{case}"
    if ordered_by.startswith(statement_texts.ACCOUNT) and approved_by in {ordered_by, f"case:{case}"}:
        raise SamePerson(_("Someone other than the person who orders a destruction must have approved it."))
    subject_id = subject.id if isinstance(subject, Subject) else subject
    wanted = sorted(set(holdings.categories() if categories is None else categories) - WITHOUT_LISTS)
    with transaction.atomic():
        locks.block_new_holds_until_commit()
        Subject.objects.select_for_update().get(pk=subject_id)
        lists = DestructionList.objects.select_related("run").filter(category__in=wanted)
        ordered = lists.filter(run__cause=cause, run__case=case, lines__subject_id=subject_id)
        begun = lists.filter(lines__subject_id=subject_id, lines__state__in=BEGUN)
        known = [*ordered.exclude(state=State.ABORTED), *begun.exclude(run__cause=cause, run__case=case)]
        missing = [category for category in wanted if category not in {row.category for row in known}]
        _refuse_held(subject_id, missing, at=at)
        if missing:
            known += _write(
                subject_id, missing, cause=cause, case=case, ordered_by=ordered_by, approved_by=approved_by,
                since=since, actor=actor, at=at,
            )  # fmt: skip
    # In one order, and the address last: while anything is left, its person can be told.
    return sorted(known, key=lambda row: (row.category == CONTACT, row.category))


def is_ordered(*, case: str, since: datetime | None) -> bool:
    """Whether a destruction was ordered for a case since a moment: from then on it goes its way.

    A list that was aborted has destroyed nothing: a hold kept everybody on it, or an officer took it back.
    """
    lists = DestructionList.objects.filter(run__case=case).exclude(state=State.ABORTED)
    return (lists if since is None else lists.filter(run__started_at__gte=since)).exists()


def is_going_on(lines: DestructionLineQuerySet, *, at: datetime) -> bool:
    """Whether something of these orders is being destroyed, or will be: it has begun, or no hold covers it."""
    return any(
        state in BEGUN or not blockers.on_hold([subject_id], category, at)
        for subject_id, category, state in lines.under_way().values_list("subject_id", "category", "state")
    )


def archived_by_order(*, cause: str, case: str) -> dict[tuple[UUID, str], int]:
    """Return how many records each order of a case moved to the archive, by person and category."""
    lists = DestructionList.objects.filter(run__cause=cause, run__case=case, archived__gt=0)
    found: dict[tuple[UUID, str], int] = {}
    for subject_id, category, archived in lists.values_list("lines__subject_id", "category", "archived"):
        found[subject_id, category] = found.get((subject_id, category), 0) + archived
    return found


def _refuse_held(subject_id: UUID, categories: list[str], *, at: datetime) -> None:
    held = [category for category in categories if blockers.on_hold([subject_id], category, at)]
    if held:
        raise OnHold(
            _("This data (%(categories)s) is on hold for litigation or an investigation and is not destroyed.")
            % {
                "categories": ", ".join(
                    display_names.display_name("category", code, on=clock.kst_date(at)) for code in held
                )
            }
        )


def _write(
    subject_id: UUID, categories: list[str], *, cause: str, case: str, ordered_by: str, approved_by: str,
    since: date | None, actor: Actor, at: datetime,
) -> list[DestructionList]:  # fmt: skip
    today = clock.kst_date(at)
    run = DestructionRun.objects.create(
        cause=cause,
        as_of=today,
        policy=retention_rules.policy_version(today),
        case=case,
        ordered_by=ordered_by,
        started_at=at,
        planned_at=at,
        due=1,
    )
    written = []
    for category in categories:
        # A person on a scheduled list is destroyed by this order, not twice.
        DestructionLine.objects.filter(
            subject_id=subject_id, category=category, is_open=True, state=LineState.PLANNED
        ).update(state=LineState.DROPPED)
        term = retention_rules.for_category(category, today)
        arisen = trigger_days.after_what_kept(category, {subject_id: since or today}, today)[subject_id]
        row = destruction_lists.create_list(run, category, DestructionList.Unit.PEOPLE, term, at=at, since=arisen)
        destruction_lists.add_people(row, [subject_id])
        row.refresh_from_db()
        row.plan = selection.list_digest(row)
        row.needs_approval = False
        row.state, row.approved_by, row.approved_at, row.not_before = State.APPROVED, approved_by, at, at
        row.save(update_fields=["plan", "needs_approval", "state", "approved_by", "approved_at", "not_before"])
        ledger.record(
            Event.LIST_PROPOSED,
            actor=actor,
            at=at,
            about=row,
            subjects=[subject_id],
            facts={"category": category, "cause": cause, "case": case, "plan": row.plan, "records": row.records},
        )
        written.append(row)
    return written


def _outcome(row: DestructionList, *, done: bool) -> OrderOutcome:
    return OrderOutcome(row.category, row.reference, done, row.certificate_number if done else "", row.archived)
