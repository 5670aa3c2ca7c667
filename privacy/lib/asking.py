"""Asking before a button acts: what will happen, to which records, and what the verb needs to know.

The page is ``admin/act.html``; its last button posts ``confirmed`` together with the selection and the answers.
"""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

# What the console posts to say which button was pressed on which records, on a list or on a record's page.
SELECTION = re.compile(r"(?:[A-Za-z_]+-)?(?:action|index|select_across)|_selected_action")


def ask(
    modeladmin: Any,
    request: HttpRequest,
    queryset: QuerySet[Any],
    *,
    title: object,
    verb: object,
    consequences: Sequence[object],
    form_class: type[forms.BaseForm] | None = None,
    initial: dict[str, Any] | None = None,
    dangerous: bool = False,
) -> dict[str, Any] | TemplateResponse:
    """Return the answers once they are confirmed and valid, until then the page that asks for them."""
    confirmed = "confirmed" in request.POST
    form = None
    if form_class is not None:
        form = form_class(request.POST, request.FILES) if confirmed else form_class(initial=initial)
    if confirmed and (form is None or form.is_valid()):
        return dict(form.cleaned_data) if form else {}
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": title,
        "opts": modeladmin.opts,
        "objects": list(queryset),
        "consequences": consequences,
        "form": form,
        "verb": verb,
        "dangerous": dangerous,
        "back": request.get_full_path(),
        "again": [
            (name, value) for name in request.POST if SELECTION.fullmatch(name) for value in request.POST.getlist(name)
        ],
    }
    return TemplateResponse(request, "admin/act.html", context)
