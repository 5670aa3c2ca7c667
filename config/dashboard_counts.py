"""The numbers of the console's first page: what waits for somebody, each leading to the list behind it, or to the one.

The counts of one database are one statement, however many registers are counted. The rows counted are those that the
list shows to this account, so a number and its list can't disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.db import DatabaseError
from django.db.models import CharField, Count, Min, Model, QuerySet, Value
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from devices.models import GatewayToken
from privacy.accounts.models import AccountAct, EmergencyApproval
from privacy.accounts.second_person import SECOND_PERSON_WAITS
from privacy.disclosures.models import CorrectionProof, Disclosure, Notice
from privacy.incidents.models import Complaint
from privacy.jobs.models import GeneralOutbox, PersonalOutbox
from privacy.ledger.models import Review
from privacy.office_api.models import EventDelivery, Subscription
from privacy.policies.models import Parameter
from privacy.retention.models import DestructionList, Finding, RegisterEntry
from privacy.rights.models import Objection, Request
from privacy.safeguards.models import Inspection, InspectionFinding, Measure
from privacy.safeguards.models.measures import Result
from privacy.vault.models import KeyHolder

# Deadlines that the officer hears of before they press.
SOON_DAYS = 3
WAITS = gettext_lazy("waiting for a second person")

type Lookups = dict[str, str | bool | date | Sequence[str]]


@dataclass
class DashboardCount:
    """One number of the first page and where it leads: the same lookups count it and filter the list.

    ``only`` is the key of one of the rows that were counted: where there is but one, the number leads to it.
    """

    label: Promise | str
    hint: Promise | str
    model: type[Model]
    lookups: Lookups
    severity_above_zero: str = "plain"  # what it means when it is not zero: late, today, plain
    count: int | None = 0
    rows: QuerySet[Any] | None = None
    only: str = ""
    # Whether the page names it where there is none of it.
    named_when_idle: bool = True

    @property
    def url(self) -> str:
        meta = self.model._meta
        if self.count == 1:
            return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[self.only])
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        return f"{address}?{urlencode({name: encode_lookup(value) for name, value in self.lookups.items()})}"

    @property
    def mood(self) -> str:
        """How it is drawn: ``none`` at zero, else its tone; ``late`` where the database gave no answer."""
        if self.count is None:
            return "late"
        return self.severity_above_zero if self.count else "none"


def encode_lookup(value: str | bool | date | Sequence[str]) -> str:
    """Return a lookup's value as the admin's lists read it in an address."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str | bool) else ",".join(value)


