"""Work that takes long: what runs or waits, how far it is, when it will be over at its pace, and what it came to.

Everything is told from the rows that the work itself keeps (decision 0373). What is carried out while a request waits,
exports among them, has no row and is not here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db.models import (
    Case,
    Count,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from consents.models import PlannedDestruction
from devices.models.imports import FleetImport
from privacy.accounts.approval_signatures import NotSigned
from privacy.accounts.models import User
from privacy.campaigns.models import Campaign
from privacy.campaigns.shown_progress import shown_progress_of
from privacy.ledger.models import Scrub, Tree
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.retention.models import DestructionLine, DestructionList, DestructionRun
from privacy.retention.refusals import OnHold
from privacy.rights.models import PackageBuild, Right
from privacy.vault.actions.key_rotation import grace
from privacy.vault.models import KeyCheck, MonthKey, SubjectKey

# So many of a kind stand on the page; the register has the others.
MAX_ROWS = 20
# For so long what came of it stands there too.
ENDED_FOR = timedelta(days=1)
ListState, LineState = DestructionList.State, DestructionLine.State
RUNNING_LISTS = (ListState.EXECUTING, ListState.RESIDUE)
# Each line of a list takes three steps, each of them for the whole list before the next one.
LINE_STEPS = {LineState.KEYED: 1, LineState.COUNTED: 2, LineState.REMOVED: 3}
RIGHTS = (Right.Kind.ACCESS, Right.Kind.DELETION, Right.Kind.CONSENT_WITHDRAWAL)
# What a released deletion may wait for without a day, by why it could not begin.
WAITS_FOR = {OnHold.code: gettext_lazy("on hold"), NotSigned.code: gettext_lazy("its release is not signed")}
LIST_STEPS = {DestructionList.Step.KEYS: 1, DestructionList.Step.ROWS: 2}


@dataclass(frozen=True)
class LongWork:
    """One piece of work: since when, how much of it is done, or what it waits for, or when it ended and how."""

    kind: Promise | str
    name: str
    url: str
    begun_at: datetime | None = None
    done: int = 0
    total: int = 0
    begins_at: datetime | None = None
    ended_at: datetime | None = None
    said: str = ""
    # What it waits for, where no day is set.
    waits_for: str = ""
    # The button of the record's page that stops it, where this account may press it.
    stop: str = ""
    record: str = ""

    @property
    def is_running(self) -> bool:
        return self.ended_at is None and not self.is_waiting

    @property
    def is_waiting(self) -> bool:
        return self.begins_at is not None or self.waits_for != ""

    @property
    def percent(self) -> int | None:
        """How much is done; none where nobody knows how much there is."""
        return min(100, 100 * self.done // self.total) if self.total else None

    def remaining(self, at: datetime) -> timedelta | None:
        """Return how long it takes still at the pace so far; none before its first step."""
        if self.begun_at is None or not 0 < self.done <= self.total:
            return None
        return (at - self.begun_at) * (self.total - self.done) / self.done


def remaining_text(left: timedelta | None) -> str:
    """Return an estimate in words: in minutes, from two hours on in hours, from two days on in days."""
    if left is None:
        return _("No estimate yet")
    minutes = int(left.total_seconds() // 60) + 1
    hours, days = minutes // 60, minutes // (24 * 60)
    if minutes < 2 * 60:
        return ngettext("about %(n)d minute left", "about %(n)d minutes left", minutes) % {"n": minutes}
    if hours < 2 * 24:
        return ngettext("about %(n)d hour left", "about %(n)d hours left", hours) % {"n": hours}
    return ngettext("about %(n)d day left", "about %(n)d days left", days) % {"n": days}


def _running_rights(at: datetime) -> Q:
    """A copy that is made, or a destruction that waits no more: neither for its time nor for the end of a hold."""
    begun = Q(kind__in=RIGHTS, started_at__isnull=False, carried_out_at=None)
    stuck = Q(kind=Right.Kind.DELETION, destruction_began_at=None, trouble__in=WAITS_FOR)
    return begun & ~stuck & (Q(waits_until=None) | Q(waits_until__lte=at) | Q(destruction_began_at__isnull=False))


def running_rows(user: User, at: datetime) -> list[QuerySet[Any]]:
    """Return what runs now, by kind, of what this account may see: the same as the page shows under way."""
    found: dict[str, QuerySet[Any]] = {
        "retention.view_destructionlist": DestructionList.objects.filter(state__in=RUNNING_LISTS),
        "retention.view_destructionrun": DestructionRun.objects.filter(planned_at=None),
        "rights.view_request": Right.objects.filter(_running_rights(at)),
        "campaigns.view_campaign": Campaign.objects.filter(state=Campaign.State.RUNNING),
        "devices.view_fleetimport": FleetImport.objects.filter(state=FleetImport.State.RUNNING),
        "vault.view_keycheck": KeyCheck.objects.filter(
            kind=KeyCheck.Kind.MASTER, current=False, emptied_at=None
        ),
        "ledger.view_scrub": Scrub.objects.unfinished(),
    }  # fmt: skip
    return [rows for permission, rows in found.items() if user.has_perm(permission)]


def destruction_lists(user: User, at: datetime) -> Iterator[LongWork]:
    """Lists that are carried out, that are approved and wait, and that ended lately."""
    lines = DestructionLine.objects.filter(list=OuterRef("pk")).exclude(state__in=DestructionLine.SKIPPED)
    steps = Case(*(When(state=state, then=Value(n)) for state, n in LINE_STEPS.items()), default=Value(0))
    counted = lines.order_by().values("list").annotate(all=Count("pk"), steps=Sum(steps, output_field=IntegerField()))
    lately = Q(done_at__gte=at - ENDED_FOR) | Q(aborted_at__gte=at - ENDED_FOR)
    shown = Q(state__in=(*RUNNING_LISTS, ListState.APPROVED)) | lately
    rows: QuerySet[Any] = DestructionList.objects.filter(shown).annotate(
        all_lines=Coalesce(Subquery(counted.values("all")), 0),
        steps=Coalesce(Subquery(counted.values("steps")), 0),
        place=Case(
            When(state__in=RUNNING_LISTS, then=0), When(state=ListState.APPROVED, then=1), default=2,
            output_field=IntegerField(),
        ),
    )  # fmt: skip
    may_stop = user.has_perm("retention.abort_destruction")
    for row in rows.order_by("place", "not_before", "pk")[:MAX_ROWS]:
        running = row.state in RUNNING_LISTS
        named = row.names_people
        yield LongWork(
            gettext_lazy("Destruction"),
            f"{row.reference} · {display_names.display_name('category', row.category, on=clock.kst_date(at))}",
            reverse("admin:retention_destructionlist_change", args=[row.pk]),
            begun_at=row.begun_at,
            done=row.steps if named else LIST_STEPS.get(DestructionList.Step(row.step), 0),
            total=3 * row.all_lines if named else 3,
            begins_at=row.not_before if row.state == ListState.APPROVED else None,
            ended_at=row.done_at or row.aborted_at,
            said=str(row.get_step_display() if running else row.get_state_display()),
            stop="abort" if may_stop and row.state == ListState.APPROVED else "",
            record=str(row.pk),
        )


def sweeps(user: User, at: datetime) -> Iterator[LongWork]:
    """Looks for what is due that have not ended."""
    for run in DestructionRun.objects.filter(planned_at=None).order_by("started_at")[:MAX_ROWS]:
        url = reverse("admin:retention_destructionrun_change", args=[run.pk])
        yield LongWork(gettext_lazy("Search for data that is due"), run.reference, url, begun_at=run.started_at)


def rights_under_way(user: User, at: datetime) -> Iterator[LongWork]:
    """Copies that are made, deletions that wait or go on, and those that ended lately."""
    lately = Q(carried_out_at__gte=at - ENDED_FOR)
    rows: QuerySet[Any] = (
        Right.objects.filter(Q(carried_out_at=None) | lately, started_at__isnull=False, kind__in=RIGHTS)
        .annotate(runs=Case(When(_running_rights(at), then=True), default=False))
        .select_related("request", "making")
    )
    may_stop = user.has_perm("rights.decide_request")
    for right in rows.order_by("-carried_out_at", "-runs", "started_at", "pk")[:MAX_ROWS]:
        making: PackageBuild | None = getattr(right, "making", None)
        progress = making.progress if making is not None else {}
        waits = right.carried_out_at is None and not right.runs
        stuck = str(WAITS_FOR.get(right.trouble, "")) if waits else ""
        yield LongWork(
            gettext_lazy("Copy of a person's data")
            if right.kind == Right.Kind.ACCESS
            else capfirst(right.get_kind_display()),
            right.request.number,
            reverse("admin:rights_request_change", args=[right.request_id]),
            begun_at=making.read_at if making is not None else right.destruction_began_at or right.started_at,
            done=progress.get("category", 0),
            total=len(progress.get("categories", ())),
            begins_at=right.waits_until if waits and not stuck else None,
            waits_for=stuck,
            ended_at=right.carried_out_at,
            said=_("carried out") if right.carried_out_at else "",
            stop="stop" if may_stop and waits else "",
            record=str(right.request_id),
        )


def withdrawals(user: User, at: datetime) -> Iterator[LongWork]:
    """Destructions after withdrawn agreements, together: each waits for its hour, and can be stopped until then."""
    waiting = PlannedDestruction.objects.filter(state=PlannedDestruction.State.WAITING)
    told = waiting.aggregate(number=Count("pk"), first=Min("due_at"))
    if told["number"]:
        said = ngettext("%(n)d person", "%(n)d people", told["number"]) % {"n": told["number"]}
        url = reverse("admin:consents_planneddestruction_changelist")
        yield LongWork(
            gettext_lazy("Destruction after a withdrawn consent"),
            str(said),
            f"{url}?state__exact={PlannedDestruction.State.WAITING}",
            begins_at=told["first"],
        )


def campaigns(user: User, at: datetime) -> Iterator[LongWork]:
    """Individual notices: how many people have been told, and who is left to do by hand."""
    rows = Campaign.objects.filter(Q(state=Campaign.State.RUNNING) | Q(finished_at__gte=at - ENDED_FOR))
    shown = list(rows.order_by("-state", "started_at", "pk")[:MAX_ROWS])
    figures = shown_progress_of(shown, at=at)
    for row in shown:
        counted = figures[row.pk].progress
        by_hand = counted.without_address + counted.parked if row.finished_at is None else 0
        said = ngettext("%(n)d person to notify by hand", "%(n)d people to notify by hand", by_hand) % {"n": by_hand}
        yield LongWork(
            gettext_lazy("Individual notice"),
            f"{row.reference} · {row.title}",
            reverse("admin:campaigns_campaign_change", args=[row.pk]),
            begun_at=row.started_at,
            done=counted.over,
            # Nobody knows how much there is before everybody is listed, and what is done by hand has no pace.
            total=counted.total - by_hand if row.listed_at and counted.waiting else 0,
            ended_at=row.finished_at,
            said=said if by_hand else str(row.get_state_display()),
        )


def imports(user: User, at: datetime) -> Iterator[LongWork]:
    """Fleets that are brought in from a file."""
    shown = Q(state=FleetImport.State.RUNNING) | Q(finished_at__gte=at - ENDED_FOR)
    for row in FleetImport.objects.filter(shown).order_by("-state", "made_at")[:MAX_ROWS]:
        yield LongWork(
            gettext_lazy("Fleet import"),
            row.reference,
            reverse("admin:devices_fleetimport_change", args=[row.pk]),
            begun_at=row.confirmed_at,
            done=row.registered,
            total=row.accepted,
            ended_at=row.finished_at,
            said=ngettext("%(n)d device registered", "%(n)d devices registered", row.registered)
            % {"n": row.registered},
        )


def key_turns(user: User, at: datetime) -> Iterator[LongWork]:
    """A turn of the master key, and generations that it left and that are destroyed after their grace."""
    shown = Q(current=True) | Q(ended_at=None) | Q(ended_at__gte=at - ENDED_FOR)
    # Keys are counted only while a generation is being left: there may be millions of them.
    is_left = Q(current=False, emptied_at=None)
    rows: QuerySet[Any] = KeyCheck.objects.filter(shown, kind=KeyCheck.Kind.MASTER).annotate(
        left=Case(When(is_left, then=_number_of_keys(generation__lte=OuterRef("generation"))), default=0),
        every=Case(When(is_left, then=_number_of_keys()), default=0),
    )
    known = list(rows.order_by("generation"))
    current = next((row for row in known if row.current), None)
    for row in known:
        url = reverse("admin:vault_keycheck_change", args=[row.pk])
        if row.current or current is None:
            continue
        if row.emptied_at is None:
            yield LongWork(
                gettext_lazy("Rotation of the master key"), str(current), url, begun_at=current.begun_at,
                done=row.every - row.left, total=row.every,
            )  # fmt: skip
            continue
        yield LongWork(
            gettext_lazy("Destruction of an old master key"),
            str(row),
            url,
            begins_at=row.emptied_at + grace(at) if row.ended_at is None else None,
            ended_at=row.ended_at,
            said=_("destroyed") if row.ended_at else "",
        )


def _number_of_keys(**wanted: Any) -> Combinable:
    """Return how many living keys there are, of people and of months."""
    one, other = (
        Subquery(keys.annotate(all=Value(1)).values("all").annotate(n=Count("pk")).values("n"))
        for keys in (model._default_manager.order_by().filter(**wanted) for model in (SubjectKey, MonthKey))
    )
    return Coalesce(one, 0) + Coalesce(other, 0)


def scrubs(user: User, at: datetime) -> Iterator[LongWork]:
    """The pass over the whole audit trail."""
    newest = Subquery(Tree.objects.order_by("-size").values("size")[:1])
    rows: QuerySet[Any] = Scrub.objects.filter(Q(finished_at=None) | Q(finished_at__gte=at - ENDED_FOR)).annotate(
        whole=newest
    )
    for row in rows.order_by("-finished_at")[:MAX_ROWS]:
        yield LongWork(
            gettext_lazy("Scrub of the audit trail"),
            str(row),
            reverse("admin:ledger_scrub_change", args=[row.pk]),
            begun_at=row.begun_at,
            done=row.position,
            total=row.whole or 0,
            ended_at=row.finished_at,
            said=str(row.get_code_display() or "") if row.finished_at else "",
        )


KINDS: dict[str, Callable[[User, datetime], Iterator[LongWork]]] = {
    "retention.view_destructionlist": destruction_lists,
    "retention.view_destructionrun": sweeps,
    "rights.view_request": rights_under_way,
    "consents.view_planneddestruction": withdrawals,
    "campaigns.view_campaign": campaigns,
    "devices.view_fleetimport": imports,
    "vault.view_keycheck": key_turns,
    "ledger.view_scrub": scrubs,
}


@dataclass(frozen=True)
class LongWorkPage:
    """What the page shows: what runs with its estimate, what waits by its beginning, what ended, the newest first."""

    running: Sequence[tuple[LongWork, str]]
    waiting: Sequence[LongWork]
    ended: Sequence[LongWork]


def build_page(user: User, at: datetime) -> LongWorkPage:
    """Return the long work that this account may see; one statement for each kind."""
    found = list(chain.from_iterable(kind(user, at) for needs, kind in KINDS.items() if user.has_perm(needs)))
    running = [(work, remaining_text(work.remaining(at)) if work.total else "") for work in found if work.is_running]
    waiting = sorted((work for work in found if work.is_waiting), key=lambda work: work.begins_at or at)
    ended = sorted((work for work in found if work.ended_at), key=lambda work: work.ended_at or at, reverse=True)
    return LongWorkPage(running, waiting, ended)
