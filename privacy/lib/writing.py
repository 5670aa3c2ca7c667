"""A page of the console that makes a new record: a form, its consequences, one verb."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from privacy.lib.refusals import Refusal


def new_record(
    modeladmin: Any,
    request: HttpRequest,
    form: forms.BaseForm,
    make: Callable[[], Any],
    *,
    title: object,
    verb: object,
    consequences: Sequence[object],
    success: object,
) -> HttpResponse:
    """Return the form, or make the record and go to its page; a refusal stands over the form, what was typed stays."""
    if request.method == "POST" and form.is_valid():
        try:
            made = make()
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, str(success))
            meta = made._meta
            return HttpResponseRedirect(reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[made.pk]))
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": title,
        "opts": modeladmin.opts,
        "form": form,
        "objects": [],
        "verb": verb,
        "consequences": consequences,
    }
    return TemplateResponse(request, "admin/act.html", context)
