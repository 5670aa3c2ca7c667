"""Templates of messages in the console: what is sent of each kind, and the versions of the office's own."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.lib.console.admin_add import make_or_refuse
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.outgoing_texts import OutgoingText
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display.badges import state_badge
from privacy.policies import actions as policies
from privacy.policies import message_templates
from privacy.policies.actions.message_templates import APPROVE, DRAFT
from privacy.policies.message_templates import LANGUAGES, MessageKind
from privacy.policies.models import MessageTemplate

LANGUAGE_NAMES = {"ko": _("Korean"), "en": _("English")}


class ReturnForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300)


class TextsForm(forms.Form):
    """The texts of a kind in both languages, and why they change."""

    def __init__(self, kind: MessageKind, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for language in LANGUAGES:
            for name, part in kind.parts.items():
                widget = forms.TextInput() if part.is_one_line else forms.Textarea(attrs={"rows": 12})
                widget.attrs["lang"] = language
                self.fields[f"{name}_{language}"] = forms.CharField(
                    label=_("%(part)s (%(language)s)") % {"part": part.label, "language": LANGUAGE_NAMES[language]},
                    max_length=part.longest, widget=widget, required=not part.is_optional,
                )  # fmt: skip
        self.fields["reason"] = forms.CharField(label=_("Reason for the change"), max_length=300)
        self.fields["read"] = forms.CharField(widget=forms.HiddenInput, required=False)

    def texts(self) -> dict[str, dict[str, str]]:
        """Return the texts as they were entered."""
        said = self.cleaned_data
        return {language: {name: said[f"{name}_{language}"] for name in self.kind.parts} for language in LANGUAGES}


@admin.register(MessageTemplate)
class MessageTemplateAdmin(ReadOnlyAdmin):
    explanation = _(
        "The wording of letters, e-mails, text messages and notices. A new version is sent once another person has "
        "approved it; messages that were already sent don't change."
    )
    empty_hint = _("Nothing has been changed: the built-in texts are sent. Open a template above to change it.")
    list_display = ("kind_shown", "number", "state_shown", "reason", "drafted_at", "approved_at")
    list_filter = ("state",)
    account_fields = ("drafted_by", "submitted_by", "approved_by")
    fields = (
        ("kind_shown", "number", "state_shown"), "reason", ("drafted_shown", "drafted_at"),
        ("submitted_shown", "submitted_at"), "returned_for", ("approved_shown", "approved_at"), "texts_shown",
        "preview_shown", "digest",
    )  # fmt: skip
    readonly_fields = (
        "kind_shown", "state_shown", "drafted_shown", "submitted_shown", "approved_shown", "texts_shown",
        "preview_shown",
    )  # fmt: skip
    actions = ("revise", "submit", "approve", "send_back", "discard")
    change_list_template = "admin/policies/messagetemplate/change_list.html"
    second_person = SecondPersonStep(
        APPROVE,
        lambda version: version.state == MessageTemplate.State.REVIEW,
        asked_by=lambda version: version.submitted_by,
        rows={"state__exact": MessageTemplate.State.REVIEW.value},
    )

    @admin.display(description=_("template"), ordering="code")
    def kind_shown(self, version: MessageTemplate) -> str:
        kind = message_templates.kind_of(version.code)
        return version.code if kind is None else str(kind.name)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, version: MessageTemplate) -> SafeString:
        return state_badge(version.state, version.get_state_display())

    @admin.display(description=_("drafted by"))
    def drafted_shown(self, version: MessageTemplate) -> str:
        return self.account_name(version.drafted_by)

    @admin.display(description=_("submitted by"))
    def submitted_shown(self, version: MessageTemplate) -> str:
        return self.account_name(version.submitted_by) or "–"

    @admin.display(description=_("approved by"))
    def approved_shown(self, version: MessageTemplate) -> str:
        return self.account_name(version.approved_by) or "–"

    @admin.display(description=_("texts"))
    def texts_shown(self, version: MessageTemplate) -> SafeString:
        return format_html_join(
            "", '<pre class="statement" lang="{}" tabindex="0">{}</pre>',
            ((language, _joined(version, language)) for language in LANGUAGES),
        )  # fmt: skip

    @admin.display(description=_("with example data"))
    def preview_shown(self, version: MessageTemplate) -> SafeString | str:
        kind = message_templates.kind_of(version.code)
        if kind is None:
            return "–"
        try:
            message_templates.validate(kind, version.texts)
        except message_templates.InvalidTemplate as why:
            return str(why)
        return format_html_join(
            "", '<pre class="statement" lang="{}" tabindex="0">{}</pre>',
            ((one.language, f"{one.subject}\n\n{one.text}".strip()) for one in _shown(version)),
        )  # fmt: skip

    def buttons_for(self, record: MessageTemplate) -> tuple[str, ...]:
        return {
            MessageTemplate.State.DRAFT: ("revise", "submit", "discard"),
            MessageTemplate.State.REVIEW: ("approve", "send_back", "discard"),
        }.get(MessageTemplate.State(record.state), ())

    def get_urls(self) -> list[URLPattern]:
        return [
            path("kind/<str:code>/", self.page(self.kind_page), name="policies_messagetemplate_kind"),
            path("kind/<str:code>/edit/", self.page(self.edit_page, needs=DRAFT), name="policies_messagetemplate_edit"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        open_ = dict(MessageTemplate.objects.open().values_list("code", "pk"))
        known = message_templates.kinds()
        rows = [(kind, message_templates.in_force(kind.code), open_.get(kind.code)) for kind in known]
        return super().changelist_view(request, {**(extra_context or {}), "kinds": rows})

    def kind_page(self, request: HttpRequest, code: str) -> HttpResponse:
        """Show what is sent of a kind: the text, with example data, what can be put in, and the versions."""
        kind = _kind(code)
        wording = message_templates.in_force(code)
        texts = [
            (
                LANGUAGE_NAMES[language],
                language,
                [(part.label, wording.texts[language][name]) for name, part in kind.parts.items()],
                message_templates.preview(kind, wording.texts, language),
            )
            for language in LANGUAGES
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": kind.name,
            "opts": self.opts,
            "kind": kind,
            "wording": wording,
            "texts": texts,
            "versions": MessageTemplate.objects.filter(code=code),
            "may_draft": actor_of(request).has_perm(DRAFT),
        }
        return TemplateResponse(request, "admin/policies/messagetemplate/kind.html", context)

    def edit_page(self, request: HttpRequest, code: str) -> HttpResponse:
        """Draft the next version of a kind, or go on with the one that is a draft."""
        kind = _kind(code)
        draft = MessageTemplate.objects.open().filter(code=code).first()
        if draft is not None and draft.state != MessageTemplate.State.DRAFT:
            return HttpResponseRedirect(_address(draft))
        start = message_templates.in_force(code).texts if draft is None else draft.texts
        initial = {
            f"{name}_{language}": start.get(language, {}).get(name, "") for language in LANGUAGES for name in kind.parts
        }
        initial |= {"reason": draft.reason, "read": draft.digest} if draft is not None else {}
        form = TextsForm(kind, request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            given = {"texts": form.texts(), "reason": form.cleaned_data["reason"], "at": clock.now()}
            make = (
                partial(policies.draft_template, code=code, actor=actor_of(request), **given)
                if draft is None
                else partial(
                    policies.revise_template, draft, read=form.cleaned_data["read"], actor=actor_of(request), **given
                )
            )
            if (made := make_or_refuse(form, make)) is not None:
                self.message_user(request, _("The draft has been saved. It is not sent yet."))
                return HttpResponseRedirect(_address(made))
        context = {
            **self.admin_site.each_context(request),
            "title": now_("Change: %(template)s") % {"template": kind.name},
            "opts": self.opts,
            "objects": [],
            "kind": kind,
            "form": form,
            "verb": _("Save the draft"),
            "back": reverse("admin:policies_messagetemplate_kind", args=[code]),
            "consequences": [
                _("The draft is not sent. Another person approves it, and it is sent from then on."),
                _("Blank lines separate paragraphs. A paragraph is left out where its placeholder has nothing to say."),
            ],
        }
        return TemplateResponse(request, "admin/policies/messagetemplate/edit.html", context)

    @button(description=_("Change the draft"), permission=DRAFT, locations=CHANGE_FORM_ONLY)
    def revise(self, request: HttpRequest, queryset: QuerySet[MessageTemplate]) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:policies_messagetemplate_edit", args=[queryset.get().code]))

    @button(description=_("Submit for review"), permission=DRAFT, locations=CHANGE_FORM_ONLY)
    def submit(self, request: HttpRequest, queryset: QuerySet[MessageTemplate]) -> None:
        verb = partial(policies.submit_template, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Submitted. Another person must approve it."))

    @button(description=_("Approve"), permission=APPROVE, locations=CHANGE_FORM_ONLY)
    def approve(self, request: HttpRequest, queryset: QuerySet[MessageTemplate]) -> HttpResponse | None:
        version = queryset.get()
        answers = confirm_action(
            self, request, queryset, title=_("Approve"), verb=_("Approve"),
            consequences=[
                _("This text is sent from now on. Messages that were already sent don't change."),
                _("The register names you as the second person."),
            ],
            outgoing=lambda _answers: _shown(version),
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(policies.approve_template, version, read=version.digest, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Approved. This text is sent from now on."))
        return None

    @button(description=pgettext_lazy("draft", "Return to be changed"), permission=DRAFT, locations=CHANGE_FORM_ONLY)
    def send_back(self, request: HttpRequest, queryset: QuerySet[MessageTemplate]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=pgettext_lazy("draft", "Return to be changed"), verb=_("Return"),
            consequences=[_("The version becomes a draft again and can be changed.")], form_class=ReturnForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(policies.return_template, queryset.get(), **answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Returned."))
        return None

    @button(description=_("Discard"), permission=DRAFT, locations=CHANGE_FORM_ONLY)
    def discard(self, request: HttpRequest, queryset: QuerySet[MessageTemplate]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Discard"), verb=_("Discard"), dangerous=True,
            consequences=[_("The version can no longer be changed or approved. A record of it is kept.")],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(policies.discard_template, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Discarded."))
        return None


def _kind(code: str) -> MessageKind:
    if (kind := message_templates.kind_of(code)) is None:
        raise Http404
    return kind


def _joined(version: MessageTemplate, language: str) -> str:
    """Return the texts of a version in the order of its kind: what is stored keeps none."""
    kind, said = message_templates.kind_of(version.code), version.texts[language]
    return "\n\n".join(said[name] for name in (kind.parts if kind is not None else said) if name in said)


def _address(version: MessageTemplate) -> str:
    return reverse("admin:policies_messagetemplate_change", args=[version.pk])


def _shown(version: MessageTemplate) -> list[OutgoingText]:
    """Return a version as it would be sent with example data, and the text itself, in both languages."""
    kind = message_templates.kind_of(version.code)
    if kind is None:
        return []
    told = []
    for language in LANGUAGES:
        heading, *rest = [text for _label, text in message_templates.preview(kind, version.texts, language)]
        way = f"{kind.name} · {LANGUAGE_NAMES[language]}"
        told.append(OutgoingText(way, heading if rest else "", "\n\n".join(rest or [heading]), language))
    return told
