"""Asking before a button acts: what will happen, to which records, and what the verb needs to know.

The page is ``admin/act.html``; its last button posts ``confirmed`` together with the selection and the answers. What a
verb refuses is said on that page, over the form as it was filled in: a refusal never throws away what was typed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import IntegrityError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from privacy.lib.console import edit_conflicts
from privacy.lib.console.outgoing_texts import OutgoingText, digest_of
from privacy.lib.errors import constraint_messages
from privacy.lib.errors.refusals import Refusal

# What the console posts to say which button was pressed on which records, on a list or on a record's page.
SELECTION = re.compile(r"(?:[A-Za-z_]+-)?(?:action|index|select_across)|_selected_action")
_ON_REQUEST = "_pressing"


class Signing(Protocol):
    """What a page of a button needs where its act is signed by a security key of whoever presses it."""

    def context(self) -> dict[str, str]:
        """Return ``options`` for the browser, the ``statement`` that is signed, and its time, ``signed_at``."""
        ...

    def signature(self) -> object:
        """Return what was sent; nothing where nothing fit was sent, which the verb refuses."""
        ...


class ButtonPress:
    """One press of a button: the page that asked for its answers, and what its verbs refused and did."""

    def __init__(self) -> None:
        self.page: Callable[[Sequence[object]], TemplateResponse] | None = None
        self.form: forms.BaseForm | None = None
        self.refused: list[Refusal] = []
        self.done: list[object] = []
        self.saving: Callable[[Callable[[], object]], object] | None = None

    def left(self) -> TemplateResponse | None:
        """Return the page that asked, filled in as it was, for the records on which nothing was done yet."""
        if not self.refused or self.page is None or self.form is None or None in self.done:
            return None
        show_refusals(self.form, self.refused)
        return self.page(self.done)


def run_button(request: HttpRequest, act: Callable[[], Any]) -> Any:
    """Let a button or a page act; what its verbs refuse is shown over the filled form, or said where none was asked."""
    pressing = ButtonPress()
    setattr(request, _ON_REQUEST, pressing)
    try:
        try:
            response = act()
        except (Refusal, IntegrityError) as error:
            pressing.refused.append(constraint_messages.as_refusal(error))
            response = None
    finally:
        delattr(request, _ON_REQUEST)
    try:
        again = pressing.left() if response is None or isinstance(response, HttpResponseRedirect) else None
    except Refusal as late:
        pressing.refused.append(late)
        again = None
    if again is not None:
        return again
    for refusal in pressing.refused:
        messages.error(request, str(refusal))
    return response


def call_action(request: HttpRequest, verb: Callable[[], object]) -> object:
    """Call a verb of the pressed button; one that changes a record does so on the version that was shown."""
    pressing: ButtonPress | None = getattr(request, _ON_REQUEST, None)
    return verb() if pressing is None or pressing.saving is None else pressing.saving(verb)


def record_outcome(request: HttpRequest, *, done: object = None, refusal: Refusal | None = None) -> None:
    """Remember how a verb of the pressed button went; ``done`` is the primary key of its record, where it is known."""
    pressing: ButtonPress | None = getattr(request, _ON_REQUEST, None)
    if refusal is None:
        if pressing is not None:
            pressing.done.append(done)
    elif pressing is not None:
        pressing.refused.append(refusal)
    else:
        messages.error(request, str(refusal))


def show_refusals(form: forms.BaseForm, refused: Sequence[Refusal]) -> None:
    """Say each refusal once on the form: at the field that it points to, or over all of them."""
    told = [refusal for refusal in refused if not isinstance(refusal, edit_conflicts.EditConflict)]
    for said in dict.fromkeys((str(refusal), field_for(form, refusal)) for refusal in told):
        form.add_error(said[1], said[0])
    if form.files:
        form.add_error(None, _("Choose the file again. Browsers don't keep it."))


def field_for(form: forms.BaseForm, refusal: Refusal) -> str | None:
    """Return the field of the form that a refusal is about, where it says so."""
    pointer = (refusal.pointer or "").strip("/")
    return pointer if pointer in form.fields else None


def confirm_action(
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
    edits: Callable[[Any], Mapping[str, Any]] | None = None,
    signing: Signing | None = None,
    template: str = "admin/act.html",
    shown: Callable[[Any], Mapping[str, Any]] | None = None,
    outgoing: Callable[[Mapping[str, Any]], Sequence[OutgoingText]] | None = None,
    frame: Sequence[OutgoingText] = (),
) -> dict[str, Any] | TemplateResponse:
    """Return the answers once they are confirmed and valid, until then the page that asks for them (``template``,
    with what ``shown`` returns for the form).

    ``signing`` is there where the act is signed: the answers then have a ``signature``.
    ``outgoing`` returns what these answers send to people. It is shown before it is confirmed: with the question where
    nothing is asked for, else on the page once more, and what has changed since is shown again.
    ``frame`` is shown with the question: what goes out, but for the words that it asks for; changed since, again.
    ``edits`` returns what is saved of the one record that the form changes (``privacy.lib.console.edit_conflicts``).
    """
    confirmed = "confirmed" in request.POST
    chosen: list[Model] = list(queryset)
    if edits is not None and form_class is not None:
        form_class, initial = edit_conflicts.versioned_form(form_class), dict(edits(chosen[0]))
    form = None
    if form_class is not None:
        form = form_class(request.POST, request.FILES, initial=initial) if confirmed else form_class(initial=initial)

    def page(
        done: Sequence[object] = (), texts: Sequence[OutgoingText] = (), *, is_changed: bool = False
    ) -> TemplateResponse:  # fmt: skip
        objects = [record for record in chosen if record.pk not in done]
        context = {
            **modeladmin.admin_site.each_context(request),
            "title": title,
            "opts": modeladmin.opts,
            "objects": objects,
            "consequences": consequences,
            "form": form,
            "verb": verb,
            "dangerous": dangerous,
            "back": request.get_full_path(),
            "again": _selection(request, objects if done else None),
            "signing": signing.context() if signing else None,
            "outgoing": texts or frame,
            "seen": digest_of(texts or frame) if texts or frame else "",
            "was_asked": (bool(texts) and confirmed) or is_changed,
        }
        return TemplateResponse(request, template, context | (dict(shown(form)) if shown else {}))

    asks_nothing = form is None or not form.visible_fields()
    if outgoing is not None and not confirmed and asks_nothing:
        return page(texts=outgoing({}))
    if confirmed and (form is None or form.is_valid()):
        pressing: ButtonPress | None = getattr(request, _ON_REQUEST, None)
        if pressing is not None:
            pressing.page, pressing.form = page, form
            pressing.done.clear()
            if edits is not None and isinstance(form, edit_conflicts.VersionedForm):
                pressing.saving = partial(edit_conflicts.save_if_unchanged, chosen[0], form, edits)
        answers = dict(form.cleaned_data) if form else {}
        texts = outgoing(answers) if outgoing is not None else ()
        if texts and request.POST.get("seen") != digest_of(texts):
            return page(texts=texts)
        if frame and request.POST.get("seen") != digest_of(frame):
            return page(is_changed=True)
        return answers | {"signature": signing.signature()} if signing else answers
    return page()


def _selection(request: HttpRequest, only: Sequence[Model] | None) -> list[tuple[str, str]]:
    """Return what says again which button was pressed on which records; ``only`` takes the place of the selection."""
    said = [(name, value) for name in request.POST if SELECTION.fullmatch(name) for value in request.POST.getlist(name)]
    if only is None:
        return said
    kept = [
        (name, "0" if name.endswith("select_across") else value) for name, value in said if name != ACTION_CHECKBOX_NAME
    ]
    return [*kept, *((ACTION_CHECKBOX_NAME, str(record.pk)) for record in only)]
