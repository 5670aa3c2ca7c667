"""Texts as they were published, and the decision that nothing is consigned, in the console."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.lib.console.editable_admin import EditableAdmin
from privacy.lib.console.read_only_admin import button, run_action
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies.models import NoConsignment, PolicyVersion, PublishedText

BYTES = 1_000_000


class TextForm(forms.ModelForm[PublishedText]):
    """The text of a version as it was published: pasted, or as a file of plain text."""

    file = forms.FileField(
        label=_("File"), required=False, help_text=_("Plain text (UTF-8). It is kept byte for byte.")
    )

    class Meta:
        model = PublishedText
        fields = ("version", "language", "text", "source")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].required = False
        self.fields["text"].strip = False  # type: ignore[attr-defined]
        version = self.fields["version"]
        assert isinstance(version, forms.ModelChoiceField)
        version.queryset = PolicyVersion.objects.public().filter(published_by="")

    def clean(self) -> dict[str, Any] | None:
        given = super().clean() or {}
        file, typed = given.get("file"), str(given.get("text") or "")
        if file and typed.strip():
            raise forms.ValidationError(_("Enter the text or choose a file, not both."))
        if file:
            if file.size > BYTES:
                raise forms.ValidationError({"file": _("The file is too large for a text file.")})
            try:
                given["text"] = file.read().decode()
            except UnicodeDecodeError:
                raise forms.ValidationError({"file": _("This is not plain text in UTF-8.")}) from None
            given["file_name"] = file.name
        else:
            # A browser's form sends CR LF; what was pasted has one spelling.
            given["text"] = typed.replace("\r\n", "\n")
        if not str(given["text"]).strip():
            raise forms.ValidationError({"text": _("Enter the text or choose a file.")})
        return given


@admin.register(PublishedText)
class PublishedTextAdmin(EditableAdmin):
    explanation = _(
        "The exact text of a policy that the company published before this portal. Its page will show this text, and "
        "its digest is recorded on the audit trail."
    )
    empty_hint = _("Attach the text in Korean and in English, as it was published.")
    list_display = ("version", "language", "source", "attached_at")
    list_select_related = ("version",)
    fields = ("version", "language", "source", "file_name", "digest", "attached_at", "attached_by", "text")
    add_form = TextForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("policies.attach_text")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("version", "language", "source", "file", "text") if obj is None else super().get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: PublishedText, form: Any, change: bool) -> None:
        given = form.cleaned_data
        attached = policies.attach_text(
            given["version"],
            language=given["language"],
            text=given["text"],
            source=given["source"],
            file_name=given.get("file_name", ""),
            actor=actor_of(request),
            at=clock.now(),
        )
        obj.pk = attached.pk


@admin.register(NoConsignment)
class NoConsignmentAdmin(EditableAdmin):
    explanation = _(
        "The protection officer's decision that no processing is consigned. The policy says so only while one applies."
    )
    empty_hint = _("No decision has been made, so the policy does not say whether processing is consigned.")
    list_display = ("decided_on", "decided_at", "withdrawn_on")
    fields = ("decided_on", "grounds", "decided_at", "decided_by", "withdrawn_on", "withdrawn_by")
    actions = ("withdraw",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("policies.decide_consignment")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("decided_on", "grounds") if obj is None else super().get_fields(request, obj)

    def buttons_for(self, record: NoConsignment) -> frozenset[str]:
        return frozenset({"withdraw"}) if record.withdrawn_on is None else frozenset()

    def save_model(self, request: HttpRequest, obj: NoConsignment, form: Any, change: bool) -> None:
        obj.pk = policies.decide_no_consignment(
            decided_on=obj.decided_on, grounds=obj.grounds, actor=actor_of(request), at=clock.now()
        ).pk

    @button(description=pgettext_lazy("decision", "Withdraw"), permission="policies.decide_consignment")
    def withdraw(self, request: HttpRequest, queryset: QuerySet[NoConsignment]) -> None:
        for decision in queryset:
            run_action(
                self,
                request,
                partial(policies.withdraw_no_consignment, decision, actor=actor_of(request), at=clock.now()),
                _("Withdrawn."),
            )
