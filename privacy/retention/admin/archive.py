"""The archive in the console: what is preserved and until when; reading takes a law and a second person."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.accounts.models import User
from privacy.lib import clock
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask
from privacy.lib.refusals import Refusal
from privacy.policies import rulebook
from privacy.policies.admin.saving import VerbAdmin
from privacy.policies.models.language import in_language
from privacy.retention import actions as retention
from privacy.retention import persons
from privacy.retention.forms import AccessForm
from privacy.retention.models import ArchiveAccess, ArchivedRecord
from privacy.subjects.models import Subject

ON_PAGE = (ActionLocation.CHANGE_FORM,)


@admin.register(ArchivedRecord)
class ArchivedRecordAdmin(ReadOnlyAdmin):
    explanation = _("What another law preserves, sealed under keys of its own. Nothing here is used for anything else.")
    empty_hint = _("Records come here when what they belong to is destroyed before their law's term is over.")
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
    known = rulebook.in_force(clock.today()).preservation.values()
    return [(rule.code, f"{in_language(rule, 'name')} · {in_language(rule, 'law')}") for rule in known]


class AccessModelForm(forms.ModelForm[ArchiveAccess], AccessForm):
    """The form by which access to the archive is asked for; the verb saves it."""

    rule = forms.ChoiceField(label=_("Preservation rule"), choices=_rules)

    class Meta:
        model = ArchiveAccess
        fields = ("rule", "law", "document", "reason")


@admin.register(ArchiveAccess)
class ArchiveAccessAdmin(VerbAdmin):
    explanation = _("Who asked to read the archive, by which law, and who approved it. An access is open for a day.")
    empty_hint = _("Ask for access when a law obliges the company to hand over what it preserves.")
    list_display = ("reference", "by_rule", "law", "asked", "asked_at", "approved", "until", "reads")
    list_filter = ("rule", ("approved_at", admin.EmptyFieldListFilter))
    actions = ("approve", "refuse", "read", "close")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("retention.ask_archive")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return AccessModelForm if obj is None else super().get_form(request, obj, change, **kwargs)

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

    @admin.display(description=_("asked by"), ordering="asked_by")
    def asked(self, access: ArchiveAccess) -> str:
        return getattr(access, "asker", None) or access.asked_by

    @admin.display(description=_("approved by"), ordering="approved_by")
    def approved(self, access: ArchiveAccess) -> str:
        return getattr(access, "approver", None) or access.approved_by or "–"

    @admin.display(description=_("refused by"), ordering="refused_by")
    def refused(self, access: ArchiveAccess) -> str:
        return persons.in_words(access.refused_by) or "–"

    def verbs_for(self, record: ArchiveAccess) -> Collection[str]:
        if record.closed_at or record.refused_at:
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

    @button(description=_("Approve access"), permission="retention.approve_archive", step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[ArchiveAccess]) -> HttpResponse | None:
        answers = ask(
            self,
            request,
            queryset,
            title=_("Approve access"),
            verb=_("Approve for a day"),
            consequences=[_("The person who asked may read the preserved records of this person for a day.")],
        )
        if isinstance(answers, TemplateResponse):
            return answers
        self._each(request, queryset, retention.approve_access, _("Access is approved for a day."))
        return None

    @button(description=_("Refuse access"), permission="retention.approve_archive")
    def refuse(self, request: HttpRequest, queryset: QuerySet[ArchiveAccess]) -> None:
        self._each(request, queryset, retention.refuse_access, _("Access is refused."))

    @button(description=_("End access"), permission="retention.ask_archive", locations=ON_PAGE)
    def close(self, request: HttpRequest, queryset: QuerySet[ArchiveAccess]) -> None:
        self._each(request, queryset, retention.close_access, _("Access is ended."))

    def _each(self, request: HttpRequest, queryset: QuerySet[ArchiveAccess], verb: Any, success: Any) -> None:
        for access in queryset:
            run_verb(self, request, partial(verb, access, actor=actor_of(request), at=clock.now()), success)

    @button(
        description=_("Read the preserved records"), permission="retention.ask_archive", locations=ON_PAGE, step_up=True
    )
    def read(self, request: HttpRequest, queryset: QuerySet[ArchiveAccess]) -> HttpResponse | None:
        access = queryset.first()
        if access is None:
            return None
        try:
            records = retention.open_archive(access, actor=actor_of(request), at=clock.now())
        except Refusal as refusal:
            self.message_user(request, str(refusal), level="error")
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Preserved records"),
            "opts": self.opts,
            "access": access,
            "records": records,
        }
        return TemplateResponse(request, "retention/preserved.html", context)
