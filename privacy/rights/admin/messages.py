"""Buttons of a case's page: read what the requester wrote, answer it, or say why it needs no answer."""

from functools import partial
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.accounts.display_names import name_with_reference
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.integrations import text_messages
from privacy.rights import actions as rights
from privacy.rights.admin.document_files import documents_file
from privacy.rights.admin.postponements import Answer
from privacy.rights.models import CaseMessage, Request

READ = "rights.open_particulars"


class ShownForm(forms.Form):
    """Which messages were shown: what comes later goes on waiting."""

    newest = forms.IntegerField(min_value=0, max_value=1_000_000, widget=forms.HiddenInput)


class MessageForm(ShownForm):
    """What the office writes to the requester."""

    text = forms.CharField(
        label=_("Message to the requester"),
        max_length=rights.LONGEST_MESSAGE,
        widget=forms.Textarea(attrs={"rows": 8}),
    )


class SettleForm(ShownForm):
    """Why a message needs no answer."""

    reason = forms.CharField(
        label=_("Why no answer is needed"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


def message_buttons(case: Request) -> list[str]:
    """Return what can be done about the messages of a case, what waits first."""
    waits = case.messages.waiting().exists()
    steps = ["read_messages"] if case.messages.exists() else []
    steps += ["open_attachments"] if rights.attachments(case).exists() else []
    steps += ["write_message"] if case.is_open or waits else []
    return [*steps, "settle_messages"] if waits else steps


def messages_shown(case: Request) -> dict[str, Any]:
    """What a case's page tells of its messages without opening one."""
    waiting = case.messages.waiting().order_by("answer_by_on")
    return {
        "message_lines": case.messages.all(),
        "messages_waiting": waiting.count(),
        "first_waiting": waiting.first(),
        "files_left_out": rights.files_left_out(case),
        "untold": case.messages.filter(state=CaseMessage.State.UNTOLD).exists(),
    }


def _by_text() -> list[Promise]:
    if not text_messages.are_sent():
        return []
    return [
        _(
            "A text message says so if the case gives a mobile number and no e-mail address, or if the e-mail comes "
            "back."
        )
    ]


class MessageActions(ReadOnlyAdmin):
    """Messages between the requester and the office."""

    @button(description=_("Read the messages"), permission=READ, locations=CHANGE_FORM_ONLY)
    def read_messages(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        """Show all messages of the case once, on record."""
        case, opened = queryset.get(), list[rights.OpenedMessage]()

        def verb() -> None:
            opened.extend(rights.read_messages(case, actor=actor_of(request), at=clock.now()))

        if not run_action(self, request, verb, _("What you opened was recorded.")):
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Messages"),
            "opts": self.opts,
            "case": case,
            "messages_of_case": [(one, _author(one.message)) for one in opened],
        }
        return TemplateResponse(request, "admin/rights/request/messages.html", context)

    @button(description=_("Open the attachments"), permission=READ, locations=CHANGE_FORM_ONLY)
    def open_attachments(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        """Hand out what came with the messages, on record."""
        case, opened = queryset.get(), list[rights.OpenedDocument]()

        def verb() -> None:
            opened.extend(rights.open_attachments(case, actor=actor_of(request), at=clock.now()))

        if not run_action(self, request, verb, _("What you opened was recorded.")):
            return None
        return documents_file(opened, name=f"{case.number}-messages")

    @button(description=_("Write to the requester"), permission=READ, locations=CHANGE_FORM_ONLY)
    def write_message(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        consequences = [
            _("The requester reads it on the status page, with number and code. It is encrypted."),
            _("If the case gives an e-mail address, an e-mail says that there is a message, without its content."),
            *_by_text(),
            _("The waiting messages of this case now count as answered: read them first."),
        ]
        if not case.is_verified:
            consequences.insert(0, _("The identity is not verified: write nothing about anybody's personal data."))
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Write to the requester"),
            verb=_("Send the message"),
            consequences=consequences,
            form_class=MessageForm,
            initial={"newest": _newest(case)},
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.answer_messages, case, **answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("The message is on the status page."))
        return None

    @button(description=_("No answer needed"), permission=READ, locations=CHANGE_FORM_ONLY)
    def settle_messages(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("No answer needed"),
            verb=_("Confirm"),
            consequences=[
                _("The waiting messages of this case no longer count as unanswered."),
                _("The reason is kept as a note on the case; the requester doesn't see it."),
            ],
            form_class=SettleForm,
            initial={"newest": _newest(queryset.get())},
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.settle_messages, queryset.get(), **answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("No message of this case is waiting now."))
        return None


def _newest(case: Request) -> int:
    return case.messages.order_by("-number").values_list("number", flat=True).first() or 0


def _author(message: CaseMessage) -> str:
    return name_with_reference(message.written_by) if message.author == CaseMessage.Author.OFFICE else ""
