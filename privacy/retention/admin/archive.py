"""The archive in the console: what is preserved and until when; reading takes a law and a second person."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Min, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.accounts.models import User
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.editable_admin import EditableAdmin
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.policies import rulebook
from privacy.policies.models.localized_fields import in_language
from privacy.retention import actions as retention
from privacy.retention.admin.forms import ArchiveAccessForm
from privacy.retention.certificates import statement_texts
from privacy.retention.models import ArchiveAccess, ArchivedRecord
from privacy.subjects.models import Subject


@admin.register(ArchivedRecord)
class ArchivedRecordAdmin(ReadOnlyAdmin):
    explanation = _(
        "Records that another law requires us to preserve, encrypted with separate keys and used for nothing else."
    )
    empty_hint = _("Records are moved here if the data they belong to is destroyed before their statutory period ends.")
    list_display = ("by_rule", "category", "what", "recorded_on", "ends_on", "records", "list")
    list_filter = ("rule", "kind")
    fields = ("by_rule", "category", "what", "recorded_on", "ends_on", "records", "body", "list", "archived_at")
    readonly_fields = ("by_rule", "what")
    ordering = ("ends_on", "id")

    @admin.display(description=_("preservation rule"), ordering="rule")
    def by_rule(self, row: ArchivedRecord) -> str:
        return self._name("preservation", row.rule)

    @admin.display(description=_("kind"), ordering="kind")
    def what(self, row: ArchivedRecord) -> str:
        return self._name("item", row.kind.replace("-", "_"))


def _rules() -> list[tuple[str, str]]:
    """Return the rules in force, and those that are not any more and under which something is still preserved."""
    known = rulebook.in_force(clock.today()).preservation
    offered = [(rule.code, f"{in_language(rule, 'name')} · {in_language(rule, 'law')}") for rule in known.values()]
    kept = ArchivedRecord.objects.exclude(rule__in=known).order_by("rule").values("rule")
    return offered + [
        (row["rule"], display_names.display_name("preservation", row["rule"], on=clock.kst_date(row["since"])))
        for row in kept.annotate(since=Min("archived_at"))
    ]


class ArchiveAccessModelForm(forms.ModelForm[ArchiveAccess], ArchiveAccessForm):
    """The form by which access to the archive is asked for; the verb saves it."""

    rule = forms.ChoiceField(label=_("Preservation rule"), choices=_rules)

    class Meta:
        model = ArchiveAccess
        fields = ("rule", "law", "document", "reason")


@admin.register(ArchiveAccess)
class ArchiveAccessAdmin(EditableAdmin):
    explanation = _("Who requested access to the archive, under which law, and who approved it. Access lasts one day.")
    empty_hint = _("Request access when a law requires the company to hand over preserved records.")
    add_form = ArchiveAccessModelForm
    list_display = ("reference", "by_rule", "law", "asked", "asked_at", "approved", "until", "reads")
    list_filter = ("rule", ("approved_at", admin.EmptyFieldListFilter))
    second_person = SecondPersonStep(
        "retention.approve_archive",
        lambda record: not record.approved_by and not record.refused_by,
        rows={"approved_by__exact": "", "refused_by__exact": ""},
    )
    actions = ("approve", "refuse", "read", "close")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("retention.ask_archive")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("subject", "rule", "law", "document", "reason")
        return (
            "reference", "whose", "by_rule", "law", "document", "reason", ("asked", "asked_at"),
            ("approved", "approved_at"), ("refused", "refused_at"), "until", "closed_at", "reads",
        )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("whose", "by_rule", "asked", "approved", "refused")

    @admin.display(description=_("preservation rule"), ordering="rule")
    def by_rule(self, access: ArchiveAccess) -> str:
        return self._name("preservation", access.rule)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ArchiveAccess]:
        people = User.objects.values("name")
        asker, approver = (people.filter(reference=OuterRef(name))[:1] for name in ("asked_by", "approved_by"))
        found: QuerySet[ArchiveAccess] = super().get_queryset(request)
        return found.annotate(asker=Subquery(asker), approver=Subquery(approver))

    @admin.display(description=_("requested by"), ordering="asked_by")
    def asked(self, access: ArchiveAccess) -> str:
        return getattr(access, "asker", None) or access.asked_by

    @admin.display(description=_("approved by"), ordering="approved_by")
    def approved(self, access: ArchiveAccess) -> str:
        return getattr(access, "approver", None) or access.approved_by or "–"

    @admin.display(description=_("refused by"), ordering="refused_by")
    def refused(self, access: ArchiveAccess) -> str:
        return statement_texts.describe_actors(access.refused_by) or "–"

    def buttons_for(self, record: ArchiveAccess) -> Collection[str]:
        if record.closed_at or record.refused_at or (record.until is not None and record.until <= clock.now()):
            return ()
        return ("read", "close") if record.approved_at else ("approve", "refuse")

    @admin.display(description=_("data subject"))
    def whose(self, access: ArchiveAccess) -> str:
        return Subject.objects.filter(pk=access.subject_id).values_list("reference", flat=True).first() or "–"

    def save_model(self, request: HttpRequest, obj: ArchiveAccess, form: Any, change: bool) -> None:
        given = form.cleaned_data
        obj.pk = retention.ask_access(
            rule=given["rule"],
            subject_id=given["subject"].id,
            law=given["law"],
            document=given["document"],
            reason=given["reason"],
            actor=actor_of(request),
            at=clock.now(),
        ).pk

    @button(
        description=pgettext_lazy("archive", "Approve access"), permission="retention.approve_archive", step_up=True
    )
    def approve(self, request: HttpRequest, queryset: QuerySet[ArchiveAccess]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=pgettext_lazy("archive", "Approve access"),
            verb=_("Approve for one day"),
            consequences=[_("The applicant may read this person's preserved records for one day.")],
        )
        if isinstance(answers, TemplateResponse):
            return answers
        self._each(request, queryset, retention.approve_access, _("Access has been approved for one day."))
        return None

    @button(description=pgettext_lazy("archive", "Refuse access"), permission="retention.approve_archive")
    def refuse(self, request: HttpRequest, queryset: QuerySet[ArchiveAccess]) -> None:
        self._each(request, queryset, retention.refuse_access, _("Access has been refused."))

    @button(description=_("End access"), permission="retention.ask_archive", locations=CHANGE_FORM_ONLY)
    def close(self, request: HttpRequest, queryset: QuerySet[ArchiveAccess]) -> None:
        self._each(request, queryset, retention.close_access, _("Access has ended."))

    def _each(self, request: HttpRequest, queryset: QuerySet[ArchiveAccess], verb: Any, success: Any) -> None:
        for access in queryset:
            run_action(self, request, partial(verb, access, actor=actor_of(request), at=clock.now()), success)

    @button(
        description=_("Read the preserved records"),
        permission="retention.ask_archive",
        locations=CHANGE_FORM_ONLY,
        step_up=True,
    )
    def read(self, request: HttpRequest, queryset: QuerySet[ArchiveAccess]) -> HttpResponse | None:
        access = queryset.first()
        if access is None:
            return None
        records = retention.open_archive(access, actor=actor_of(request), at=clock.now())
        context = {
            **self.admin_site.each_context(request),
            "title": _("Preserved records"),
            "opts": self.opts,
            "access": access,
            "records": records,
        }
        return TemplateResponse(request, "retention/preserved.html", context)