def dashboard_counts(on: date) -> list[DashboardCount]:
    """Return the numbers of the first page, not yet counted, in the order of urgency."""
    unanswered = [*Request.UNANSWERED]
    parked: Lookups = {"done_at__isnull": True, "parked_at__isnull": False}
    again = gettext_lazy("stopped: check and try again")
    return [
        DashboardCount(
            gettext_lazy("Overdue requests"),
            gettext_lazy("past the statutory date"),
            Request,
            {"state__in": unanswered, "due_on__lt": on},
            "late",
        ),
        DashboardCount(
            gettext_lazy("Due within 3 days"),
            gettext_lazy("today included"),
            Request,
            {"state__in": unanswered, "due_on__gte": on, "due_on__lte": on + timedelta(days=SOON_DAYS)},
            "today",
        ),
        DashboardCount(
            gettext_lazy("Overdue reviews of access records"),
            gettext_lazy("without both signatures"),
            Review,
            {"state__in": [Review.State.OPEN, Review.State.SAMPLED, Review.State.SIGNED], "due_on__lt": on},
            "late",
        ),
        DashboardCount(
            gettext_lazy("Waiting periods for two-person approvals set to 0"),
            gettext_lazy("for examples only: one person with two accounts could approve their own acts"),
            Parameter,
            {"code__in": [*SECOND_PERSON_WAITS], "value": "0", "effective_on__lte": on},
            "today",
        ),
        DashboardCount(
            gettext_lazy("Hosts that lack the next master key"),
            gettext_lazy("the key is not rotated until they have it"),
            KeyHolder,
            {"awaited__isnull": False},
            "late",
        ),
        DashboardCount(
            gettext_lazy("Emergency approvals to review"),
            gettext_lazy("one officer proceeded alone"),
            EmergencyApproval,
            {"outcome__exact": ""},
            "late",
        ),
        DashboardCount(
            gettext_lazy("Account and reset requests to decide"),
            gettext_lazy("for an officer other than the one who asked"),
            AccountAct,
            {"state": AccountAct.State.REQUESTED},
        ),
        DashboardCount(
            gettext_lazy("Gateway tokens to approve"),
            WAITS,
            GatewayToken,
            {"approved_at__isnull": True, "revoked_at__isnull": True, "expires_at__date__gt": on},
        ),
        DashboardCount(
            gettext_lazy("Identity to verify"),
            gettext_lazy("nothing is disclosed until then"),
            Request,
            {"state__in": [*Request.BEFORE_IDENTITY]},
        ),
        DashboardCount(
            gettext_lazy("Requests to decide"),
            gettext_lazy("verified or in review"),
            Request,
            {"state__in": [Request.State.VERIFIED, Request.State.IN_REVIEW]},
        ),
        DashboardCount(
            gettext_lazy("Open objections"),
            gettext_lazy("for someone other than the person who decided"),
            Objection,
            {"outcome__exact": Objection.Outcome.PENDING},
        ),
        DashboardCount(
            gettext_lazy("Unanswered complaints"),
            gettext_lazy("to the officer or the department"),
            Complaint,
            {"state__exact": Complaint.State.RECEIVED},
        ),
        DashboardCount(
            gettext_lazy("Undelivered answers to complaints"),
            gettext_lazy("tell them by telephone or letter"),
            Complaint,
            {"returned_at__isnull": False},
            "late",
        ),
        DashboardCount(
            gettext_lazy("Disclosures to approve"),
            gettext_lazy("requested by someone else"),
            Disclosure,
            {"state__exact": Disclosure.State.REQUESTED},
        ),
        DashboardCount(
            gettext_lazy("Destruction lists to approve"),
            gettext_lazy("waiting for an officer"),
            DestructionList,
            {"state__exact": DestructionList.State.PROPOSED},
        ),
        DashboardCount(
            gettext_lazy("Overdue destruction lists"),
            gettext_lazy("past their target date"),
            DestructionList,
            {"state__in": [*DestructionList.OPEN], "target_on__lt": on},
            "late",
        ),
        DashboardCount(
            gettext_lazy("Destruction results to confirm"),
            gettext_lazy("for an officer who neither requested nor handled it"),
            RegisterEntry,
            {"confirmed_at__isnull": True},
        ),
        DashboardCount(
            gettext_lazy("Correction notices stuck"),
            gettext_lazy("the recipient has not been told"),
            Notice,
            {"state__exact": Notice.State.PARKED},
            "late",
        ),
        DashboardCount(
            gettext_lazy("Failing webhooks"),
            gettext_lazy("a program is not told of events"),
            Subscription,
            {"failing_since__isnull": False, "ended_at__isnull": True},
            "late",
        ),
        DashboardCount(
            gettext_lazy("Events not delivered"),
            gettext_lazy("send again or discard"),
            EventDelivery,
            {"state__exact": EventDelivery.State.DEAD},
            "late",
        ),
        DashboardCount(
            gettext_lazy("Recipients to follow up"),
            gettext_lazy("a correction there is not proven"),
            CorrectionProof,
            {"state__in": [*CorrectionProof.OPEN], "escalated_at__isnull": False},
            "late",
        ),
        DashboardCount(gettext_lazy("Stopped deliveries"), again, GeneralOutbox, parked, "late"),
        DashboardCount(gettext_lazy("Stopped deliveries (personal)"), again, PersonalOutbox, parked, "late"),
        DashboardCount(
            gettext_lazy("Safeguards not in order"),
            gettext_lazy("alarm until confirmed in order"),
            Measure,
            {"result__exact": Result.FAILED, "retired_at__isnull": True},
            "late",
        ),
        DashboardCount(
            gettext_lazy("Evidence overdue"),
            gettext_lazy("older than its cycle"),
            Measure,
            {"due_on__lt": on, "retired_at__isnull": True},
            "late",
        ),
        DashboardCount(
            gettext_lazy("Corrections overdue"),
            gettext_lazy("findings of inspections"),
            InspectionFinding,
            {"state__in": [InspectionFinding.State.OPEN, InspectionFinding.State.CORRECTED], "due_on__lt": on},
            "late",
        ),
        DashboardCount(
            gettext_lazy("Inspections overdue"),
            gettext_lazy("planned but not held, or not reported"),
            Inspection,
            {"state__in": [Inspection.State.PLANNED, Inspection.State.HELD], "planned_on__lt": on},
            "late",
        ),
        DashboardCount(
            gettext_lazy("Findings of the comparison"),
            gettext_lazy("the databases differ"),
            Finding,
            {"closed_at__isnull": True},
            "late",
        ),
    ]


def waiting_for_second(site: AdminSite) -> list[DashboardCount]:
    """Return how many records of each register wait for a second person, as their pages declare it."""
    return [
        DashboardCount(
            capfirst(str(model._meta.verbose_name_plural)), WAITS, model, dict(step.rows), named_when_idle=False
        )
        for model, register in site._registry.items()
        if (step := getattr(register, "second_person", None)) is not None and step.rows is not None
    ]


def visible_counts(site: AdminSite, request: HttpRequest, on: date) -> list[DashboardCount]:
    """Return the figures whose list this account may open, with the rows that its list shows."""
    found = []
    for figure in [*dashboard_counts(on), *waiting_for_second(site)]:
        register = site._registry.get(figure.model)
        if register is None or not register.has_view_permission(request):
            continue
        rows = register.get_queryset(request)
        if rows.query.annotations:
            rows = figure.model._default_manager.filter(pk__in=rows.values("pk"))
        figure.rows = rows.prefetch_related(None).filter(**figure.lookups)
        found.append(figure)
    return found


def run_counts(found: Sequence[DashboardCount]) -> None:
    """Count the figures: one statement for each database. A database that gives no answer leaves ``None``."""
    homes: dict[str, dict[str, DashboardCount]] = {}
    for place, figure in enumerate(found):
        if figure.rows is not None:
            homes.setdefault(figure.rows.db, {})[str(place)] = figure
    for home in homes.values():
        counts: list[QuerySet[Any, Any]] = [
            figure.rows.order_by()
            .values(figure=Value(key))
            .annotate(number=Count("*"), only=Min(Cast("pk", CharField())))
            for key, figure in home.items()
            if figure.rows is not None
        ]
        try:
            together = counts[0].union(*counts[1:], all=True).order_by()
            numbers: list[tuple[str, int, str]] = list(together.values_list("figure", "number", "only"))
        except DatabaseError:
            numbers = []
            for figure in home.values():
                figure.count = None
        for key, number, only in numbers:
            home[key].count, home[key].only = number, only
