"""The first page of the console: what needs somebody today, the clocks of open cases, the state of the audit trail.

Everything it needs comes in a fixed number of queries: ten at most, with session, account and permissions.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Count, F, QuerySet, Subquery, Sum, Value
from django.db.models.functions import TruncMonth
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from config.figures import Figure, count, seen
from privacy.accounts.models import User
from privacy.ledger.models import Anchor, Checkpoint, Entry, Tree
from privacy.lib import badges, charts
from privacy.retention.models import Forecast
from privacy.rights.models import Request

NEXT_DUE = 8
MONTHS = 12
ORDER_OF_MOODS = ("late", "today", "plain")
# A sealer that lives seals within seconds; entries older than this that wait are an alarm (ledger.md).
SEAL_LAG = timedelta(minutes=2)


@dataclass(frozen=True)
class Trail:
    """The state of the audit trail."""

    size: int
    sealed_at: datetime | None
    signed_size: int | None
    signed_at: datetime | None
    anchored_at: datetime | None
    is_behind: bool


@dataclass(frozen=True)
class Chart:
    title: str
    drawing: SafeString
    points: list[tuple[str, int]]
    unit: str


@dataclass
class Board:
    """The first page."""

    today: str
    figures: list[Figure]
    next_due: list[Request] = field(default_factory=list)
    trail: Trail | None = None
    charts: list[Chart] = field(default_factory=list)

    @property
    def waiting(self) -> list[Figure]:
        """Figures with something behind them, what is late first."""
        return sorted((f for f in self.figures if f.mood != "none"), key=lambda f: ORDER_OF_MOODS.index(f.mood))

    @property
    def idle(self) -> list[Figure]:
        return [figure for figure in self.figures if figure.mood == "none"]


def trail(at: datetime) -> Trail | None:
    """Return the state of the audit trail, or nothing before anything was sealed."""
    checkpoint = Checkpoint.objects.order_by("-size")
    newest = (
        Tree.objects.order_by("-size")
        .annotate(
            signed_size=Subquery(checkpoint.values("size")[:1]),
            signed_at=Subquery(checkpoint.values("signed_at")[:1]),
            anchored_at=Subquery(Anchor.objects.order_by("-size").values("anchored_at")[:1]),
            last_entry_at=Subquery(Entry.objects.order_by("-id").values("time")[:1]),
        )
        .values("size", "sealed_at", "signed_size", "signed_at", "anchored_at", "last_entry_at")
        .first()
    )
    if newest is None:
        return None
    last, sealed = newest["last_entry_at"], newest["sealed_at"]
    return Trail(
        size=newest["size"],
        sealed_at=sealed,
        signed_size=newest["signed_size"],
        signed_at=newest["signed_at"],
        anchored_at=newest["anchored_at"],
        is_behind=last is not None and last > sealed and at - sealed > SEAL_LAG,
    )


def months_from(day: date, number: int) -> list[date]:
    """Return the first days of ``number`` months from the month of ``day``; below zero, of those up to it."""
    month = day.year * 12 + day.month - 1
    places = range(month, month + number) if number > 0 else range(month + number, month + 1)
    return [date(place // 12, place % 12 + 1, 1) for place in places]


def draw(on: date, user: User) -> list[Chart]:
    """Return the charts that this account may see: requests of the last year, retention of the next."""
    past = months_from(on, -MONTHS + 1)
    series: list[tuple[str, list[date], str, str, QuerySet[Any, Any]]] = []
    if user.has_perm("rights.view_request"):
        received = Request.objects.filter(received_on__gte=past[0]).annotate(of=TruncMonth("received_on"))
        months = received.order_by().values("of").annotate(number=Count("pk"))
        series.append(("requests", past, _("Requests received by month"), _("number of requests"), months))
    if user.has_perm("retention.view_destructionlist"):
        ahead = months_from(on, MONTHS)
        coming = Forecast.objects.filter(month__gte=ahead[0]).order_by().values(of=F("month"))
        title = _("People whose data becomes due for destruction")
        series.append(("forecast", ahead, title, _("number of people"), coming.annotate(number=Sum("people"))))
    if not series:
        return []
    rows = [
        queryset.annotate(series=Value(code)).values_list("series", "of", "number")
        for code, _months, _title, _unit, queryset in series
    ]
    numbers = {(code, month): number for code, month, number in rows[0].union(*rows[1:], all=True).order_by()}
    drawn = []
    for code, shown, title, unit, _queryset in series:
        points = [(date_format(month, "Y-m"), numbers.get((code, month), 0)) for month in shown]
        drawn.append(Chart(title, charts.bars(points, label=title), points, unit))
    return drawn


def board(site: AdminSite, request: HttpRequest, *, on: date, at: datetime) -> Board:
    """Return the first page for an account: only figures whose register it may open."""
    user = request.user
    if not isinstance(user, User):
        return Board(badges.day_text(on), [])
    found = seen(site, request, on)
    count(found)
    made = Board(badges.day_text(on), found, charts=draw(on, user))
    if user.has_perm("rights.view_request"):
        made.next_due = list(Request.objects.unanswered().order_by("due_on", "number")[:NEXT_DUE])
    if user.has_perm("ledger.view_checkpoint"):
        made.trail = trail(at)
    return made
