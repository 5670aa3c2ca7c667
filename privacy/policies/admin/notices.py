"""Public notices in the console."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.lib import clock
from privacy.policies import actions as policies
from privacy.policies.admin.saving import VerbAdmin
from privacy.policies.models import Notice


class NoticeForm(forms.ModelForm[Notice]):
    """A notice by hand; revisions announce themselves when a version is published."""

    class Meta:
        model = Notice
        fields = ("kind", "title_ko", "title_en", "body_ko", "body_en", "posted_on", "posted_until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(kind.value, kind.label) for kind in Notice.Kind if kind != Notice.Kind.REVISION]


@admin.register(Notice)
class NoticeAdmin(VerbAdmin):
    explanation = _("What everybody can read on the page of notices.")
    list_display = ("__str__", "kind", "posted_on", "posted_until", "version")
    list_filter = ("kind",)
    fields = ("kind", "title_ko", "title_en", "body_ko", "body_en", "posted_on", "posted_until")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("policies.post_notice")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return NoticeForm if obj is None else super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Notice, form: Any, change: bool) -> None:
        obj.pk = policies.post_notice(**form.cleaned_data, actor=actor_of(request), at=clock.now()).pk
