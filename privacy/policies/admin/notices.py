"""Public notices in the console."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.editable_admin import EditableAdmin
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField, NativeDateInput
from privacy.policies import actions as policies
from privacy.policies.models import Notice


class NoticeForm(forms.ModelForm[Notice]):
    """A notice by hand; revisions announce themselves when a version is published."""

    class Meta:
        model = Notice
        fields = ("kind", "title_ko", "title_en", "body_ko", "body_en", "posted_on", "posted_until")
        field_classes: ClassVar = dict.fromkeys(("posted_on", "posted_until"), BoundedDateField)
        widgets: ClassVar = {"posted_on": NativeDateInput(), "posted_until": NativeDateInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(kind.value, kind.label) for kind in Notice.Kind if kind != Notice.Kind.REVISION]


@admin.register(Notice)
class NoticeAdmin(EditableAdmin):
    explanation = _("What everyone can read on the notices page.")
    add_form = NoticeForm
    list_display = ("__str__", "kind", "posted_on", "posted_until", "version")
    list_filter = ("kind",)
    fields = ("kind", "title_ko", "title_en", "body_ko", "body_en", "posted_on", "posted_until")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("policies.post_notice")

    def save_model(self, request: HttpRequest, obj: Notice, form: Any, change: bool) -> None:
        obj.pk = policies.post_notice(**form.cleaned_data, actor=actor_of(request), at=clock.now()).pk
