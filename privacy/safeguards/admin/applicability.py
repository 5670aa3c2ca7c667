"""Which duties bind the company, in the console: each threshold, its numbers, the decision and the next day."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, due_badge
from privacy.policies.models import Officer
from privacy.safeguards import actions as safeguards
from privacy.safeguards.admin.forms import date_field, text_field
from privacy.safeguards.admin.records import RecordAdmin, account_column
from privacy.safeguards.models import ApplicabilityDecision, Measure, OfficerFiling, YearFigures
from privacy.safeguards.thresholds import NUMBERS, THRESHOLDS, Figures, Threshold

DECIDE = "safeguards.decide_applicability"
# The figure of a year that a number is compared with, where it has another name.
FIGURE = {"people-small": "people", "sensitive": "sensitive_people"}
# More people than there are, and more million won than any company has: what is typed wrongly is told.
MOST = 10_000_000_000


class FiguresForm(forms.Form):
    """The numbers of a year."""

    year = forms.IntegerField(label=_("Year"), min_value=2020, max_value=2100)
    sales = forms.IntegerField(label=_("Sales (million won)"), min_value=0, max_value=MOST)
    average_sales = forms.IntegerField(
        label=_("Average sales of three years (million won)"), min_value=0, max_value=MOST
    )
    people = forms.IntegerField(
        label=_("People, daily average of the last three months"),
        min_value=0,
        max_value=MOST,
        help_text=_("Everybody whose personal information is stored, inside and outside this portal."),
    )
    sensitive_people = forms.IntegerField(label=_("Of them with sensitive or unique data"), min_value=0, max_value=MOST)
    users = forms.IntegerField(
        label=_("Users of the online service, daily average of the last three months"), min_value=0, max_value=MOST
    )
    is_small = forms.BooleanField(label=_("The company is a small or medium-sized enterprise"), required=False)
    source = forms.CharField(label=_("Where the numbers come from"), max_length=300)


class DecisionForm(forms.Form):
    """A decision whether a duty binds."""

    threshold = forms.ChoiceField(label=_("Duty"), choices=[(one.code, one.title) for one in THRESHOLDS.values()])
    applies = forms.TypedChoiceField(
        label=_("Does it bind the company?"),
        choices=[("yes", pgettext_lazy("duty", "It binds")), ("no", pgettext_lazy("duty", "It does not bind"))],
        coerce=lambda given: given == "yes",
        widget=forms.RadioSelect,
    )
    reasons = text_field(
        4,
        label=_("Reasons"),
        max_length=4_000,
        help_text=_("What it is based on, and who was consulted: counsel, the board."),
    )
    measure = forms.ModelChoiceField(
        label=_("Measure that shows it is carried out"), queryset=Measure.objects.active(), required=False
    )


class FilingForm(forms.Form):
    """A designation that was resolved by the board and filed."""

    officer = forms.ModelChoiceField(label=_("Designation"), queryset=Officer.objects.filter(filing=None))
    qualification = text_field(3, label=_("Qualification (Decree, annex 1)"), max_length=2_000)
    resolved_on = date_field(label=_("Resolved by the board on"))
    resolution = forms.CharField(label=_("Resolution"), max_length=200)
    filed_on = date_field(label=_("Filed with the PIPC on"))
    receipt = forms.CharField(label=_("Receipt of the filing"), max_length=200)


def answer_badge(applies: bool | None) -> SafeString:
    """Return whether a duty binds, by word and shape."""
    if applies is None:
        return badge(pgettext_lazy("duty", "undecided"), "wait")
    return (
        badge(pgettext_lazy("duty", "binds"), "alarm")
        if applies
        else badge(pgettext_lazy("duty", "does not bind"), "good")
    )


def overview() -> list[dict[str, Any]]:
    """Return each threshold with its numbers, those of the year, what they say, the decision and the next day."""
    today = clock.today()
    latest = ApplicabilityDecision.objects.in_force()
    newest = YearFigures.objects.filter(year=today.year - 1).order_by("-recorded_at").first()
    return [_line(duty, latest.get(duty.code), newest) for duty in THRESHOLDS.values()]


def _line(duty: Threshold, decision: ApplicabilityDecision | None, newest: YearFigures | None) -> dict[str, Any]:
    today, begins = clock.today(), duty.begins_on()
    return {
        "duty": duty,
        "numbers": _numbers(duty, newest),
        "computed": answer_badge(duty.met_by(newest, max(today, begins or today))) if newest and duty.numbers else "–",
        "year": newest.year if newest else None,
        "coming": begins if begins and begins > today else None,
        "decision": decision,
        "answer": answer_badge(decision.applies if decision else None),
        "again": due_badge(decision.look_on, today) if decision else "–",  # type: ignore[attr-defined]
        "decide": f"{reverse('admin:safeguards_applicabilitydecision_new')}?threshold={duty.code}",
    }


def _numbers(duty: Threshold, newest: Figures | None) -> list[tuple[object, int, int | None]]:
    """Return each number of a threshold with its name and the figure of the year that it is compared with."""
    figure = FIGURE | ({"sales": "average_sales"} if duty.code == "portability" else {})
    return [
        (NUMBERS[name], limit, getattr(newest, figure.get(name, name)) if newest else None)
        for name, limit in duty.limits(clock.today()).items()
    ]


@admin.register(ApplicabilityDecision)
class ApplicabilityDecisionAdmin(RecordAdmin):
    explanation = _(
        "Some duties bind only companies of a certain size or kind. Each threshold is shown with its article, last "
        "year's numbers, what was decided and when it will be reviewed."
    )
    empty_hint = _("Record the numbers of last year, then decide on each duty.")
    change_list_template = "admin/safeguards/applicabilitydecision/change_list.html"
    list_display = ("reference", "threshold", "answer", "decided_on", "decider", "again_on")
    list_filter = ("threshold", "applies")
    list_select_related = ("figures", "measure")
    fields = (
        ("reference", "threshold"), "basis_shown", "limits_shown", ("figures", "computed"), "answer", "reasons",
        "measure", ("decider", "decided_at"), "again_on",
    )  # fmt: skip
    readonly_fields = ("basis_shown", "limits_shown", "answer", "decider")
    add_label = _("Decide whether a duty binds")
    record_form = DecisionForm
    add_permission = DECIDE
    add_hint = _("The decision is kept with the numbers and thresholds of today. A later one takes its place.")
    decider = account_column("decided_by", _("decided by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> ApplicabilityDecision:
        return safeguards.decide_applicability(actor=actor_of(request), at=clock.now(), **given)

    def form_for(self, request: HttpRequest) -> forms.Form:
        """Return the form with the duty of the line whose link was followed."""
        return DecisionForm(request.POST or None, initial={"threshold": request.GET.get("threshold", "")})

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        more = {"duties": overview(), "may_decide": actor_of(request).may(DECIDE)}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    @admin.display(description=pgettext_lazy("duty", "decision"), ordering="applies")
    def answer(self, row: ApplicabilityDecision) -> SafeString:
        return answer_badge(row.applies)

    @admin.display(description=_("article"))
    def basis_shown(self, row: ApplicabilityDecision) -> str:
        return str(row.duty.basis)

    @admin.display(description=_("thresholds on that day"))
    def limits_shown(self, row: ApplicabilityDecision) -> str:
        return ", ".join(f"{NUMBERS[name]}: {value:,}" for name, value in row.limits.items()) or "–"


@admin.register(YearFigures)
class YearFiguresAdmin(RecordAdmin):
    explanation = _(
        "The numbers of each year by which the law decides whom a duty binds. The newest row of a year applies."
    )
    empty_hint = _("Record the numbers of last year.")
    list_display = ("year", "sales", "people", "sensitive_people", "users", "is_small", "recorded_at")
    fields = (
        "year", ("sales", "average_sales"), ("people", "sensitive_people"), "users", "is_small", "source",
        ("recorder", "recorded_at"),
    )  # fmt: skip
    readonly_fields = ("recorder",)
    add_label = _("Record the numbers of a year")
    record_form = FiguresForm
    add_permission = DECIDE
    recorder = account_column("recorded_by", _("recorded by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> YearFigures:
        return safeguards.record_figures(actor=actor_of(request), at=clock.now(), **given)


@admin.register(OfficerFiling)
class OfficerFilingAdmin(RecordAdmin):
    explanation = _(
        "Where the duty binds, the board resolves on each designation of the protection officer, and it is filed with "
        "the PIPC within the period set by the Decree."
    )
    empty_hint = _("Only needed where the duty binds: see which duties bind.")
    list_display = ("officer", "resolved_on", "filed_on")
    list_select_related = ("officer",)
    fields = (
        "officer",
        "qualification",
        ("resolved_on", "resolution"),
        ("filed_on", "receipt"),
        ("recorder", "recorded_at"),
    )
    readonly_fields = ("recorder",)
    add_label = _("Record a filing")
    record_form = FilingForm
    add_permission = DECIDE
    recorder = account_column("recorded_by", _("recorded by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> OfficerFiling:
        return safeguards.record_filing(actor=actor_of(request), at=clock.now(), **given)
