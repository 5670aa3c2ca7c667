"""A page of the console that makes a new record: a form, its consequences, one verb."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from privacy.lib.console.confirm_action import show_refusals
from privacy.lib.errors import constraint_messages
from privacy.lib.errors.refusals import Refusal


def add_record(
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
        except (Refusal, IntegrityError) as error:
            show_refusals(form, [constraint_messages.as_refusal(error)])
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


def make_or_refuse(form: forms.BaseForm, make: Callable[[], Any]) -> Any:
    """Return what the verb makes; None where it refuses, or two were at it at once: what was typed stays."""
    try:
        return make()
    except Refusal as refusal:
        show_refusals(form, [refusal])
    except IntegrityError as error:
        show_refusals(form, [constraint_messages.as_refusal(error)])
    return None
