"""Drafts in the console: their rows, editable exactly as long as they are drafts."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, TextField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.editable_admin import EditableAdmin, VersionedInline
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies import wording
from privacy.policies.models import (
    Category,
    Item,
    LegalBasis,
    PolicyVersion,
    PreservationRule,
    Purpose,
    RetentionRule,
    Review,
    Section,
)

EDIT = "policies.edit_draft"


def may_edit(request: HttpRequest, version: PolicyVersion | None) -> bool:
    return version is not None and version.state == PolicyVersion.State.DRAFT and actor_of(request).has_perm(EDIT)


class DraftInline(VersionedInline, admin.StackedInline[Any, Any]):
    """Rows of a version that follow it: editable exactly while it is a draft."""

    extra = 0
    show_change_link = False

    def version_of(self, parent: Model | None) -> PolicyVersion | None:
        if isinstance(parent, Category):
            return parent.version
        return parent if isinstance(parent, PolicyVersion) else None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(request, self.version_of(obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(request, self.version_of(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(request, self.version_of(obj))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).has_perm("policies.view_policyversion")


class TableInline(VersionedInline, admin.TabularInline[Any, Any]):
    """Parts of a version in a table; each has a page of its own for what does not fit."""

    extra = 0
    show_change_link = True
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).has_perm("policies.view_policyversion")


class CategoryInline(TableInline):
    model = Category
    fields = ("code", "optional")


class SectionInline(TableInline):
    model = Section
    fields = ("position", "code", "applicable")


class PreservationInline(DraftInline):
    model = PreservationRule
    classes = ("collapse",)
    fields = (
        ("code", "position", "applied"),
        ("name_ko", "name_en"),
        ("law_ko", "law_en"),
        ("article_ko", "article_en"),
        ("months", "record_kinds", "basis"),
    )


class ReviewInline(admin.TabularInline[Any, Any]):
    model = Review
    fields = ("verdict", "note", "reviewed_at", "reviewed_by")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).has_perm("policies.view_policyversion")


class ItemInline(DraftInline):
    model = Item
    fields = (("code", "position", "identifier"), ("name_ko", "name_en"))


class LegalBasisInline(DraftInline):
    model = LegalBasis
    fields = (("purpose", "basis"), ("ground_ko", "ground_en"))
    formfield_overrides = {TextField: {"widget": forms.Textarea(attrs={"rows": 4})}}


class RetentionInline(DraftInline):
    model = RetentionRule
    fields = (("clock", "years", "months"), ("approval_required", "wait_hours"))
    can_delete = False


class CategoryForm(forms.ModelForm[Category]):
    purposes = forms.ModelMultipleChoiceField(
        Purpose.objects.all(), label=_("purposes"), widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Category
        fields = ("code", "name_ko", "name_en", "optional", "position", "purposes")


class PartAdmin(EditableAdmin):
    """A part of a version: reached from its version, so the navigation leaves it out."""

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        return {}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(request, obj.version if obj is not None else None)


@admin.register(Section)
class SectionAdmin(PartAdmin):
    explanation = _("The text of the policy, heading by heading.")
    list_display = ("__str__", "version", "applicable")
    list_filter = ("version",)
    list_select_related = ("version",)
    readonly_fields = ("version",)
    fields = ("version", "code", "position", "applicable", "heading_ko", "body_ko", "heading_en", "body_en")
    formfield_overrides = {TextField: {"widget": forms.Textarea(attrs={"rows": 14, "class": "vLargeTextField"})}}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        hint = _(
            "A blank line separates paragraphs; “- ” starts a list item. Tables come from the rulebook, "
            "each on a line of its own: [[items]], [[purposes]], [[bases]], [[retention]], [[preservation]], "
            "[[recipients]], [[processors]], [[transfers]], [[app-permissions]], [[officer]], [[agencies]], "
            "[[versions]]. So do periods: {retention:app-log}, {preservation:internet-log}, "
            "{parameter:rights.answer.days}, and {effective-date}."
        )
        return super().get_form(request, obj, change, help_texts={"body_ko": hint, "body_en": hint}, **kwargs)

    def save_model(self, request: HttpRequest, obj: Section, form: Any, change: bool) -> None:
        policies.revise_draft(obj.version, rows=[obj], actor=actor_of(request), at=clock.now())


@admin.register(Category)
class CategoryAdmin(PartAdmin):
    explanation = _("What each version collects, for which purposes, and how long it is kept.")
    list_display = ("__str__", "code", "version", "optional", "retention_shown")
    list_filter = ("version",)
    list_select_related = ("version", "retention")
    form = CategoryForm
    fields = ("version", "code", "name_ko", "name_en", "optional", "position", "purposes")
    readonly_fields = ("version",)
    inlines = (ItemInline, LegalBasisInline, RetentionInline)

    @admin.display(description=_("kept"))
    def retention_shown(self, category: Category) -> str:
        rule = getattr(category, "retention", None)
        return wording.retention(rule.clock, rule.years, rule.months) if rule else "–"

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        declared = [purpose.code for purpose in form.cleaned_data["purposes"]]
        policies.revise_draft(
            obj.version, rows=[obj], purposes={obj.code: declared}, actor=actor_of(request), at=clock.now()
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        # Purposes were set by the verb; only the rows below remain.
        for formset in formsets:
            self.save_formset(request, form, formset, change=change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_rows(request, form.instance.version, formset)


def save_rows(request: HttpRequest, version: PolicyVersion, formset: Any) -> None:
    """Save what a formset changed through the verb."""
    rows = formset.save(commit=False)
    removed = list(formset.deleted_objects)
    if rows or removed:
        policies.revise_draft(version, rows=rows, removed=removed, actor=actor_of(request), at=clock.now())
