"""Holds in the console: placed with who demands them and why, lifted with a reason."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.editable_admin import EditableAdmin
from privacy.lib.console.read_only_admin import button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.retention import actions as retention
from privacy.retention.admin.forms import HoldForm, ReasonForm
from privacy.retention.models import Hold
from privacy.subjects import holdings
from privacy.subjects.models import Subject


def _categories() -> list[tuple[str, Any]]:
    today = clock.today()
    named = sorted((display_names.display_name("category", code, on=today), code) for code in holdings.categories())
    return [("", _("every category")), *((code, name) for name, code in named)]


class HoldModelForm(forms.ModelForm[Hold], HoldForm):
    """The form of a new hold; the verb saves it."""

    category = forms.ChoiceField(label=_("Category"), choices=_categories, required=False)

    class Meta:
        model = Hold
        fields = ("kind", "category", "demanded_by", "document", "reason", "until")


@admin.register(Hold)
class HoldAdmin(EditableAdmin):
    explanation = _(
        "Litigation and investigations: while a hold is in force, nothing that it covers is destroyed in any way."
    )
    empty_hint = _("Place a hold when a court or an investigation requires data to be kept.")
    add_form = HoldModelForm
    list_display = (
        "reference",
        "kind",
        "whose",
        "category",
        "demanded_by",
        "document",
        "until",
        "placed_at",
        "stands_shown",
    )
    list_filter = ("kind", ("lifted_at", admin.EmptyFieldListFilter))
    second_person = SecondPersonStep(
        "retention.lift_hold",
        lambda record: record.stands and bool(record.lift_asked_by),
        button="lift",
        rows={"lifted_at__isnull": True, "lift_asked_by__gt": ""},
    )
    actions = ("ask_lifting", "lift")

    @admin.display(description=_("data subject"))
    def whose(self, hold: Hold) -> str:
        if hold.subject_id is None:
            return str(_("everyone"))
        return Subject.objects.filter(pk=hold.subject_id).values_list("reference", flat=True).first() or "–"

    @admin.display(description=_("still in effect"), boolean=True)
    def stands_shown(self, hold: Hold) -> bool:
        return hold.is_in_force(clock.today())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("retention.place_hold")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("kind", "subject", "category", "demanded_by", "document", "reason", "until")
        return (
            "reference", "kind", "whose", "category", "demanded_by", "document", "reason", "until",
            ("placed_by", "placed_at"), ("lift_asked_by", "lift_asked_at"), "lift_reason", ("lifted_by", "lifted_at"),
        )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("whose",)

    def save_model(self, request: HttpRequest, obj: Hold, form: Any, change: bool) -> None:
        given = form.cleaned_data
        subject: Subject | None = given["subject"]
        obj.pk = retention.place_hold(
            kind=given["kind"],
            demanded_by=given["demanded_by"],
            document=given["document"],
            reason=given["reason"],
            subject_id=subject.id if subject else None,
            category=given["category"],
            until=given["until"],
            actor=actor_of(request),
            at=clock.now(),
        ).pk

    def buttons_for(self, record: Hold) -> tuple[str, ...]:
        if not record.stands:
            return ()
        return ("ask_lifting", "lift") if record.lift_asked_by else ("ask_lifting",)

    @button(description=_("Request lifting"), permission="retention.lift_hold")
    def ask_lifting(self, request: HttpRequest, queryset: QuerySet[Hold]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Request lifting of the hold"),
            verb=_("Request lifting"),
            consequences=[_("Nothing changes until another officer lifts it.")],
            form_class=ReasonForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        for hold in queryset:
            verb = partial(retention.ask_lifting, hold, **answers, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("Requested. Another officer must lift the hold."), record=hold)
        return None

    @button(description=_("Lift the hold"), permission="retention.lift_hold")
    def lift(self, request: HttpRequest, queryset: QuerySet[Hold]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Lift the hold"),
            verb=_("Lift"),
            consequences=[
                _("Data that has become due in the meantime is added to the next sweep's lists and destroyed."),
                _("The register names you as the second person."),
            ],
            dangerous=True,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        for hold in queryset:
            verb = partial(retention.lift_hold, hold, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("The hold has been lifted."), record=hold)
        return None
