"""The first page of the console: what needs somebody today, everything with a clock, the state of the audit trail.

Everything it needs comes in a fixed number of queries: twelve at most in each role, with session, account and
permissions; an auditor's page also takes the reading role on each connection and gives it back (decision 0042). Only an
incident of which somebody was told, or that was reported, costs more: its terms are derived and stand nowhere.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Case, Count, DateField, F, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, TruncMonth
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from config import long_work
from config.dashboard_counts import DashboardCount, run_counts, visible_counts
from consents.models import DailyDecisionCount, Decision
from privacy.accounts.models import User
from privacy.ledger.integrity import adoptions
from privacy.ledger.models import Anchor, Checkpoint, Entry, Leaf, Scrub, Tree
from privacy.lib.dates import clock
from privacy.lib.display import badges, charts
from privacy.lib.registries import deadlines
from privacy.policies import overdue_escalation
from privacy.retention.models import Forecast
from privacy.rights import next_steps
from privacy.rights.models import Request

MONTHS = 12
# So many requests stand on the first page; the register has the others.
CASES = 8
SEVERITY_ORDER = ("late", "today", "plain")
# A sealer that lives seals within seconds; an entry that has waited for longer is an alarm (ledger.md).
SEAL_LAG = timedelta(minutes=2)


@dataclass(frozen=True)
class LedgerStatus:
    """The state of the audit trail."""

    size: int
    sealed_at: datetime | None
    signed_size: int | None
    signed_at: datetime | None
    anchored_at: datetime | None
    scrubbed_at: datetime | None
    scrub_code: int | None
    is_behind: bool
    # Entries that took registers as they stood, and that no officer has confirmed.
    unconfirmed: list[int] = field(default_factory=list)

    @property
    def scrub_badge(self) -> SafeString:
        """What the last scrub found."""
        return Scrub(code=self.scrub_code).result_badge


@dataclass(frozen=True)
class ClockRow:
    """A matter that is late or soon due, and how many more of its kind there are than the page names."""

    title: str
    path: str
    due: SafeString
    due_at: datetime
    kind: str
    more: int


@dataclass(frozen=True)
class CaseRow:
    """An open request: what was asked for, by when it is answered, who has it, and the step that comes next."""

    number: str
    url: str
    asked_for: str
    due: SafeString
    assigned_to: str
    is_mine: bool
    step: str
    waits: str


@dataclass(frozen=True)
class Chart:
    """A chart and the table beside it: for each month the numbers of its ``columns``."""

    title: str
    drawing: SafeString
    points: list[tuple[str, list[int]]]
    columns: list[str]


@dataclass(frozen=True)
class PlanProgress:
    """What a chart is drawn from: its columns by code, the months shown, and rows of ``of`` (month) and ``number``."""

    title: str
    columns: dict[str, str]
    months: list[date]
    rows: dict[str, list[QuerySet[Any, Any]]]


@dataclass
class Dashboard:
    """The first page."""

    today: str
    figures: list[DashboardCount]
    clocks: list[ClockRow] = field(default_factory=list)
    cases: list[CaseRow] = field(default_factory=list)
    trail: LedgerStatus | None = None
    charts: list[Chart] = field(default_factory=list)
    # How many pieces of long work run now.
    running: int = 0
    # Reminders of overdue work have no address: neither the designated officer nor any officer's account.
    is_unheard: bool = False

    @property
    def waiting(self) -> list[DashboardCount]:
        """Figures with something behind them, what is late first."""
        return sorted((f for f in self.figures if f.mood != "none"), key=lambda f: SEVERITY_ORDER.index(f.mood))

    @property
    def idle(self) -> list[DashboardCount]:
        return [figure for figure in self.figures if figure.mood == "none" and figure.named_when_idle]


def ledger_status(at: datetime) -> LedgerStatus | None:
    """Return the state of the audit trail, or nothing before anything was sealed."""
    checkpoint = Checkpoint.objects.order_by("-size")
    scrub = Scrub.objects.finished()
    last = Subquery(Leaf.objects.order_by("-index").values("entry_id")[:1])
    newest = (
        Tree.objects.order_by("-size")
        .annotate(
            signed_size=Subquery(checkpoint.values("size")[:1]),
            signed_at=Subquery(checkpoint.values("signed_at")[:1]),
            anchored_at=Subquery(Anchor.objects.order_by("-size").values("anchored_at")[:1]),
            scrubbed_at=Subquery(scrub.values("finished_at")[:1]),
            scrub_code=Subquery(scrub.values("code")[:1]),
            unconfirmed=adoptions.unconfirmed(),
            waiting_since=Subquery(Entry.objects.filter(id__gt=Coalesce(last, 0)).order_by("id").values("time")[:1]),
        )
        .values()
        .first()
    )
    if newest is None:
        return None
    waiting_since = newest["waiting_since"]
    return LedgerStatus(
        size=newest["size"],
        sealed_at=newest["sealed_at"],
        signed_size=newest["signed_size"],
        signed_at=newest["signed_at"],
        anchored_at=newest["anchored_at"],
        scrubbed_at=newest["scrubbed_at"],
        scrub_code=newest["scrub_code"],
        is_behind=waiting_since is not None and at - waiting_since > SEAL_LAG,
        unconfirmed=newest["unconfirmed"],
    )


def deadline_rows(user: User, on: date, at: datetime) -> list[ClockRow]:
    """Return every matter with a clock that is late or due within a week, the most urgent first."""
    found = []
    for kind in deadlines.urgent_deadlines(on, may=user.may):
        for line in kind.lines:
            dated = line.dated
            due = badges.due_badge(dated.on, on) if dated.at is None else badges.due_at_badge(dated.at, at)
            more = kind.more if line is kind.lines[-1] else 0
            found.append(ClockRow(line.title, dated.path, due, dated.due_at, line.source.name, more))
    return sorted(found, key=lambda clock: (clock.due_at, clock.kind, clock.title))


def case_rows(user: User, on: date, at: datetime) -> list[CaseRow]:
    """Return the open requests that come next: the account's own first, then what is due soonest. Two statements."""
    mine = Case(When(assigned_to=user.reference, then=0), default=1)
    holder = Subquery(User.objects.filter(reference=OuterRef("assigned_to")).values("name")[:1])
    ordered = Request.objects.open().annotate(place=mine, holder=holder).order_by("place", "due_on", "number")
    rows = []
    for case in next_steps.with_next_step(ordered)[:CASES]:
        step, waits = next_steps.next_step(case, user, at=at)
        rows.append(
            CaseRow(
                number=case.number,
                url=reverse("admin:rights_request_change", args=[case.pk]),
                asked_for=", ".join(str(right.get_kind_display()) for right in case.rights.all()),
                due=badges.due_badge(case.due_on, on, settled=case.state not in Request.UNANSWERED),
                assigned_to=getattr(case, "holder", None) or case.assigned_to,
                is_mine=case.assigned_to == user.reference,
                step=step,
                waits=waits,
            )
        )
    return rows


