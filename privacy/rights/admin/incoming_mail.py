"""Mails and text messages to the office: read on record, put onto a case, or discarded with a reason."""

from functools import partial

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.accounts.display_names import name_with_reference
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import due_badge, state_badge
from privacy.lib.errors.refusals import sentence
from privacy.rights import actions as rights
from privacy.rights.admin.document_files import documents_file
from privacy.rights.admin.postponements import Answer
from privacy.rights.models import IncomingMail
from privacy.rights.models.cases import EXAMPLE_NUMBER

READ, SORT = "rights.open_particulars", "rights.receive_request"


class FileForm(forms.Form):
    """Onto which case it belongs."""

    number = forms.CharField(
        label=_("Case number"),
        max_length=20,
        help_text=sentence(_("For example %(example)s."), example=EXAMPLE_NUMBER),
        widget=forms.TextInput(attrs={"class": "short", "autocomplete": "off"}),
    )


class DiscardForm(forms.Form):
    """Why it belongs to no case."""

    reason = forms.CharField(
        label=_("Why it belongs to no request"),
        max_length=300,
        help_text=_("Don't write a name or quote the message: the reason is kept."),
    )


@admin.register(IncomingMail)
class IncomingMailAdmin(ReadOnlyAdmin):
    explanation = _(
        "E-mails to the office's address, and text messages to its number. Replies to our e-mails are added to their "
        "request automatically; sort all others."
    )
    empty_hint = _(
        "What someone writes to the office appears here, if a mailbox or a provider of text messages is set up."
    )
    list_display = ("reference", "channel", "state_shown", "due_shown", "why", "files", "received_at")
    list_filter = ("channel", "state", "why")
    ordering = ("-received_at",)
    fields = (
        ("state_shown", "why"), ("channel", "received_at"), ("files", "files_left_out"), "due_shown", "about_sender",
        "same_sender", "case_shown", ("sorter", "sorted_at"), "reason", "reference",
    )  # fmt: skip
    readonly_fields = ("state_shown", "due_shown", "about_sender", "same_sender", "case_shown", "sorter")
    actions = ("read_mail", "open_files", "file_mail", "discard_mail")

    def buttons_for(self, record: IncomingMail) -> list[str]:
        if record.state != IncomingMail.State.DRAFT:
            return []
        files = ["open_files"] if rights.mail_files(record).exists() else []
        return ["read_mail", *files, "file_mail", "discard_mail"]

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, mail: IncomingMail) -> SafeString:
        return state_badge(mail.state, mail.get_state_display())

    @admin.display(description=_("sort by"), ordering="sort_by_on")
    def due_shown(self, mail: IncomingMail) -> SafeString | str:
        if mail.sort_by_on is None:
            return "–"
        return due_badge(mail.sort_by_on, clock.today(), settled=mail.state != IncomingMail.State.DRAFT)

    @admin.display(description=_("requests about the sender's address or number"))
    def about_sender(self, mail: IncomingMail) -> str:
        return ", ".join(case.number for case in rights.cases_of_sender(mail)[:20]) or "–"

    @admin.display(description=_("others of the same sender"))
    def same_sender(self, mail: IncomingMail) -> str:
        return ", ".join(one.reference for one in rights.drafts_of_sender(mail)[:20]) or "–"

    @admin.display(description=_("case"))
    def case_shown(self, mail: IncomingMail) -> SafeString | str:
        if mail.request is None:
            return "–"
        page = reverse("admin:rights_request_change", args=[mail.request.pk])
        return format_html('<a href="{}">{}</a>', page, mail.request.number)

    @admin.display(description=_("sorted by"))
    def sorter(self, mail: IncomingMail) -> str:
        return name_with_reference(mail.sorted_by) if mail.sorted_by else "–"

    @button(description=_("Read it"), permission=READ, locations=CHANGE_FORM_ONLY)
    def read_mail(self, request: HttpRequest, queryset: QuerySet[IncomingMail]) -> Answer:
        """Show what a draft says once, on record."""
        mail, opened = queryset.get(), list[rights.OpenedMail]()

        def verb() -> None:
            opened.append(rights.read_mail(mail, actor=actor_of(request), at=clock.now()))

        if not run_action(self, request, verb, _("What you opened was recorded.")):
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": capfirst(self.opts.verbose_name),
            "opts": self.opts,
            "mail": mail,
            "opened": opened[0],
        }
        return TemplateResponse(request, "admin/rights/incomingmail/mail.html", context)

    @button(description=_("Open the documents"), permission=READ, locations=CHANGE_FORM_ONLY)
    def open_files(self, request: HttpRequest, queryset: QuerySet[IncomingMail]) -> Answer:
        """Hand out the documents of a draft, on record."""
        mail, opened = queryset.get(), list[rights.OpenedDocument]()

        def verb() -> None:
            opened.extend(rights.open_mail_files(mail, actor=actor_of(request), at=clock.now()))

        if not run_action(self, request, verb, _("What you opened was recorded.")):
            return None
        return documents_file(opened, name=mail.reference)

    @button(description=_("Add to a request"), permission=SORT, locations=CHANGE_FORM_ONLY)
    def file_mail(self, request: HttpRequest, queryset: QuerySet[IncomingMail]) -> Answer:
        mail = queryset.get()
        likely = rights.cases_of_sender(mail)[:2]
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Add to a request"),
            verb=_("Add to the request"),
            consequences=[
                _("It becomes a message of the requester. They see it on the status page of that request."),
                _("Whoever sent it has not proven who they are: check that it belongs there."),
                _("If it is a new request, record it first. Then add this to it."),
            ],
            form_class=FileForm,
            initial={"number": likely[0].number} if len(likely) == 1 else {},
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.file_mail, mail, number=answers["number"], actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("It is on the request."))
        return None

    @button(description=_("Discard"), permission=SORT, locations=CHANGE_FORM_ONLY)
    def discard_mail(self, request: HttpRequest, queryset: QuerySet[IncomingMail]) -> Answer:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Discard"),
            verb=_("Discard"),
            consequences=[
                _("What it says and its documents are destroyed. This is final."),
                _("The fact that something came, the time and your reason are kept."),
            ],
            form_class=DiscardForm,
            dangerous=True,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(
            rights.discard_mail, queryset.get(), reason=answers["reason"], actor=actor_of(request), at=clock.now()
        )
        run_action(self, request, verb, _("It has been discarded."))
        return None
