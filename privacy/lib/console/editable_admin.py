"""Forms of the console that save by a verb: a refusal is shown over the filled form, and nothing is half-done."""

from typing import Any

from django import forms
from django.contrib.admin import ActionLocation
from django.contrib.admin.options import InlineModelAdmin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import IntegrityError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacy.lib.console import edit_conflicts
from privacy.lib.console.confirm_action import field_for
from privacy.lib.console.read_only_admin import ReadOnlyAdmin
from privacy.lib.dates import form_fields
from privacy.lib.errors import constraint_messages
from privacy.lib.errors.refusals import Refusal

_REFUSED = "_refused_to_save"
_ACTION = f"{ActionLocation.CHANGE_FORM.value}-action"


class UnsavedChanges(Refusal):
    """A button was pressed on a page whose fields were changed and not saved."""

    code = "unsaved"


class EditableAdmin(ReadOnlyAdmin):
    """A register whose forms call verbs in ``save_model`` and ``save_formset``."""

    # The form of a new record, where it is another than that of a change.
    add_form: type[forms.ModelForm[Any]] | None = None

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Save, or show the form again as it was filled in, with what the verb refused."""
        if _ACTION in request.POST and object_id is not None and self._has_unsaved(request, object_id):
            said = _("You have changed this page without saving it. Save first, then press the button again.")
            return self._shown_again(request, UnsavedChanges(said), object_id, form_url, extra_context)
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (Refusal, IntegrityError) as error:
            # Django rolls the form's transaction back on the way here.
            return self._shown_again(request, constraint_messages.as_refusal(error), object_id, form_url, extra_context)

    def _shown_again(self, request: HttpRequest, refusal: Refusal, *given: Any) -> Any:
        setattr(request, _REFUSED, refusal)
        posted = request.POST.copy()
        posted.pop(_ACTION, None)
        request.POST = posted  # type: ignore[assignment]  # the stubs know the immutable kind only
        return super().changeform_view(request, *given)

    def _has_unsaved(self, request: HttpRequest, object_id: str) -> bool:
        """Whether the page that was sent with a button holds fields that nobody has saved."""
        record = self.get_object(request, object_id)
        if edit_conflicts.VERSION_FIELD not in request.POST or not self.has_change_permission(request, record):
            return False
        fields = flatten_fieldsets(self.get_fieldsets(request, record))
        form = self.get_form(request, record, change=True, fields=fields)(request.POST, instance=record)
        formsets, _inlines = self._create_formsets(request, form.instance, change=True)  # type: ignore[attr-defined]
        rows = [row for formset in formsets for row in formset.forms]
        removed = any(row.data.get(row.add_prefix("DELETE")) for row in rows)
        return removed or any(edit_conflicts.has_unsaved_changes(each) for each in (form, *rows))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the record; one that is being saved is held until it is, so that nobody saves it meanwhile."""
        record = super().get_object(request, object_id, from_field)
        saving = (
            request.method == "POST" and _ACTION not in request.POST and edit_conflicts.VERSION_FIELD in request.POST
        )
        if record is None or not saving:
            return record
        return self.get_queryset(request).select_for_update(of=("self",)).get(pk=record.pk)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_fields(request, obj)
        return (
            [*fields, edit_conflicts.VERSION_FIELD]
            if obj is not None and self.has_change_permission(request, obj)
            else fields
        )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form: with the version that it was opened with, and with what was refused."""
        if obj is None and self.add_form is not None:
            made: type[Any] = self.add_form
        else:
            if obj is not None and self.has_change_permission(request, obj):
                kwargs["form"] = edit_conflicts.versioned_form(self.form)
            made = super().get_form(request, obj, change, **kwargs)
        refusal: Refusal | None = getattr(request, _REFUSED, None)
        return made if refusal is None else _refused(made, refusal)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> Any:
        """Say what was made: the verb's record, of which the form's copy knows the key only."""
        return super().response_add(request, type(obj)._base_manager.get(pk=obj.pk), post_url_continue)


class VersionedInline(InlineModelAdmin[Any, Any]):
    """Rows on a page that saves by verbs; each carries the version it was opened with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django reads it from the instance, where it has put its own defaults by now.
        vars(self)["formfield_overrides"] = form_fields.bounded_overrides(self.formfield_overrides)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_fields(request, obj)
        return [*fields, edit_conflicts.VERSION_FIELD] if self.has_change_permission(request, obj) else fields

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if self.has_change_permission(request, obj):
            kwargs["form"] = edit_conflicts.versioned_form(self.form)
        return super().get_formset(request, obj, **kwargs)


def _refused(form_class: type[Any], refusal: Refusal) -> type[Any]:
    """Return the form class as one whose forms say what was refused."""

    def clean(self: Any) -> Any:
        given = form_class.clean(self)
        self.add_error(field_for(self, refusal), str(refusal))
        return given

    return type(form_class.__name__, (form_class,), {"__module__": form_class.__module__, "clean": clean})