def months_from(day: date, number: int) -> list[date]:
    """Return the first days of ``number`` months from the month of ``day``; below zero, of those up to it."""
    month = day.year * 12 + day.month - 1
    places = range(month, month + number) if number > 0 else range(month + number, month + 1)
    return [date(place // 12, place % 12 + 1, 1) for place in places]


def plan_progress(on: date, user: User) -> list[PlanProgress]:
    """Return the charts that this account may see: requests and consents of the last year, retention of the next."""
    past, ahead = months_from(on, -MONTHS + 1), months_from(on, MONTHS)
    found = []
    if user.has_perm("rights.view_request"):
        received = Request.objects.filter(received_on__gte=past[0]).annotate(of=TruncMonth("received_on"))
        months = received.order_by().values("of").annotate(number=Count("pk"))
        columns = {"requests": _("number of requests")}
        found.append(PlanProgress(_("Requests received by month"), columns, past, {"requests": [months]}))
    if user.has_perm("consents.view_decision"):
        columns = {Decision.Choice.AGREE: _("agreed"), Decision.Choice.WITHDRAW: _("withdrawn")}
        rows = {choice: decisions_by_month(choice, past[0]) for choice in columns}
        found.append(PlanProgress(_("Consents by month"), columns, past, rows))
    if user.has_perm("retention.view_destructionlist"):
        coming = Forecast.objects.filter(month__gte=ahead[0]).order_by().values(of=F("month"))
        columns = {"forecast": _("people, once in each category")}
        rows = {"forecast": [coming.annotate(number=Sum("people"))]}
        found.append(PlanProgress(_("People whose data becomes due for destruction"), columns, ahead, rows))
    return found


def decisions_by_month(choice: str, first: date) -> list[QuerySet[Any, Any]]:
    """Return the decisions of the days that were counted, and those that came after them."""
    counted = DailyDecisionCount.objects.filter(choice=choice, day__gte=first).annotate(of=TruncMonth("day"))
    since = Coalesce(Subquery(DailyDecisionCount.objects.order_by("-until").values("until")[:1]), clock.midnight(first))
    later = Decision.objects.filter(choice=choice, recorded_at__gte=since).annotate(
        of=TruncMonth("recorded_at", tzinfo=clock.KST, output_field=DateField())
    )
    return [
        counted.order_by().values("of").annotate(number=Sum("number")),
        later.order_by().values("of").annotate(number=Count("pk")),
    ]


def build_charts(on: date, user: User) -> list[Chart]:
    """Return the charts of the first page; all their figures come in one statement."""
    planned = plan_progress(on, user)
    rows = [
        queryset.annotate(series=Value(code)).values_list("series", "of", "number")
        for plan in planned
        for code, querysets in plan.rows.items()
        for queryset in querysets
    ]
    numbers: Counter[tuple[str, date]] = Counter()
    if rows:
        for code, month, number in rows[0].union(*rows[1:], all=True).order_by():
            numbers[code, month] += number
    drawn = []
    for plan in planned:
        if not any(numbers[code, month] for code in plan.columns for month in plan.months):
            # An empty picture says nothing.
            continue
        points = [(date_format(month, "Y-m"), [numbers[code, month] for code in plan.columns]) for month in plan.months]
        columns = list(plan.columns.values())
        drawing = charts.grouped_bar_chart(points, label=plan.title, series=columns)
        drawn.append(Chart(plan.title, drawing, points, columns))
    return drawn


def build_dashboard(site: AdminSite, request: HttpRequest, *, on: date, at: datetime) -> Dashboard:
    """Return the first page for an account: only figures whose register it may open."""
    user = request.user
    if not isinstance(user, User):
        return Dashboard(badges.date_text(on), [])
    found = visible_counts(site, request, on)
    running = [DashboardCount("", "", rows.model, {}, rows=rows) for rows in long_work.running_rows(user, at)]
    run_counts([*found, *running])
    made = Dashboard(badges.date_text(on), found, charts=build_charts(on, user))
    made.running = sum(kind.count or 0 for kind in running)
    made.clocks = deadline_rows(user, on, at)
    if user.has_perm("rights.view_request"):
        made.cases = case_rows(user, on, at)
    # An officer who reads this page hears of it by mail too.
    made.is_unheard = "officer" not in user.roles and not overdue_escalation.is_anybody_told(on)
    if user.has_perm("ledger.view_checkpoint"):
        made.trail = ledger_status(at)
    return made
